"""What was accepted although it broke a rule, and how the columns of deliveries changed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from warehouse.store import Cursor


@dataclass(frozen=True, slots=True)
class FlagCount:
    """What rows of a feed were accepted with: ``rows`` of them broke the rule behind ``reason``; without a
    column the rule was one across columns, or (``whole``) about a whole delivery. ``mode`` is empty, flag or
    root; ``detail`` and ``line`` are of the newest. Times are UTC.
    """

    feed: str
    column: str | None
    reason: str
    mode: str
    rows: int
    whole: bool
    file: str
    line: int | None
    detail: str
    last_at: dt.datetime


@dataclass(frozen=True, slots=True)
class DriftRecord:
    """A difference between a delivery's columns and those before: ``kind`` is new, missing, renamed,
    reordered or type; ``other`` the new name of a renamed one, or "old → new type". ``at`` is UTC.
    """

    feed: str
    file: str
    kind: str
    column: str
    other: str | None
    at: dt.datetime


class FlagReader:
    """Reads on one cursor, of one feed or of all."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor

    def summary(self, feed: str | None = None) -> list[FlagCount]:
        """By feed, column, reason and mode, most rows first; a file that was loaded again counts once."""
        rows = self.cursor.execute(
            "SELECT f.feed, f.column_name, f.reason, f.mode, count(DISTINCT (f.file_hash, f.line)) AS n, "
            "f.line IS NULL AS whole, "
            "last(r.file_name ORDER BY f.run, f.line), last(f.line ORDER BY f.run, f.line), "
            "last(f.detail ORDER BY f.run, f.line), max(f.noted_at) "
            "FROM flagged f LEFT JOIN run r ON r.id = f.run WHERE $feed IS NULL OR f.feed = $feed "
            "GROUP BY f.feed, f.column_name, f.reason, f.mode, whole "
            "ORDER BY n DESC, f.feed, f.reason",
            {"feed": feed},
        ).fetchall()
        return [FlagCount(*row) for row in rows]

    def drift(self, feed: str | None = None, limit: int = 20) -> list[DriftRecord]:
        """The newest changes of columns."""
        rows = self.cursor.execute(
            "SELECT d.feed, r.file_name, d.kind, d.column_name, d.other, d.noted_at "
            "FROM drift d LEFT JOIN run r ON r.id = d.run WHERE $feed IS NULL OR d.feed = $feed "
            "ORDER BY d.rowid DESC LIMIT $limit",
            {"feed": feed, "limit": limit},
        ).fetchall()
        return [DriftRecord(*row) for row in rows]
