"""Working hours, against a walk over the calendar minute by minute."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from config.models import Calendar
from config.working import closing, is_working, working_until

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
MINUTE = dt.timedelta(minutes=1)
TET = {"start": "2026-02-16", "end": "2026-02-20", "name": {"en": "Tết"}}
CITY = Calendar.model_validate({"holidays": [TET]})

HOURS = st.sampled_from(
    [
        [["07:30", "11:30"], ["13:00", "17:00"]],
        [["08:00", "16:00"]],
        [["00:00", "23:59"]],
        [["09:00", "09:01"], ["22:10", "23:00"]],
    ]
)
WEEKENDS = st.sampled_from([["sat", "sun"], [], ["fri"], ["mon", "tue", "wed", "thu", "fri", "sat"]])
DAYS = st.dates(dt.date(2026, 2, 1), dt.date(2026, 3, 10))


def local(text: str, zone: ZoneInfo = ZONE) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=zone)


def works(calendar: Calendar, at: dt.datetime) -> bool:
    """Whether somebody works in the minute that begins at ``at``."""
    clock = f"{at:%H:%M}"
    return is_working(calendar, at.date()) and any(begin <= clock < end for begin, end in calendar.hours)


@settings(max_examples=150)
@given(
    hours=HOURS,
    weekend=WEEKENDS,
    day=DAYS,
    minute=st.integers(0, 24 * 60 - 1),
    span=st.integers(1, 1500),
    off=st.lists(DAYS, max_size=4),
)
def test_so_many_working_minutes_lie_before_it_and_the_last_is_one(
    hours: list[list[str]], weekend: list[str], day: dt.date, minute: int, span: int, off: list[dt.date]
) -> None:
    holidays = [{"start": d, "end": d, "name": {"en": "x"}} for d in off]
    calendar = Calendar.model_validate({"hours": hours, "weekend": weekend, "holidays": holidays})
    at = dt.datetime.combine(day, dt.time(), ZONE) + minute * MINUTE
    until = working_until(calendar, ZONE, at, span * MINUTE)
    if until - at > 30 * dt.timedelta(days=1):
        return  # too far to walk
    walked = [at + i * MINUTE for i in range((until - at) // MINUTE)]
    assert sum(works(calendar, each) for each in walked) == span
    assert works(calendar, walked[-1])


@given(day=DAYS, minute=st.integers(0, 24 * 60 - 1), one=st.integers(0, 3000), two=st.integers(0, 3000))
def test_two_spans_one_after_the_other_are_their_sum(day: dt.date, minute: int, one: int, two: int) -> None:
    at = dt.datetime.combine(day, dt.time(), ZONE) + minute * MINUTE
    between = working_until(CITY, ZONE, at, one * MINUTE)
    assert working_until(CITY, ZONE, between, two * MINUTE) == working_until(
        CITY, ZONE, at, (one + two) * MINUTE
    )


@pytest.mark.parametrize(
    ("at", "hours", "until"),
    [
        ("2026-03-02T07:30", 24, "2026-03-04T17:00"),  # three days of eight hours
        ("2026-03-02T10:30", 2, "2026-03-02T14:00"),  # over noon
        ("2026-03-06T16:00", 2, "2026-03-09T08:30"),  # over a weekend
        ("2026-02-13T16:00", 2, "2026-02-23T08:30"),  # over weekend, Tết and weekend
        ("2026-03-07T12:00", 1, "2026-03-09T08:30"),  # on a Saturday
        ("2026-03-02T23:00", 0, "2026-03-02T23:00"),
    ],
)
def test_by_hand(at: str, hours: int, until: str) -> None:
    assert working_until(CITY, ZONE, local(at), dt.timedelta(hours=hours)) == local(until)


def test_a_clock_that_changes_in_mid_shift_gives_or_takes_an_hour() -> None:
    zone = ZoneInfo("Europe/Berlin")  # 2026-03-29 02:00 becomes 03:00
    night = Calendar.model_validate({"hours": [["00:00", "06:00"]], "weekend": []})
    until = working_until(night, zone, local("2026-03-29T00:00", zone), dt.timedelta(hours=5))
    assert until == local("2026-03-29T06:00", zone)


def test_the_working_day_ends_with_its_last_hours() -> None:
    assert closing(Calendar()) == dt.time(17)


@pytest.mark.parametrize(
    "wrong",
    [
        {"hours": []},
        {"hours": [["13:00", "17:00"], ["07:30", "11:30"]]},
        {"hours": [["17:00", "08:00"]]},
        {"hours": [["7:30", "11:30"]]},
        {"weekend": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]},
    ],
)
def test_hours_in_which_nobody_could_work_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Calendar.model_validate(wrong)
