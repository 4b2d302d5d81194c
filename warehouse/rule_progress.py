"""What came into the warehouse since a rule was last evaluated."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from warehouse.store import Cursor

Series = tuple[str, str, str]
"""Indicator, level and period."""


@dataclass(frozen=True, slots=True)
class News:
    """By area, the start of the first period of which something new is stored, and of the first whose value
    itself is another than before.
    """

    stored: dict[str, dt.datetime]
    revised: dict[str, dt.datetime]


NOTHING = News({}, {})


def progress_of(cursor: Cursor) -> dict[str, dt.datetime]:
    """Up to when values had been stored when each rule was last evaluated."""
    return dict(cursor.execute("SELECT rule, stored_through FROM rule_progress").fetchall())


def stored_through(cursor: Cursor) -> dt.datetime | None:
    """When the newest value was stored; None while there is none."""
    row = cursor.execute("SELECT max(stored_at) FROM indicator_value").fetchone()
    found: dt.datetime | None = row[0] if row else None
    return found


def news(cursor: Cursor, indicators: Iterable[str], since: dt.datetime) -> dict[Series, News]:
    """What of ``indicators`` was stored after ``since``, by series."""
    rows = cursor.execute(
        "SELECT indicator, level, period, area, min(start), min(start) FILTER (known_from > $since)"
        " FROM indicator_value WHERE stored_at > $since AND indicator IN (SELECT unnest($indicators))"
        " GROUP BY ALL",
        {"since": since, "indicators": sorted(set(indicators))},
    ).fetchall()
    found: dict[Series, News] = defaultdict(lambda: News({}, {}))
    for indicator, level, period, area, stored, revised in rows:
        one = found[indicator, level, period]
        one.stored[area] = stored
        if revised is not None:
            one.revised[area] = revised
    return dict(found)


def keep_progress(
    cursor: Cursor, rules: Iterable[str], through: dt.datetime, left_out: Iterable[str] = ()
) -> None:
    """Remember that ``rules`` have been evaluated on all that was stored up to ``through``; what was
    ``left_out`` has come as far as it had.
    """
    cursor.execute("DELETE FROM rule_progress WHERE NOT list_contains(?, rule)", [sorted(left_out)])
    cursor.execute(
        "INSERT INTO rule_progress SELECT unnest($rules), $through",
        {"rules": sorted(rules), "through": through},
    )
