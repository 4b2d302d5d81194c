"""From values to verdicts: what each rule must read, what its condition says, and who shares a budget."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from math import ceil
from typing import Final

import numpy as np

from config import City
from config.models import Condition, LevelShift, Projection, Rule, Statistical
from indicators.rules.anomalies import Anomalies
from indicators.rules.broken import about
from indicators.rules.budget import Budget, Stored, Tested, tellable
from indicators.rules.conditions import Verdict
from indicators.rules.conditions.verdict import Flags
from indicators.rules.grid import Group, Span
from indicators.rules.look import Look
from indicators.rules.projecting import projected
from indicators.rules.sightings import Course, Times
from indicators.rules.sitting import Sitting
from indicators.rules.source import Source
from indicators.rules.statistics.counts import Wanted
from indicators.rules.walk import machine_of
from indicators.rules.watch import Watch
from warehouse.progress import Progress, silent
from warehouse.rule_progress import NOTHING
from warehouse.state import NewLevel, Warning

_YEAR: Final = dt.timedelta(days=365)

Told = Mapping[tuple[str, str], Sequence[Warning]]
"""The warnings that people were given, by rule and area."""


@dataclass(frozen=True)
class Errand:
    """What one watch is to read: from ``begin`` on; and areas whose history is another than it was."""

    watch: Watch
    begin: dt.date
    corrected: frozenset[str]


@dataclass(frozen=True)
class _Seen:
    errand: Errand
    look: Look
    times: Times


@dataclass
class Judging:
    """The rules about indicators in one sitting, judged on what ``source`` has.

    ``since``: the first day that is looked at (None: as far back as rules do by themselves). ``levels``: the
    shifts that people confirmed. ``drawn``: whether charts will be drawn of all tests, and not only of what
    is told.
    """

    sitting: Sitting
    source: Source
    since: dt.date | None = None
    levels: Sequence[NewLevel] = ()
    drawn: bool = True

    @property
    def city(self) -> City:
        """The city whose rules are judged."""
        return self.sitting.city

    def run(self, told: Told, progress: Progress = silent) -> Stored:
        """Take what is new through the machine; the tests that statistical rules made."""
        seen = self._read(self._errands)
        statistical = [one for one in seen if isinstance(one.errand.watch.rule.when, Statistical)]
        anomalies = Anomalies(self.city)
        tested: list[Tested] = []
        for one in statistical:
            with about(one.errand.watch.rule.id):
                tests = anomalies.tests(one.look, self._limits(one))
                tested.append(Tested(one.look, tests, one.times, self._asked(one)))
        verdicts, made = Budget(self.city, self._made_before(tested)).verdicts(tested)
        decided = {id(one): verdict for one, verdict in zip(statistical, verdicts, strict=True)}
        courses: dict[str, list[tuple[Course, frozenset[str]]]] = defaultdict(list)
        for one in seen:
            watch = one.errand.watch
            with about(watch.rule.id):
                verdict = decided.get(id(one)) or _verdict(anomalies, one.look, watch.rule.when)
                course = watch.course(one.look, one.times, verdict)
            courses[watch.rule.id].append((course, one.errand.corrected))
        rules = self._rules
        for done, rule in enumerate(rules):
            progress("rules", done, len(rules))
            with about(rule.id):
                for course, corrected in courses[rule.id]:
                    self.sitting.corrected(rule, course, corrected, told)
                self.sitting.courses(rule, [course for course, _ in courses[rule.id]])
        progress("rules", len(rules), len(rules))
        return made

    def corrected(self) -> set[str]:
        """Rules of which some history is another than it was."""
        return {errand.watch.rule.id for errand in self._errands if errand.corrected}

    @property
    def _rules(self) -> list[Rule]:
        return [rule for rule in self.sitting.rules.values() if rule.indicator is not None]

    @cached_property
    def _errands(self) -> list[Errand]:
        """As things stand before anything was judged."""
        found: list[Errand] = []
        for rule in self._rules:
            with about(rule.id):
                found += self._errands_of(rule)
        return found

    def _errands_of(self, rule: Rule) -> Iterable[Errand]:
        """What is to be read for a rule; nothing where nothing can be new."""
        found = self.source.news(rule)
        for watch in Watch.of(self.city, rule, self.since, self.levels):
            now, earliest = self.sitting.now, watch.earliest(self.sitting.now)
            judged = self.sitting.judged_of(rule, watch.group.level)
            if found is None:
                yield Errand(watch, watch.begin(list(judged.values()), now), frozenset())
                continue
            news = found.get(watch.group, NOTHING)
            corrected = frozenset(
                area
                for area, start in news.revised.items()
                if self._judged_already(watch, start, judged.get(area))
            )
            if corrected:
                yield Errand(watch, earliest, corrected)
                continue
            # Beyond what is stored anew, only periods may be new that have ended since.
            newest = watch.begin([max(filter(None, judged.values()), default=None)], now)
            standing = (area for area in news.stored if self.sitting.ended(area) is None)
            first = min((watch.start(news.stored[area]) for area in standing), default=None)
            if first is not None or rule.partial or watch.ended(newest, now):
                yield Errand(watch, max(earliest, min(first or newest, newest)), frozenset())

    def _judged_already(self, watch: Watch, start: dt.datetime, judged: dt.datetime | None) -> bool:
        first = watch.start(start)
        if judged is None or first < watch.earliest(self.sitting.now):
            return False
        return self.city.periods.over(watch.group.period, first, self.city.zone) <= judged

    def _read(self, errands: Sequence[Errand]) -> list[_Seen]:
        now = self.sitting.now
        spans: dict[Group, list[Span]] = defaultdict(list)
        for errand in errands:
            spans[errand.watch.group] += errand.watch.spans(errand.begin, now)
        wanted = {group: merged(some) for group, some in spans.items()}
        grids = self.source.grids(wanted)
        looks = [
            (errand, errand.watch.look(grids[errand.watch.group], errand.begin, now))
            for errand in errands
            if errand.watch.group in grids
        ]
        return [_Seen(errand, look, errand.watch.times(look, now)) for errand, look in looks]

    def _limits(self, one: _Seen) -> bool | Wanted:
        """Which tests need the limit that is told and drawn, which costs more than the rest of a test."""
        if self.drawn:
            return True
        rule, period = one.errand.watch.rule, one.look.group.period
        periods = machine_of(self.city, rule).keep_firing / _YEAR * self.city.periods.most_in_year(period)
        return partial(tellable, stays=ceil(periods) + 1)

    def _asked(self, one: _Seen) -> Flags:
        """What is to be tested: what is new, and the history of what was corrected."""
        rule, areas = one.errand.watch.rule, one.look.grid.areas
        again = np.array([area in one.errand.corrected for area in areas], dtype=bool)
        after = self.sitting.judged_through(rule, areas)
        asked: Flags = one.times.usable & ((one.times.at > after[:, None]) | again[:, None])
        return asked

    def _made_before(self, tested: Iterable[Tested]) -> Stored:
        """Tests made before of the moments that are judged now."""
        seen = (one.times.at[one.asked] for one in tested)
        moments = np.unique(np.concatenate([np.empty(0, np.int64), *seen]))
        return self.source.made_at(moments.astype("datetime64[us]").tolist()) if len(moments) else {}


def _verdict(anomalies: Anomalies, look: Look, condition: Condition) -> Verdict:
    match condition:
        case LevelShift():
            return anomalies.shift(look, condition)
        case Projection():
            return projected(look, condition)
        case _:
            return look.verdict()


def merged(spans: Iterable[Span]) -> list[Span]:
    """Spans without overlap, so that no value is read twice."""
    out: list[Span] = []
    for low, high in sorted(spans):
        if out and low <= out[-1][1]:
            out[-1] = (out[-1][0], max(high, out[-1][1]))
        else:
            out.append((low, high))
    return out
