"""The order in which values lie in the store, which decides how much of it a read or a refresh must touch."""

from __future__ import annotations

from typing import Final

from warehouse.store import Cursor, Store

_ORDER: Final = "period, level, CASE WHEN few THEN area END, start, area, indicator"
"""New periods lie last among those of their level, and a refresh finds what it changes close together; a
series lies in as many stretches as it has periods, each found by its start. Levels of few values are a small
part of the table however they lie: there, each unit's values lie together.
"""
_FEW: Final = 200_000
_KEY: Final = "arranged_by_level"
_SMALL: Final = 100_000
"""Rows that any order is good enough for."""
_GROWTH: Final = 1.5


def arrange(store: Store) -> bool:
    """Put the values in order if most of them came since that was last done, as after a first computation.

    That leaves the values indicator by indicator, where every read would have to look at all of them.
    Says whether it was done.
    """
    with store.read() as cursor:
        due = _due(cursor)
    if due:
        with store.write() as cursor:
            cursor.execute(
                "CREATE OR REPLACE TABLE value_arranged AS SELECT v.* FROM indicator_value v JOIN ("
                f"SELECT period, level, count(*) < {_FEW} AS few FROM indicator_value GROUP BY ALL"
                f") USING (period, level) ORDER BY {_ORDER};"
                "DROP TABLE indicator_value;"
                "ALTER TABLE value_arranged RENAME TO indicator_value"
            )
            cursor.execute(
                "INSERT OR REPLACE INTO meta SELECT ?, count(*)::VARCHAR FROM indicator_value", [_KEY]
            )
    return due


def _due(cursor: Cursor) -> bool:
    row = cursor.execute(
        "SELECT (SELECT count(*) FROM indicator_value), (SELECT value::BIGINT FROM meta WHERE key = $key)",
        {"key": _KEY},
    ).fetchone()
    rows, arranged = row or (0, None)
    return bool(rows >= _SMALL and rows > _GROWTH * (arranged or 0))
