"""What the ledger tells about feeds, runs, quarantined rows and refreshes."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from warehouse.deliveries import Arrival, arrivals
from warehouse.store import Cursor


@dataclass(frozen=True, slots=True)
class FeedStatus:
    """Where a feed stands: newest event, last load (both UTC) and rows held in its dataset."""

    feed: str
    data_through: dt.datetime | None
    last_run: int | None
    last_loaded_at: dt.datetime | None
    rows: int


@dataclass(frozen=True, slots=True)
class Run:
    """The account of a file or a mend: received = inserted + updated + unchanged + rejected + mended.

    ``flagged`` of the accepted rows broke a rule that lets them pass.
    """

    id: int
    feed: str
    file_hash: str | None
    file_name: str | None
    started_at: dt.datetime
    finished_at: dt.datetime | None
    status: str
    received: int
    inserted: int
    updated: int
    unchanged: int
    rejected: int
    mended: int
    message: str | None
    hint: str | None
    kind: str = "load"
    flagged: int = 0


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """A row that the contract refused: where it stood, why, and the row as it came (JSON text)."""

    run: int
    feed: str
    file_name: str | None
    line: int | None
    column_name: str | None
    reason: str
    detail: str
    raw: str
    quarantined_at: dt.datetime


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """How many rows of a feed lie in quarantine for one reason."""

    feed: str
    column_name: str | None
    reason: str
    rows: int
    last_at: dt.datetime


@dataclass(frozen=True, slots=True)
class RefreshRecord:
    """One computation of the indicators."""

    id: int
    started_at: dt.datetime
    finished_at: dt.datetime | None
    kind: str
    indicators: int
    rows: int
    seconds: float
    message: str | None


@dataclass(frozen=True, slots=True)
class Fetch:
    """One attempt to fetch, or several in a row that were alike (``looks``). Times are UTC without offset.

    ``since``/``until``: a span of the past that was fetched anew. ``retry_at``: when it was to be tried
    again.
    """

    id: int
    feed: str
    started_at: dt.datetime
    finished_at: dt.datetime | None
    status: str
    attempt: int
    looks: int
    files: int
    since: dt.datetime | None
    until: dt.datetime | None
    message: str | None
    hint: str | None
    retry_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class FeedAccount:
    """The sum of a feed's loads. What mends received counts once: as mended, in the load that refused it."""

    feed: str
    files: int
    failed: int
    received: int
    inserted: int
    updated: int
    unchanged: int
    rejected: int
    mended: int


class LedgerReader:
    """Reads of the ledger on one cursor.

    ``as_of`` is the moment (UTC without offset) at which what is read stood; None: it stands now.
    """

    def __init__(self, cursor: Cursor, as_of: dt.datetime | None = None) -> None:
        self.cursor = cursor
        self.as_of = as_of

    def feeds(self) -> dict[str, FeedStatus]:
        """Status by feed; a feed that never delivered is absent."""
        columns = "feed, data_through, last_run, last_loaded_at, rows"
        sql, at = f"SELECT {columns} FROM feed_status", {}
        if self.as_of is not None:
            sql += (
                f" WHERE last_loaded_at <= $at UNION ALL SELECT {columns} FROM feed_past"
                " WHERE last_loaded_at <= $at AND known_until > $at"
            )
            at = {"at": self.as_of}
        return {row[0]: FeedStatus(*row) for row in self.cursor.execute(sql, at).fetchall()}

    def arrivals(self) -> dict[str, list[Arrival]]:
        """By feed the deliveries of which rows were accepted."""
        return arrivals(self.cursor)

    def accounts(self) -> dict[str, FeedAccount]:
        """Row account of every feed over all its runs."""
        rows = self.cursor.execute(
            "SELECT feed, count(*), count(*) FILTER (status = 'failed'), "
            + ", ".join(
                f"coalesce(sum({column}), 0)::BIGINT"
                for column in ("received", "inserted", "updated", "unchanged", "rejected", "mended")
            )
            + " FROM run WHERE kind = 'load' GROUP BY feed"
        ).fetchall()
        return {row[0]: FeedAccount(*row) for row in rows}

    def fetches(self, feed: str, limit: int = 50) -> list[Fetch]:
        """The newest fetches of a feed."""
        rows = self.cursor.execute(
            "SELECT id, feed, started_at, finished_at, status, attempt, looks, files, since, until, message, "
            "hint, retry_at FROM feed_fetch WHERE feed = ? ORDER BY id DESC LIMIT ?",
            [feed, limit],
        ).fetchall()
        return [Fetch(*row) for row in rows]

    def runs(self, feed: str | None = None, limit: int = 50) -> list[Run]:
        """The newest runs, of one feed or of all."""
        rows = self.cursor.execute(
            "SELECT id, feed, file_hash, file_name, started_at, finished_at, status, coalesce(received, 0), "
            "coalesce(inserted, 0), coalesce(updated, 0), coalesce(unchanged, 0), coalesce(rejected, 0), "
            "coalesce(mended, 0), message, hint, kind, coalesce(flagged, 0) "
            "FROM run WHERE $feed IS NULL OR feed = $feed ORDER BY id DESC LIMIT $limit",
            {"feed": feed, "limit": limit},
        ).fetchall()
        return [Run(*row) for row in rows]

    def quarantined(self, feed: str | None = None, limit: int = 50) -> list[QuarantinedRow]:
        """The newest quarantined rows that wait, of one feed or of all."""
        rows = self.cursor.execute(
            "SELECT q.run, q.feed, r.file_name, q.line, q.column_name, q.reason, q.detail, q.raw, "
            "q.quarantined_at "
            "FROM quarantine q LEFT JOIN run r ON r.id = q.run "
            "WHERE q.state = 'waiting' AND ($feed IS NULL OR q.feed = $feed) "
            "ORDER BY q.run DESC, q.line LIMIT $limit",
            {"feed": feed, "limit": limit},
        ).fetchall()
        return [QuarantinedRow(*row) for row in rows]

    def quarantine_summary(self) -> list[ReasonCount]:
        """Quarantined rows that wait by feed, column and reason, most first."""
        rows = self.cursor.execute(
            "SELECT feed, column_name, reason, count(*), max(quarantined_at) FROM quarantine "
            "WHERE state = 'waiting' GROUP BY ALL ORDER BY count(*) DESC, feed, reason"
        ).fetchall()
        return [ReasonCount(*row) for row in rows]

    def refreshes(self, limit: int = 20) -> list[RefreshRecord]:
        """The newest refreshes."""
        rows = self.cursor.execute(
            "SELECT id, started_at, finished_at, kind, indicators, rows, seconds, message "
            "FROM refresh ORDER BY id DESC LIMIT ?",
            [limit],
        ).fetchall()
        return [RefreshRecord(*row) for row in rows]
