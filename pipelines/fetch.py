"""Fetching: what is new at a feed's source is dropped into the spool; the ledger says how it went."""

from __future__ import annotations

import datetime as dt
import json
import logging
import random
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
from pipelines.retry import pause
from pipelines.stamp import naive
from warehouse.store import Store

log = logging.getLogger(__name__)

MIB: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class FetchResult:
    """How one attempt to fetch went. ``status``: done (files wait in the spool), unchanged (nothing new),
    passing (tried again at ``retry_at``, or given up for now where that is None), failed (somebody must act).
    """

    id: int
    feed: str
    status: str
    files: int = 0
    bytes: int = 0
    message: str | None = None
    hint: str | None = None
    retry_at: dt.datetime | None = None


class Fetcher:
    """Fetches feeds into their folders of the spool. One fetch of a feed at a time is the caller's duty."""

    def __init__(
        self,
        city: City,
        store: Store,
        spool: Path,
        environ: Mapping[str, str],
        find: Callable[[Remote], Connector] = connector_of,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._city = city
        self._store = store
        self._spool = spool
        self._environ = environ
        self._find = find
        self._chance = chance

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
        self, feed: Feed, now: dt.datetime, window: Window | None = None, attempt: int | None = None
    ) -> FetchResult:
        """Ask the feed's source once. What goes wrong is told in the result and the ledger, never raised.

        ``attempt`` counts tries of this window since one went well; without a window the ledger knows.
        """
        remote = feed.connector
        if not isinstance(remote, Remote):
            raise TypeError(f"feed {feed.id} is delivered, not fetched")
        number, state, attempt = self._open(feed, now, attempt, window)
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
            reached = fault.reached
            result = FetchResult(
                number,
                feed.id,
                "passing",
                message=fault.message,
                hint=fault.hint,
                retry_at=self._again_at(feed, now, attempt, fault.retry_after),
            )
        except SourceError as error:
            result = FetchResult(number, feed.id, "failed", message=error.message, hint=error.hint)
        except OSError as error:
            # The disk is full, a folder is gone: of this machine, and it may be mended without a definition.
            message = f"what was fetched could not be kept: {error.strerror or error}"
            again = self._again_at(feed, now, attempt, None)
            result = FetchResult(
                number, feed.id, "passing", message=message, hint="make room on the disk", retry_at=again
            )
        except Exception as error:
            # A city may bring a connector of its own; that it breaks must hold up nobody else.
            log.exception("%s: the connector %s broke", feed.id, remote.kind)
            message = f"the connector {remote.kind} broke: {type(error).__name__}: {error}"
            result = FetchResult(
                number, feed.id, "failed", message=message, hint="the log has the particulars"
            )
        return self._close(feed, result, drop, reached if window is None else None, now)

    def _again_at(
        self, feed: Feed, now: dt.datetime, failed: int, wanted: dt.timedelta | None
    ) -> dt.datetime | None:
        wait = pause(feed.timing.retries, failed, self._chance(), wanted)
        return None if wait is None else now + wait

    def _open(
        self, feed: Feed, now: dt.datetime, attempt: int | None, window: Window | None
    ) -> tuple[int, State, int]:
        span = (naive(window.since), naive(window.until)) if window else (None, None)
        with self._store.write() as cursor:
            if attempt is None:
                last = cursor.execute(
                    "SELECT attempt FROM feed_fetch WHERE id = (SELECT max(id) FROM feed_fetch "
                    "WHERE feed = ? AND since IS NULL) AND status = 'passing' AND retry_at IS NOT NULL",
                    [feed.id],
                ).fetchone()
                attempt = 1 if last is None else int(last[0]) + 1
            [number] = cursor.execute(
                "INSERT INTO feed_fetch (id, feed, started_at, status, attempt, files, bytes, since, until) "
                "VALUES (nextval('fetch_id'), ?, ?, 'running', ?, 0, 0, ?, ?) RETURNING id",
                [feed.id, naive(now), attempt, *span],
            ).fetchall()[0]
            row = cursor.execute("SELECT state FROM fetch_state WHERE feed = ?", [feed.id]).fetchone()
        return int(number), json.loads(row[0]) if row else {}, attempt

    def _close(
        self, feed: Feed, result: FetchResult, drop: Drop, reached: State | None, now: dt.datetime
    ) -> FetchResult:
        """Everything dropped lies on disk: only now is it noted how far the source has been read.

        What is as it was at the last look (nothing new, the same thing to mend) is told once: both looks are
        one line of the ledger.
        """
        told = replace(result, files=len(drop.files), bytes=drop.size)
        with self._store.write() as cursor:
            same = None
            if told.status in ("unchanged", "failed") and not told.files:
                same = cursor.execute(
                    "SELECT id FROM feed_fetch WHERE id = (SELECT max(id) FROM feed_fetch WHERE feed = $feed "
                    "AND id < $id) AND status = $status AND message IS NOT DISTINCT FROM $message "
                    "AND since IS NULL AND (SELECT since IS NULL FROM feed_fetch WHERE id = $id)",
                    {"feed": feed.id, "id": told.id, "status": told.status, "message": told.message},
                ).fetchone()
            if same is not None:
                cursor.execute("DELETE FROM feed_fetch WHERE id = ?", [told.id])
                cursor.execute(
                    "UPDATE feed_fetch SET finished_at = ?, looks = looks + 1 WHERE id = ?",
                    [naive(now), same[0]],
                )
                told = replace(told, id=int(same[0]))
            else:
                cursor.execute(
                    "UPDATE feed_fetch SET status = ?, finished_at = ?, files = ?, bytes = ?, message = ?, "
                    "hint = ?, retry_at = ? WHERE id = ?",
                    [
                        told.status,
                        naive(now),
                        told.files,
                        told.bytes,
                        told.message,
                        told.hint,
                        naive(told.retry_at) if told.retry_at else None,
                        told.id,
                    ],
                )
                self._store.bump(cursor)
            if reached is not None:
                cursor.execute(
                    "INSERT OR REPLACE INTO fetch_state VALUES (?, ?, ?)",
                    [feed.id, json.dumps(dict(reached)), naive(now)],
                )
        if told.status == "failed" and same is None:
            log.warning("%s: %s%s", feed.id, told.message, f" ({told.hint})" if told.hint else "")
        return told
