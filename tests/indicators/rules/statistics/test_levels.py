"""Level anomaly against independent oracles and its own promises: causal, calibrated, free of units."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from indicators.rules.statistics.design import Design, Moving, of_calendar
from indicators.rules.statistics.fitting import products as outer
from indicators.rules.statistics.fitting import quantiles, robust, solve, spread
from indicators.rules.statistics.levels import LEAST, Sides, level_tests
from indicators.rules.statistics.remembering import remember
from indicators.rules.statistics.significance import Floats
from indicators.rules.statistics.tails import tails

DAYS, FIRST = 500, 440
SIDES: tuple[Sides, ...] = ("above", "below")


def calendar(days: int = DAYS) -> Design:
    return of_calendar("day", np.datetime64("2020-01-01") + np.arange(days))


def autocorrelated(rng: np.random.Generator, series: int, columns: int, phi: float) -> Floats:
    noise = rng.standard_normal((series, columns))
    for t in range(1, columns):
        noise[:, t] += phi * noise[:, t - 1]
    return noise


def simulated(seed: int, series: int = 5, days: int = DAYS) -> Floats:
    """Levels with season and weekdays; every second one is lognormal, some values are missing."""
    rng = np.random.default_rng(seed)
    t = np.arange(days)
    values = np.cos(2 * np.pi * t / 365) + np.array([0, 0, 0.3, 0, 0, -1, -1])[t % 7]
    values = values + autocorrelated(rng, series, days, 0.6)
    values[::2] = np.exp(3 + 0.3 * values[::2])
    return np.where(rng.random(values.shape) < 0.05, np.nan, values)


# --- the pieces, one series after the other -------------------------------------


def test_quantiles_and_spread_are_those_of_each_series() -> None:
    values = simulated(1)
    for share in (0.05, 0.5, 0.9):
        np.testing.assert_allclose(quantiles(values, share), np.nanquantile(values, share, axis=1))
    apart = values - np.nanmedian(values, axis=1, keepdims=True)
    oracle = [stats.median_abs_deviation(row, scale="normal", nan_policy="omit") for row in values]
    np.testing.assert_allclose(spread(apart), oracle, rtol=1e-4)


def test_a_spread_of_mostly_equal_values_is_the_mean_deviation() -> None:
    row = np.zeros((2, 10))
    row[0, :2] = 5.0
    np.testing.assert_allclose(spread(row), [1.2533, 0.0])


def test_ridge_regression_is_least_squares_with_made_up_observations() -> None:
    rng = np.random.default_rng(2)
    x, y, w = rng.normal(size=(60, 4)), rng.normal(size=(3, 60)), rng.random((3, 60))
    penalty = rng.random((3, 4))
    found = solve(x, outer(x), y, w, penalty)
    for s in range(3):
        rows = np.vstack([x * np.sqrt(w[s])[:, None], np.diag(np.sqrt(penalty[s]))])
        right = np.concatenate([y[s] * np.sqrt(w[s]), np.zeros(4)])
        np.testing.assert_allclose(found[s], np.linalg.lstsq(rows, right)[0], rtol=1e-6)


def test_outliers_and_gaps_do_not_pull_the_regression() -> None:
    rng = np.random.default_rng(3)
    x = np.column_stack([np.ones(400), np.linspace(-1, 1, 400)])
    y = x @ np.array([[5.0], [2.0]]) + 0.1 * rng.standard_normal((400, 1))
    rows = np.repeat(y.T, 2, axis=0)
    rows[0, 300:360] += 30.0
    rows[0, ::7] = np.nan
    found = robust(x, rows, np.zeros((2, 2)))
    np.testing.assert_allclose(found, [[5.0, 2.0], [5.0, 2.0]], atol=0.05)


def test_what_is_remembered_is_what_pandas_rolls() -> None:
    """Without outliers: a regression on the last residual and two rolling means, one series at a time."""
    rng = np.random.default_rng(4)
    residuals = autocorrelated(rng, 3, 400, 0.7)
    residuals[:, 50:60] = np.nan
    found = remember(residuals, 300, (7, 28)).foretold
    for s in range(3):
        row = pd.Series(residuals[s])
        x = pd.DataFrame({"last": row.shift(1)})
        x["long"] = row.rolling(28, min_periods=1).mean().shift(1).fillna(0.0)
        x["short"] = row.rolling(7, min_periods=1).mean().shift(1).fillna(x["long"])
        x = x[["last", "short", "long"]]
        there = (x["last"].notna() & row.notna()).to_numpy() & (np.arange(400) < 300)
        beta = np.linalg.lstsq(x[there].to_numpy(), row[there].to_numpy())[0]
        full = x["last"].notna().to_numpy()
        oracle = x[full].to_numpy() @ beta
        # Huber's weights, the weak penalty and the taming of the largest errors move it a little
        assert np.corrcoef(found[s][full], oracle)[0, 1] > 0.995
        assert np.abs(found[s][full] - oracle).mean() < 0.1


def test_a_spike_is_not_carried_on_and_a_change_that_stays_is() -> None:
    rng = np.random.default_rng(5)
    residuals = autocorrelated(rng, 1, 400, 0.8)
    spike, step = residuals.copy(), residuals.copy()
    spike[0, 350] += 40.0
    step[0, 350:352] += 40.0
    usual = remember(residuals, 300, (7, 28)).foretold
    assert remember(spike, 300, (7, 28)).foretold[0, 351] - usual[0, 351] < 5.0
    assert remember(step, 300, (7, 28)).foretold[0, 352] - usual[0, 352] > 25.0


def test_tails_find_the_student_t_that_made_the_errors() -> None:
    rng = np.random.default_rng(6)
    errors = np.stack([rng.standard_normal(20000), 2 * rng.standard_t(4, 20000)])
    found = tails(errors, 0)
    level = np.array([0.01, 0.001])
    for s, truth in enumerate((stats.norm(), stats.t(4, scale=2))):
        distance = np.repeat(truth.isf(level)[None, :], 2, axis=0)
        for side in (found.above, found.below):
            ratio = side.beyond(distance)[s] / level
            assert 0.7 < ratio[0] < 1.4
            assert 0.4 < ratio[1] < 2.5
    np.testing.assert_allclose(found.above.beyond(found.above.at(0.01)), 0.01)
    assert abs(found.skew).max() < 0.05
    assert tails(np.exp(errors[:1]), 0).skew[0] > 0.3


# --- the whole ------------------------------------------------------------------


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1), st.integers(FIRST + 1, DAYS))
def test_what_comes_later_changes_no_past_decision(seed: int, end: int) -> None:
    values = simulated(seed)
    changed = values.copy()
    changed[:, end:] = np.random.default_rng(seed).normal(500, 900, changed[:, end:].shape)
    whole = level_tests(values, calendar(), FIRST)
    other = level_tests(changed, calendar(), FIRST)
    cut = level_tests(values[:, :end], calendar(end), FIRST)
    for w, o, c in zip(whole, other, cut, strict=True):
        np.testing.assert_allclose(w[:, : end - FIRST], o[:, : end - FIRST], rtol=1e-9)
        np.testing.assert_allclose(w[:, : end - FIRST], c, rtol=1e-9)


@settings(max_examples=8)
@given(st.integers(0, 2**32 - 1), st.permutations(range(5)))
def test_series_do_not_know_of_each_other(seed: int, order: list[int]) -> None:
    values = simulated(seed)
    together = level_tests(values, calendar(), FIRST)
    moved = level_tests(values[order], calendar(), FIRST)
    alone = level_tests(values[[order[0]]], calendar(), FIRST)
    for t, m, a in zip(together, moved, alone, strict=True):
        np.testing.assert_allclose(t[order], m, rtol=1e-6)
        np.testing.assert_allclose(t[[order[0]]], a, rtol=1e-6)


@pytest.mark.parametrize("side", ["above", "below", "both"])
def test_the_limit_is_where_p_is_the_level(side: str) -> None:
    values = simulated(7, series=12)
    tests = level_tests(values, calendar(), FIRST, side=side, level=0.05)  # type: ignore[arg-type]
    now = values[:, FIRST:]
    judged = np.isfinite(tests.p)
    assert (judged == np.isfinite(now)).all()
    out = np.abs(now - tests.expected) >= np.abs(tests.limit - tests.expected)
    if side != "both":
        out &= (now > tests.expected) == (side == "above")
    np.testing.assert_array_equal(out[judged], tests.p[judged] <= 0.05)


@settings(max_examples=8)
@given(st.floats(0.01, 100.0))
def test_another_unit_changes_no_decision(factor: float) -> None:
    values = simulated(8)
    one, other = level_tests(values, calendar(), FIRST), level_tests(factor * values, calendar(), FIRST)
    np.testing.assert_allclose(one.p, other.p, rtol=1e-4)
    np.testing.assert_allclose(factor * one.limit, other.limit, rtol=1e-6)


@pytest.mark.parametrize("phi", [0.0, 0.6, 0.9])
def test_p_is_calibrated_for_autocorrelated_levels(phi: float) -> None:
    rng = np.random.default_rng(9)
    days = 900
    t = np.arange(days)
    season = 1.5 * np.cos(2 * np.pi * t / 365.25)
    values = season + autocorrelated(rng, 60, days, phi)
    for levels in (values, np.exp(3 + 0.3 * values)):
        for side in SIDES:
            p = level_tests(levels, calendar(days), days - 250, side=side).p
            assert np.isfinite(p).all()
            assert 0.005 < (p <= 0.01).mean() < 0.0125
            assert (p <= 0.001).mean() < 0.002
    if phi > 0.8:  # what the method is for: held against the season alone, whole spells are alarms
        high = values[:, -250:] - season[-250:]
        three_sigma = high > 2.33 * (values - season)[:, :600].std(axis=1, keepdims=True)
        per_series = three_sigma.mean(axis=1)
        ours = (level_tests(values, calendar(days), days - 250, side="above").p <= 0.01).mean(axis=1)
        assert ours.max() < per_series.max()


def test_gaps_stay_calibrated() -> None:
    rng = np.random.default_rng(10)
    values = autocorrelated(rng, 80, 800, 0.9)
    values[rng.random(values.shape) < 0.3] = np.nan
    p = level_tests(values, calendar(800), 600).p
    assert 0.004 < (p[np.isfinite(p)] <= 0.01).mean() < 0.014


def test_an_event_is_found_on_the_side_asked_for() -> None:
    rng = np.random.default_rng(11)
    values = 50 + 5 * autocorrelated(rng, 20, DAYS, 0.5)
    values[:, -1] += 40
    up = level_tests(values, calendar(), DAYS - 1, side="above")
    assert (up.p < 1e-3).all()
    assert (values[:, -1:] > up.limit).all()
    assert (level_tests(values, calendar(), DAYS - 1, side="below").p > 0.9).all()


def test_too_little_is_not_judged() -> None:
    values = simulated(12)
    design = calendar()
    after = np.full(len(values), FIRST - 40)
    assert np.isnan(level_tests(values, design, FIRST, since=after).p).all()
    values[0] = 7.0  # never varied: nobody knows what would be unusual
    tests = level_tests(values, design, FIRST)
    assert np.isnan(tests.p[0]).all()
    assert np.isnan(tests.limit[0]).all()
    assert np.isfinite(tests.p[1:]).any(axis=1).all()
    weeks = of_calendar("week", np.datetime64("2020-01-06") + 7 * np.arange(LEAST + 5))
    assert np.isnan(level_tests(values[:, : LEAST + 5], weeks, LEAST).p).all()


def test_before_a_break_and_what_is_not_usable_are_as_if_they_were_not_there() -> None:
    values = simulated(13)
    since = np.array([0, 50, 100, 150, 200])
    without = np.where(np.arange(DAYS) >= since[:, None], values, np.nan)
    usable = np.ones(values.shape, dtype=bool)
    usable[:, 300:310] = False
    usable[:, -1] = False
    found = level_tests(values, calendar(), FIRST, since=since, usable=usable)
    without[~usable] = np.nan
    for a, b in zip(found, level_tests(without, calendar(), FIRST), strict=True):
        np.testing.assert_array_equal(a, b)
    assert np.isnan(found.p[:, -1]).all()


def test_a_moving_holiday_is_no_event() -> None:
    rng = np.random.default_rng(14)
    starts = np.datetime64("2020-01-01") + np.arange(1150)
    new_years = np.array(["2020-01-25", "2021-02-12", "2022-02-01", "2023-01-22"], dtype="datetime64[D]")
    values = 100 + 5 * autocorrelated(rng, 10, len(starts), 0.4)
    for date in new_years:
        values[:, (starts >= date) & (starts < date + 4)] -= 40
    first = int(np.flatnonzero(starts == np.datetime64("2023-01-22"))[0])
    knows = level_tests(values, of_calendar("day", starts, moving=[Moving(new_years)]), first).p[:, :4]
    does_not = level_tests(values, of_calendar("day", starts), first).p[:, :4]
    assert (does_not[:, 0] < 5e-3).all()
    assert (knows <= 0.01).mean() < 0.1
