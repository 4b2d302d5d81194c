"""Running totals, places and best values against plain arithmetic over dictionaries."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from config.models import Indicator
from config.periods import Periods, shift
from config.targets import Aim, Attained, aim_on
from indicators.attained import Attainments, places

NAN = float("nan")
PERIODS = Periods()
ADAPTER: TypeAdapter[Indicator] = TypeAdapter(Indicator)
YEAR = {"kind": "cumulative", "value": 366, "from": "2024-01-01", "date": "2024-12-31"}
FIRST = dt.date(2024, 1, 1)


def indicator(target: dict[str, Any], direction: str = "up", min_n: int = 0) -> Indicator:
    text = {"en": "x"}
    return ADAPTER.validate_python(
        {"id": "i", "name": text, "domain": "d", "unit": "u", "direction": direction, "levels": ["district"],
         "periods": ["month"], "owner": text, "source": text, "kind": "formula", "formula": "x",
         "min_n": min_n, "targets": [target]}
    )  # fmt: skip


def table(
    item: Indicator, rows: list[list[float]], first: dt.date = FIRST, n: list[list[float]] | None = None
) -> Attainments:
    starts = tuple(shift("month", first, k) for k in range(len(rows[0])))
    counts = np.array(n) if n else np.full((len(rows), len(rows[0])), 100.0)
    return Attainments(PERIODS, item, "month", starts, np.array(rows, dtype=float), counts)


def aim(item: Indicator, day: str) -> Aim:
    found = aim_on(item, "district", "a", "month", dt.date.fromisoformat(day))
    assert found is not None
    return found


def test_a_running_total_begins_with_the_span() -> None:
    item = indicator(YEAR)
    months = table(item, [[99, 99, 30, 30, NAN, 30], [99, 99, 1, 2, 3, 4]], dt.date(2023, 11, 1))
    total, whole = months.totals(FIRST)
    np.testing.assert_array_equal(total, [[NAN, NAN, 30, 60, NAN, 90], [NAN, NAN, 1, 3, 6, 10]])
    assert whole[:, 2:].tolist() == [[True, True, False, False], [True] * 4]


def test_months_that_no_area_has_are_gaps_too() -> None:
    item = indicator(YEAR)
    months = Attainments(
        PERIODS, item, "month", (FIRST, dt.date(2024, 3, 1)), np.array([[5.0, 6.0]]), np.array([[9.0, 9.0]])
    )
    total, whole = months.totals(FIRST)
    assert (total.tolist(), whole.tolist()) == ([[5, 11]], [[True, False]])


def test_what_is_due_of_366_in_a_leap_year_is_a_day_each() -> None:
    item = indicator(YEAR)
    months = table(item, [[31, 28, 40], [20, 29, 31]])
    last = aim(item, "2024-03-31")
    assert last.value == pytest.approx(91)
    shown = [months.attained(last, 2, row) for row in (0, 1)]
    assert shown == [Attained(99.0), Attained(80.0)]
    assert [last.distance(a.value) for a in shown if a] == pytest.approx([8, -11])
    assert [last.attainment(a.value) for a in shown if a] == pytest.approx([9900 / 91, 8000 / 91])
    assert [last.progress(a.value) for a in shown if a] == pytest.approx([9900 / 366, 8000 / 366])


def test_a_total_is_too_small_only_as_a_whole() -> None:
    item = indicator(YEAR, min_n=20)
    total, _ = table(item, [[1, 2, 3]], n=[[8, 8, 8]]).totals(FIRST)
    np.testing.assert_array_equal(total, [[NAN, NAN, 6]])


def test_year_to_date_values_are_totals_already() -> None:
    item = indicator(YEAR)
    starts = tuple(shift("month", dt.date(2023, 12, 1), k) for k in range(3))
    running = Attainments(PERIODS, item, "year_to_date", starts, np.array([[70.0, 5, 9]]), np.ones((1, 3)))
    total, whole = running.totals(FIRST)
    np.testing.assert_array_equal(total, [[NAN, 5, 9]])
    assert whole[0, 1:].all()


def test_a_milestone_stays_reached_and_remembers_when() -> None:
    item = indicator({"kind": "milestone", "value": 50, "from": "2024-02-01", "date": "2024-04-30"})
    months = table(item, [[80, 10, 55, 20, 90], [10, 20, 30, 40, 50]])
    one, other = (months.attained(aim(item, "2024-05-31"), 4, row) for row in (0, 1))
    assert one == Attained(90.0, reached=dt.date(2024, 3, 31))
    assert other == Attained(50.0, reached=dt.date(2024, 5, 31))
    day = dt.date(2024, 5, 31)
    assert [aim(item, "2024-05-31").state(a, day) for a in (one, other) if a] == ["met", "late"]
    early = months.attained(aim(item, "2024-02-29"), 1, 0)
    assert early == Attained(10.0)


def test_a_milestone_that_is_to_be_gone_below() -> None:
    item = indicator({"kind": "milestone", "value": 5, "date": "2024-04-30"}, direction="down")
    assert table(item, [[9, 4, 8]]).attained(aim(item, "2024-03-31"), 2, 0) == Attained(
        4.0, reached=dt.date(2024, 2, 29)
    )


def test_places_are_shared_and_too_few_have_none() -> None:
    item = indicator({"kind": "rank", "value": 2}, min_n=10)
    months = table(item, [[90], [80], [80], [99], [NAN], [70]], n=[[50], [50], [50], [9], [50], [50]])
    shown = [months.attained(aim(item, "2024-01-31"), 0, row) for row in range(6)]
    assert [a.value if a else None for a in shown] == [1, 2, 2, None, None, 4]
    assert {a.pool for a in shown if a} == {4}


@given(
    st.lists(st.one_of(st.just(NAN), st.integers(-5, 5).map(float)), min_size=1, max_size=40), st.booleans()
)
def test_a_place_is_one_more_than_those_ahead(values: list[float], up: bool) -> None:
    place, pool = places(np.array(values), up=up)
    known = [v for v in values if not np.isnan(v)]
    assert pool == len(known)
    for value, got in zip(values, place, strict=True):
        if not np.isnan(value):
            assert got == 1 + sum((v > value) if up else (v < value) for v in known)
        else:
            assert np.isnan(got)


@given(st.lists(st.one_of(st.just(NAN), st.floats(0, 100)), min_size=1, max_size=14), st.integers(0, 13))
def test_totals_equal_sums_over_a_dictionary(values: list[float], skipped: int) -> None:
    first = shift("month", FIRST, -skipped)
    months = table(indicator(YEAR), [values], first)
    total, whole = months.totals(FIRST)
    known = {s: v for s, v in zip(months.starts, values, strict=True) if v >= 0 and s >= FIRST}
    for column, start in enumerate(months.starts):
        if start not in known:
            assert np.isnan(total[0, column])
            continue
        parts = [v for s, v in known.items() if s <= start]
        assert total[0, column] == pytest.approx(sum(parts))
        wanted = (start.year - 2024) * 12 + start.month
        assert whole[0, column] == (len(parts) == wanted)
