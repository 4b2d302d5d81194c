"""A running city: load what came in, compute what it touches, judge the rules, tell the open pages."""

from __future__ import annotations

import datetime as dt
import logging
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType

from config import City
from config.models import Report
from dashboard.feeds.mends import Mending
from dashboard.feeds.work import FeedWork
from dashboard.push import Hub
from dashboard.reports.press import Press
from dashboard.routes import href
from dashboard.rules.backtesting import Backtesting
from dashboard.running.cycle import Cycle, Cycles
from dashboard.running.faults import Faults
from dashboard.running.places import Places, memory_limit
from indicators.engine import Engine
from indicators.notices.announce import Announcer
from indicators.notices.courier import Courier
from indicators.notices.obstacles import NOTICE
from indicators.notices.send import by_apprise, missing_secrets, warm
from pipelines.fetch import Fetcher
from pipelines.fetching import Fetching
from pipelines.load import Loader
from pipelines.mend import Mender
from warehouse.areas import sync_areas
from warehouse.progress import Progress, silent
from warehouse.state import State
from warehouse.store import Store

log = logging.getLogger(__name__)

DEFAULT_SITE = "http://127.0.0.1:8050"
"""Where ``ioc serve`` listens unless it is told otherwise."""

Clock = Callable[[], dt.datetime]


def utc_now() -> dt.datetime:
    """The time, for those at the edge who may ask for it."""
    return dt.datetime.now(dt.UTC)


@dataclass
class Runtime:
    """Everything that one process needs to run one city. Use it as a context manager.

    ``site`` is the address under which people reach the screens: links in notices begin with it.
    """

    city: City
    places: Places
    clock: Clock = utc_now
    build: str = "0"
    site: str = DEFAULT_SITE
    store: Store = field(init=False)
    state: State = field(init=False)
    loader: Loader = field(init=False)
    fetching: Fetching = field(init=False)
    engine: Engine = field(init=False)
    hub: Hub = field(init=False)
    announcer: Announcer = field(init=False)
    courier: Courier = field(init=False)
    backtesting: Backtesting = field(init=False)
    press: Press = field(init=False)
    mending: Mending = field(init=False)
    take_up: Callable[[], object] = field(init=False)
    """Computes what people changed in facts: at once, unless a server does it in its next turn."""
    work: FeedWork = field(init=False)
    cycles: Cycles = field(init=False)
    faults: Faults = field(init=False)

    def __enter__(self) -> Runtime:
        """Open storage, take up what an earlier process left unfinished.

        Raises StoreError when another process owns the warehouse, UnwritableError when a folder cannot be
        written.
        """
        self.places.make()
        self.faults = Faults(self.clock)
        folders = (self.places.inbox, self.places.landing)
        self.store = Store.open(
            self.places.warehouse, self.city.head.timezone, folders=folders, memory_limit=memory_limit()
        )
        sync_areas(self.store, self.city.areas)
        self.state = State.open(self.places.people)
        here = self.places
        self.loader = Loader(self.city, self.store, here.inbox, here.landing, here.spool)
        fetcher = Fetcher(self.city, self.store, here.spool, os.environ)
        self.fetching = Fetching(fetcher, here.locks, self.clock)
        self.loader.recover(self.clock())
        fetcher.recover(self.clock())
        self.engine = Engine(self.city, self.store)
        self.hub = Hub(self.build)
        self.announcer = Announcer(self.city, self.state, self.link)
        send = by_apprise(os.environ)
        self.courier = Courier(
            self.announcer, self.state.outbox, send, self.clock, partial(warm, self.city), self.publish
        )
        for recipient, names in missing_secrets(self.city, os.environ).items():
            log.warning("recipient %s cannot be told: %s is not set", recipient, ", ".join(names))
        self._publishing = threading.Lock()
        self.backtesting = Backtesting(self.city, self.store, self.state, self.clock, self.publish)
        self.press = Press(self.city, self.store, self.state, here.reports, self.clock, self.report_page)
        self.take_up = lambda: self.cycle([])
        mender = Mender(self.city, self.store, here.landing)
        self.mending = Mending(self.city, self.store, self.state, mender, self.clock, lambda: self.take_up())
        self.cycles = Cycles(
            self.city,
            here,
            self.store,
            self.state,
            self.loader,
            self.engine,
            self.announcer,
            self.courier,
            self.clock,
            self.publish,
            self.faults,
            self.feed_page,
            self.directive_page,
        )
        requests, tell = self.state.feed_requests, self.hub.progress
        self.work = FeedWork(self.city, requests, self.fetching, self.cycles, self.clock, self.publish, tell)
        self.work.recover()
        self.publish()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hub.close()
        self.backtesting.close()
        self.cycles.close()
        self.state.close()
        self.store.close()

    @property
    def version(self) -> str:
        """Version of everything that a screen shows: figures, what people did, what time made quiet,
        what is broken.
        """
        people, now = self.state.revision(), self.clock()
        turns = self.state.turns(now, NOTICE)
        turns += self.state.directives.turns(now, self.city.head.directives.soon)
        return f"{self.store.data_version}.{people}.{turns}.{self.faults.changes}.{self.press.changes}"

    def link(self, language: str, warning: int | None) -> str:
        """Address of a warning for those who are elsewhere; of the desk without one."""
        site = self.site.rstrip("/")
        return site + (
            href(language, "warnings") if warning is None else href(language, "warning", str(warning))
        )

    def report(self, report: Report) -> None:
        """Make what is due of a report, tell the open pages and those who are to have it."""
        self.press.fall_due(report)
        self.courier.wake()
        self.publish()

    def report_page(self, language: str) -> str:
        """Address of the page of reports for those who are elsewhere."""
        return self.site.rstrip("/") + href(language, "reports")

    def feed_page(self, language: str, feed: str) -> str:
        """Address of the page of a feed for those who are elsewhere."""
        return self.site.rstrip("/") + href(language, "health", feed=feed)

    def directive_page(self, language: str, directive: int) -> str:
        """Address of the page of a directive for those who are elsewhere."""
        return self.site.rstrip("/") + href(language, "directive", str(directive))

    def publish(self) -> None:
        """Tell the open pages if there is anything new."""
        # Several threads come here: the one that looked first must not have the last word.
        with self._publishing:
            if (version := self.version) != self.hub.version:
                self.hub.publish(version)

    def cycle(self, feeds: Sequence[str] | None = None, progress: Progress = silent) -> Cycle:
        """Load the feeds (None: all), refresh what they touched, judge the rules, tell the open pages."""
        return self.cycles.turn(feeds, progress)
