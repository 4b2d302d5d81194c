"""Moving holidays against published dates."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from config import REFERENCE_CITY, load_city
from config.holidays import first_days
from config.models import Moving

TET = """
2000-02-05 2001-01-24 2002-02-12 2003-02-01 2004-01-22 2005-02-09 2006-01-29 2007-02-17 2008-02-07 2009-01-26
2010-02-14 2011-02-03 2012-01-23 2013-02-10 2014-01-31 2015-02-19 2016-02-08 2017-01-28 2018-02-16 2019-02-05
2020-01-25 2021-02-12 2022-02-01 2023-01-22 2024-02-10 2025-01-29 2026-02-17 2027-02-06 2028-01-26 2029-02-13
2030-02-02
"""
"""First days of the lunar year in Việt Nam; in 2007 and 2030 one day before China's."""


def moving(**given: object) -> Moving:
    return Moving.model_validate({"id": "h", "name": {"en": "h"}, **given})


def days(*words: str) -> tuple[dt.date, ...]:
    return tuple(map(dt.date.fromisoformat, words))


def test_the_lunar_new_year_is_that_of_the_citys_clock() -> None:
    new_year = moving(lunar="01-01")
    assert first_days(new_year, ZoneInfo("Asia/Ho_Chi_Minh"), range(2000, 2031)) == days(*TET.split())
    assert first_days(new_year, ZoneInfo("Asia/Shanghai"), range(2030, 2031)) == days("2030-02-03")


def test_a_lunar_month_late_in_the_year_may_fall_into_the_next() -> None:
    hanoi = ZoneInfo("Asia/Ho_Chi_Minh")
    assert first_days(moving(lunar="08-15"), hanoi, range(2024, 2026)) == days("2024-09-17", "2025-10-06")
    assert first_days(moving(lunar="12-23"), hanoi, range(2025, 2027)) == days("2025-01-22", "2026-02-10")


def test_dates_stand_for_holidays_of_other_calendars() -> None:
    other = moving(dates=["2025-03-01", "2024-03-11", "2026-02-18"])
    assert first_days(other, ZoneInfo("Asia/Jakarta"), range(2024, 2026)) == days("2024-03-11", "2025-03-01")


@pytest.mark.parametrize("given", [{}, {"lunar": "01-01", "dates": ["2024-02-10"]}, {"lunar": "13-01"}])
def test_a_holiday_moves_in_one_way(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        moving(**given)


def test_days_off_and_the_moving_holiday_of_the_reference_city_agree() -> None:
    city = load_city(REFERENCE_CITY)
    calendar = city.head.calendar
    (tet,) = calendar.moving
    off = [holiday for holiday in calendar.holidays if holiday.tet]
    firsts = first_days(tet, city.zone, range(off[0].start.year, off[-1].start.year + 1))
    assert len(firsts) == len(off)
    assert all(h.start <= first <= h.end for h, first in zip(off, firsts, strict=True))
