"""The design of hourly series against pandas, and levels judged by it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from indicators.rules.statistics.design import Moving
from indicators.rules.statistics.hours import GAP, MINIMUM, WEEK, of_hours
from indicators.rules.statistics.levels import level_tests

HOURS = 6 * WEEK
STARTS = np.datetime64("2024-01-29T05") + np.arange(HOURS)


def test_the_regressors_are_what_the_calendar_says() -> None:
    new_year = Moving(np.array(["2024-02-10"], dtype="datetime64[D]"))
    off = np.array(["2024-02-08", "2024-02-09"], dtype="datetime64[D]")
    design = of_hours(STARTS, moving=[new_year], off=off)
    stamps = pd.DatetimeIndex(STARTS.astype("datetime64[ns]"))
    column = {name: design.matrix[:, k] for k, name in enumerate(design.names)}
    rest = (stamps.dayofweek >= 5) | stamps.normalize().isin(pd.DatetimeIndex(off.astype("datetime64[ns]")))
    np.testing.assert_array_equal(column["weekday_3"], stamps.dayofweek == 3)
    np.testing.assert_array_equal(column["off"], stamps.day.isin([8, 9]) & (stamps.month == 2))
    np.testing.assert_allclose(column["hour_cos_1"], np.cos(2 * np.pi * stamps.hour / 24), atol=1e-12)
    np.testing.assert_allclose(
        column["hour_sin_3_rest"], np.sin(6 * np.pi * stamps.hour / 24) * rest, atol=1e-12
    )
    since = (stamps.normalize() - pd.Timestamp("2024-02-10")).days
    np.testing.assert_array_equal(column["moving_0_0"], (since >= 0) & (since < 3))
    assert len(design.names) == design.matrix.shape[1] == len(design.prior)


def test_fits_are_made_anew_on_mondays() -> None:
    design = of_hours(STARTS)
    changed = 1 + np.flatnonzero(np.diff(design.fit_end))
    stamps = pd.DatetimeIndex(STARTS[changed].astype("datetime64[ns]"))
    assert set(stamps.dayofweek) == {0}
    assert set(stamps.hour) == {0}
    assert (design.fit_end <= np.arange(HOURS) - GAP).all()
    later = of_hours(STARTS[100:])
    np.testing.assert_array_equal(later.fit_end, design.fit_end[100:] - 100)


def test_hours_must_follow_each_other() -> None:
    with pytest.raises(ValueError, match="without a gap"):
        of_hours(np.delete(STARTS, 7))


def test_hourly_levels_are_judged_by_the_course_of_their_day() -> None:
    rng = np.random.default_rng(1)
    hour = np.arange(HOURS) % 24
    values = 40 + 15 * np.sin(2 * np.pi * hour / 24) + rng.standard_normal((30, HOURS))
    first = HOURS - WEEK
    values[:, -1] = 40 + 15 * np.sin(2 * np.pi * ((hour[-1] + 6) % 24) / 24)  # usual, but six hours later
    tests = level_tests(values, of_hours(STARTS), first)
    assert (tests.p[:, -1] < 1e-3).all()
    assert 0.003 < (tests.p[:, :-1] <= 0.01).mean() < 0.018
    assert np.isnan(level_tests(values, of_hours(STARTS), MINIMUM - 50).p[:, :50]).all()
