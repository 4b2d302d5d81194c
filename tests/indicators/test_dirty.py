"""Runs of days and periods hold what sets of them would, and statements find just these."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from config.models.city import Reporting
from config.models.indicator import Period
from config.periods import Periods, clock_of
from indicators.dirty import Days, Spans

FIRST = dt.date(2023, 11, 1)
NOW = dt.datetime.fromisoformat("2025-03-14T15:30")
TURN = Reporting.model_validate(
    {"id": "turn", "name": {"vi": "kỳ", "en": "turn"}, "every": "month", "day": 25, "at": "12:00"}
)
PERIODS = Periods((TURN,))
KINDS: Sequence[Period] = ("hour", "day", "week", "month", "quarter", "year", "year_to_date", "turn")
days = st.sets(st.integers(0, 480).map(lambda n: FIRST + dt.timedelta(days=n)), max_size=9)
Cells = set[tuple[Period, dt.datetime]]


def touched(given_days: set[dt.date]) -> Cells:
    """Every period that holds an hour of the days."""
    found: Cells = set()
    for day in given_days:
        for hour in range(24):
            at = clock_of(day) + dt.timedelta(hours=hour)
            found |= {(kind, clock_of(PERIODS.start_of(kind, at))) for kind in KINDS}
        months = (day.replace(month=month, day=1) for month in range(day.month, 13))
        found |= {("year_to_date", clock_of(month)) for month in months}
    return {(kind, start) for kind, start in found if start <= NOW}


def cells(spans: Spans) -> Cells:
    """What the database makes of the runs."""
    return set(duckdb.execute(spans.rows()).fetchall())


def made(wanted: set[dt.date]) -> Spans:
    return Spans.touched(PERIODS, KINDS, Days.of(wanted), NOW)


@given(days, days)
@settings(max_examples=40)
def test_runs_are_sets(one: set[dt.date], other: set[dt.date]) -> None:
    left, right = made(one), made(other)
    assert cells(left) == touched(one)
    assert cells(left | right) == touched(one) | touched(other)
    assert cells(left - right) == touched(one) - touched(other)
    assert (left | right) - right == left - right
    assert hash(made(one)) == hash(left)


@given(days)
@settings(max_examples=20)
def test_statements_find_the_periods_and_no_others(wanted: set[dt.date]) -> None:
    spans, every = made(wanted), made({FIRST + dt.timedelta(days=n) for n in range(0, 500, 9)})
    rows = duckdb.execute(f"SELECT period, start FROM ({every.rows()}) WHERE {spans.sql()}").fetchall()
    assert set(rows) == cells(every) & touched(wanted)


@given(days, st.sets(st.integers(-14, 14), max_size=3))
@settings(max_examples=20)
def test_shifting(wanted: set[dt.date], distances: set[int]) -> None:
    moved = {
        (kind, clock_of(PERIODS.shift(kind, start, distance)))
        for kind, start in touched(wanted)
        for distance in distances
    }
    assert cells(made(wanted).shifted(lambda _: distances)) == moved


@given(days, st.integers(0, 40))
@settings(max_examples=40)
def test_days(wanted: set[dt.date], count: int) -> None:
    runs = Days.of(wanted)
    spread = {day + dt.timedelta(days=n) for day in wanted for n in range(count + 1)}
    assert listed(runs) == wanted
    assert listed(runs.ahead(count)) == spread
    assert {day.replace(day=1) for day in listed(runs.months())} == {day.replace(day=1) for day in wanted}
    assert all((day + dt.timedelta(days=1)).day == 1 for _, day in runs.months().runs)


def test_too_many_runs_become_a_few_wider_ones() -> None:
    wanted = {FIRST + dt.timedelta(days=3 * n) for n in range(200)}
    runs = Days.of(wanted)
    assert len(runs.runs) <= 40
    assert listed(runs) >= wanted


def test_no_days() -> None:
    assert not Days.of([])
    assert not made(set())
    assert duckdb.execute(f"SELECT 1 WHERE {made(set()).sql()}").fetchall() == []
    assert duckdb.execute(f"SELECT 1 WHERE {Days().sql('today()')}").fetchall() == []


def listed(runs: Days) -> set[dt.date]:
    """Every day of the runs."""
    return {first + dt.timedelta(days=n) for first, last in runs.runs for n in range((last - first).days + 1)}
