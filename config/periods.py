"""Periods as half-open spans of the city's clock: a period ends where the next one starts.

A period is named by its id and its *start*: a date where it begins at midnight by definition, else (hours and
reporting calendars with a time of day) a naive datetime of the city's clock. A start of ``year_to_date`` is
the first of the month that it goes up to; what it counts begins on 1 January (``begin``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final
from zoneinfo import ZoneInfo

from config.models.city import Reporting
from config.models.indicator import PERIODS, Period
from config.problems import did_you_mean

MONTHS: Final[dict[Period, int]] = {"month": 1, "quarter": 3, "half_year": 6, "year": 12, "year_to_date": 1}
"""How many months lie between the starts of two periods."""
STEPS: Final[dict[Period, dt.timedelta]] = {
    "hour": dt.timedelta(hours=1),
    "day": dt.timedelta(days=1),
    "week": dt.timedelta(weeks=1),
}
"""The same for what is not made of months, by a clock that is never put forward or back."""
_MOST: Final[dict[Period, int]] = {"hour": 366 * 24, "day": 366, "week": 53}
SAME_WEEKDAY: Final = dt.timedelta(weeks=52)


@dataclass(frozen=True)
class Periods:
    """Every kind of period that a city knows: the built-in ones and its reporting calendars.

    ``at`` is a date or a moment of the city's clock (its offset is passed over; a date counts as its
    midnight). Whoever asks for a period that is not in ``ids`` gets a KeyError that names the nearest ones.
    """

    reporting: tuple[Reporting, ...] = ()

    @cached_property
    def ids(self) -> tuple[Period, ...]:
        """The periods from short to long; a reporting calendar stands after what it is like."""
        return tuple(
            id_
            for built_in in PERIODS
            for id_ in (built_in, *(own.id for own in self.reporting if own.every == built_in))
        )

    @cached_property
    def calendars(self) -> dict[Period, Reporting]:
        """Reporting calendars by id."""
        return {own.id: own for own in self.reporting}

    def like(self, period: Period) -> Period:
        """The built-in period that is as long: a reporting calendar's ``every``, else itself."""
        own = self.calendars.get(period)
        return period if own is None else own.every

    def timed(self, period: Period) -> bool:
        """Whether its starts are times of day, and not days."""
        own = self.calendars.get(period)
        return period == "hour" if own is None else own.hour > 0

    def ordered(self, wanted: Iterable[Period]) -> tuple[Period, ...]:
        """Some periods in the order of ``ids``."""
        chosen = set(wanted)
        return tuple(id_ for id_ in self.ids if id_ in chosen)

    def start_of(self, period: Period, at: dt.date) -> dt.date:
        """Start of the period that holds ``at``; of year-to-date, of the shortest one that does."""
        own = self.calendars.get(period)
        moment = clock_of(at)
        if own is not None:
            months = MONTHS[own.every]
            shifted = moment - _offset(own)
            index = shifted.year * 12 + shifted.month - 1 + own.lead
            first = clock_of(_first(index // months * months - own.lead)) + _offset(own)
            return first if self.timed(period) else first.date()
        if period == "hour":
            return moment.replace(minute=0, second=0, microsecond=0)
        day = moment.date()
        if period == "day":
            return day
        if period == "week":
            return day - dt.timedelta(days=day.weekday())
        months = self._months(period)
        return dt.date(day.year, (day.month - 1) // months * months + 1, 1)

    def shift(self, period: Period, start: dt.date, count: int) -> dt.date:
        """Start of the period ``count`` periods after the one that begins on ``start``."""
        if period in STEPS:
            return start + count * STEPS[period]
        return _add_months(start, count * self._months(period))

    def step(self, period: Period) -> str:
        """SQL: how far it is from one start to the next."""
        if period in STEPS:
            return f"INTERVAL {STEPS[period] // STEPS['hour']} HOUR"
        return f"INTERVAL {self._months(period)} MONTH"

    def next_start(self, period: Period, start: dt.date) -> dt.date:
        """Start of the period after it: its exclusive end."""
        return self.shift(period, start, 1)

    def over(self, period: Period, start: dt.date, zone: ZoneInfo) -> dt.datetime:
        """The moment at which the period is over by the clock of ``zone``.

        Remembered: rules ask for the ends of years of days at every evaluation.
        """
        key = period, start, zone
        if key not in self._over:
            self._over[key] = moment_of(self.next_start(period, start), zone)
        return self._over[key]

    @cached_property
    def _over(self) -> dict[tuple[Period, dt.date, ZoneInfo], dt.datetime]:
        return {}

    def begin(self, period: Period, start: dt.date) -> dt.date:
        """From when on a period counts: its start, but of year-to-date 1 January."""
        return start.replace(month=1) if period == "year_to_date" else start

    def same_last_year(self, period: Period, start: dt.date) -> dt.date:
        """The same period one year before; hour, day and week lie 52 weeks before, so that weekdays match."""
        return start - SAME_WEEKDAY if period in STEPS else _add_months(start, -12)

    def year(self, period: Period) -> int:
        """How many periods lie between a period and the same one a year before."""
        if period in STEPS:
            return SAME_WEEKDAY // STEPS[period]
        return 12 // self._months(period)

    def most_in_year(self, period: Period) -> int:
        """How many periods at most begin in one year."""
        return _MOST[self.like(period)] if self.like(period) in _MOST else 12 // self._months(period)

    def named(self, period: Period, start: dt.date) -> dt.date:
        """The day after which a period is called: its first, but the first of the month (quarter, …) in which
        a reporting period ends.
        """
        own = self.calendars.get(period)
        if own is None:
            return start
        return _first(start.year * 12 + start.month - 1 + own.lead)

    def first_of_year(self, period: Period, start: dt.date) -> dt.date:
        """Start of the first period of the year that a period is counted to: of weeks by ISO 8601, of
        reporting periods by their name.
        """
        if period == "week":
            return dt.date.fromisocalendar(start.isocalendar().year, 1, 1)
        if period in STEPS:
            return self.start_of(period, dt.date(start.year, 1, 1))
        return self.shift(period, start, -((self.named(period, start).month - 1) // self._months(period)))

    def last_day(self, period: Period, start: dt.date) -> dt.date:
        """The day of the last moment of a period."""
        return (clock_of(self.next_start(period, start)) - dt.timedelta.resolution).date()

    def _months(self, period: Period) -> int:
        try:
            return MONTHS[self.like(period)]
        except KeyError:
            raise KeyError(f"there is no period {period!r}: {did_you_mean(period, self.ids)}") from None


def clock_of(at: dt.date) -> dt.datetime:
    """A date or moment as a naive moment of its own clock."""
    return at.replace(tzinfo=None) if isinstance(at, dt.datetime) else dt.datetime.combine(at, dt.time())


def _offset(own: Reporting) -> dt.timedelta:
    """From the first of a month to the calendar's boundary in it."""
    return dt.timedelta(days=own.day - 1, hours=own.hour)


def day_of(at: dt.date) -> dt.date:
    """The day of a start."""
    return at.date() if isinstance(at, dt.datetime) else at


def moment_of(at: dt.date, zone: ZoneInfo) -> dt.datetime:
    """When the clock of ``zone`` shows a start, for the first time."""
    return clock_of(at).replace(tzinfo=zone)


def _first(index: int) -> dt.date:
    """The first day of a month that is counted from the year 0 on."""
    return dt.date(index // 12, index % 12 + 1, 1)


def _add_months(start: dt.date, count: int) -> dt.date:
    """Starts lie on days that every month has."""
    index = start.year * 12 + start.month - 1 + count
    return start.replace(year=index // 12, month=index % 12 + 1)


_BUILT_IN: Final = Periods()
start_of = _BUILT_IN.start_of
shift = _BUILT_IN.shift
next_start = _BUILT_IN.next_start
same_last_year = _BUILT_IN.same_last_year
