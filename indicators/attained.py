"""What is held against a target, of many areas and periods at once: values, totals, places, best values.

Arrays are areas × starts of periods; NaN stands for what is not there. Rules and screens both ask here, so
that what a warning says and what a tile shows are the same.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from config.models import Indicator, Period
from config.periods import Periods
from config.targets import Aim, Attained

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Held(NamedTuple):
    """What every area has to show against an aim at one period.

    ``value`` is the value, running total, place or best value so far (NaN: nothing to judge); ``whole`` is
    False for totals in which periods are missing; ``pool`` is how many units have a place; ``reached`` the
    column of the first period that met a milestone, −1 where none did.
    """

    value: Floats
    whole: Flags
    pool: int
    reached: NDArray[np.intp]


@dataclass(frozen=True)
class Attainments:
    """The values of one indicator and kind of period, ready to be held against its targets.

    ``starts`` ascend; gaps between them are periods without any value. A running total needs every start
    since its span began, a milestone every one since it counts, a place every unit of the level.
    """

    periods: Periods
    indicator: Indicator
    period: Period
    starts: tuple[dt.date, ...]
    value: Floats
    n: Floats

    def held(self, aim: Aim, column: int) -> Held:
        """What the areas have to show against ``aim`` in the period of a column."""
        areas = len(self.value)
        plain = np.ones(areas, dtype=bool), 0, np.full(areas, -1, dtype=np.intp)
        match aim.kind:
            case "cumulative":
                assert aim.since is not None
                total, whole = self.totals(aim.since)
                return Held(total[:, column], whole[:, column], *plain[1:])
            case "rank":
                place, pool = places(self._firm[:, column], up=self.indicator.direction != "down")
                return Held(place, plain[0], pool, plain[2])
            case "milestone":
                return self._best(aim, column)
            case _:
                return Held(self._firm[:, column], *plain)

    def totals(self, since: dt.date) -> tuple[Floats, Flags]:
        """Running totals from ``since`` to each period, and which of them have no gap.

        NaN before the span, where the period itself has no value, and where all of the span together rests on
        too few rows. Year-to-date values are totals already.
        """
        if since not in self._totals:
            self._totals[since] = self._added_up(since)
        return self._totals[since]

    @cached_property
    def _totals(self) -> dict[dt.date, tuple[Floats, Flags]]:
        """Totals that were asked for: every period of a rule asks for the same ones."""
        return {}

    def _added_up(self, since: dt.date) -> tuple[Floats, Flags]:
        if self.period == "year_to_date":
            within = np.array([self.periods.begin(self.period, start) == since for start in self.starts])
            return np.where(within, self._firm, np.nan), np.broadcast_to(within, self.value.shape)
        within = np.array([start >= since for start in self.starts])
        there = ~np.isnan(self.value) & within
        total = np.cumsum(np.where(there, self.value, 0.0), axis=1)
        rows = np.cumsum(np.where(there, np.nan_to_num(self.n), 0.0), axis=1)
        wanted = self._counted(since)
        enough = rows >= self.indicator.min_n
        return np.where(there & enough, total, np.nan), np.cumsum(there, axis=1) == wanted

    def _counted(self, since: dt.date) -> NDArray[np.intp]:
        """How many periods there are from ``since`` to each start, itself included."""
        counts, at, count = [], since, 0
        for start in self.starts:
            while at <= start:
                at, count = self.periods.next_start(self.period, at), count + 1
            counts.append(count)
        return np.array(counts, dtype=np.intp)

    def _best(self, aim: Aim, column: int) -> Held:
        upward = aim.side == "floor"
        since = aim.since or dt.date.min
        counts = np.array([self.periods.last_day(self.period, start) >= since for start in self.starts])
        counts[column + 1 :] = False
        seen = np.where(counts, self._firm, np.nan)
        reduced = np.fmax.reduce if upward else np.fmin.reduce
        best = reduced(seen, axis=1, initial=np.nan)
        met = seen >= aim.value if upward else seen <= aim.value
        reached = np.where(met.any(axis=1), met.argmax(axis=1), -1)
        return Held(best, np.ones(len(best), dtype=bool), 0, reached)

    @cached_property
    def _firm(self) -> Floats:
        """The values that rest on enough rows."""
        return np.where(self.n < self.indicator.min_n, np.nan, self.value)

    def attained(self, aim: Aim, column: int, row: int) -> Attained | None:
        """What one area has to show; None where there is nothing to judge."""
        held = self.held(aim, column)
        if np.isnan(held.value[row]):
            return None
        first = int(held.reached[row])
        reached = self.periods.last_day(self.period, self.starts[first]) if first >= 0 else None
        return Attained(float(held.value[row]), bool(held.whole[row]), held.pool or None, reached)


def places(values: Floats, *, up: bool) -> tuple[Floats, int]:
    """The place of each value, 1 the best, equals sharing the best of their places; and how many have one."""
    ordered = np.sort(-values if up else values)
    pool = int(np.count_nonzero(~np.isnan(values)))
    place = np.searchsorted(ordered[:pool], -values if up else values, side="left") + 1.0
    return np.where(np.isnan(values), np.nan, place), pool
