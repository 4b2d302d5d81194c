"""When moving holidays fall, in past and future years."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from lunar_vn import convert_lunar_to_solar

from config.models import Moving

LUNAR_YEARS = range(1901, 2100)
"""The years for which the calendar of the moon is computed."""


def first_days(holiday: Moving, zone: ZoneInfo, years: range) -> tuple[dt.date, ...]:
    """The first days of ``holiday`` in ``years``, in their order.

    A lunar day is that of the lunisolar calendar as computed for the clock of ``zone``: the new moon of
    2030-02-02 16:07 UTC begins the year on the 2nd in Hà Nội and on the 3rd in Beijing. Years that the
    calendar does not cover, or for which no date is given, are absent.
    """
    if holiday.lunar is None:
        return tuple(sorted(day for day in holiday.dates if day.year in years))
    month, day = map(int, holiday.lunar.split("-"))
    # a lunar year runs into the next solar one: its last months fall there
    found = (
        convert_lunar_to_solar(day, month, year, time_zone=_offset(zone, year))
        for year in range(max(years.start - 1, LUNAR_YEARS.start), min(years.stop, LUNAR_YEARS.stop))
    )
    return tuple(first for first in found if first.year in years)


def _offset(zone: ZoneInfo, year: int) -> float:
    """Hours by which the zone's winter clock is ahead of UTC in that year."""
    offset = dt.datetime(year, 1, 15, 12, tzinfo=zone).utcoffset()
    return 0.0 if offset is None else offset.total_seconds() / 3600
