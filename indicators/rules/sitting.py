"""One evaluation: every rule's new sightings taken through the machine, and what follows from it.

A sitting reads and writes nothing. It is given the states that the last one left, and what was seen since.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from zoneinfo import ZoneInfo

import numpy as np

from config import City
from config.models import Combined, Deadline, Rule
from indicators.rules.corrections import Corrections, Replay
from indicators.rules.episodes import STANDING, Desk
from indicators.rules.levels import levels_of
from indicators.rules.machine import Machine, Observation, Reason, Seen
from indicators.rules.sightings import NEVER, Course, Micros, Sighting, micros
from indicators.rules.walk import Told, Walk, calm, machine_of, step
from indicators.subjects import subject_of
from warehouse.state import (
    Episode,
    Kind,
    Maintenance,
    SeriesKey,
    SeriesState,
    Status,
    Warning,
    due_at,
)


class Sitting:
    """The states of all series at ``now``, which must be in the city's zone: its days are then days when the
    clocks change, too. ``rules`` are those that are judged: what is ``left_out`` stays as it stands.
    """

    def __init__(
        self,
        city: City,
        series: Mapping[SeriesKey, SeriesState],
        open_episodes: Mapping[SeriesKey, Episode],
        now: dt.datetime,
        windows: Sequence[Maintenance] = (),
        left_out: Collection[str] = (),
    ) -> None:
        self.city = city
        self.rules = {id_: rule for id_, rule in city.rules.items() if id_ not in left_out}
        self._windows = windows
        self.now = now
        self.judged = 0
        self.stored = _local(series, city.zone)
        self.states: dict[str, dict[str, SeriesState]] = defaultdict(dict)
        for (rule, area), state in self.stored.items():
            if rule in city.rules and self.watches(city.rules[rule], area):
                self.states[rule][area] = state
        self.desk = Desk(city, open_episodes, now)
        self.corrections = Corrections(self.desk)

    def watches(self, rule: Rule, area: str) -> bool:
        """Whether the rule, as it stands now, is about the area."""
        if rule.feed is not None:
            return area == self.city.areas.root.code
        return area in self.city.areas and self.city.areas[area].level in self._levels_of(rule.id)

    def judged_through(self, rule: Rule, areas: tuple[str, ...]) -> Micros:
        """Up to when each area has been judged; ``NEVER`` where it has not."""
        known = self.states[rule.id]
        through = [known[area].judged_through if area in known else None for area in areas]
        return np.array([NEVER if at is None else micros(at) for at in through], dtype=np.int64)

    def judged_of(self, rule: Rule, level: str) -> dict[str, dt.datetime | None]:
        """Up to when each standing area of a level has been judged."""
        areas = self.city.areas
        return {
            area: state.judged_through
            for area, state in self.states[rule.id].items()
            if areas[area].level == level and self.ended(area) is None
        }

    def courses(self, rule: Rule, courses: Sequence[Course]) -> None:
        """What was seen of a rule's areas, level by level, and of those of which nothing was."""
        for course in courses:
            self._course(rule, course)
        seen = (area for course in courses for area in course.grid.areas if self.watches(rule, area))
        self.judged += len(dict.fromkeys([*self.states[rule.id], *seen]))
        self._missing(rule)

    def corrected(
        self, rule: Rule, course: Course, areas: Collection[str], told: Mapping[SeriesKey, Sequence[Warning]]
    ) -> None:
        """Judge the history of ``areas`` once more, from the beginning of the course; ``told`` are the
        warnings that people were given.
        """
        if not areas:
            return
        opens = course.times.opens[0]
        for area in sorted(areas):
            machine = self._machine(rule, area)
            stored = self.states[rule.id][area]
            episode = self.desk.standing(rule.id, area)
            begun = SeriesState()
            if episode is not None and episode.kind is Kind.LIMIT and episode.opened_at <= opens:
                begun = SeriesState(Status.FIRING, episode.opened_at, episode.firing_since)
            replay = Replay.of(machine, course, area, begun, self.now)
            self._keep(
                rule, area, self.corrections.settle(rule, area, stored, replay, told.get((rule.id, area), ()))
            )

    def _course(self, rule: Rule, course: Course) -> None:
        known = self.states[rule.id]
        judged = self.judged_through(rule, course.grid.areas)
        walk = Walk.of(machine_of(self.city, rule), course, judged, self.now)
        anything, busy = np.any(walk.new, axis=1).tolist(), np.any(walk.wakes, axis=1).tolist()
        for row, area in enumerate(course.grid.areas):
            if not anything[row] or not self.watches(rule, area):
                continue
            before = known.get(area, SeriesState())
            if calm(before) and not busy[row]:
                last = int(np.flatnonzero(walk.new[row])[-1])
                after = replace(before, judged_through=course.when(row, last))
            else:
                machine = self._machine(rule, area)
                after = replace(walk, machine=machine).row(row, before, self._told(rule, area))
            self._keep(rule, area, after)

    def instrument(self, rule: Rule, area: str, sighting: Sighting) -> None:
        """A reading at this moment; one that changes nothing leaves nothing to remember."""
        self.judged += 1
        before = self.states[rule.id].get(area, SeriesState())
        after = step(machine_of(self.city, rule), before, sighting, self.now, self._told(rule, area))
        if replace(after, judged_through=before.judged_through) != before:
            self._keep(rule, area, after)

    def combined(self) -> None:
        """Rules made of others, after these; one that is made of another such rule comes after it."""
        for rule in self._in_turn():
            condition = rule.when
            assert isinstance(condition, Combined)
            if rule.id not in self.rules:
                continue
            for area in self.city.areas.at(str(rule.level)):
                if self.ended(area.code) is not None:
                    continue
                stand = sum(self.stands(other, area.code) for other in condition.rules)
                seen = Seen.BREACH if stand >= condition.needed else Seen.CLEAR
                known = self.states[rule.id].get(area.code)
                if known is None and seen is Seen.CLEAR:
                    continue
                now = Observation(self.now, self.now, seen)
                self.instrument(rule, area.code, Sighting(now, float(stand), float(condition.needed)))

    def stands(self, rule: str, area: str) -> bool:
        """Whether a rule's warning stands for the area or for one that holds it."""
        states = self.states.get(rule, {})
        return any(
            code in states and states[code].status in STANDING for code in self.city.areas.path(area).values()
        )

    def withdrawn(self) -> None:
        """Series that no rule watches any more do not hang about as open warnings."""
        for (rule, area), state in self.stored.items():
            if area not in self.city.areas:
                self.desk.withdrawn((rule, area), state, self.now, Reason.AREA_DISSOLVED)
            elif rule not in self.city.rules or not self.watches(self.city.rules[rule], area):
                self.desk.withdrawn((rule, area), state, self.now, Reason.RULE_WITHDRAWN)
            elif isinstance(self.city.rules[rule].when, Combined | Deadline):
                ended = self.ended(area)
                if ended is not None:
                    at = max(ended, state.since or ended)
                    self.desk.withdrawn((rule, area), state, at, Reason.AREA_DISSOLVED)

    def _told(self, rule: Rule, area: str) -> Told:
        def told(before: SeriesState, after: SeriesState, reason: Reason, sighting: Sighting | None) -> None:
            if after.status is not before.status:
                self.desk.moved(rule, area, before, after, reason, sighting)
            if sighting is not None:
                self.desk.seen(rule, area, sighting)

        return told

    def _keep(self, rule: Rule, area: str, state: SeriesState) -> None:
        if state != self.states[rule.id].get(area):
            self.states[rule.id][area] = state
            self.desk.evaluation.series[rule.id, area] = state

    def _missing(self, rule: Rule) -> None:
        """Note that up to now nothing more came of any area, and let go of those that are no more."""
        machine = machine_of(self.city, rule)
        for area, state in list(self.states[rule.id].items()):
            ended = self.ended(area)
            if ended is not None:
                self.desk.withdrawn(
                    (rule.id, area), state, max(ended, state.since or ended), Reason.AREA_DISSOLVED
                )
            elif machine.no_data_after is not None and state.status is not Status.NO_DATA:
                own = self._machine(rule, area)
                self._keep(rule, area, step(own, state, None, self.now, self._told(rule, area)))

    def _machine(self, rule: Rule, area: str) -> Machine:
        """The machine of one series: work on its feeds or area puts off when it is missed."""
        machine = machine_of(self.city, rule)
        if not self._windows or machine.no_data_after is None:
            return machine
        return replace(machine, deadline=partial(due_at, self._windows, subject_of(self.city, rule.id, area)))

    @cache  # noqa: B019 -- a sitting lives for one evaluation
    def _levels_of(self, rule: str) -> tuple[str, ...]:
        return levels_of(self.city, self.city.rules[rule])

    @cache  # noqa: B019 -- a sitting lives for one evaluation
    def ended(self, area: str) -> dt.datetime | None:
        """When the area ceased to exist; None while it does."""
        last = self.city.areas[area].valid_to
        if last is None or last > self.now.date():
            return None
        return dt.datetime.combine(last, dt.time(), self.city.zone)

    def _in_turn(self) -> Iterator[Rule]:
        done: set[str] = set()

        def after_its_parts(rule: Rule) -> Iterator[Rule]:
            if rule.id in done or not isinstance(rule.when, Combined):
                return
            done.add(rule.id)
            for other in rule.when.rules:
                if other in self.city.rules:
                    yield from after_its_parts(self.city.rules[other])
            yield rule

        for rule in self.city.rules.values():
            yield from after_its_parts(rule)


def _local(series: Mapping[SeriesKey, SeriesState], zone: ZoneInfo) -> dict[SeriesKey, SeriesState]:
    """Stored states with their times in the city's zone; thousands share the same few times."""

    @cache
    def local(at: dt.datetime | None) -> dt.datetime | None:
        return None if at is None else at.astimezone(zone)

    return {
        key: SeriesState(
            state.status,
            local(state.since),
            local(state.breach_since),
            local(state.clear_since),
            local(state.judged_through),
            state.before,
        )
        for key, state in series.items()
    }
