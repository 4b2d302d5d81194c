"""Which figures there are at all: for the catalogue, which says what is defined and what is computed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from config import City
from warehouse.store import Cursor


class Presence(NamedTuple):
    """Values of one indicator at one level for one kind of period.

    ``parts`` tells whether any keeps numerator and denominator; ``newest`` is the last value of one of the
    areas, which is the only one at the city's own level.
    """

    parts: bool
    newest: float


def presences(cursor: Cursor) -> Mapping[tuple[str, str, str], Presence]:
    """By indicator, level and period; what has no value anywhere is absent."""
    rows = cursor.execute(
        "SELECT indicator, level, period,"
        " bool_or(numerator IS NOT NULL AND denominator IS NOT NULL), arg_max(value, start)"
        " FROM indicator_value WHERE value IS NOT NULL GROUP BY ALL"
    ).fetchall()
    return {(indicator, level, period): Presence(*rest) for indicator, level, period, *rest in rows}


def members(cursor: Cursor, city: City, dataset: str, column: str) -> int:
    """How many different values a column of a dataset holds; 0 for one that the city does not define."""
    feed = city.datasets.get(dataset)
    if feed is None or column not in {one.name for one in feed.columns}:
        return 0
    table = f"fact_{dataset}"
    if cursor.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = ?", [table]).fetchone() is None:
        return 0
    row = cursor.execute(f"SELECT count(DISTINCT {column}) FROM {table}").fetchone()
    return int(row[0]) if row else 0
