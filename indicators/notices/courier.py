"""Sending what waits, away from the thread that evaluates: a channel that hangs holds nothing else up.

When a message is tried again stands with the message, so that a restart changes nothing; the waiting doubles
up to an hour, and after a day it is given up. At least once: a program that dies while it sends will send
again, under the same key.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from indicators.notices.announce import Announcer
from indicators.notices.send import Send
from warehouse.state import Message, Outbox

log = logging.getLogger(__name__)

FIRST_WAIT: Final = dt.timedelta(seconds=10)
LONGEST_WAIT: Final = dt.timedelta(hours=1)
GIVEN_UP: Final = dt.timedelta(days=1)
"""After how long a message is given up: it is news no more."""

_TICK: Final = 15.0
"""Seconds after which it is looked whether anything held or tried before is due."""
_TIDY: Final = dt.timedelta(days=1)
"""How often what is long over is forgotten."""
_AT_ONCE: Final = 4
"""Messages that a process which ends at once sends at a time."""
_CHANNELS: Final = 16
"""Channels that are sent by at a time, each one message after another."""
_DUE: Final = 1000
"""Messages looked at to see which channels have something to send."""


def try_again(message: Message, now: dt.datetime) -> dt.datetime | None:
    """When to try a message again that just failed; None to give it up."""
    if now - message.created_at >= GIVEN_UP:
        return None
    doubled: int = 2 ** min(message.attempts, 20)
    return now + min(FIRST_WAIT * doubled, LONGEST_WAIT)


class Courier:
    """Announces what is due and sends what waits, on a thread of its own or by ``deliver``."""

    def __init__(
        self,
        announcer: Announcer,
        outbox: Outbox,
        send: Send,
        clock: Callable[[], dt.datetime],
        begin: Callable[[], None] = lambda: None,
        looked: Callable[[], None] = lambda: None,
    ) -> None:
        """``begin`` is done once on the courier's thread, before anything is sent; ``looked`` each time that
        it was looked what is due, at least every quarter of a minute.
        """
        self._announcer, self._outbox, self._send, self._clock = announcer, outbox, send, clock
        self._begin, self._looked = begin, looked
        self._wake = threading.Event()
        self._ended = threading.Event()
        self._tidied: dt.datetime | None = None
        self._busy: set[str] = set()
        self._lock = threading.Lock()
        self._lost = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Take up what an earlier process was sending, and go on until ``stop``."""
        self._outbox.recover(self._clock())
        self._thread = threading.Thread(target=self._run, name="notices", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish what is being sent, then end."""
        self._ended.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def wake(self) -> None:
        """Say that something happened."""
        self._wake.set()

    def look(self) -> None:
        """Decide of what is due by now; nothing is sent."""
        self._announcer.announce(self._clock())
        self._looked()

    def tidy(self) -> None:
        """Forget what is long over, once a day however often this is asked for."""
        now = self._clock()
        if self._tidied is None or now - self._tidied >= _TIDY:
            self._announcer.forget(now)
            self._tidied = now

    def once(self) -> int:
        """For a process that ends at once: take up what an earlier one was sending, and send what is due."""
        self._outbox.recover(self._clock())
        tried = self.deliver()
        self.tidy()
        return tried

    def deliver(self) -> int:
        """Send everything that is due, at most once each; how many messages were tried."""
        tried = 0
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="notice") as pool:
            while batch := [item for item in self._outbox.due(self._clock()) if self._claimed(item)]:
                tried += sum(pool.map(self._one, batch))
        return tried

    def _dispatch(self, pool: ThreadPoolExecutor) -> None:
        """Have every channel that is idle and has something due send it; nothing is waited for."""
        for channel in {item.channel for item in self._outbox.due(self._clock(), _DUE)}:
            with self._lock:
                if channel in self._busy:
                    continue
                self._busy.add(channel)
            pool.submit(self._by, channel)

    def _by(self, channel: str) -> None:
        """Send all that is due by a channel."""
        try:
            while batch := [
                item for item in self._outbox.due(self._clock(), _DUE) if item.channel == channel
            ]:
                for item in batch:
                    if self._ended.is_set():
                        return
                    if self._claimed(item):
                        self._one(item)
        except Exception:
            self._lost = True
            log.exception("notices by a channel could not be read or written; they are tried again")
        finally:
            with self._lock:
                self._busy.discard(channel)
                lost = self._lost
            if not lost:  # after a failure it is waited
                self._wake.set()  # what came while it was busy

    def _recover(self) -> None:
        """Take back what was being sent when something failed, once nothing is being sent any more."""
        with self._lock:
            if self._lost and not self._busy:
                self._outbox.recover(self._clock())
                self._lost = False

    def _claimed(self, message: Message) -> bool:
        return message.id is not None and not self._ended.is_set() and self._outbox.claim(message.id)

    def _one(self, message: Message) -> int:
        assert message.id is not None
        error = self._send(message)
        now = self._clock()
        again = None if error is None else try_again(message, now)
        self._outbox.settle(message.id, now, error, again)
        if error is not None:
            what = "is given up" if again is None else f"is tried again at {again:%H:%M:%S} UTC"
            log.warning("notice %s to %s was not sent and %s: %s", message.key, message.office, what, error)
        return 1

    def _run(self) -> None:
        self._begin()
        with ThreadPoolExecutor(_CHANNELS, thread_name_prefix="notice") as pool:
            self._go_on(pool)

    def _go_on(self, pool: ThreadPoolExecutor) -> None:
        while not self._ended.is_set():
            self._wake.clear()
            try:
                self._recover()
                self.look()
                self._dispatch(pool)
                self.tidy()
            except Exception:
                # Neither a database that is away for a while nor a warning that cannot be put into words must
                # end the notices for good: this thread is the only one that tells anybody.
                self._lost = True
                log.exception("notices could not be decided, read or written; they are tried again")
            self._wake.wait(_TICK)
