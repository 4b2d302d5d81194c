"""Taking one series through what is new: the machine's steps in order of time.

Nearly every value of a city says nothing: the series is normal and stays so. Such runs are passed over at
once; the machine is asked where something may happen.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from config import City
from config.models import LevelShift, Rule, Statistical
from indicators.rules.conditions.verdict import Flags
from indicators.rules.machine import Machine, Reason
from indicators.rules.sightings import Course, Micros, Sighting
from warehouse.state import SeriesState, Status

_NONE: Final = dt.timedelta(0)

Told = Callable[[SeriesState, SeriesState, Reason, Sighting | None], None]
"""Hears of every step of a series that is not simply normal: before, after, why, and what was seen."""


def machine_of(city: City, rule: Rule) -> Machine:
    """The machine that a rule's series go through; a statistical warning stays one card for a while."""
    quiet = city.head.warnings.quiet if isinstance(rule.when, Statistical | LevelShift) else _NONE
    vanish = rule.no_data.after if rule.no_data else None
    return Machine(rule.hold or _NONE, quiet if rule.keep_firing is None else rule.keep_firing, vanish)


def calm(state: SeriesState) -> bool:
    """Whether a value within its limits changes nothing but how far the series has been judged."""
    return state.status is Status.NORMAL and state.before is None


@dataclass(frozen=True)
class Walk:
    """A course with what is new in it: ``judged`` says for each area up to when it has been judged."""

    machine: Machine
    course: Course
    judged: Micros
    now: dt.datetime
    new: Flags
    wakes: Flags

    @classmethod
    def of(cls, machine: Machine, course: Course, judged: Micros, now: dt.datetime) -> Walk:
        """The walk of ``machine`` over ``course``."""
        new = course.new(judged)
        wakes = new & course.eventful
        if machine.no_data_after is not None:
            wakes |= course.gaps(judged, machine.no_data_after)
        return cls(machine, course, judged, now, new, wakes)

    def row(self, row: int, state: SeriesState, told: Told) -> SeriesState:
        """The state of one area after everything new."""
        columns = np.flatnonzero(self.new[row])
        wakes = self.wakes[row, columns]
        at = 0
        while at < len(columns):
            if calm(state) and not wakes[at]:
                ahead = np.flatnonzero(wakes[at:])
                at = at + int(ahead[0]) if len(ahead) else len(columns)
                state = replace(state, judged_through=self.course.when(row, int(columns[at - 1])))
                continue
            state = self._one(state, self.course.sighting(row, int(columns[at])), told)
            at += 1
        return state

    def _one(self, state: SeriesState, sighting: Sighting, told: Told) -> SeriesState:
        seen = sighting.observation
        if self.machine.no_data_after is not None and seen.start != seen.at:
            state = step(self.machine, state, None, seen.start, told)
        return step(self.machine, state, sighting, self.now, told)


def step(
    machine: Machine, state: SeriesState, sighting: Sighting | None, now: dt.datetime, told: Told
) -> SeriesState:
    """One step of the machine; ``sighting`` None: up to ``now`` nothing came."""
    after, reason = machine.step(state, sighting.observation if sighting else None, now)
    if sighting is not None or after.status is not state.status:
        told(state, after, reason, sighting)
    return after
