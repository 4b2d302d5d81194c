"""One pass over the facts: additive parts by slot × area, kept between refreshes; and which days have rows at
all.
"""

from __future__ import annotations

from config.models import Area
from indicators.datasets import Dataset
from indicators.measures import families, is_percentile, over
from indicators.plan import Scan
from indicators.sql.prelude import Moment, comment
from warehouse.derived import derived
from warehouse.syntax import literal, quote


def scan_rows(scan: Scan, moment: Moment, *, changed: bool = False, ahead: bool = True) -> str:
    """The parts of every slot, or only of those in ``changed_days``; what lies in the future does not count
    yet. ``ahead`` says that some rows may lie there.
    """
    slot = f"{slot_of(scan, moment)} AS {scan.slot}"
    if scan.grain == "hour":
        slot = f"{scan.time}__day AS day, {slot}"
    where = f"{counts(scan, moment, ahead=ahead)}{_only_changed(scan, changed)}"
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
    dataset: Dataset, moment: Moment, root: Area, *, changed: bool = False, hourly: bool = False
) -> str:
    """The days (and hours) × coverage areas on which the dataset has rows. ``root`` is the whole city."""
    time = dataset.event_time
    slots = [f"{time}__day AS day"]
    if hourly:
        slots.append(f"{moment.calendar.start('hour', moment.local(quote(time)))} AS slot")
    where = moment.past(dataset, time)
    if changed:
        where += f"\n  AND {time}__day IN ({changed_days(dataset.name, time)})"
    note = comment(f"Presence of {dataset.name} by {dataset.coverage}: days on which rows arrived")
    if dataset.coverage == root.level:
        found = f"SELECT DISTINCT {', '.join(slots)} FROM {dataset.table}\n      WHERE {where}"
        return f"{note}SELECT rows.*, {literal(root.code)} AS area\nFROM ({found}) rows"
    return (
        f"{note}SELECT DISTINCT rows.* EXCLUDE (_area), path.ancestor AS area\n"
        f"FROM (SELECT DISTINCT {', '.join(slots)}, _area FROM {dataset.table}\n      WHERE {where}) rows\n"
        f"JOIN area_path path ON path.code = rows._area AND path.level = {literal(dataset.coverage)}"
    )


def rebuild(table: str, rows: str) -> list[str]:
    """Make a kept table anew."""
    return [f"CREATE OR REPLACE TABLE {quote(table)} AS\nSELECT * FROM (\n{rows}\n) ORDER BY day, area"]


def update(table: str, rows: str, changed: str) -> list[str]:
    """Bring a kept table up to date for the days of the query ``changed``; ``moved_days`` is left holding the
    days that really differ.
    """
    return [
        f"CREATE OR REPLACE TEMP TABLE anew AS\n{rows}",
        f"CREATE OR REPLACE TEMP TABLE held AS SELECT * FROM {table} WHERE day IN ({changed})",
        "CREATE OR REPLACE TEMP TABLE moved_days AS SELECT DISTINCT day FROM (\n"
        "    (FROM anew EXCEPT FROM held) UNION ALL (FROM held EXCEPT FROM anew))",
        f"DELETE FROM {table} WHERE day IN (SELECT day FROM moved_days)",
        f"INSERT INTO {table} SELECT * FROM anew WHERE day IN (SELECT day FROM moved_days) ORDER "
        f"BY day, area",
    ]


def changed_slots(scan: Scan) -> str:
    """SQL query: the days by which the slots of a scan are kept that hold days of ``changed_days``."""
    day = "CAST(date_trunc('month', day) AS DATE) AS day" if scan.grain == "month" else "day"
    return f"SELECT DISTINCT {day} FROM ({changed_days(scan.dataset.name, scan.time)})"


def changed_days(dataset: str, time: str) -> str:
    """SQL query: the days of a dataset by one time column that are in ``changed_days``."""
    return (
        f"SELECT day FROM changed_days WHERE dataset = {literal(dataset)} AND time_column = {literal(time)}"
    )


def _only_changed(scan: Scan, changed: bool) -> str:
    if not changed:
        return ""
    day = f"{scan.time}__day"
    if scan.grain != "month":
        return f"\n  AND {day} IN ({changed_days(scan.dataset.name, scan.time)})"
    # plain days, so that the database can pass over what lies elsewhere
    days = (
        f"SELECT CAST(unnest(generate_series(day, CAST(day + INTERVAL 1 MONTH AS DATE) - 1, INTERVAL 1 DAY))"
        f" AS DATE) FROM ({changed_slots(scan)})"
    )
    return f"\n  AND {day} IN ({days})"
