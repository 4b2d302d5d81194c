"""Parts rolled up from day × leaf area to level × period, what does not add up beside them, and the values of
both.
"""

from __future__ import annotations

from config.models.indicator import Period
from indicators.measures import Part
from indicators.plan import Cube, MeasureValue, OwnLevel, Scan, Shape
from indicators.sql.prelude import Dirty, Moment, comment, listing
from warehouse.syntax import literal


def cube(step: Cube, moment: Moment, frame: str, dirty: Dirty | None = None) -> str:
    """The cube's rows: those of ``frame``, with a column for each part and each own-level aggregate."""
    scan = step.scan
    parts = "".join(f", coalesce({c}, {p.empty}) AS {c}" for p in scan.parts for c in [scan.column(p)])
    own, joined = "", ""
    if step.own is not None:
        parts += "".join(
            f", coalesce({c}, {known.empty}) AS {c}"
            for known, _ in step.own.aggregates
            for c in [step.own.column(known)]
        )
        own = f", own AS (\n{_own(step, step.own, moment, dirty)}\n)"
        joined = "\nLEFT JOIN own USING (area, period, start)"
    wanted = "" if dirty is None else f"\nSEMI JOIN {dirty.table} USING (period, start)"
    return f"""{comment(step)}\
WITH leaf AS (
{_leaf(step, moment, dirty)}
), rolled AS (
    SELECT path.ancestor AS area, period, start{_sums(scan)}
    FROM leaf JOIN area_path path ON path.code = leaf.area AND path.level IN {listing(step.shape.levels)}
    GROUP BY ALL
){own}
SELECT frame.*{parts}
FROM {frame} frame{wanted}
LEFT JOIN rolled USING (area, period, start){joined}
WHERE level IN {listing(step.shape.levels)} AND period IN {listing(step.shape.periods)}"""


def measure_values(value: MeasureValue, step: Cube, source: str) -> str:
    """The values of one measure out of its cube."""
    made = value.assembly
    factor = "" if value.factor == 1 else f"{value.factor!r} * "
    return (
        f"{comment(value)}"
        f"SELECT {literal(value.indicator)} AS indicator, level, area, period, start,\n"
        f"    {factor}{made.value} AS value, {made.numerator} AS numerator, {made.denominator} AS "
        f"denominator,"
        f" {made.n} AS n,\n"
        f"    present, expected, data_through, run\n"
        f"FROM "
        f"{source}{where_shape(value.shape, step.shape)}"
    )


def where_shape(own: Shape, table: Shape) -> str:
    """SQL WHERE that keeps to the levels and periods of ``own`` in a table that holds those of ``table``."""
    tests = [f"level IN {listing(own.levels)}"] * (own.levels != table.levels)
    tests += [f"period IN {listing(own.periods)}"] * (own.periods != table.periods)
    return "\nWHERE " + " AND ".join(tests) if tests else ""


def _leaf(step: Cube, moment: Moment, dirty: Dirty | None) -> str:
    """Periods first, at the finest areas: the fewer rows are then joined to their ancestors."""

    def branch(period: Period) -> str:
        start = moment.calendar.start(period, "day")
        # a part is already the only one of its day
        day = period == "day"
        columns = (
            "".join(f", {step.scan.column(part)}" for part in step.scan.parts) if day else _sums(step.scan)
        )
        return (
            f"    SELECT area, '{period}' AS period, {start} AS start{columns}\n"
            f"    FROM {step.scan.table}\n"
            f"    WHERE day <= {moment.day}{_in(moment, period, 'day', dirty)}"
            + ("" if day else "\n    GROUP BY ALL")
        )

    return "\n    UNION ALL\n".join(map(branch, step.shape.periods))


def _sums(scan: Scan) -> str:
    return "".join(f", {_joined(part, scan.column(part))}" for part in scan.parts)


def _joined(part: Part, column: str) -> str:
    sql = f"{part.roll_up}({column})"
    return f"CAST({sql} AS BIGINT) AS {column}" if part.whole else f"{sql} AS {column}"


def _own(step: Cube, own: OwnLevel, moment: Moment, dirty: Dirty | None) -> str:
    """Each level and period from the rows themselves."""
    scan = own.scan
    blocks = []
    for period in step.shape.periods:
        for level in step.shape.levels:
            wanted = own.at(level, period)
            if not wanted:
                continue
            day = f"{scan.time}__day"
            columns = "".join(f",\n        {known.sql} AS {own.column(known)}" for known in wanted)
            blocks.append(
                f"    SELECT _ancestor AS area, '{period}' AS period,"
                f" {moment.calendar.start(period, day)} AS start{columns}\n"
                f"    FROM {scan.dataset.table} fact\n"
                f"    JOIN (SELECT code AS _area, ancestor AS _ancestor FROM area_path WHERE "
                f"level = {literal(level)}) path USING (_area)\n"
                f"    WHERE {moment.past(scan.dataset, scan.time)}{_in(moment, period, day, dirty)}\n"
                f"    GROUP BY ALL"
            )
    return comment(own) + "\n    UNION ALL BY NAME\n".join(blocks)


def _in(moment: Moment, period: Period, day: str, dirty: Dirty | None) -> str:
    if dirty is None:
        return ""
    start = moment.calendar.start(period, day)
    # the plain comparison lets the database skip what is older without looking at it
    return (
        f"\n      AND {day} >= DATE '{dirty.first}'"
        f"\n      AND {start} IN (SELECT start FROM {dirty.table} WHERE period = '{period}')"
    )
