"""When feeds are looked at: each on its own cron schedule, in the city's time zone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from functools import partial

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.job import Job
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger

from config import City

Ask = Callable[[Sequence[str]], object]
"""Told the ids of feeds to load."""


class Scheduler:
    """Asks for each feed when its schedule says so.

    Jobs live in memory: they follow from the city folder at every start, and what a stopped process missed
    lies in the inbox, which is loaded at the start. A stored job could only be stale.
    """

    def __init__(self, city: City, ask: Ask) -> None:
        self._scheduler = BackgroundScheduler(
            timezone=city.zone,
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={
                # However late, looking is right: the files are still there.
                "misfire_grace_time": None,
                # Several missed times ask for one look, since one look takes all that waits.
                "coalesce": True,
                # A look that still runs will find the new files, or the next one will.
                "max_instances": 1,
            },
        )
        for feed in city.feeds.values():
            self._scheduler.add_job(
                partial(ask, [feed.id]),
                CronTrigger.from_crontab(feed.schedule, timezone=city.zone),
                id=feed.id,
                name=f"load {feed.id}",
            )

    def jobs(self) -> list[Job]:
        """The job of each feed."""
        return list(self._scheduler.get_jobs())

    def next_times(self) -> dict[str, dt.datetime]:
        """When each feed is asked for next. The scheduler must have started."""
        return {job.id: job.next_run_time for job in self.jobs()}

    def start(self) -> None:
        """Begin to follow the schedules."""
        self._scheduler.start()

    def stop(self) -> None:
        """End, after the look that runs now."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)
