"""Listening: what sources say by themselves is dropped into the spool for as long as the server runs."""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from config import City
from config.models import Feed, Listened
from pipelines.connectors.base import Drop, Hear, Listener
from pipelines.connectors.registry import listener_of
from pipelines.errors import PassingFault, SourceError
from pipelines.schedule import Ask
from pipelines.stamp import naive
from warehouse.store import Store

log = logging.getLogger(__name__)

END: Final = 2.0
"""Seconds that listeners have to end."""
FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 60.0
MENDING: Final = 300.0
"""Seconds until somebody may have mended what a source refused."""
_MIB: Final = 1 << 20


class Listeners:
    """One thread for each feed that is listened to.

    A session is a line in the ledger of fetches: running while it lasts, with what is in its way. What was
    dropped is asked to be loaded.
    """

    def __init__(
        self,
        city: City,
        store: Store,
        spool: Path,
        environ: Mapping[str, str],
        clock: Callable[[], dt.datetime],
        ask: Ask,
        find: Callable[[Listened], Listener] = listener_of,
    ) -> None:
        self._store = store
        self._spool = spool
        self._environ = environ
        self._clock = clock
        self._ask = ask
        self._find = find
        self._stopping = threading.Event()
        self._gone = threading.Event()
        self._threads = [
            threading.Thread(
                target=self._work, args=(feed, feed.connector), name=f"listen-{feed.id}", daemon=True
            )
            for feed in city.feeds.values()
            if isinstance(feed.connector, Listened)
        ]

    def start(self) -> None:
        """Begin to listen."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End; returns when the threads have, or after two seconds without those that hang."""
        self._stopping.set()
        until = time.monotonic() + END
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(0.0, until - time.monotonic()))
        # The warehouse is closed next: who wakes up later must not write to it.
        self._gone.set()

    def _work(self, feed: Feed, remote: Listened) -> None:
        pause = FIRST_PAUSE
        while not self._stopping.is_set():
            started = time.monotonic()
            wait = self._session(feed, remote)
            # Whoever listened for a while begins with short pauses again.
            pause = FIRST_PAUSE if time.monotonic() - started > LONGEST_PAUSE else pause
            self._stopping.wait(wait or pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _session(self, feed: Feed, remote: Listened) -> float | None:
        """Listen once; how many seconds to wait before the next time, where that is known."""
        number = self._open(feed)
        now = self._clock()
        drop = Drop(
            self._spool / feed.id,
            f"{number:012d}-{naive(now):%Y%m%dT%H%M%SZ}",
            float("inf"),
            remote.size_limit * _MIB,
        )
        hear = Hear(
            feed.id,
            remote,
            drop,
            self._environ,
            self._clock,
            self._stopping,
            partial(self._ask, [feed.id]),
            partial(self._tell, number),
        )
        try:
            self._find(remote).listen(hear)
            self._close(number, drop, "done")
        except PassingFault as fault:
            log.warning("%s: %s", feed.id, fault)
            self._close(number, drop, "passing", fault.message, fault.hint)
        except SourceError as error:
            log.warning("%s: %s", feed.id, error)
            self._close(number, drop, "failed", error.message, error.hint)
            return MENDING
        except OSError as error:
            log.warning("%s: %s", feed.id, error)
            message = f"what was heard could not be kept: {error.strerror or error}"
            self._close(number, drop, "passing", message, "make room on the disk")
        except Exception as error:
            # The edge of a thread: a listener that breaks must hold up nobody else.
            log.exception("%s: the listener %s broke", feed.id, remote.kind)
            message = f"the listener {remote.kind} broke: {type(error).__name__}: {error}"
            self._close(number, drop, "failed", message, "the log has the particulars")
            return MENDING
        return None

    def _open(self, feed: Feed) -> int:
        with self._store.write() as cursor:
            [number] = cursor.execute(
                "INSERT INTO feed_fetch (id, feed, started_at, status, attempt, files, bytes) "
                "VALUES (nextval('fetch_id'), ?, ?, 'running', 1, 0, 0) RETURNING id",
                [feed.id, naive(self._clock())],
            ).fetchall()[0]
        return int(number)

    def _tell(self, number: int, message: str | None) -> None:
        if self._gone.is_set():
            return
        log.log(logging.WARNING if message else logging.INFO, message or "the source is heard again")
        with self._store.write() as cursor:
            cursor.execute("UPDATE feed_fetch SET message = ? WHERE id = ?", [message, number])
            self._store.bump(cursor)

    def _close(
        self, number: int, drop: Drop, status: str, message: str | None = None, hint: str | None = None
    ) -> None:
        if self._gone.is_set():
            return
        with self._store.write() as cursor:
            cursor.execute(
                "UPDATE feed_fetch SET status = ?, finished_at = ?, files = ?, bytes = ?, message = ?, "
                "hint = ? WHERE id = ?",
                [status, naive(self._clock()), len(drop.files), drop.size, message, hint, number],
            )
            self._store.bump(cursor)
