"""One pass over the facts: additive parts by slot × area, kept between refreshes; and which days have rows at
all.
"""

from __future__ import annotations

from config.models import Area
from indicators.datasets import Dataset
from indicators.dirty import Days
from indicators.measures import families, is_percentile, over
from indicators.plan import Scan
from indicators.sql.prelude import Moment, comment
from warehouse.derived import derived
from warehouse.syntax import literal, quote


def scan_rows(scan: Scan, moment: Moment, changed: Days | None = None, *, ahead: bool = True) -> str:
    """The parts of every slot, or only of those that hold ``changed`` days; what lies in the future does not
    count yet. ``ahead`` says that some rows may lie there.
    """
    slot = f"{slot_of(scan, moment)} AS {scan.slot}"
    if scan.grain == "hour":
        slot = f"{scan.time}__day AS day, {slot}"
    where = counts(scan, moment, ahead=ahead)
    if changed is not None:
        where += f"\n  AND {slots_of(scan, changed).sql(f'{scan.time}__day')}"
    parts = "".join(f",\n    {part.over(scan.naming)} AS {scan.column(part)}" for part in scan.parts)
    for family in families(scan.kept):
        column = scan.kept_column(family)
        parts += f",\n    {over(family, scan.naming)} AS {column}"
        if is_percentile(family):
            parts += f",\n    count({scan.naming(family[0].rows[0])}) AS {column}_of"
    if scan.shared and not scan.stored:
        return (
            f"{comment(scan)}"
            f"SELECT {'day, ' * (scan.grain == 'hour')}{scan.slot}, area{parts}\n"
            f"FROM (\n    SELECT {slot}, _area AS area, {_shared(scan)}\n"
            f"    FROM {scan.dataset.table}\n    WHERE {where}\n)\n"
            f"GROUP BY ALL"
        )
    return (
        f"{comment(scan)}"
        f"SELECT {slot}, _area AS area{parts}\n"
        f"FROM {scan.dataset.table}\n"
        f"WHERE {where}\n"
        f"GROUP BY ALL"
    )


def counts(scan: Scan, moment: Moment, *, ahead: bool) -> str:
    """SQL: a fact counts by now. Unless some lie ``ahead``, all that are dated do, which a column tells that
    the pass reads anyway.
    """
    if ahead:
        return moment.past(scan.dataset, scan.time)
    slot = scan.naming(scan.month) if scan.month in scan.shared and scan.stored else f"{scan.time}__day"
    return f"{slot} IS NOT NULL"


def slot_of(scan: Scan, moment: Moment) -> str:
    """SQL: the slot in which a fact lies."""
    match scan.grain:
        case "hour":
            return moment.calendar.start("hour", moment.local(quote(scan.time)))
        case "month":
            return scan.naming(scan.month)
    return f"{scan.time}__day"


def _shared(scan: Scan) -> str:
    """The columns that the aggregates ask for: shared expressions, and what others name of the facts."""
    bare = {
        name for part in scan.parts for row in part.rows if row not in scan.shared for name in row.columns
    }
    columns = [
        *map(quote, sorted(bare)),
        *(f"{derived(row).sql} AS {derived(row).name}" for row in scan.shared),
    ]
    return ", ".join(columns)


def presence_rows(
    dataset: Dataset, moment: Moment, root: Area, changed: Days | None = None, *, hourly: bool = False
) -> str:
    """The days (and hours) × coverage areas on which the dataset has rows, or only ``changed`` days.

    ``root`` is the whole city.
    """
    time = dataset.event_time
    slots = [f"{time}__day AS day"]
    if hourly:
        slots.append(f"{moment.calendar.start('hour', moment.local(quote(time)))} AS slot")
    where = moment.past(dataset, time)
    if changed is not None:
        where += f"\n  AND {changed.sql(f'{time}__day')}"
    note = comment(f"Presence of {dataset.name} by {dataset.coverage}: days on which rows arrived")
    if dataset.coverage == root.level:
        found = f"SELECT DISTINCT {', '.join(slots)} FROM {dataset.table}\n      WHERE {where}"
        return f"{note}SELECT rows.*, {literal(root.code)} AS area\nFROM ({found}) rows"
    return (
        f"{note}SELECT DISTINCT rows.* EXCLUDE (_area), path.ancestor AS area\n"
        f"FROM (SELECT DISTINCT {', '.join(slots)}, _area FROM {dataset.table}\n      WHERE {where}) rows\n"
        f"JOIN area_path path ON path.code = rows._area AND path.level = {literal(dataset.coverage)}"
    )


def rebuild(table: str, first: str, *more: str) -> list[str]:
    """Make a kept table anew, from the rows of one span of time after the other."""
    made = f"CREATE OR REPLACE TABLE {quote(table)} AS\nSELECT * FROM (\n{first}\n) ORDER BY day, area"
    return [
        made,
        *(f"INSERT INTO {quote(table)}\nSELECT * FROM (\n{rows}\n) ORDER BY day, area" for rows in more),
    ]


def set_aside(rows: str) -> str:
    """Table ``anew``: the rows of a kept table as they now are, of some days."""
    return f"CREATE OR REPLACE TEMP TABLE anew AS\n{rows}"


def moved_days(table: str, days: Days) -> str:
    """Query of the days, of those that ``anew`` is about, on which a kept table differs from it.

    Rows are compared as wholes: that takes one column to plan, however many parts there are.
    """
    return (
        "SELECT DISTINCT row.day FROM (\n"
        f"    SELECT anew AS row FROM anew UNION ALL SELECT held FROM {table} held WHERE {days.sql('day')}\n"
        ") GROUP BY row HAVING count(*) = 1"
    )


def replace_days(table: str, days: Days, moved: Days) -> list[str]:
    """Put the rows of those of ``days`` that ``moved`` from ``anew`` into a kept table."""
    return [
        f"DELETE FROM {table} WHERE {moved.sql('day')} AND {days.sql('day')}",
        f"INSERT INTO {table} SELECT * FROM anew WHERE {moved.sql('day')} ORDER BY day, area",
    ]


def slots_of(scan: Scan, days: Days) -> Days:
    """All days of the slots of a scan that hold some days."""
    return days.months() if scan.grain == "month" else days
