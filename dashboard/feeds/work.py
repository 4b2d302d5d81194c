"""What people ask of feeds is carried out: fetch and load now, fill in past days, load all once more."""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from config import City
from config.models import Feed, Listened, Remote
from pipelines.again import spans
from pipelines.connectors.base import Window
from pipelines.connectors.registry import connector_of
from pipelines.errors import SourceError
from pipelines.fetch import FetchResult
from pipelines.fetching import Fetching
from pipelines.load import RunResult
from warehouse.progress import Progress
from warehouse.state import FeedRequest, FeedRequests
from warehouse.state.feed_requests import Told

log = logging.getLogger(__name__)

AT_ONCE: Final = 2
"""Requests that are carried out side by side: while one waits for its source, another one loads."""
_POLL: Final = 1.0
"""Seconds between two looks for requests of other processes."""
_WRITE: Final = 0.5
"""Seconds between two notes of how far a request has come, for other processes."""


class Turning(Protocol):
    """What a request may have done with the warehouse; one thing at a time."""

    def cycle(self, feeds: Sequence[str], progress: Progress) -> Sequence[RunResult]:
        """Load what waits for the feeds, compute, judge; the runs."""

    def load(self, feed: Feed) -> Sequence[RunResult]:
        """Only load what waits for the feed."""

    def read_again(
        self, feed: Feed, first: dt.date, last: dt.date, progress: Progress
    ) -> Sequence[RunResult]:
        """Load the landed files of some days once more."""

    def reload(self, feed: Feed, progress: Progress) -> Sequence[RunResult]:
        """Load every landed file once more, by today's contract."""

    def mend(self, feed: Feed, deed: Told, who: str) -> dict[str, Any]:
        """Do with refused rows what somebody asked for; what came of it."""


class _FailedError(Exception):
    """A request comes to nothing; ``told`` says why."""

    def __init__(self, word: str, **told: Any) -> None:
        super().__init__(word)
        self.told = {"word": word, **told}


class _PostponedError(Exception):
    """A request waits until ``at``; ``told`` says why, and holds what it must know then."""

    def __init__(self, at: dt.datetime, told: Told) -> None:
        super().__init__(at)
        self.at, self.told = at, told


def backfills(feed: Feed) -> bool:
    """Whether past days of a feed can be filled in: its source can be asked for them, or its files are kept.

    A source of a city's own connector that is not there cannot be asked; sensors say nothing twice.
    """
    if isinstance(feed.connector, Listened):
        return False
    if not isinstance(feed.connector, Remote):
        return True
    try:
        return connector_of(feed.connector).ranged
    except (SourceError, KeyError):
        return False


@dataclass
class FeedWork:
    """The worker of one process that owns the warehouse.

    ``changed`` is called when a request begins, ends or takes another step; ``moved`` with each step of its
    bar (number, done, total).
    """

    city: City
    requests: FeedRequests
    fetching: Fetching
    turning: Turning
    clock: Callable[[], dt.datetime]
    changed: Callable[[], object]
    moved: Callable[[int, int, int], object]
    _wake: threading.Event = field(default_factory=threading.Event)
    _ended: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._pool = ThreadPoolExecutor(AT_ONCE, "feed-work")
        self._running: set[Future[None]] = set()
        self._thread = threading.Thread(target=self._look, name="feed-requests", daemon=False)

    def recover(self) -> None:
        """Take up what an earlier process left unfinished, or give it up. Before anything else."""
        for request in self.requests.recover(self.clock()):
            log.info("request %s of %s: %s again", request.id, request.feed, request.state)

    def start(self) -> None:
        """Begin to carry requests out."""
        self._thread.start()

    def wake(self) -> None:
        """There is a new one: do not wait for the next look."""
        self._wake.set()

    def stop(self) -> None:
        """End; what is under way stops at its next step and is taken up at the next start."""
        self._ended.set()
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def once(self, number: int | None = None) -> None:
        """Carry out what is due, or one request alone, in this thread."""
        for request in self.requests.take(self.clock(), only=number):
            self._carry_out(request)

    def _look(self) -> None:
        while not self._ended.is_set():
            self._wake.wait(_POLL)
            self._wake.clear()
            try:
                self._running = {future for future in self._running if not future.done()}
                free = AT_ONCE - len(self._running)
                taken = self.requests.take(self.clock(), free) if free and not self._ended.is_set() else []
                for request in taken:
                    self._running.add(self._pool.submit(self._carry_out, request))
                if taken:
                    self.changed()
            except Exception:
                # The edge of a thread: the database of people's state may be away for a while.
                log.exception("requests of feeds could not be looked for; the next look tries again")

    def _carry_out(self, request: FeedRequest) -> None:
        try:
            feed = self.city.feeds.get(request.feed)
            if feed is None:
                raise _FailedError("no_feed")
            told = self._do(request, feed, _Bar(self, request))
            self.requests.finish(request.id, told, self.clock())
        except _FailedError as failure:
            self.requests.fail(request.id, failure.told, self.clock())
        except _PostponedError as later:
            self.requests.postpone(request.id, later.at, later.told)
        except Exception as error:  # whatever it is, the person who asked must come to know
            log.exception("request %s of %s came to nothing", request.id, request.feed)
            cause = f"{type(error).__name__}: {error}"[:500]
            self.requests.fail(request.id, {"word": "broke", "cause": cause}, self.clock())
        finally:
            self._wake.set()
            self.changed()

    def _do(self, request: FeedRequest, feed: Feed, bar: _Bar) -> Told:
        match request.kind:
            case "run":
                return self._run(feed, bar)
            case "backfill" if isinstance(feed.connector, Remote):
                return self._fill_in(request, feed, feed.connector, bar)
            case "backfill":
                found = self.turning.read_again(feed, *request.days, bar.steps("load"))
            case "mend":
                return self._mend(request, feed, bar)
            case "reload":
                found = self.turning.reload(feed, bar.steps("load"))
        self.turning.cycle([feed.id], bar.steps("compute"))
        return _account(found)

    def _mend(self, request: FeedRequest, feed: Feed, bar: _Bar) -> Told:
        bar.show("load", 0, 1)
        try:
            told = self.turning.mend(feed, request.told or {}, request.asked_by)
        except (SourceError, ValueError) as error:
            raise _FailedError("refused", cause=str(error)) from error
        if told.get("mended"):
            self.turning.cycle([], bar.steps("compute"))
        return told

    def _run(self, feed: Feed, bar: _Bar) -> Told:
        if isinstance(feed.connector, Remote):
            bar.show("fetch", 0, 1)
            wait = feed.connector.time_limit.total_seconds()
            result = self.fetching.fetch(feed, wait=wait)
            if result is None:
                raise _FailedError("busy")
            if result.status in ("passing", "failed"):
                raise _FailedError(result.status, **_cause(result))
        return _account(self.turning.cycle([feed.id], bar.steps("compute")))

    def _fill_in(self, request: FeedRequest, feed: Feed, remote: Remote, bar: _Bar) -> Told:
        """Fetch span by span, and load each, so that the spool stays small; compute once at the end."""
        if not backfills(feed):
            raise _FailedError("not_ranged")
        parts = spans(*request.days)
        before = request.told or {}
        told: dict[str, Any] = _sum(before, {})
        failed = int(before.get("failed_fetches", 0))
        for number in range(int(before.get("parts", 0)), len(parts)):
            bar.show("fetch", number, len(parts))
            if self._ended.is_set():
                raise _PostponedError(self.clock(), {**told, "parts": number, "failed_fetches": failed})
            since, until = (dt.datetime.combine(day, dt.time(), self.city.zone) for day in parts[number])
            wait = remote.time_limit.total_seconds()
            result = self.fetching.fetch(feed, Window(since, until), failed + 1, wait=wait)
            if result is None:
                raise _FailedError("busy")
            if result.status == "failed":
                raise _FailedError("failed", **_cause(result))
            if result.status == "passing":
                if result.retry_at is None:
                    raise _FailedError("given_up", **_cause(result))
                waits = {"parts": number, "failed_fetches": failed + 1, **_cause(result)}
                raise _PostponedError(result.retry_at, {**told, **waits})
            failed = 0
            told = _sum(told, _account(self.turning.load(feed)))
            self.requests.keep(request.id, {**told, "parts": number + 1})
        told = _sum(told, _account(self.turning.cycle([feed.id], bar.steps("compute"))))
        return told


class _Bar:
    """How far a request has come: told to open pages at once, noted for other processes now and then."""

    def __init__(self, work: FeedWork, request: FeedRequest) -> None:
        self._work = work
        self._id = request.id
        self._step = ""
        self._noted = 0.0

    def show(self, step: str, done: int, total: int) -> None:
        """It is at ``done`` of ``total`` in a step."""
        self._work.moved(self._id, done, total)
        new = step != self._step
        if new or time.monotonic() - self._noted > _WRITE:
            self._step, self._noted = step, time.monotonic()
            self._work.requests.progress(self._id, step, done, total, new=new)
            if new:
                self._work.changed()

    def steps(self, step: str) -> Progress:
        """Progress of one step made of several things; the bar tells of them one after another."""

        def report(what: str, done: int, total: int) -> None:
            if what.startswith("load"):
                self.show("load", done, total)
            else:
                self.show(step if what != "rules" else "judge", done, total)

        return report


def _cause(result: FetchResult) -> dict[str, Any]:
    cause = (result.message or "") + (f" ({result.hint})" if result.hint else "")
    return {"cause": cause, "again": result.retry_at.isoformat() if result.retry_at else None}


_COUNTS: Final = ("files", "failed", "received", "accepted", "unchanged", "rejected")


def _account(runs: Sequence[RunResult]) -> dict[str, Any]:
    return {
        "word": "loaded",
        "files": len(runs),
        "failed": sum(run.status == "failed" for run in runs),
        "received": sum(run.received for run in runs),
        "accepted": sum(run.inserted + run.updated for run in runs),
        "unchanged": sum(run.unchanged for run in runs),
        "rejected": sum(run.rejected for run in runs),
    }


def _sum(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    return {"word": "loaded", **{name: one.get(name, 0) + other.get(name, 0) for name in _COUNTS}}
