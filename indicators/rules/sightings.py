"""What a rule sees of each area, period by period: verdicts put in order of time, ready for the machine."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from indicators.rules.conditions import Verdict
from indicators.rules.conditions.verdict import Flags, Floats
from indicators.rules.grid import Grid
from indicators.rules.machine import Observation, Seen

EVIDENCE: Final = 14
"""Values up to a transition that are kept as evidence."""

Micros = NDArray[np.int64]
"""Microseconds of UTC since 1970."""

NEVER: Final = np.iinfo(np.int64).min

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Sighting:
    """One value as a rule sees it. ``measure`` is what was held against ``limit`` (None: not judged);
    ``told`` is kept with a warning as it is.
    """

    observation: Observation
    measure: float | None
    limit: float
    expected: float | None = None
    p: float | None = None
    began: dt.datetime | None = None
    band: int = -1
    course: Course | None = None
    row: int = 0
    column: int = 0
    told: Mapping[str, object] = field(default_factory=dict)

    def evidence(self) -> dict[str, object]:
        """What is kept of it with a warning: the values up to this one, oldest first, each with the start of
        its period; what a statistical condition held to be normal, and since when it is another level.
        """
        seen = self.course.before(self.row, self.column) if self.course else []
        told: dict[str, object] = {"seen": seen}
        if self.expected is not None:
            told |= {"expected": self.expected, "p": self.p}
        if self.began is not None:
            told |= {"began": self.began.isoformat()}
        return told | dict(self.told)


class Times(NamedTuple):
    """When the columns of a grid open and end, in the city's zone, and when each cell is seen (areas ×
    columns).

    A period is seen at its end, or, one that still runs, at the time up to which its data go. ``usable``
    marks what there is to see, ``complete`` whole periods.
    """

    opens: Sequence[dt.datetime]
    ends: Sequence[dt.datetime]
    usable: Flags
    complete: Flags
    at: Micros


@dataclass(frozen=True)
class Course:
    """The verdicts on a grid from column ``first`` on, areas × columns, and when they are seen.

    ``few`` marks values over too few cases. ``readings``: a value says nothing of how long the breach has
    lasted.
    """

    grid: Grid
    first: int
    times: Times
    few: Flags
    verdict: Verdict
    readings: bool

    @cached_property
    def row_of(self) -> dict[str, int]:
        """Row of each area."""
        return {area: row for row, area in enumerate(self.grid.areas)}

    @cached_property
    def eventful(self) -> Flags:
        """What may take a series out of *normal*."""
        return self.times.usable & (self.verdict.breach | (self.few & np.isnan(self.verdict.measure)))

    def new(self, judged: Micros) -> Flags:
        """What lies after ``judged``, the time up to which each area has been judged (``NEVER``: not yet)."""
        return self.times.usable & (self.times.at > judged[:, None])

    def gaps(self, judged: Micros, longer: dt.timedelta) -> Flags:
        """The new sightings before which nothing was seen for ``longer`` or more."""
        if self.readings:
            return np.zeros(self.times.usable.shape, dtype=bool)
        seen = np.where(self.times.usable, self.times.at, NEVER)
        last = np.maximum.accumulate(np.concatenate([judged[:, None], seen[:, :-1]], axis=1), axis=1)
        opens = np.array([micros(at) for at in self.times.opens], dtype=np.int64)[None, :]
        missing = opens - np.where(last == NEVER, opens, last)
        return self.new(judged) & (missing >= longer // _MICROSECOND)

    def when(self, row: int, column: int) -> dt.datetime:
        """When a cell is seen."""
        if self.times.complete[row, column]:
            return self.times.ends[column]
        return moment(int(self.times.at[row, column]), self.times.ends[column].tzinfo)

    def sighting(self, row: int, column: int) -> Sighting:
        """One cell as the machine takes it."""
        at, verdict = self.when(row, column), self.verdict
        start = at if self.readings else self.times.opens[column]
        return Sighting(
            Observation(at, start, self._seen(row, column)),
            finite(verdict.measure[row, column]),
            float(verdict.limit[row, column]),
            None if verdict.expected is None else finite(verdict.expected[row, column]),
            None if verdict.p is None else finite(verdict.p[row, column]),
            None if verdict.began is None else verdict.began[row, column].astype(object),
            -1 if verdict.band is None else int(verdict.band[row, column]),
            self,
            row,
            column,
        )

    def _seen(self, row: int, column: int) -> Seen:
        verdict = self.verdict
        if np.isnan(verdict.measure[row, column]):
            return Seen.TOO_FEW if self.few[row, column] else Seen.UNJUDGED
        if verdict.breach[row, column]:
            return Seen.BREACH
        return Seen.CLEAR if verdict.clear[row, column] else Seen.BETWEEN

    def before(self, row: int, column: int) -> list[list[object]]:
        """The values of an area up to a cell, oldest first, each with the start of its period."""
        grid, last = self.grid, self.first + column
        return [
            [grid.starts[c].isoformat(), finite(grid.value[row, c])]
            for c in range(max(0, last - EVIDENCE + 1), last + 1)
            if grid.present[row, c]
        ]


def finite(value: float) -> float | None:
    """A number that can be stored and shown, or None."""
    return float(value) if np.isfinite(value) else None


def micros(at: dt.datetime) -> int:
    """Microseconds of UTC since 1970 of an aware time."""
    return (at - _EPOCH) // _MICROSECOND


def moment(us: int, zone: dt.tzinfo | None) -> dt.datetime:
    """The aware time, in ``zone``, of microseconds since 1970."""
    return (_EPOCH + us * _MICROSECOND).astimezone(zone)


def firm(grid: Grid, min_n: int) -> Floats:
    """The values of a grid that rest on enough rows; NaN elsewhere."""
    return np.where(grid.n < min_n, np.nan, grid.value)
