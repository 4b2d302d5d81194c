"""The city's working hours: what is so many of them from now.

Kept libraries for this know the span between two moments only, and those that add one are not kept.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import count
from zoneinfo import ZoneInfo

from config.models import Calendar

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = dt.timedelta(days=1)
_NONE = dt.timedelta(0)

Shift = tuple[dt.datetime, dt.datetime]
"""Beginning and end (UTC) of hours in which people work."""


def is_working(calendar: Calendar, day: dt.date) -> bool:
    """Whether a day is neither weekend nor holiday."""
    if _WEEKDAYS[day.weekday()] in calendar.weekend:
        return False
    return not any(holiday.start <= day <= holiday.end for holiday in calendar.holidays)


def working_until(calendar: Calendar, zone: ZoneInfo, at: dt.datetime, span: dt.timedelta) -> dt.datetime:
    """The moment (in ``zone``) at which ``span`` of working time has passed since ``at``, which is aware.

    The earliest such moment: it never lies in a night, a weekend or a holiday, but may be the end of a
    working day. Without any ``span`` it is ``at`` itself. Raises OverflowError where the calendar never
    comes to it.
    """
    if span <= _NONE:
        return at.astimezone(zone)
    left, now = span, at.astimezone(dt.UTC)
    for begin, end in _shifts(calendar, zone, at.astimezone(zone).date()):
        begin = max(begin, now)
        if begin >= end:
            continue
        if left <= end - begin:
            return (begin + left).astimezone(zone)
        left -= end - begin
    raise AssertionError("the calendar has no end")


def closing(calendar: Calendar) -> dt.time:
    """When the working day ends."""
    return _time(calendar.hours[-1][1])


def _shifts(calendar: Calendar, zone: ZoneInfo, day: dt.date) -> Iterator[Shift]:
    """Working hours from the first of ``day`` on."""
    for number in count():
        today = day + number * _DAY
        if is_working(calendar, today):
            for begin, end in calendar.hours:
                # As moments: a clock that changes in mid-shift makes it longer or shorter.
                yield _moment(today, begin, zone), _moment(today, end, zone)


def _moment(day: dt.date, clock: str, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(day, _time(clock), zone).astimezone(dt.UTC)


def _time(clock: str) -> dt.time:
    return dt.time.fromisoformat(clock)
