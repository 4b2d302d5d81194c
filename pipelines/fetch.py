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
from warehouse.disk import is_full
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


@dataclass(frozen=True, slots=True)
class LastFetch:
    """When a feed was asked for last (with zone), and when it is to be asked again after a passing fault."""

    at: dt.datetime
    status: str
    retry_at: dt.datetime | None


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
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._city = city
        self._store = store
        self._spool = spool
        self._environ = environ
        self._find = find
        self._chance = chance
        self._steady = steady
        self._stopped = False
        self._drops: dict[int, Drop] = {}

    def recover(self, now: dt.datetime) -> int:
        """Clear up after a process that ended in mid-fetch; the number of fetches it left open."""
        for part in self._spool.glob("*/*.part"):
            part.unlink(missing_ok=True)
        with self._store.write() as cursor:
            # One that ends the process again and again waits for its schedule in the end.
            rows = cursor.execute(
                "UPDATE feed_fetch SET status = 'passing', finished_at = $now, "
                "message = 'interrupted: the process ended meanwhile', "
                "hint = 'nothing to do: it is fetched again', "
                "retry_at = CASE WHEN since IS NULL AND attempt <= 3 THEN $now END "
                "WHERE status = 'running' RETURNING id",
                {"now": naive(now)},
            ).fetchall()
        return len(rows)

    def last(self, feed: Feed) -> LastFetch | None:
        """The feed's last fetch of what was new; None where there was none."""
        with self._store.read() as cursor:
            row = cursor.execute(
                "SELECT coalesce(finished_at, started_at), status, retry_at FROM feed_fetch "
                "WHERE feed = ? AND since IS NULL ORDER BY id DESC LIMIT 1",
                [feed.id],
            ).fetchone()
        return None if row is None else LastFetch(_aware(row[0]), row[1], row[2] and _aware(row[2]))

    def stop(self) -> None:
        """Break off what is under way: it is fetched again at the next start."""
        self._stopped = True
        for drop in list(self._drops.values()):
            drop.deadline = 0.0

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
        began = self._steady()

        def over() -> dt.datetime:
            return now + dt.timedelta(seconds=self._steady() - began)

        self._drops[number] = drop
        if self._stopped:
            drop.deadline = 0.0
        try:
            reached = self._find(remote).fetch(ask)
            result = FetchResult(number, feed.id, "done" if drop.files else "unchanged")
        except PassingFault as fault:
            if not self._stopped:
                log.warning("%s: %s", feed.id, fault)
            reached = fault.reached
            result = FetchResult(
                number,
                feed.id,
                "passing",
                message=fault.message,
                hint=fault.hint,
                retry_at=self._again_at(feed, over(), attempt, fault.retry_after),
            )
        except SourceError as error:
            result = FetchResult(number, feed.id, "failed", message=error.message, hint=error.hint)
        except OSError as error:
            # Of this machine or of the way to the source; a connector need not know them all.
            result = FetchResult(
                number,
                feed.id,
                "passing",
                message=f"the fetch broke off: {error.strerror or error}",
                hint="make room on the disk" if is_full(error) else "",
                retry_at=self._again_at(feed, over(), attempt, None),
            )
        except Exception as error:
            # A city may bring a connector of its own; that it breaks must hold up nobody else.
            log.exception("%s: the connector %s broke", feed.id, remote.kind)
            message = f"the connector {remote.kind} broke: {type(error).__name__}: {error}"
            result = FetchResult(
                number, feed.id, "failed", message=message, hint="the log has the particulars"
            )
        finally:
            del self._drops[number]
        if self._stopped and result.status == "passing":
            message, hint = "interrupted: the service was stopped", "nothing to do: it is fetched again"
            result = replace(result, message=message, hint=hint, retry_at=over())
        return self._close(feed, result, drop, reached if window is None else None, over())

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


def _aware(moment: dt.datetime) -> dt.datetime:
    return moment.replace(tzinfo=dt.UTC)
