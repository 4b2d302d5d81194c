"""Periods tile the line: every moment lies in exactly one of each kind, and they follow each other."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from config.models import PERIODS, Reporting
from config.periods import Periods, day_of, moment_of

NAME = {"vi": "Kỳ", "en": "Period"}


def calendar(id_: str, every: str, day: int, at: str = "00:00") -> Reporting:
    return Reporting.model_validate({"id": id_, "name": NAME, "every": every, "day": day, "at": at})


OWN = (
    calendar("noon_month", "month", 25, "12:00"),
    calendar("mid_month", "month", 15),
    calendar("first_month", "month", 1),
    calendar("late_quarter", "quarter", 15, "07:00"),
    calendar("plain_quarter", "quarter", 1),
    calendar("late_half", "half_year", 15),
    calendar("late_year", "year", 15, "23:00"),
)
P = Periods(OWN)
MOMENTS = st.datetimes(dt.datetime.fromisoformat("1990-01-01"), dt.datetime.fromisoformat("2060-01-01"))
KINDS = st.sampled_from(P.ids)


def clock(at: dt.date) -> dt.datetime:
    return at if isinstance(at, dt.datetime) else dt.datetime.combine(at, dt.time())


def written(at: str) -> dt.date:
    return dt.datetime.fromisoformat(at) if ":" in at else dt.date.fromisoformat(at)


@given(KINDS, MOMENTS)
def test_every_moment_lies_in_one_period(period: str, at: dt.datetime) -> None:
    start = P.start_of(period, at)
    end = P.next_start(period, start)
    assert clock(start) <= at < clock(end)
    assert isinstance(start, dt.datetime) == P.timed(period) == isinstance(end, dt.datetime)
    # the neighbours begin and end where it does, and hold nothing of it
    assert P.start_of(period, clock(end)) == end
    assert P.start_of(period, clock(end) - dt.timedelta.resolution) == start
    assert P.next_start(period, P.shift(period, start, -1)) == start
    assert P.last_day(period, start) == day_of(clock(end) - dt.timedelta.resolution)


@given(KINDS, MOMENTS)
def test_a_year_begins_with_the_first_period_that_is_counted_to_it(period: str, at: dt.datetime) -> None:
    def year(start: dt.date) -> int:
        return start.isocalendar().year if period == "week" else P.named(period, start).year

    start = P.start_of(period, at)
    first = P.first_of_year(period, start)
    assert first <= start
    assert year(first) == year(start) == year(P.shift(period, first, -1)) + 1


@given(KINDS, MOMENTS, st.integers(-60, 60), st.integers(-60, 60))
def test_shifts_add_up(period: str, at: dt.datetime, first: int, second: int) -> None:
    start = P.start_of(period, at)
    assert P.shift(period, P.shift(period, start, first), second) == P.shift(period, start, first + second)
    assert P.start_of(period, P.shift(period, start, first)) == P.shift(period, start, first)


@given(KINDS, MOMENTS)
def test_the_same_period_a_year_before(period: str, at: dt.datetime) -> None:
    start = P.start_of(period, at)
    before = P.same_last_year(period, start)
    assert before == P.shift(period, start, -P.year(period))
    assert P.start_of(period, before) == before
    if period in ("hour", "day", "week"):
        assert before.weekday() == start.weekday()
        assert clock(start) - clock(before) == dt.timedelta(weeks=52)
    else:
        assert (before.year, before.month, before.day) == (start.year - 1, start.month, start.day)


@given(MOMENTS)
def test_what_year_to_date_counts(at: dt.datetime) -> None:
    start = P.start_of("year_to_date", at)
    assert P.begin("year_to_date", start) == dt.date(at.year, 1, 1)
    assert start == P.start_of("month", at)
    assert P.begin("month", start) == start


@given(MOMENTS)
def test_weeks_are_those_of_iso(at: dt.datetime) -> None:
    start = P.start_of("week", at)
    assert start.isocalendar()[:2] == at.isocalendar()[:2]
    assert start.weekday() == 0


def test_years_of_52_and_53_weeks() -> None:
    firsts = [P.start_of("week", dt.date(year, 1, 4)) for year in range(2015, 2028)]
    weeks = {
        first.isocalendar().year: (after - first).days // 7 for first, after in itertools.pairwise(firsts)
    }
    assert [year for year, count in weeks.items() if count == 53] == [2015, 2020, 2026]
    assert set(weeks.values()) == {52, 53}


@pytest.mark.parametrize(
    ("period", "at", "start", "end", "named"),
    [
        ("noon_month", "2025-10-25 11:59:59", "2025-09-25 12:00", "2025-10-25 12:00", "2025-10-01"),
        ("noon_month", "2025-10-25 12:00", "2025-10-25 12:00", "2025-11-25 12:00", "2025-11-01"),
        ("noon_month", "2025-12-31 00:00", "2025-12-25 12:00", "2026-01-25 12:00", "2026-01-01"),
        ("mid_month", "2025-10-14", "2025-09-15", "2025-10-15", "2025-10-01"),
        ("first_month", "2025-10-14", "2025-10-01", "2025-11-01", "2025-10-01"),
        ("late_quarter", "2025-12-16", "2025-12-15 07:00", "2026-03-15 07:00", "2026-01-01"),
        ("plain_quarter", "2025-12-16", "2025-10-01", "2026-01-01", "2025-10-01"),
        ("late_half", "2025-06-15", "2025-06-15", "2025-12-15", "2025-07-01"),
        ("late_year", "2025-12-15", "2024-12-15 23:00", "2025-12-15 23:00", "2025-01-01"),
        ("half_year", "2025-12-15", "2025-07-01", "2026-01-01", "2025-07-01"),
        ("hour", "2025-12-15 23:59:59", "2025-12-15 23:00", "2025-12-16 00:00", None),
    ],
)
def test_examples(period: str, at: str, start: str, end: str, named: str | None) -> None:
    assert P.start_of(period, written(at)) == written(start)
    assert P.next_start(period, written(start)) == written(end)
    assert P.named(period, written(start)) == written(named or start)


def test_order_and_likeness() -> None:
    assert P.ids.index("noon_month") == P.ids.index("month") + 1
    assert P.ordered(["year", "noon_month", "hour"]) == ("hour", "noon_month", "year")
    assert P.like("late_half") == "half_year"
    assert set(PERIODS) <= set(P.ids)


def test_an_unknown_period_is_told_with_the_nearest() -> None:
    with pytest.raises(KeyError, match="did you mean week"):
        P.start_of("weeks", dt.date(2026, 1, 1))


@pytest.mark.parametrize(("key", "value"), [("at", "12:30"), ("at", "24:00"), ("day", 29), ("every", "week")])
def test_calendars_that_cannot_be(key: str, value: Any) -> None:
    given = {"id": "own", "name": NAME, "every": "month", "day": 25, "at": "12:00", key: value}
    with pytest.raises(ValidationError):
        Reporting.model_validate(given)


def test_the_moment_of_a_start() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    summer = moment_of(written("2026-03-29 12:00"), berlin)
    assert summer.astimezone(dt.UTC) == dt.datetime(2026, 3, 29, 10, tzinfo=dt.UTC)
    assert moment_of(dt.date(2026, 3, 29), berlin).astimezone(dt.UTC).hour == 23
