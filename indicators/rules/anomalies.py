"""The tests of statistical rules: the city's calendar and a rule's values brought to the methods."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, TypeVar, cast

import numpy as np

from config import City
from config.holidays import first_days
from config.models import CountAnomaly, LevelAnomaly, LevelShift, Period, Unit
from config.periods import day_of, moment_of
from indicators.breaks import declared_breaks
from indicators.rules.conditions import Verdict
from indicators.rules.conditions.verdict import Floats, Ints
from indicators.rules.look import Look
from indicators.rules.statistics.counts import Wanted, count_tests
from indicators.rules.statistics.design import Days, Design, Kind, Moving, of_calendar
from indicators.rules.statistics.hours import of_hours
from indicators.rules.statistics.levels import level_tests
from indicators.rules.statistics.rebasing import rebased_counts, rebased_levels
from indicators.rules.statistics.shifts import Shifts, count_shifts, level_shifts
from indicators.rules.statistics.significance import Tests
from warehouse.state import Earlier

Found = TypeVar("Found", Tests, Shifts)
Moved = Callable[[Floats, Ints, int], Floats]
"""S × T values, the columns at which new levels began (S), the column up to which they are measured."""

LEVEL: Final = 0.01
"""The p-value at which a test is unusual on its own."""


@dataclass
class Anomalies:
    """Makes tests; rules over the same periods share what the calendar says of them."""

    city: City
    designs: dict[tuple[Period, tuple[dt.date, ...]], Design] = field(default_factory=dict)

    def tests(self, look: Look, limits: bool | Wanted = True) -> Tests:
        """The tests of every period to judge (areas × kept columns); NaN where there is too little.

        Limits of counts may be left out where they are not wanted.
        """
        condition, turn = look.rule.when, look.turn
        if not len(turn.kept):
            return Tests(*(np.empty((len(turn.value), 0)) for _ in Tests._fields))
        design = self._design(look)

        def judge(values: Floats, first: int, since: Ints) -> Tests:
            match condition:
                case CountAnomaly(side=side, scan=scan):
                    return count_tests(
                        values, design, first, since=since, side=side, level=LEVEL, scan=scan, limits=limits
                    )
                case LevelAnomaly(side=side):
                    return level_tests(values, design, first, since=since, side=side, level=LEVEL)
                case _:
                    raise TypeError(f"rule {look.rule.id}: {condition.type} is no statistical condition")

        def moved(values: Floats, began: Ints, until: int) -> Floats:
            rebased = rebased_counts if isinstance(condition, CountAnomaly) else rebased_levels
            return rebased(values, design, began, until)

        found = self._in_stages(look, judge, moved)
        return Tests(*(part[:, turn.kept - int(turn.kept[0])] for part in found))

    def shift(self, look: Look, condition: LevelShift) -> Verdict:
        """Where a series has moved to another level and stayed there: ``measure`` is its mean since then."""
        turn = look.turn
        if not len(turn.kept):
            none = np.empty((len(turn.value), 0))
            return Verdict(none > 0, none > 0, none, none)
        unit = look.city.units[look.indicator.unit]
        design, find = self._design(look), count_shifts if counts(unit) else level_shifts

        def judge(values: Floats, first: int, since: Ints) -> Shifts:
            return find(values, design, first, since=since)

        found = self._in_stages(look, judge, None)
        known = ~np.isnan(turn.value[:, turn.kept])
        at = turn.kept - int(turn.kept[0])
        up = found.standing("above")[:, at] & (condition.side != "below")
        breach = known & (up | found.standing("below")[:, at] & (condition.side != "above"))
        values = turn.value[:, turn.kept]
        measure = np.where(breach, found.observed[:, at], values)
        expected = np.where(breach, found.expected[:, at], np.nan)
        starts = np.array(turn.starts, dtype="datetime64[us]")
        began = np.where(breach, starts[found.begin[:, at]], np.datetime64("NaT"))
        return Verdict(breach, known & ~breach, measure, expected, None, expected, None, began)

    def _in_stages(
        self, look: Look, judge: Callable[[Floats, int, Ints], Found], moved: Moved | None
    ) -> Found:
        """What ``judge`` finds of the columns from the first to judge to the last, those that end after a
        shift was confirmed held against another past: moved to the new level, or, without ``moved`` and where
        people said so, cut off. Each column is always judged by the same past, whenever that is done.
        """
        first, values = int(look.turn.kept[0]), look.turn.value.copy()
        since, breaks = np.zeros(len(values), dtype=np.intp), _breaks(look)
        found = _between(breaks, judge, values, first, since)
        starts = np.array(look.turn.starts, dtype="datetime64[us]")
        row_of = {area: row for row, area in enumerate(look.grid.areas)}
        for level in look.levels:
            row, until = row_of.get(level.area, -1), self._first_after(look, level.confirmed_at)
            if row < 0 or until >= len(starts):
                continue
            began = int(np.searchsorted(starts, np.datetime64(level.began, "us")))
            if level.earlier is Earlier.CUT or moved is None:
                since[row] = max(since[row], began)
            else:
                values[[row]] = moved(values[[row]], np.array([began]), until)
            low = max(first, until)
            part = _between(breaks, judge, values[[row]], low, since[[row]])
            for whole, piece in zip(found, part, strict=True):
                whole[row, low - first :] = piece[0]
        return found

    def _first_after(self, look: Look, at: dt.datetime) -> int:
        """The first column that ends after a moment."""
        next_start, period, zone = self.city.periods.next_start, look.group.period, self.city.zone
        return bisect_right(look.turn.starts, at, key=lambda s: moment_of(next_start(period, s), zone))

    def _design(self, look: Look) -> Design:
        return self.design(look.city.periods.like(look.group.period), look.turn.starts)

    def design(self, like: Period, starts: tuple[dt.date, ...]) -> Design:
        """What the calendar says of periods of a built-in kind."""
        if (like, starts) not in self.designs:
            self.designs[like, starts] = _of_city(self.city, like, starts)
        return self.designs[like, starts]


def counts(unit: Unit) -> bool:
    """Whether figures in this unit are counts of something rather than levels."""
    return unit.kind == "amount" and unit.decimals == 0 and unit.vnd is None


def _breaks(look: Look) -> list[int]:
    """The columns with which the series became another, by the breaks that the city's folder declares."""
    days = [day_of(start) for start in look.turn.starts]
    dates = sorted(item.date for item in declared_breaks(look.city, look.group.indicator, look.group.level))
    return [bisect_left(days, date) for date in dates]


def _between(
    breaks: Sequence[int],
    judge: Callable[[Floats, int, Ints], Found],
    values: Floats,
    first: int,
    since: Ints,
) -> Found:
    """What ``judge`` finds of the columns from ``first`` on, each by what lies after the last break before
    it.
    """
    edges = [first, *sorted({c for c in breaks if first < c < values.shape[1]}), values.shape[1]]
    parts = []
    for low, high in pairwise(edges):
        last = max((column for column in breaks if column <= low), default=0)
        parts.append(judge(values[:, :high], low, np.maximum(since, last)))
    whole = (np.concatenate(pieces, axis=1) for pieces in zip(*parts, strict=True))
    return type(parts[0])(*whole)


def _of_city(city: City, like: Period, starts: tuple[dt.date, ...]) -> Design:
    calendar = city.head.calendar
    # what a holiday moves may lie in the year beside its own
    years = range(starts[0].year - 1, starts[-1].year + 2)
    moving = [
        Moving(np.array(first_days(each, city.zone, years), dtype="datetime64[D]"), each.before, each.after)
        for each in calendar.moving
    ]
    off = [
        holiday.start + dt.timedelta(days=day)
        for holiday in calendar.holidays
        for day in range((holiday.end - holiday.start).days + 1)
    ]
    holidays = np.array(off, dtype="datetime64[D]")
    if like == "hour":
        return of_hours(np.array(starts, dtype="datetime64[h]"), moving=moving, off=holidays)
    days: Days = np.array([day_of(start) for start in starts], dtype="datetime64[D]")
    return of_calendar(cast(Kind, like), days, moving=moving, off=holidays)
