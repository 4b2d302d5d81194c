"""Fetching: what is new at a feed's source is dropped into the spool; the ledger says how it went."""

from __future__ import annotations

import datetime as dt
import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from config import City
from config.models import Feed, Remote
from pipelines.connectors.base import Ask, Connector, Drop, State, Window
from pipelines.connectors.registry import connector_of
from pipelines.errors import PassingFault, SourceError
from pipelines.stamp import naive
from warehouse.store import Store

log = logging.getLogger(__name__)

MIB: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class FetchResult:
    """How one attempt to fetch went. ``status``: done (files wait in the spool), unchanged (nothing new),
    passing (to be tried again; ``retry_after`` is what the source asks for), failed (somebody must act).
    """

    id: int
    feed: str
    status: str
    files: int = 0
    bytes: int = 0
    message: str | None = None
    hint: str | None = None
    retry_after: dt.timedelta | None = None


class Fetcher:
    """Fetches feeds into their folders of the spool. One fetch of a feed at a time is the caller's duty."""

    def __init__(
        self,
        city: City,
        store: Store,
        spool: Path,
        environ: Mapping[str, str],
        find: Callable[[Remote], Connector] = connector_of,
    ) -> None:
        self._city = city
        self._store = store
        self._spool = spool
        self._environ = environ
        self._find = find

    def recover(self, now: dt.datetime) -> int:
        """Clear up after a process that ended in mid-fetch; the number of fetches it left open."""
        for part in self._spool.glob("*/*.part"):
            part.unlink(missing_ok=True)
        with self._store.write() as cursor:
            rows = cursor.execute(
                "UPDATE feed_fetch SET status = 'failed', finished_at = ?, "
                "message = 'interrupted: the process ended meanwhile', "
                "hint = 'nothing to do: it is fetched again' WHERE status = 'running' RETURNING id",
                [naive(now)],
            ).fetchall()
        return len(rows)

    def fetch(
        self, feed: Feed, now: dt.datetime, attempt: int = 1, window: Window | None = None
    ) -> FetchResult:
        """Ask the feed's source once. ``attempt`` counts tries since one went well.

        What goes wrong with the source is told in the result and the ledger, never raised.
        """
        remote = feed.connector
        if not isinstance(remote, Remote):
            raise TypeError(f"feed {feed.id} is delivered, not fetched")
        number, state = self._open(feed, now, attempt, window)
        drop = Drop(
            self._spool / feed.id,
            f"{number:012d}-{naive(now):%Y%m%dT%H%M%SZ}",
            time.monotonic() + remote.time_limit.total_seconds(),
            remote.size_limit * MIB,
        )
        ask = Ask(feed.id, remote, state, now, drop, self._environ, self._city.zone, window, feed.format)
        reached: State | None = None
        try:
            reached = self._find(remote).fetch(ask)
            result = FetchResult(number, feed.id, "done" if drop.files else "unchanged")
        except PassingFault as fault:
            log.warning("%s: %s", feed.id, fault)
            result = FetchResult(
                number,
                feed.id,
                "passing",
                message=fault.message,
                hint=fault.hint,
                retry_after=fault.retry_after,
            )
        except SourceError as error:
            log.warning("%s: %s", feed.id, error)
            result = FetchResult(number, feed.id, "failed", message=error.message, hint=error.hint)
        return self._close(feed, result, drop, reached if window is None else None, now)

    def _open(self, feed: Feed, now: dt.datetime, attempt: int, window: Window | None) -> tuple[int, State]:
        span = (naive(window.since), naive(window.until)) if window else (None, None)
        with self._store.write() as cursor:
            [number] = cursor.execute(
                "INSERT INTO feed_fetch (id, feed, started_at, status, attempt, files, bytes, since, until) "
                "VALUES (nextval('fetch_id'), ?, ?, 'running', ?, 0, 0, ?, ?) RETURNING id",
                [feed.id, naive(now), attempt, *span],
            ).fetchall()[0]
            row = cursor.execute("SELECT state FROM fetch_state WHERE feed = ?", [feed.id]).fetchone()
        return int(number), json.loads(row[0]) if row else {}

    def _close(
        self, feed: Feed, result: FetchResult, drop: Drop, reached: State | None, now: dt.datetime
    ) -> FetchResult:
        """Everything dropped lies on disk: only now is it noted how far the source has been read."""
        told = replace(result, files=len(drop.files), bytes=drop.size)
        with self._store.write() as cursor:
            cursor.execute(
                "UPDATE feed_fetch SET status = ?, finished_at = ?, files = ?, bytes = ?, message = ?, "
                "hint = ? WHERE id = ?",
                [told.status, naive(now), told.files, told.bytes, told.message, told.hint, told.id],
            )
            if reached is not None:
                cursor.execute(
                    "INSERT OR REPLACE INTO fetch_state VALUES (?, ?, ?)",
                    [feed.id, json.dumps(dict(reached)), naive(now)],
                )
            self._store.bump(cursor)
        return told
