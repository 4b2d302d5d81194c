"""When feeds are looked at: each on its own cron schedule, in the city's time zone."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

from apscheduler.executors.pool import ThreadPoolExecutor as ApsExecutor
from apscheduler.job import Job
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.date import DateTrigger

from config import City
from config.models import Feed, Remote
from pipelines.fetch import FetchResult, LastFetch
from pipelines.fetching import AT_ONCE, Fetching

log = logging.getLogger(__name__)

Ask = Callable[[Sequence[str]], object]
"""Told the ids of feeds to load."""

_LOOK: Final = 5.0
"""Seconds between two looks at the clock,"""
_JUMP: Final = dt.timedelta(seconds=30)
"""which has been set when it went on by so much more or less than time did."""
_ASIDE: Final = "what was due could not be done"


def times_of(city: City, feed: Feed, *, exact: bool = True) -> CronTrigger:
    """When a feed is looked for; not ``exact``: with its jitter. Raises ValueError for a wrong expression."""
    trigger = CronTrigger.from_crontab(feed.schedule, timezone=city.zone)
    if not exact:
        trigger.jitter = int(feed.timing.jitter.total_seconds()) or None
    return trigger


def next_time(city: City, feed: Feed, after: dt.datetime) -> dt.datetime | None:
    """The next time by the feed's schedule, jitter aside; None where the expression names no day any more."""
    found: dt.datetime | None = times_of(city, feed).get_next_fire_time(None, after)
    return found


def due_again(city: City, feed: Feed, last: LastFetch | None, now: dt.datetime) -> dt.datetime | None:
    """When a feed that was fetched ``last`` is asked for out of turn, as a process starts: at the end of the
    pause that it was in, or now, where a time of its schedule was missed. None: not before its next time.
    """
    if last is None:
        return now  # of a new feed nobody wants to wait until tomorrow
    if last.retry_at is not None:
        return max(now, last.retry_at)
    missed = next_time(city, feed, last.at + dt.timedelta(seconds=1))
    if missed is None or missed > now:
        return None
    grace = feed.timing.misfire_grace
    if grace is not None and now - missed > grace:
        # The newest one that was missed decides, however many there were.
        recent = next_time(city, feed, now - grace)
        return now if recent is not None and recent <= now else None
    return now


class Scheduler:
    """Asks for each feed when its schedule says so; those of remote sources are fetched first.

    Jobs live in memory: they follow from the city folder at every start. What a stopped process missed lies
    in the inbox, which is loaded at the start, or is told by the ledger of fetches. A stored job could only
    be stale. A fetch that failed in passing comes back as a job of its own; no thread sleeps over it.
    """

    def __init__(
        self,
        city: City,
        ask: Ask,
        fetching: Fetching | None = None,
        clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    ) -> None:
        self._city = city
        self._ask = ask
        self._fetching = fetching
        self._clock = clock
        self._ended = threading.Event()
        # Not the library's: a job that schedules another one would wait for ever for a library that waits for
        # its jobs before it ends.
        self._pool = ThreadPoolExecutor(AT_ONCE, "fetch")
        self._watching = threading.Thread(target=self._watch_clock, name="clock", daemon=True)
        self._scheduler = BackgroundScheduler(
            timezone=city.zone,
            executors={"default": ApsExecutor(1)},
            # A look that still runs will find the new files, or the next one will.
            job_defaults={"max_instances": 1},
        )
        for feed in city.feeds.values():
            remote = isinstance(feed.connector, Remote)
            grace = feed.timing.misfire_grace
            self._scheduler.add_job(
                partial(self._submit, self._due, feed) if remote else partial(ask, [feed.id]),
                times_of(city, feed, exact=False),
                id=feed.id,
                name=f"fetch {feed.id}" if remote else f"load {feed.id}",
                misfire_grace_time=None if grace is None else max(1, int(grace.total_seconds())),
                coalesce=feed.timing.coalesce,
            )
        if fetching is not None:
            fetching.heard = self._heard

    def also(self, id: str, cron: str, work: Callable[[], object]) -> None:
        """Have something else done at the times of a schedule, under an id that no feed has."""
        trigger = CronTrigger.from_crontab(cron, timezone=self._city.zone)
        self._scheduler.add_job(
            partial(self._guarded, work, _ASIDE),
            trigger,
            id=id,
            name=id,
            misfire_grace_time=None,
            coalesce=True,
        )

    def aside(self, work: Callable[[], object]) -> None:
        """Have something done soon, beside the feeds."""
        if not self._ended.is_set():
            self._pool.submit(self._guarded, work, _ASIDE)

    def jobs(self) -> list[Job]:
        """The job of each feed, and those of fetches that are tried again."""
        return list(self._scheduler.get_jobs())

    def next_times(self) -> dict[str, dt.datetime]:
        """When each feed is asked for next by its schedule. The scheduler must have started."""
        return {job.id: job.next_run_time for job in self.jobs() if job.id in self._city.feeds}

    def again_at(self, feed: str) -> dt.datetime | None:
        """When a fetch that failed in passing is tried again; None: it does not wait for that."""
        job = self._scheduler.get_job(_again(feed))
        return None if job is None else job.next_run_time

    def start(self) -> None:
        """Begin to follow the schedules; make up for fetches that a stopped process missed."""
        self._scheduler.start()
        self._watching.start()
        if self._fetching is None:
            return
        now = self._clock()
        for feed in self._city.feeds.values():
            if isinstance(feed.connector, Remote):
                at = due_again(self._city, feed, self._fetching.fetcher.last(feed), now)
                if at is not None:
                    self._again(feed, at)

    def stop(self) -> None:
        """End, after the look that runs now; fetches that are under way are broken off."""
        self._ended.set()
        if self._fetching is not None:
            self._fetching.fetcher.stop()
        if self._scheduler.running:
            # The library trips over a job of one time that falls due in the instant of the end: none does.
            self._scheduler.pause()
            self._scheduler.get_jobs()
            self._scheduler.shutdown(wait=True)
        self._pool.shutdown(wait=True, cancel_futures=True)

    def clock_set(self, by: dt.timedelta) -> None:
        """The clock was set, forward or back (``by`` < 0): times follow it.

        Set forward, what was skipped is made up for as after any pause. Set back, a job would else wait for
        its old time to come round a second time: for a day, say, if it was a day.
        """
        now = self._clock()
        for job in self.jobs():
            if by >= dt.timedelta(0):
                continue
            at = job.next_run_time + by
            if isinstance(job.trigger, CronTrigger):
                at = job.trigger.get_next_fire_time(None, now.astimezone(self._city.zone))
            job.modify(next_run_time=at)
        self._scheduler.wakeup()

    def _watch_clock(self) -> None:
        wall, steady = self._clock(), time.monotonic()
        while not self._ended.wait(_LOOK):
            now, passed = self._clock(), time.monotonic()
            jump = (now - wall) - dt.timedelta(seconds=passed - steady)
            wall, steady = now, passed
            if abs(jump) > _JUMP:
                log.warning("the clock was set by %s; schedules follow it", jump)
                self.clock_set(jump)

    def _submit(self, work: Callable[[Feed], object], feed: Feed) -> None:
        if not self._ended.is_set():
            self._pool.submit(self._guarded, partial(work, feed), f"{feed.id}: could not be fetched")

    @staticmethod
    def _guarded(work: Callable[[], object], otherwise: str) -> None:
        try:
            work()
        except Exception:
            # The edge of a thread: the next time comes all the same.
            log.exception("%s", otherwise)

    def _due(self, feed: Feed) -> None:
        """A time of the schedule. While a fetch waits to be tried again, that is the look."""
        if self.again_at(feed.id) is None:
            self._fetch(feed)

    def _fetch(self, feed: Feed) -> None:
        assert self._fetching is not None, "remote feeds need somebody who fetches"
        self._fetching.fetch(feed)

    def _heard(self, feed: Feed, result: FetchResult) -> None:
        if result.retry_at is not None:
            self._again(feed, result.retry_at)
        else:
            with contextlib.suppress(JobLookupError):
                self._scheduler.remove_job(_again(feed.id))
        if result.files:
            self._ask([feed.id])

    def _again(self, feed: Feed, at: dt.datetime) -> None:
        self._scheduler.add_job(
            partial(self._submit, self._fetch, feed),
            DateTrigger(at),
            id=_again(feed.id),
            name=f"fetch {feed.id} again",
            misfire_grace_time=None,
            replace_existing=True,
        )


def _again(feed: str) -> str:
    """Id of the job that fetches a feed again; no feed can have it."""
    return f"{feed}:again"
