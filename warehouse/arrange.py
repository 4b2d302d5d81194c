"""The order in which values lie in the store, which decides how much of it a read or a refresh must touch."""

from __future__ import annotations

from typing import Final

from warehouse.store import Cursor, Store

_ORDER: Final = "period, start, level, area, indicator"
"""What came last lies last: new periods keep the order by themselves, and a refresh finds what it changes
close together; a series lies in as many stretches as it has periods, each found by its start.
"""
_KEY: Final = "arranged"
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
                f"CREATE OR REPLACE TABLE value_arranged AS FROM indicator_value ORDER BY {_ORDER};"
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
