"""The projection to the year's end: against its parts worked out by hand, by simulation, and where it keeps
silent."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.projection import METHODS, PLANS, score
from indicators.rules.statistics.projection import Measure, Projection, projection, straight_line
from indicators.rules.statistics.significance import Floats


def fleet(
    seed: int, series: int = 200, years: int = 8, periods: int = 12, noise: float = 0.15, trend: float = 0.03
) -> Floats:
    """Monthly flows of different size, season and trend, whose level wanders."""
    rng = np.random.default_rng(seed)
    time = np.arange(years * periods) / periods
    season = 0.5 * rng.normal(size=(series, 1)) * np.cos(2 * np.pi * time + rng.uniform(0, 6, (series, 1)))
    level = np.cumsum(rng.normal(0, 0.25 / periods, (series, years * periods)), axis=1)
    log = rng.normal(5, 2, (series, 1)) + rng.normal(trend, 0.02, (series, 1)) * time + season + level
    values: Floats = np.exp(log + rng.normal(0, noise, log.shape)).reshape(series, years, periods)
    return values


def hidden(values: Floats, elapsed: int) -> Floats:
    out = values.copy()
    out[:, -1, elapsed:] = np.nan
    return out


def same(one: Projection, other: Projection) -> None:
    for field in Projection._fields:
        np.testing.assert_allclose(getattr(one, field), getattr(other, field), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("periods", [4, 12, 52, 365])
def test_the_interval_holds_as_often_as_it_says(periods: int) -> None:
    values = fleet(1, series=400, periods=periods, noise=0.15 * np.sqrt(periods / 12))
    totals = values.sum(axis=2)[:, -1]
    inside = []
    for share in (0.25, 0.5, 0.75):
        elapsed = round(share * periods)
        found = projection(hidden(values, elapsed), elapsed, totals)
        inside.append((found.low <= totals) & (totals <= found.high))
    assert np.mean(inside) == pytest.approx(0.8, abs=0.04)


def test_the_probability_comes_true_as_often_as_it_says() -> None:
    values = fleet(2, series=1500)
    totals = values.sum(axis=2)
    target = totals[:, -2] * np.random.default_rng(2).uniform(0.9, 1.15, len(values))
    p = projection(hidden(values, 5), 5, target).probability_missed
    missed = totals[:, -1] < target
    for low in (0.0, 0.2, 0.4, 0.6, 0.8):
        here = (p >= low) & (p < low + 0.2)
        assert missed[here].mean() == pytest.approx(p[here].mean(), abs=0.13)


def test_it_beats_what_is_used_instead() -> None:
    values = fleet(3)
    brier = {name: score(values, method).brier for name, method in METHODS.items()}
    assert min(brier, key=lambda name: brier[name]) == "the product's projection"
    assert brier["the product's projection"] < 0.75 * brier["straight line"]


def test_past_years_alone_by_hand() -> None:
    """The first half of the forecast, from the definition, for a fleet whose smoothing says the same."""
    rng = np.random.default_rng(4)
    shape = rng.uniform(1, 3, 12)
    years = 6
    growth = 1.04 ** np.arange(years)
    values = np.tile((growth[:, None] * shape)[None], (30, 1, 1))
    found = projection(hidden(values, 4), 4, np.full(30, values[0, -1].sum()))
    assert found.median == pytest.approx(np.full(30, values[0, -1].sum()), rel=0.02)
    assert (found.low < found.median).all()
    assert (found.median < found.high).all()


@settings(max_examples=30)
@given(st.integers(0, 50), st.integers(1, 11), st.floats(1e-3, 1e6))
def test_units_do_not_matter(seed: int, elapsed: int, factor: float) -> None:
    values = hidden(fleet(seed, series=5), elapsed)
    target = np.nansum(values, axis=2)[:, -2]
    one, other = projection(values, elapsed, target), projection(values * factor, elapsed, target * factor)
    same(one, other._replace(median=other.median / factor, low=other.low / factor, high=other.high / factor))


@settings(max_examples=30)
@given(st.integers(0, 50), st.integers(1, 11))
def test_a_higher_floor_is_missed_more_often_and_the_sides_add_up(seed: int, elapsed: int) -> None:
    values = hidden(fleet(seed, series=6), elapsed)
    target = np.nansum(values, axis=2)[:, -2]
    low, high = (projection(values, elapsed, target * plan).probability_missed for plan in (0.95, 1.1))
    assert (high >= low).all()
    ceiling = projection(values, elapsed, target * 1.1, "ceiling").probability_missed
    assert high + ceiling == pytest.approx(np.ones(6))


def test_at_the_median_it_is_a_toss_up_and_at_the_limits_one_in_ten() -> None:
    values = hidden(fleet(5, series=40), 7)
    found = projection(values, 7, np.ones(40))
    for target, p in ((found.low, 0.1), (found.median, 0.5), (found.high, 0.9)):
        assert projection(values, 7, target).probability_missed == pytest.approx(np.full(40, p))


def test_a_total_that_is_there_already_cannot_be_missed() -> None:
    values = hidden(fleet(6, series=10), 6)
    there = np.nansum(values[:, -1], axis=1) * 0.99
    assert (projection(values, 6, there).probability_missed == 0).all()
    assert (projection(values, 6, there, "ceiling").probability_missed == 1).all()


def test_the_future_is_not_looked_at() -> None:
    values = fleet(7, series=30)
    target = values.sum(axis=2)[:, -2]
    for elapsed in (1, 6, 11):
        same(projection(values, elapsed, target), projection(hidden(values, elapsed), elapsed, target))


def test_thin_history_is_insufficient() -> None:
    values = hidden(fleet(8, series=12), 5)
    values[0, :-4] = np.nan  # three past years: enough
    values[1, :-3] = np.nan  # two
    values[2, -1, 2] = np.nan  # a month of this year is missing
    values[3, -3:-1, 8] = np.nan  # two of the last years are broken, others are whole
    values[4] = np.nan
    values[5, -1, :5] = 0.0  # nothing yet: no ratio can be taken
    found = projection(values, 5, np.full(12, 100.0))
    assert found.insufficient.tolist() == [False, True, True, False, True, True] + [False] * 6
    for numbers in found[:4]:
        assert (np.isnan(numbers) == found.insufficient).all()


@pytest.mark.parametrize("series", [1, 2, 20])
def test_small_fleets_are_answered_with_care(series: int) -> None:
    """Where nobody can be asked, what is known of other statistics stands in."""
    inside = []
    for seed in range(120 // series + 5):
        values = fleet(seed, series=series, noise=0.08)
        total = values.sum(axis=2)[:, -1]
        found = projection(hidden(values, 6), 6, total)
        inside += ((found.low <= total) & (total <= found.high)).tolist()
    assert 0.7 <= np.mean(inside) <= 0.95


@pytest.mark.parametrize("measure", ["mean", "end"])
def test_levels_and_stocks(measure: Measure) -> None:
    """A share of households connected: its mean over the year, and where it stands in the end."""
    rng = np.random.default_rng(9)
    steps = rng.normal(0.1, 0.4, (300, 6 * 12))
    season = 2.0 * np.cos(2 * np.pi * np.arange(72) / 12)
    values = (60 + np.cumsum(steps, axis=1) + season).reshape(300, 6, 12)
    truth = values[:, -1].mean(axis=1) if measure == "mean" else values[:, -1, -1]
    found = projection(hidden(values, 7), 7, truth, measure=measure, additive=True)
    assert np.mean((found.low <= truth) & (truth <= found.high)) == pytest.approx(0.8, abs=0.08)
    assert np.corrcoef(found.median, truth)[0, 1] > 0.9
    shifted = projection(hidden(values - 80, 7), 7, truth - 80, measure=measure, additive=True)
    assert shifted.median + 80 == pytest.approx(found.median)


def test_a_mean_is_a_total_by_another_name() -> None:
    values = hidden(fleet(10, series=20), 4)
    target = np.nansum(values, axis=2)[:, -2]
    total, mean = (projection(values, 4, target / k, measure=m) for m, k in (("total", 1), ("mean", 12)))  # type: ignore[arg-type]
    assert mean.probability_missed == pytest.approx(total.probability_missed)
    assert mean.high * 12 == pytest.approx(total.high)


def test_series_are_projected_together_in_any_order() -> None:
    values = hidden(fleet(11, series=25), 8)
    target = np.nansum(values, axis=2)[:, -2]
    order = np.random.default_rng(0).permutation(25)
    there, here = projection(values[order], 8, target[order]), projection(values, 8, target)
    for field in Projection._fields:
        np.testing.assert_allclose(getattr(there, field), getattr(here, field)[order])


def test_the_year_must_be_under_way() -> None:
    values = fleet(12, series=2)
    for elapsed in (0, 12):
        with pytest.raises(ValueError, match="nothing to project"):
            projection(values, elapsed, np.ones(2))


def test_the_straight_line() -> None:
    values = np.arange(24.0).reshape(1, 2, 12)
    assert straight_line(values, 3)[0] == pytest.approx(12 * np.mean([12, 13, 14]))
    assert straight_line(values, 3, "mean")[0] == pytest.approx(13)
    assert straight_line(values, 3, "end")[0] == 14


def test_a_seasonal_flow_is_not_a_straight_line() -> None:
    """All of the year's tourists come in the second half: in June nobody needs to be warned."""
    rng = np.random.default_rng(13)
    shape = np.repeat([1.0, 9.0], 6)
    values = 100 * shape * rng.lognormal(0, 0.05, (40, 6, 12))
    totals = values.sum(axis=2)[:, -1]
    target = totals * 0.9
    assert (straight_line(hidden(values, 6), 6) < target).all()
    assert (projection(hidden(values, 6), 6, target).probability_missed < 0.05).all()


def test_odd_months_do_not_become_a_trend() -> None:
    values = fleet(14, series=50, noise=0.05)
    spoiled = values.copy()
    spoiled[0, -2, 3] *= 1000.0
    one, other = (projection(hidden(v, 6), 6, np.ones(50)).median for v in (values, spoiled))
    assert other[1:] == pytest.approx(one[1:], rel=0.02)
    assert 0.2 < other[0] / one[0] < 5


def test_plans_of_the_benchmark_are_missed_now_and_then() -> None:
    totals = fleet(15).sum(axis=2)
    missed = np.mean([(totals[:, -1] < plan * totals[:, -2]).mean() for plan in PLANS])
    assert 0.2 < missed < 0.8
