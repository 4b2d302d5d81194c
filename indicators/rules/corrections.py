"""Late and corrected data: what a series would have gone through, had they been known at the time.

History is judged again; what people were told is not rewritten. A warning that stands goes on, ends, or opens
now, as the figures now known have it; and of what was told the difference is put beside it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from config.models import Rule
from indicators.rules.episodes import STANDING, Desk
from indicators.rules.machine import Machine, Reason
from indicators.rules.sightings import NEVER, Course, Sighting, finite
from indicators.rules.walk import Walk, step
from warehouse.state import Episode, Kind, SeriesState, Status, Warning


@dataclass(frozen=True, slots=True)
class Corrected:
    """What people were told in a warning, by its number, and what is now known of it."""

    warning: int
    told: Mapping[str, Any]
    known: Mapping[str, Any]
    note: str


@dataclass
class Replay:
    """One series taken through a course from its beginning: its state at the end, and when it stood."""

    course: Course
    row: int
    state: SeriesState
    stood: list[tuple[dt.datetime, dt.datetime | None]] = field(default_factory=list)

    @classmethod
    def of(cls, machine: Machine, course: Course, area: str, begun: SeriesState, now: dt.datetime) -> Replay:
        """``begun``: the state that the series is taken to have been in before the course."""
        replay = cls(course, course.row_of[area], begun)
        if begun.status in STANDING and begun.since is not None:
            replay.stood.append((begun.since, None))

        def told(before: SeriesState, after: SeriesState, reason: Reason, sighting: Sighting | None) -> None:
            del before, reason, sighting
            replay._enter(after)

        judged = np.full(len(course.grid.areas), NEVER, dtype=np.int64)
        state = Walk.of(machine, course, judged, now).row(replay.row, begun, told)
        replay.state = step(machine, state, None, now, told)
        return replay

    def _enter(self, state: SeriesState) -> None:
        """Note when it begins to stand and when it no longer does; what is unknown changes nothing."""
        stands = bool(self.stood) and self.stood[-1][1] is None
        if state.since is None:
            return
        if state.status in STANDING and not stands:
            self.stood.append((state.since, None))
        elif state.status in (Status.NORMAL, Status.PENDING) and stands:
            self.stood[-1] = (self.stood[-1][0], state.since)

    @property
    def last(self) -> Sighting | None:
        """The newest sighting."""
        columns = np.flatnonzero(self.course.times.usable[self.row])
        return self.course.sighting(self.row, int(columns[-1])) if len(columns) else None

    def measure(self, at: dt.datetime) -> float | None:
        """What is measured of the period that ends at ``at``; None where nothing is."""
        ends = self.course.times.ends
        column = next((index for index, end in enumerate(ends) if end == at), None)
        return None if column is None else finite(self.course.verdict.measure[self.row, column])

    def stood_between(self, begin: dt.datetime, end: dt.datetime | None) -> bool:
        """Whether a warning would have stood at any time of a span (None: that has not ended)."""
        return any(
            (end is None or since <= end) and (until is None or until >= begin) for since, until in self.stood
        )


@dataclass
class Corrections:
    """The corrections of one evaluation."""

    desk: Desk
    made: list[Corrected] = field(default_factory=list)

    def settle(
        self,
        rule: Rule,
        area: str,
        stored: SeriesState,
        replay: Replay,
        warnings: Sequence[Warning],
    ) -> SeriesState:
        """The state that the series goes on with. ``warnings`` are those that people were told of it."""
        self._past(replay, warnings)
        episode = self.desk.standing(rule.id, area)
        if episode is not None and replay.state.status in STANDING:
            self._opening(episode, replay)
        if replay.state.status is stored.status:
            return replace(replay.state, since=stored.since)
        # It changes when it is learnt, whenever it would have happened.
        after = replace(replay.state, since=self.desk.now)
        self.desk.moved(rule, area, stored, after, Reason.CORRECTED, replay.last)
        return after

    def _opening(self, episode: Episode, replay: Replay) -> None:
        """What the figure at the opening of a standing warning now is."""
        known = replay.measure(episode.opened_at)
        if episode.kind is Kind.LIMIT and known is not None and known != episode.value:
            self._note(episode, {"value": episode.value}, {"value": known}, "revised")

    def _past(self, replay: Replay, warnings: Sequence[Warning]) -> None:
        """Warnings that would not have been given."""
        first = replay.course.times.opens[0]
        for warning in warnings:
            if warning.kind is not Kind.LIMIT or warning.opened_at <= first:
                continue
            if not replay.stood_between(warning.opened_at, warning.ended_at):
                known = replay.measure(warning.opened_at)
                told = {"value": warning.value, "justified": True}
                self._note(warning, told, {"value": known, "justified": False}, "not_justified")

    def _note(
        self, warning: Warning | Episode, told: Mapping[str, Any], known: Mapping[str, Any], note: str
    ) -> None:
        if warning.id is not None:  # in a replay nobody was told
            self.made.append(Corrected(warning.id, told, known, note))
