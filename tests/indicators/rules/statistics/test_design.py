"""Regressors of the calendar: fits fall on fixed dates, holidays on the periods that they touch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indicators.rules.statistics.design import RHYTHMS, Days, Kind, Moving, of_calendar

TET = np.array(["2023-01-22", "2024-02-10", "2025-01-29"], dtype="datetime64[D]")


def starts_of(kind: Kind, begin: str, count: int) -> Days:
    if kind == "day":
        return np.datetime64(begin) + np.arange(count)
    if kind == "week":
        return np.datetime64("2018-01-01") + 7 * np.arange(count)
    months = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}[kind]
    return (np.datetime64("2018-01") + months * np.arange(count)).astype("datetime64[D]")


@pytest.mark.parametrize("kind", list(RHYTHMS))
@given(cut=st.integers(0, 60))
def test_a_column_is_fitted_on_the_same_days_wherever_the_history_begins(kind: Kind, cut: int) -> None:
    starts = starts_of(kind, "2018-01-01", 120)
    whole, later = of_calendar(kind, starts), of_calendar(kind, starts[cut:])
    np.testing.assert_array_equal(whole.fit_end[cut:] - cut, later.fit_end)
    np.testing.assert_allclose(whole.matrix[cut:], later.matrix)
    assert np.all(whole.fit_end <= np.arange(120) - RHYTHMS[kind].gap)
    assert np.all(np.diff(whole.fit_end) >= 0)


def test_days_know_their_weekday_and_how_far_the_holiday_is() -> None:
    design = of_calendar("day", starts_of("day", "2024-02-01", 28), moving=[Moving(TET, before=4, after=7)])
    column = dict(zip(design.names, design.matrix.T, strict=True))
    assert column["weekday_1"][5] == 1.0  # 6 February 2024 was a Tuesday
    assert column["weekday_1"].sum() == 4
    assert np.nonzero(column["moving_0_0"])[0].tolist() == [9]
    assert np.nonzero(column["moving_0_-4"])[0].tolist() == [5, 6]
    assert "moving_0_-14" not in column
    touched = sum(values for name, values in column.items() if name.startswith("moving"))
    assert np.nonzero(touched)[0].tolist() == list(range(5, 16))


def test_weeks_share_a_holiday_by_days() -> None:
    starts = np.datetime64("2024-01-29") + 7 * np.arange(6)
    design = of_calendar("week", starts, moving=[Moving(TET)], off=TET)
    column = dict(zip(design.names, design.matrix.T, strict=True))
    # the holiday began on the Saturday of the second week
    np.testing.assert_allclose(column["moving_0_0"], [0, 2 / 7, 5 / 7, 0, 0, 0])
    np.testing.assert_allclose(column["moving_0_-7"], [2 / 7, 5 / 7, 0, 0, 0, 0])
    np.testing.assert_allclose(column["off"], [0, 1 / 7, 0, 0, 0, 0])


def test_a_month_knows_how_much_of_the_holiday_it_holds() -> None:
    design = of_calendar("month", starts_of("month", "", 96), moving=[Moving(TET)])
    column = dict(zip(design.names, design.matrix.T, strict=True))
    months = np.nonzero(column["moving_0_0"])[0]
    assert months.tolist() == [60, 73, 84, 85]  # 29 January 2025: three days in January, four in February
    np.testing.assert_allclose(column["moving_0_0"][[84, 85]], [3 / 31, 4 / 28])


def test_a_period_left_out_is_refused() -> None:
    with pytest.raises(ValueError, match="without a gap"):
        of_calendar("day", np.delete(starts_of("day", "2024-01-01", 20), 7))
