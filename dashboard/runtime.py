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
from config.order import loading_order
from dashboard.backtesting import Backtesting
from dashboard.mends import Mending
from dashboard.places import Places
from dashboard.push import Hub
from dashboard.routes import href
from dashboard.warning_files import drop
from indicators.engine import Engine, RefreshReport
from indicators.notices.announce import Announcer
from indicators.notices.courier import Courier
from indicators.notices.obstacles import NOTICE
from indicators.notices.send import by_apprise, missing_secrets, warm
from indicators.rules.evaluate import EvaluationReport, evaluate
from pipelines.fetch import Fetcher
from pipelines.fetching import Fetching
from pipelines.load import Loader, RunResult
from pipelines.mend import Mender
from warehouse.areas import sync_areas
from warehouse.arrange import arrange
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


@dataclass(frozen=True)
class Cycle:
    """What one turn from files to warnings did."""

    runs: Sequence[RunResult]
    refresh: RefreshReport | None
    evaluation: EvaluationReport


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
    mending: Mending = field(init=False)
    take_up: Callable[[], object] = field(init=False)
    """Computes what people changed in facts: at once, unless a server does it in its next turn."""

    def __enter__(self) -> Runtime:
        """Open storage, take up what an earlier process left unfinished.

        Raises StoreError when another process owns the warehouse, UnwritableError when a folder cannot be
        written.
        """
        self.places.make()
        folders = (self.places.inbox, self.places.landing)
        self.store = Store.open(self.places.warehouse, self.city.head.timezone, folders=folders)
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
        self._turn, self._publishing = threading.Lock(), threading.Lock()
        self.backtesting = Backtesting(self.city, self.store, self.state, self.clock, self.publish)
        self.take_up = lambda: self.cycle([])
        mender = Mender(self.city, self.store, here.landing)
        self.mending = Mending(self.city, self.store, self.state, mender, self.clock, lambda: self.take_up())
        self.publish()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hub.close()
        self.backtesting.close()
        with self._turn:
            self.state.close()
            self.store.close()

    @property
    def version(self) -> str:
        """Version of everything that a screen shows: figures, what people did, what time made quiet."""
        return f"{self.store.data_version}.{self.state.revision()}.{self.state.turns(self.clock(), NOTICE)}"

    def link(self, language: str, warning: int | None) -> str:
        """Address of a warning for those who are elsewhere; of the desk without one."""
        site = self.site.rstrip("/")
        return site + (
            href(language, "warnings") if warning is None else href(language, "warning", str(warning))
        )

    def publish(self) -> None:
        """Tell the open pages if there is anything new."""
        # Several threads come here: the one that looked first must not have the last word.
        with self._publishing:
            if (version := self.version) != self.hub.version:
                self.hub.publish(version)

    def cycle(self, feeds: Sequence[str] | None = None, progress: Progress = silent) -> Cycle:
        """Load the feeds (None: all), refresh what they touched, judge the rules, tell the open pages.

        One turn at a time in the process; a second waits.
        """
        with self._turn:
            chosen = loading_order(self.city.feeds, self.city.feeds if feeds is None else feeds)
            runs: list[RunResult] = []
            self.engine.prepare()
            for feed in chosen:
                runs += self.loader.run(feed, self.clock(), progress)
            refresh = self.engine.refresh(self.clock(), progress)
            self.publish()
            evaluation = evaluate(self.city, self.store, self.state, self.clock(), progress)
            self.publish()
            # Decided and written down here, sent elsewhere: a channel that hangs must not hold the loads up.
            self.announcer.announce(self.clock())
            self.courier.wake()
            self.publish()  # who was told, and what was escalated, is shown as well
            runs += self._take_up_warnings(progress)
            arrange(self.store)
            self.store.settle()
        return Cycle(runs, refresh, evaluation)

    def _take_up_warnings(self, progress: Progress) -> list[RunResult]:
        """Load what became of the warnings as any other delivery, where the city has a feed of them."""
        dropped = drop(self.city, self.state, self.places.inbox)
        runs = [run for feed in dropped for run in self.loader.run(feed, self.clock(), progress)]
        if any(run.inserted or run.updated for run in runs):  # a comment, say, changes no figure
            self.engine.refresh(self.clock(), progress)
        if runs:
            self.publish()
        return runs
