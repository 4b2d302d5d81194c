"""The tests of statistical rules: the city's calendar and a rule's values brought to the methods."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Final, cast

import numpy as np

from config import City
from config.holidays import first_days
from config.models import CountAnomaly, LevelAnomaly, LevelShift, Period
from config.periods import day_of
from indicators.breaks import declared_breaks
from indicators.rules.conditions import Verdict
from indicators.rules.conditions.verdict import Ints
from indicators.rules.look import Look
from indicators.rules.statistics.counts import count_tests
from indicators.rules.statistics.design import Days, Design, Kind, Moving, of_calendar
from indicators.rules.statistics.hours import of_hours
from indicators.rules.statistics.levels import level_tests
from indicators.rules.statistics.shifts import count_shifts, level_shifts
from indicators.rules.statistics.significance import Tests

LEVEL: Final = 0.01
"""The p-value at which a test is unusual on its own."""


@dataclass
class Anomalies:
    """Makes tests; rules over the same periods share what the calendar says of them."""

    city: City
    designs: dict[tuple[Period, tuple[dt.date, ...]], Design] = field(default_factory=dict)

    def tests(self, look: Look) -> Tests:
        """The tests of every period to judge (areas × kept columns); NaN where there is too little."""
        condition, turn = look.rule.when, look.turn
        if not len(turn.kept):
            return Tests(*(np.empty((len(turn.value), 0)) for _ in Tests._fields))
        design = self._design(look)
        first, since = int(turn.kept[0]), _since(look)
        match condition:
            case CountAnomaly(side=side, scan=scan):
                found = count_tests(turn.value, design, first, since=since, side=side, level=LEVEL, scan=scan)
            case LevelAnomaly(side=side):
                found = level_tests(turn.value, design, first, since=since, side=side, level=LEVEL)
            case _:
                raise TypeError(f"rule {look.rule.id}: {condition.type} is no statistical condition")
        return Tests(*(part[:, turn.kept - first] for part in found))

    def shift(self, look: Look, condition: LevelShift) -> Verdict:
        """Where a series has moved to another level and stayed there: ``measure`` is its mean since then."""
        turn = look.turn
        if not len(turn.kept):
            none = np.empty((len(turn.value), 0))
            return Verdict(none > 0, none > 0, none, none)
        first, since = int(turn.kept[0]), _since(look)
        find = count_shifts if _counts(look) else level_shifts
        found = find(turn.value, self._design(look), first, since=since)
        known = ~np.isnan(turn.value[:, turn.kept])
        at = turn.kept - first
        up = found.standing("above")[:, at] & (condition.side != "below")
        breach = known & (up | found.standing("below")[:, at] & (condition.side != "above"))
        values = turn.value[:, turn.kept]
        measure = np.where(breach, found.observed[:, at], values)
        expected = np.where(breach, found.expected[:, at], np.nan)
        return Verdict(breach, known & ~breach, measure, expected, None, expected)

    def _design(self, look: Look) -> Design:
        return self.design(look.city.periods.like(look.group.period), look.turn.starts)

    def design(self, like: Period, starts: tuple[dt.date, ...]) -> Design:
        """What the calendar says of periods of a built-in kind."""
        if (like, starts) not in self.designs:
            self.designs[like, starts] = _of_city(self.city, like, starts)
        return self.designs[like, starts]


def _counts(look: Look) -> bool:
    """Whether the figures are counts of something rather than levels."""
    unit = look.city.units[look.indicator.unit]
    return unit.kind == "amount" and unit.decimals == 0 and unit.vnd is None


def _since(look: Look) -> Ints:
    """The first column after the last break of the series that lies before what is judged."""
    turn = look.turn
    days = [day_of(start) for start in turn.starts]
    last = days[-1] if days else dt.date.max
    breaks = [item.date for item in declared_breaks(look.city, look.group.indicator) if item.date <= last]
    column = sum(day < max(breaks) for day in days) if breaks else 0
    return np.full(len(turn.value), column, dtype=np.intp)


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
