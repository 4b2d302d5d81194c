"""Judging every rule over every area: what is new since the last time, in order, and stored as a whole."""

from __future__ import annotations

import datetime as dt
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import numpy as np

from config import City
from config.models import Rule, Stale
from indicators.rules.conditions import stale
from indicators.rules.episodes import Desk
from indicators.rules.grid import Group, Span, read_grids
from indicators.rules.machine import Machine, Observation, Reason, Seen
from indicators.rules.watch import Sighting, Watch, finite
from warehouse.progress import Progress, silent
from warehouse.state import SeriesKey, SeriesState, State, Transition
from warehouse.store import Cursor, Store

_NONE = dt.timedelta(0)
_HOUR = dt.timedelta(hours=1)


@dataclass(frozen=True)
class EvaluationReport:
    """What one evaluation did: the changes of status, how many series it judged, and how long it took."""

    transitions: tuple[Transition, ...]
    series: int
    seconds: float


def evaluate(
    city: City, store: Store, state: State, now: dt.datetime, progress: Progress = silent
) -> EvaluationReport:
    """Judge what has come in since the last evaluation and store states, transitions and warnings as one.

    Only complete periods are judged (partial ones by rules that ask for it), oldest first, so that a pause
    between two evaluations changes nothing. ``now`` must be aware.
    """
    began = time.perf_counter()
    # One zone for all times of the city: its days are then days when the clocks change, too.
    run = _Run(city, state, now.astimezone(city.zone))
    with store.read() as cursor:
        run.feeds(cursor)
        run.indicators(cursor, progress)
    run.withdrawn()
    state.record(run.desk.finish())
    return EvaluationReport(tuple(run.desk.transitions), run.judged, time.perf_counter() - began)


class _Run:
    def __init__(self, city: City, state: State, now: dt.datetime) -> None:
        self.city = city
        self.now = now
        self.judged = 0
        self.stored = {key: _local(series, city.zone) for key, series in state.load_series().items()}
        self.by_rule: dict[str, dict[str, SeriesState]] = defaultdict(dict)
        for (rule, area), series in self.stored.items():
            if rule in city.rules and self._watches(city.rules[rule], area):
                self.by_rule[rule][area] = series
        self.desk = Desk(city, state.open_episodes(), now)

    def feeds(self, cursor: Cursor) -> None:
        """Rules about feeds: how old the newest row is at this moment."""
        rows = cursor.execute("SELECT feed, data_through FROM feed_status").fetchall()
        newest = {feed: at.replace(tzinfo=dt.UTC) for feed, at in rows if at is not None}
        root = self.city.areas.root.code
        for rule in self.city.rules.values():
            if not isinstance(rule.when, Stale) or rule.feed is None:
                continue
            at = newest.get(rule.feed)
            age = np.inf if at is None else (self.now - at) / _HOUR
            verdict = stale.judge(rule.when, np.array([age]))
            seen = Seen.BREACH if verdict.breach[0] else Seen.CLEAR
            sighting = Sighting(Observation(self.now, self.now, seen), finite(age), verdict.limit)
            self._series(rule, root, [sighting])

    def indicators(self, cursor: Cursor, progress: Progress) -> None:
        """Rules about indicators: one query for all of them, then rule by rule."""
        watches = [
            Watch.of(self.city, rule) for rule in self.city.rules.values() if rule.indicator is not None
        ]
        begins: dict[str, dt.date] = {}
        spans: dict[Group, list[Span]] = defaultdict(list)
        for watch in watches:
            known = self.by_rule[watch.rule.id]
            begin = watch.begin([series.judged_through for series in known.values()], self.now)
            begins[watch.rule.id] = begin
            spans[watch.group] += watch.spans(begin, self.now)
        grids = read_grids(
            cursor, self.city.periods, {group: _merged(wanted) for group, wanted in spans.items()}
        )
        for done, watch in enumerate(watches):
            progress("rules", done, len(watches))
            known = self.by_rule[watch.rule.id]
            grid = grids.get(watch.group)
            judged = {area: series.judged_through for area, series in known.items()}
            found = watch.sightings(grid, begins[watch.rule.id], judged, self.now) if grid is not None else {}
            for area in dict.fromkeys([*known, *found]):
                if self._watches(watch.rule, area):
                    self._series(watch.rule, area, found.get(area, []))
        progress("rules", len(watches), len(watches))

    def withdrawn(self) -> None:
        """Series that no rule watches any more do not hang about as open warnings."""
        for (rule, area), series in self.stored.items():
            if area not in self.city.areas:
                self.desk.withdrawn((rule, area), series, self.now, Reason.AREA_DISSOLVED)
            elif rule not in self.city.rules or not self._watches(self.city.rules[rule], area):
                self.desk.withdrawn((rule, area), series, self.now, Reason.RULE_WITHDRAWN)

    def _watches(self, rule: Rule, area: str) -> bool:
        """Whether the rule, as it stands now, is about the area."""
        if rule.feed is not None:
            return area == self.city.areas.root.code
        return area in self.city.areas and self.city.areas[area].level == rule.level

    def _series(self, rule: Rule, area: str, sightings: Iterable[Sighting]) -> None:
        """Take one series through what is new, and note that up to now nothing more came."""
        key: SeriesKey = (rule.id, area)
        machine = _machine(rule)
        first = state = self.stored.get(key, SeriesState())
        self.judged += 1
        for sighting in sightings:
            observation = sighting.observation
            if machine.no_data_after is not None and observation.start != observation.at:
                state = self._step(machine, rule, area, state, None, observation.start)
            state = self._step(machine, rule, area, state, sighting, self.now)
        if rule.feed is not None and replace(state, judged_through=first.judged_through) == first:
            return  # looked at again, nothing new to remember
        ended = self._ended(area)
        if rule.feed is None and ended is None:
            state = self._step(machine, rule, area, state, None, self.now)
        if state != first:
            self.desk.evaluation.series[key] = state
        if ended is not None:
            self.desk.withdrawn(key, state, max(ended, state.since or ended), Reason.AREA_DISSOLVED)

    def _ended(self, area: str) -> dt.datetime | None:
        """When the area ceased to exist; None while it does."""
        last = self.city.areas[area].valid_to
        if last is None or last > self.now.date():
            return None
        return dt.datetime.combine(last, dt.time(), self.city.zone)

    def _step(
        self,
        machine: Machine,
        rule: Rule,
        area: str,
        state: SeriesState,
        sighting: Sighting | None,
        now: dt.datetime,
    ) -> SeriesState:
        after, reason = machine.step(state, sighting.observation if sighting else None, now)
        if after.status is not state.status:
            self.desk.moved(rule, area, state, after, reason, sighting)
        if sighting is not None:
            self.desk.seen(rule, area, sighting)
        return after


def _machine(rule: Rule) -> Machine:
    vanish = rule.no_data.after if rule.no_data else None
    return Machine(rule.hold or _NONE, rule.keep_firing or _NONE, vanish)


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Spans without overlap, so that no value is read twice."""
    merged: list[Span] = []
    for low, high in sorted(spans):
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged


def _local(series: SeriesState, zone: ZoneInfo) -> SeriesState:
    """A stored state with its times in the city's zone."""
    return replace(
        series,
        since=_in(series.since, zone),
        breach_since=_in(series.breach_since, zone),
        clear_since=_in(series.clear_since, zone),
        judged_through=_in(series.judged_through, zone),
    )


def _in(at: dt.datetime | None, zone: ZoneInfo) -> dt.datetime | None:
    return None if at is None else at.astimezone(zone)
