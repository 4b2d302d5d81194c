"""Parts rolled up from slot × leaf area to level × period, what does not add up beside them, and the values
of both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from config.models import Area
from config.models.indicator import Period
from indicators.dirty import Spans
from indicators.measures import Own, Part, families, itself, members, over
from indicators.plan import Cube, OwnLevel, Scan
from indicators.sql.prelude import Moment, comment, heirs, listing
from indicators.sql.scan import counts
from warehouse.syntax import literal, quote


def cube(
    step: Cube, moment: Moment, frame: str, root: Area, dirty: Spans | None = None, own: str = ""
) -> str:
    """The cube's rows: those of ``frame``, with a column for each part and each own-level aggregate.

    ``root`` is the unit that all others lie in; ``own`` the table that `fill_own` filled, if it did.
    """
    scan, blocks, columns, joins = step.scan, [], "", ""
    if scan.parts:
        blocks += _rolled(step, moment, dirty)
        columns = _filled([(scan.column(part), part) for part in scan.parts])
        joins = "\nLEFT JOIN rolled USING (area, period, start)"
    if step.own is not None:
        if not own:
            blocks.append(f"own AS (\n{_own(step, step.own, moment, root, dirty)}\n)")
        columns += _filled([(step.own.column(known), known) for known, _ in step.own.aggregates])
        joins += f"\nLEFT JOIN {own or 'own'} USING (area, period, start)"
    wanted = "" if dirty is None else f" AND {dirty.sql()}"
    return f"""{comment(step)}\
{"WITH " + ", ".join(blocks) if blocks else ""}
SELECT frame.*{columns}
FROM {frame} frame{joins}
WHERE level IN {listing(step.shape.levels)} AND period IN {listing(step.shape.periods)}{wanted}"""


def _filled(columns: Sequence[tuple[str, Part | Own]]) -> str:
    return "".join(f", coalesce({name}, {known.empty}) AS {name}" for name, known in columns)


def _rolled(step: Cube, moment: Moment, dirty: Spans | None) -> list[str]:
    """Periods first, at the finest areas: the fewer rows are then joined to their ancestors.

    Of periods that months add up to, each is made from months, which are made once.
    """
    scan, calendar = step.scan, moment.calendar
    sums = "".join(f", {_joined(part, scan.column(part))}" for part in scan.parts)
    plain = "".join(f", {scan.column(part)}" for part in scan.parts)
    longer = [period for period in step.shape.periods if calendar.grain(period) == "month"]
    blocks, monthly = [], scan.grain == "month"
    if len(longer) > 1 and not monthly:
        recent = "" if dirty is None else f" AND day >= DATE '{dirty.first}'"
        blocks.append(
            f"monthly AS (\n    SELECT {calendar.start('month', 'day')} AS day, area{sums}\n"
            f"    FROM {scan.table}\n    WHERE day <= {moment.day}{recent}\n    GROUP BY ALL\n)"
        )
        monthly = True
    branches = []
    for period in step.shape.periods:
        source = "monthly" if period in longer and blocks else scan.table
        slot = scan.slot if calendar.grain(period) == "hour" else "day"
        start, spread = calendar.spread(period, slot)
        # a part is already the only one of its slot
        single = period == ("month" if source == "monthly" or scan.grain == "month" else scan.grain)
        branches.append(
            f"    SELECT area, '{period}' AS period, {start} AS start{plain if single else sums}\n"
            f"    FROM {source}{spread}\n"
            f"    WHERE day <= {moment.day}{_in(period, start, dirty, 'day')}"
            + ("" if single else "\n    GROUP BY ALL")
        )
    leaf = "\n    UNION ALL\n".join(branches)
    blocks.append(f"leaf AS (\n{leaf}\n)")
    placed = "leaf"
    if scan.dataset.outlives(scan.time):
        placed = "placed"
        blocks.append(
            "placed AS (\n    SELECT leaf.* REPLACE (coalesce(_heir, area) AS area)\n"
            f"    FROM leaf {_heirs('area', 'period', 'start')}\n)"
        )
    blocks.append(
        f"rolled AS (\n    SELECT path.ancestor AS area, period, start{sums}\n"
        f"    FROM {placed} JOIN area_path path ON path.code = {placed}.area"
        f" AND path.level IN {listing(step.shape.levels)}\n"
        f"    GROUP BY ALL\n)"
    )
    return blocks


def _heirs(area: str, period: str, start: str) -> str:
    """SQL join: the heir of a unit that was gone when a period began."""
    return heirs(area, f"CAST(period_begin({period}, {start}) AS DATE)")


def _joined(part: Part, column: str) -> str:
    sql = f"{part.fold}({column})"
    return f"CAST({sql} AS BIGINT) AS {column}" if part.whole else f"{sql} AS {column}"


def _own(step: Cube, own: OwnLevel, moment: Moment, root: Area, dirty: Spans | None) -> str:
    """Each level and period from the rows themselves."""
    return comment(own) + "\n    UNION ALL BY NAME\n".join(_own_blocks(step, own, moment, root, dirty))


def _own_blocks(step: Cube, own: OwnLevel, moment: Moment, root: Area, dirty: Spans | None) -> Iterator[str]:
    for period in step.shape.periods:
        for level in step.shape.levels:
            wanted = own.at(level, period)
            if wanted:
                yield own_block(own, wanted, level, period, moment, root, dirty)


def own_block(
    own: OwnLevel,
    wanted: Sequence[Part | Own],
    level: str,
    period: Period,
    moment: Moment,
    root: Area,
    dirty: Spans | None,
    *,
    ahead: bool = True,
) -> str:
    """SQL query: what is wanted of one level and period, from the rows themselves. ``ahead`` says that some
    may lie in the future.
    """
    scan, day = own.scan, f"{own.scan.time}__day"
    if scan.keeps(level, period):
        return _kept_block(own, wanted, moment, dirty)
    slot, grain = day, moment.calendar.grain(period)
    if grain == "hour":
        slot = moment.local(quote(scan.time))
    elif grain == "month" and scan.stored and scan.month in scan.shared:
        slot = scan.naming(scan.month)
    start, spread = moment.calendar.spread(period, slot)
    if period == "month" and slot != day:
        start = slot
    columns, folded = _columns(own, wanted, scan)
    area, join = literal(root.code), ""
    if level != root.level:
        area = "_ancestor"
        join = (
            f"\n    JOIN (SELECT code AS _area, ancestor AS _ancestor FROM area_path"
            f" WHERE level = {literal(level)}) path USING (_area)"
        )
    if scan.dataset.outlives(scan.time) and level != root.level:
        join = (
            f"\n    {_heirs('_area', literal(period), start)}"
            f"\n    JOIN (SELECT code, ancestor AS _ancestor FROM area_path"
            f" WHERE level = {literal(level)}) path ON path.code = coalesce(_heir, _area)"
        )
        spread, join = f"{spread}{join}", ""
    block = (
        f"    SELECT {area} AS area, '{period}' AS period, {start} AS start{columns}\n"
        f"    FROM {scan.dataset.table} fact{join}{spread}\n"
        f"    WHERE {counts(scan, moment, ahead=ahead)}{_in(period, start, dirty, day)}\n"
        f"    GROUP BY ALL"
    )
    return block if not folded else f"    SELECT area, period, start{folded} FROM (\n{block}\n    )"


def _kept_block(own: OwnLevel, wanted: Sequence[Part | Own], moment: Moment, dirty: Spans | None) -> str:
    """Of months of the units that nothing lies in, which the pass has told along with its parts."""
    scan, columns = own.scan, ""
    for family in families(scan.kept):
        told = members(family, scan.kept_column(family))
        columns += "".join(f", {sql} AS {own.column(one)}" for one, sql in told if one in wanted)
    return (
        f"    SELECT area, 'month' AS period, day AS start{columns}\n"
        f"    FROM {scan.table}"
        f" JOIN area_path path ON path.code = area AND path.level = {literal(scan.leaf)}\n"
        f"    WHERE day <= {moment.day}{_in('month', 'day', dirty, 'day')}"
    )


def _columns(own: OwnLevel, wanted: Sequence[Part | Own], scan: Scan) -> tuple[str, str]:
    """The aggregates of one block, and how their columns follow from it; empty if they are its columns."""
    naming = scan.naming if scan.stored else itself
    columns, folded, several = "", "", False
    for family in families(wanted):
        name = own.column(family[0])
        if len(family) > 1:
            name, several = f"q_{name}", True
        columns += f",\n        {over(family, naming)} AS {name}"
        folded += "".join(f", {told} AS {own.column(one)}" for one, told in members(family, name))
    return columns, folded if several else ""


def _in(period: Period, start: str, dirty: Spans | None, day: str) -> str:
    if dirty is None:
        return ""
    # plain days let the database skip what lies elsewhere without looking at it
    days = f"\n      AND {dirty.days(period).sql(day)}"
    if dirty.by_days(period):
        return days
    return f"{days}\n      AND {dirty.within(period, start)}"
