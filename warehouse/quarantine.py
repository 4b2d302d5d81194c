"""What lies in quarantine: the rows that a feed's contract refused, and what became of them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from warehouse.store import Cursor

State = Literal["waiting", "mended", "dismissed"]
"""Waits for somebody · was received by a run of kind mend · somebody said that it never will be."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A refused row: where it stood, why it was refused when it was last tried, the row as it came and, if
    somebody wrote it anew, as it is now (``edited``). ``deed`` numbers the entry of the audit trail that says
    who settled it. Times are UTC.
    """

    id: int
    run: int
    feed: str
    file: str
    line: int | None
    column: str | None
    reason: str
    detail: str
    raw: str
    edited: str | None
    problems: Sequence[dict[str, str | None]]
    state: State
    mended_by: int | None
    deed: int | None
    at: dt.datetime

    @property
    def text(self) -> str:
        """The row as it would be tried now."""
        return self.raw if self.edited is None else self.edited

    @property
    def cells(self) -> dict[str, Any] | None:
        """Its cells by header, or a JSON record; None for a line that could not be told apart into cells."""
        try:
            found = json.loads(self.text)
        except ValueError:
            return None
        return found if isinstance(found, dict) else None


@dataclass(frozen=True, slots=True)
class Asked:
    """Which rows of a feed: None asks for any. ``ids`` empty: all numbers."""

    feed: str
    state: State | None = "waiting"
    reason: str | None = None
    column: str | None = None
    file: str | None = None
    run: int | None = None
    ids: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Pile:
    """How many of the rows asked for share a column and reason, or a file."""

    column: str | None
    reason: str
    file: str
    rows: int


class QuarantineReader:
    """Reads of the quarantine on one cursor."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def rows(self, asked: Asked, limit: int | None = None, offset: int = 0) -> list[Refused]:
        """The rows asked for, as they lie in their files; the newest load first."""
        where, given = _where(asked)
        rows = self._cursor.execute(
            "SELECT q.id, q.run, q.feed, coalesce(r.file_name, ''), q.line, q.column_name, q.reason, "
            "coalesce(q.detail, ''), q.raw, q.edited, q.problems, q.state, q.mended_by, q.deed, "
            f"q.quarantined_at FROM quarantine q LEFT JOIN run r ON r.id = q.run WHERE {where} "
            "ORDER BY q.run DESC, q.line, q.id LIMIT $limit OFFSET $offset",
            {**given, "limit": limit, "offset": offset},
        ).fetchall()
        return [_refused(row) for row in rows]

    def ids(self, asked: Asked) -> list[int]:
        """Their numbers."""
        where, given = _where(asked)
        sql = f"SELECT q.id FROM quarantine q LEFT JOIN run r ON r.id = q.run WHERE {where} ORDER BY q.id"
        return [row[0] for row in self._cursor.execute(sql, given).fetchall()]

    def count(self, asked: Asked) -> int:
        """How many they are."""
        where, given = _where(asked)
        sql = f"SELECT count(*) FROM quarantine q LEFT JOIN run r ON r.id = q.run WHERE {where}"
        row = self._cursor.execute(sql, given).fetchone()
        return int(row[0]) if row else 0

    def piles(self, asked: Asked, by: Literal["reason", "file"], limit: int = 50) -> list[Pile]:
        """The rows asked for by column and reason, or by file, the largest pile first."""
        where, given = _where(asked)
        what = {"reason": "q.column_name, q.reason, ''", "file": "NULL, '', r.file_name"}[by]
        rows = self._cursor.execute(
            f"SELECT {what}, count(*) AS n FROM quarantine q LEFT JOIN run r ON r.id = q.run WHERE {where} "
            "GROUP BY ALL ORDER BY n DESC, 1, 2, 3 LIMIT $limit",
            {**given, "limit": limit},
        ).fetchall()
        return [Pile(*row) for row in rows]


def _where(asked: Asked) -> tuple[str, dict[str, Any]]:
    given: dict[str, Any] = {"feed": asked.feed}
    parts = ["q.feed = $feed"]
    for name, column, value in (
        ("state", "q.state", asked.state),
        ("reason", "q.reason", asked.reason),
        ("column", "q.column_name", asked.column),
        ("file", "r.file_name", asked.file),
        ("run", "q.run", asked.run),
    ):
        if value is not None:
            parts.append(f"{column} = ${name}")
            given[name] = value
    if asked.ids:
        parts.append("q.id IN (SELECT unnest($ids))")
        given["ids"] = list(asked.ids)
    return " AND ".join(parts), given


def _refused(row: tuple[Any, ...]) -> Refused:
    values = list(row)
    values[10] = json.loads(row[10]) if row[10] else []
    return Refused(*values)
