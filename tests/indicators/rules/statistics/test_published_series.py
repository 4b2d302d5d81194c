"""Count and level tests on published series with known events, beside what others use."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.labelled import baselines
from bench.labelled.comparison import measure
from bench.labelled.scoring import Score, score, together
from bench.labelled.series import Series
from indicators.rules.statistics.design import of_weeks
from indicators.rules.statistics.hours import of_hours
from indicators.rules.statistics.levels import level_tests

Compared = dict[str, dict[str, dict[str, Score]]]
WEEKLY, HOURLY = "weekly counts with known outbreaks", "hourly levels of NAB"


@pytest.fixture(scope="module")
def compared(shared_data: Path) -> Compared:
    return measure(shared_data)


def test_fewer_false_alarms_than_others_at_as_many_outbreaks_found(compared: Compared) -> None:
    found = {name: together(list(each.values())) for name, each in compared[WEEKLY].items()}
    ours = found["this product, p ≤ .01"]
    assert ours.events == 3
    assert ours.found >= max(found[name].found for name in ("EARS C1", "EARS C2", "3 sigma"))
    assert ours.false / ours.quiet <= 0.02
    for name in ("EARS C1", "EARS C2", "EARS C3", "3 sigma"):
        assert ours.spells < found[name].spells


def test_hourly_levels_are_calibrated_and_the_taxis_holidays_found(compared: Compared) -> None:
    ours = compared[HOURLY]["this product, p ≤ .01"]
    whole = together(list(ours.values()))
    assert 0.005 < whole.false / whole.quiet < 0.015
    strict = compared[HOURLY]["this product, p ≤ .001"]
    assert strict["nyc_taxi"].found == strict["nyc_taxi"].events == 5
    assert together(list(strict.values())).false / whole.quiet < 0.003
    for name in ("EARS C1", "EARS C2", "EARS C3"):
        assert together(list(compared[HOURLY][name].values())).spells > 5 * whole.spells


@pytest.mark.parametrize("name", ["aqi_ho_chi_minh_city_hourly_2025", "aqi_hanoi_hourly_2025"])
def test_measured_pm25_is_calibrated(shared_data: Path, name: str) -> None:
    """A hundred days of hourly PM2.5 with gaps, strongly autocorrelated, without known events."""
    frame = pd.read_csv(shared_data / "environment" / f"{name}.csv", na_values=["N/A"])
    stamps = pd.to_datetime(frame["timestamp"]).dt.tz_localize(None)
    hourly = pd.Series(frame["pm25"].to_numpy(), index=stamps).resample("1h").mean()
    starts = pd.DatetimeIndex(hourly.index).to_numpy().astype("datetime64[h]")
    values = hourly.to_numpy(dtype=np.float64)[None, :]
    first = 5 * 7 * 24
    p = level_tests(values, of_hours(starts), first, side="above").p
    judged = np.isfinite(p)
    assert judged.sum() > 1500
    assert (p[judged] <= 0.01).mean() < 0.02
    plain = baselines.three_sigma(values, 4 * 7 * 24)[:, first:]
    assert (p[judged] <= 0.00135).mean() < plain[judged].mean()


def test_the_baselines_are_what_pandas_rolls() -> None:
    values = np.random.default_rng(1).poisson(4.0, (3, 120)).astype(float)
    c2, c1 = baselines.c2(values), baselines.c1(values)
    three = baselines.three_sigma(values, 52)
    c3 = baselines.c3(values)
    for s in range(3):
        row = pd.Series(values[s])
        past = row.shift(1).rolling(7)
        np.testing.assert_array_equal(c1[s, 8:], ((row - past.mean()) / past.std() > 3)[8:])
        lagged = row.shift(3).rolling(7)
        score_2 = (row - lagged.mean()) / lagged.std()
        np.testing.assert_array_equal(c2[s, 10:], (score_2 > 3)[10:])
        np.testing.assert_array_equal(c3[s, 12:], ((score_2 - 1).clip(lower=0).rolling(3).sum() > 2)[12:])
        year = row.shift(1).rolling(52, min_periods=7)
        np.testing.assert_array_equal(three[s, 8:], ((row - year.mean()) / year.std() > 3)[8:])


def test_alarms_are_counted_as_spells_and_events_once() -> None:
    series = Series("x", "count", np.zeros(60), of_weeks(60), ((20, 24), (40, 44), (2, 5)), 10, 52, "week")
    alarms = np.zeros(60, dtype=bool)
    alarms[[5, 12, 13, 22, 23, 30, 50, 51, 53]] = True
    found = score(series, alarms)
    assert (found.events, found.found, found.delays) == (2, 1, (2,))
    assert (found.spells, found.false, found.quiet) == (4, 6, 42)
    assert found.years == pytest.approx(42 / 52)
