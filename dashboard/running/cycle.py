"""One turn from files to warnings, and what else must not happen at the same time."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from config import City
from config.models import Feed
from config.order import loading_order
from dashboard.directives import files as directive_files
from dashboard.directives import notices as directive_notices
from dashboard.feeds import files as delivery_files
from dashboard.feeds.mends import Deed, Mending
from dashboard.feeds.reminders import Link, remind
from dashboard.maps import files as layer_files
from dashboard.opendata import account
from dashboard.running.faults import Faults
from dashboard.running.places import Places
from dashboard.warnings import files as warning_files
from indicators.engine import Engine, RefreshReport
from indicators.notices.announce import Announcer
from indicators.notices.courier import Courier
from indicators.rules.evaluate import EvaluationReport, evaluate
from pipelines.again import kept_files, speaks_of
from pipelines.load import Loader, RunResult
from pipelines.mend import Mender
from pipelines.reload import Reloader
from warehouse.arrange import arrange
from warehouse.progress import Progress, silent
from warehouse.state import State
from warehouse.store import Store


@dataclass(frozen=True)
class Cycle:
    """What one turn from files to warnings did; None for a step that failed."""

    runs: Sequence[RunResult]
    refresh: RefreshReport | None
    evaluation: EvaluationReport | None


@dataclass
class Cycles:
    """Turns, one at a time; a second waits. A feed or a step that fails ends nothing else: it is logged and
    kept among the ``faults``.
    """

    city: City
    places: Places
    store: Store
    state: State
    loader: Loader
    engine: Engine
    announcer: Announcer
    courier: Courier
    clock: Callable[[], dt.datetime]
    publish: Callable[[], object]
    faults: Faults
    feed_page: Link
    directive_page: directive_notices.Link
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._reloader = Reloader(self.city, self.store, self.loader, self.places.landing)
        self._reloader.recover()
        self._mender = Mender(self.city, self.store, self.places.landing)
        # What a request receives is computed by the turn that follows it.
        self._mending = Mending(self.city, self.store, self.state, self._mender, self.clock, lambda: None)

    def turn(self, feeds: Sequence[str] | None = None, progress: Progress = silent) -> Cycle:
        """Load the feeds (None: all), refresh what they touched, judge the rules, tell the open pages."""
        with self._turn:
            wanted = set(self.city.feeds if feeds is None else feeds)
            with self.faults.contained("compute", "directives"):
                # Before the rules are judged: what is overdue is to be told in this turn.
                dropped = directive_files.drop(self.city, self.state, self.places.inbox, self.clock())
                wanted |= {feed.id for feed in dropped}
            chosen = loading_order(self.city.feeds, wanted)
            runs: list[RunResult] = []
            refresh: RefreshReport | None = None
            evaluation: EvaluationReport | None = None
            with self.faults.contained("compute", "prepare"):
                self.engine.prepare()
            for feed in chosen:
                with self.faults.contained("feed", feed.id):
                    runs += self.loader.run(feed, self.clock(), progress)
            with self.faults.contained("compute"):
                refresh = self.engine.refresh(self.clock(), progress)
            self.publish()
            with self.faults.contained("judge"):
                evaluation = evaluate(self.city, self.store, self.state, self.clock(), progress)
                for rule, error in evaluation.broken.items():
                    self.faults.note("rule", rule, error)
                self.faults.settle_others("rule", set(evaluation.broken))
            self.publish()
            # Decided and written down here, sent elsewhere: a channel that hangs must not hold the loads up.
            with self.faults.contained("tell"):
                self.announcer.announce(self.clock())
            self.courier.wake()
            self.publish()  # who was told, and what was escalated, is shown as well
            with self.faults.contained("tell", "reminders"):
                # Reckoned over a year of due times: warnings must not wait for it.
                if remind(self.city, self.store, self.state, self.feed_page, self.clock()):
                    self.courier.wake()
            with self.faults.contained("tell", "directives"):
                if directive_notices.tell(self.city, self.state, self.directive_page, self.clock()):
                    self.courier.wake()
            with self.faults.contained("compute", "warnings"):
                runs += self._take_up_own(progress)
            with self.faults.contained("compute", "arrange"):
                arrange(self.store)
                self.store.settle()
        self.publish()
        return Cycle(runs, refresh, evaluation)

    def cycle(self, feeds: Sequence[str], progress: Progress) -> Sequence[RunResult]:
        """The runs of a turn over some feeds."""
        return [run for run in self.turn(feeds, progress).runs if run.feed in feeds]

    def load(self, feed: Feed) -> Sequence[RunResult]:
        """Only load what waits for the feed; the next turn computes."""
        with self._turn:
            return self.loader.run(feed, self.clock())

    def read_again(
        self, feed: Feed, first: dt.date, last: dt.date, progress: Progress
    ) -> Sequence[RunResult]:
        """Load the landed files of some days once more."""
        with self._turn:
            with self.store.read() as cursor:
                kept, _ = kept_files(cursor, feed, self.places.landing)
            files = [one.file for one in kept if speaks_of(one, first, last, self.city.zone)]
            runs = self.loader.again(feed, files, self.clock(), progress)
            self._mender.carry_on(feed, [run.id for run in runs], self.clock())
            return runs

    def reload(self, feed: Feed, progress: Progress) -> Sequence[RunResult]:
        """Load every landed file of the feed once more, by today's contract."""
        with self._turn:
            self.engine.prepare()
            return self._reloader.reload(feed, self.clock(), progress)

    def mend(self, feed: Feed, deed: Deed, who: str) -> dict[str, Any]:
        """Do with refused rows what somebody asked for; what came of it."""
        with self._turn:
            return self._mending.carry_out(feed, deed, who)

    def close(self) -> None:
        """Wait for the turn that runs now, and let nobody take another."""
        self._turn.acquire()

    def _take_up_own(self, progress: Progress) -> list[RunResult]:
        """Load what became of warnings, due deliveries, open data and map layers as any other delivery, where
        the city has a feed of them.
        """
        dropped = warning_files.drop(self.city, self.state, self.places.inbox)
        dropped += delivery_files.drop(self.city, self.store, self.places.inbox, self.clock())
        dropped += account.drop(self.city, self.store, self.state, self.places.inbox, self.clock())
        dropped += layer_files.drop(self.city, self.store, self.places.inbox, self.clock())
        runs = [run for feed in dropped for run in self.loader.run(feed, self.clock(), progress)]
        if any(run.inserted or run.updated for run in runs):  # a comment, say, changes no figure
            self.engine.refresh(self.clock(), progress)
        if runs:
            self.publish()
        return runs
