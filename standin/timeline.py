"""Local time as numbers: days and seconds since 1970-01-01 on the city's own clock, and its calendar."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import numpy as np

from config.models import Calendar
from standin.noise import Bools, Floats, Ints

DAY = 86_400
HOUR = 3_600
NEVER = np.int64(2**62)
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EPOCH = dt.date(1970, 1, 1)


def day_number(day: dt.date) -> int:
    """Days since 1970-01-01."""
    return (day - _EPOCH).days


def date_of(day: int) -> dt.date:
    """The date of a day number."""
    return _EPOCH + dt.timedelta(days=day)


def local_seconds(moment: dt.datetime, zone: ZoneInfo) -> int:
    """Wall-clock seconds of an aware ``moment`` in ``zone``."""
    local = moment.astimezone(zone)
    return day_number(local.date()) * DAY + local.hour * HOUR + local.minute * 60 + local.second


def stamp(seconds: int) -> str:
    """``20261123T014500``: how file names write a moment."""
    return (dt.datetime(1970, 1, 1) + dt.timedelta(seconds=seconds)).strftime("%Y%m%dT%H%M%S")  # noqa: DTZ001 wall clock


def unstamp(text: str) -> int:
    """Inverse of ``stamp``."""
    moment = dt.datetime.strptime(text, "%Y%m%dT%H%M%S")  # noqa: DTZ007 wall clock
    return int((moment - dt.datetime(1970, 1, 1)).total_seconds())  # noqa: DTZ001 wall clock


def month_of(day: int) -> int:
    """Months since January 1970 of a day number."""
    date = date_of(day)
    return (date.year - 1970) * 12 + date.month - 1


def month_start(month: int) -> int:
    """First day number of a month number."""
    return day_number(dt.date(1970 + month // 12, month % 12 + 1, 1))


def month_days(month: int) -> Ints:
    """Day numbers of a month."""
    return np.arange(month_start(month), month_start(month + 1), dtype=np.int64)


def weekday(day: Ints) -> Ints:
    """0 = Monday; 1970-01-01 was a Thursday."""
    return (day + 3) % 7


def month_index(day: Ints) -> Ints:
    """0 = January."""
    return day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12


def over_year(day: Ints | Floats, months: Sequence[float]) -> Floats:
    """Twelve monthly levels as one smooth yearly curve, each level reached in the middle of its month."""
    turn = (np.asarray(day, dtype=np.float64) / 365.2425 * 12.0) % 12.0
    return np.asarray(np.interp(turn, np.arange(12) + 0.5, np.asarray(months), period=12.0))


class Workdays:
    """The city's working calendar over day numbers."""

    def __init__(self, calendar: Calendar) -> None:
        spans = [(h, range(day_number(h.start), day_number(h.end) + 1)) for h in calendar.holidays]
        self._off = np.array(sorted({d for _, span in spans for d in span}), dtype=np.int64)
        self._tet = np.array(sorted({d for h, span in spans if h.tet for d in span}), dtype=np.int64)
        mask = [0 if name in calendar.weekend else 1 for name in _WEEKDAYS]
        self._calendar = np.busdaycalendar(weekmask=mask, holidays=self._off.astype("datetime64[D]"))

    def is_holiday(self, day: Ints) -> Bools:
        """Whether a day is a public holiday."""
        return np.isin(day, self._off)

    def is_tet(self, day: Ints) -> Bools:
        """Whether a day belongs to the lunar new year."""
        return np.isin(day, self._tet)

    def add(self, day: Ints, working: Ints) -> Ints:
        """The day ``working`` working days after ``day``; a day off counts from the next working day."""
        moved = np.busday_offset(
            day.astype("datetime64[D]"), working, roll="forward", busdaycal=self._calendar
        )
        return np.asarray(moved).astype(np.int64)
