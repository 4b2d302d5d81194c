"""Calendar periods as half-open spans of days: a period ends before the start of the next one."""

from __future__ import annotations

import datetime as dt
from typing import Final

from config.models.indicator import Period

_MONTHS: Final[dict[Period, int]] = {"month": 1, "quarter": 3, "year": 12}


def start_of(period: Period, day: dt.date) -> dt.date:
    """First day of the period that holds ``day``."""
    if period == "day":
        return day
    months = _MONTHS[period]
    return dt.date(day.year, (day.month - 1) // months * months + 1, 1)


def shift(period: Period, start: dt.date, count: int) -> dt.date:
    """Start of the period ``count`` periods after the one that begins on ``start``."""
    if period == "day":
        return start + dt.timedelta(days=count)
    index = start.year * 12 + start.month - 1 + count * _MONTHS[period]
    return dt.date(index // 12, index % 12 + 1, 1)


def next_start(period: Period, start: dt.date) -> dt.date:
    """First day after the period: its exclusive end."""
    return shift(period, start, 1)


def same_last_year(period: Period, start: dt.date) -> dt.date:
    """The same period one year before; a day is compared with 52 weeks before, so that weekdays match."""
    return start - dt.timedelta(days=364) if period == "day" else shift(period, start, -12 // _MONTHS[period])
