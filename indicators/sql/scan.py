"""One pass over the facts: additive parts by day × area, kept between refreshes; and which days have rows at
all.
"""

from __future__ import annotations

from indicators.datasets import Dataset
from indicators.plan import Scan
from indicators.sql.prelude import Moment, comment
from warehouse.syntax import literal, quote


def scan_rows(scan: Scan, moment: Moment, *, changed: bool = False) -> str:
    """The parts of every day, or only of the days in ``changed_days``; what lies in the future does not count
    yet.
    """
    parts = "".join(f",\n    {part.sql} AS {scan.column(part)}" for part in scan.parts)
    return (
        f"{comment(scan)}"
        f"SELECT {scan.time}__day AS day, _area AS area{parts}\n"
        f"FROM {scan.dataset.table}\n"
        f"WHERE {moment.past(scan.dataset, scan.time)}{_only_changed(scan.dataset, scan.time, changed)}\n"
        f"GROUP BY ALL"
    )


def presence_rows(dataset: Dataset, moment: Moment, *, changed: bool = False) -> str:
    """The days × coverage areas on which the dataset has rows."""
    time = dataset.event_time
    return (
        f"{comment(f'Presence of {dataset.name} by {dataset.coverage}: days on which rows arrived')}"
        f"SELECT DISTINCT rows.day, path.ancestor AS area\n"
        f"FROM (SELECT DISTINCT {time}__day AS day, _area FROM {dataset.table}\n"
        f"      WHERE {moment.past(dataset, time)}{_only_changed(dataset, time, changed)}) rows\n"
        f"JOIN area_path path ON path.code = rows._area AND path.level = {literal(dataset.coverage)}"
    )


def rebuild(table: str, rows: str) -> list[str]:
    """Make a kept table anew."""
    return [f"CREATE OR REPLACE TABLE {quote(table)} AS\nSELECT * FROM (\n{rows}\n) ORDER BY day, area"]


def update(table: str, rows: str, dataset: str, time: str) -> list[str]:
    """Bring a kept table up to date for ``changed_days``; ``moved_days`` is left holding the days that really
    differ.
    """
    changed = (
        f"SELECT day FROM changed_days WHERE dataset = {literal(dataset)} AND time_column = {literal(time)}"
    )
    return [
        f"CREATE OR REPLACE TEMP TABLE anew AS\n{rows}",
        f"CREATE OR REPLACE TEMP TABLE held AS SELECT * FROM {table} WHERE day IN ({changed})",
        "CREATE OR REPLACE TEMP TABLE moved_days AS SELECT DISTINCT day FROM (\n"
        "    (FROM anew EXCEPT FROM held) UNION ALL (FROM held EXCEPT FROM anew))",
        f"DELETE FROM {table} WHERE day IN (SELECT day FROM moved_days)",
        f"INSERT INTO {table} SELECT * FROM anew WHERE day IN (SELECT day FROM moved_days) ORDER "
        f"BY day, area",
    ]


def _only_changed(dataset: Dataset, time: str, changed: bool) -> str:
    if not changed:
        return ""
    return (
        f"\n  AND {time}__day IN (SELECT day FROM changed_days"
        f" WHERE dataset = {literal(dataset.name)} AND time_column = {literal(time)})"
    )
