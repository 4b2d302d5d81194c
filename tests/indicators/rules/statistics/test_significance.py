"""Tails and limits of counts against scipy.stats, and the scan against plain enumeration."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from indicators.rules.statistics.scan import Moments, Side, scanned
from indicators.rules.statistics.significance import (
    Floats,
    lower_limit,
    lower_tail,
    mass,
    upper_limit,
    upper_tail,
)

MEANS = st.floats(0.02, 400)
SPREADS = st.floats(1.01, 12)


def counts_of(mean: float, spread: float) -> stats.rv_discrete:
    """The same distribution as scipy declares it."""
    return stats.poisson(mean) if spread == 1 else stats.nbinom(mean / (spread - 1), 1 / spread)


def one(value: float) -> Floats:
    return np.array([value])


@given(MEANS, st.one_of(st.just(1.0), SPREADS), st.integers(0, 900))
def test_tails_are_those_of_scipy(mean: float, spread: float, count: int) -> None:
    known = counts_of(mean, spread)
    at = one(count), one(mean), one(spread)
    np.testing.assert_allclose(upper_tail(*at), known.sf(count - 1), rtol=1e-7, atol=1e-300)
    np.testing.assert_allclose(lower_tail(*at), known.cdf(count), rtol=1e-7, atol=1e-300)
    np.testing.assert_allclose(mass(*at), known.pmf(count), rtol=1e-7, atol=1e-300)


@given(MEANS, st.one_of(st.just(1.0), SPREADS), st.floats(0.5, 400))
def test_between_whole_counts_the_mass_is_what_the_tail_loses(
    mean: float, spread: float, count: float
) -> None:
    at = one(mean), one(spread)
    lost = upper_tail(one(count), *at) - upper_tail(one(count + 1), *at)
    np.testing.assert_allclose(mass(one(count), *at), lost, rtol=1e-6, atol=1e-12)


@given(MEANS, SPREADS, st.floats(1e-6, 0.2))
def test_limits_are_the_first_and_last_count_beyond_the_level(
    mean: float, spread: float, level: float
) -> None:
    known = counts_of(mean, spread)
    high = upper_limit(level, one(mean), one(spread))[0]
    low = lower_limit(level, one(mean), one(spread))[0]
    assert known.sf(high - 1) <= level * (1 + 1e-9)
    assert known.sf(high - 2) > level * (1 - 1e-9)
    assert low == -1 or known.cdf(low) <= level * (1 + 1e-9)
    assert known.cdf(low + 1) > level * (1 - 1e-9)


def enumerated(count: int, before: int, mean: float, mean_before: float, spread: float, side: Side) -> float:
    """P of a pair of periods whose more unusual window is at least as unusual, by going through them all."""
    now, past = counts_of(mean, spread), counts_of(mean_before, spread)
    both = counts_of(mean + mean_before, spread)

    def windows(y: Floats, b: Floats) -> Floats:
        if side == "above":
            alone, pair = now.sf(y - 1), np.where(y >= mean, both.sf(y + b - 1), 2.0)
        else:
            alone, pair = now.cdf(y), np.where(y <= mean, both.cdf(y + b), 2.0)
        return np.asarray(np.minimum(alone, pair), dtype=np.float64)

    y, b = np.meshgrid(np.arange(now.isf(1e-12)), np.arange(past.isf(1e-12)), indexing="ij")
    seen = windows(one(count), one(before))[0]
    likely = now.pmf(y) * past.pmf(b)
    return float(likely[windows(y, b) <= seen * (1 + 1e-9)].sum())


@pytest.mark.parametrize("side", ["above", "below"])
@settings(max_examples=60)
@given(st.data())
def test_the_scan_is_exact(side: Side, data: st.DataObject) -> None:
    mean, mean_before = data.draw(st.floats(0.1, 80)), data.draw(st.floats(0.1, 80))
    spread = data.draw(st.floats(1.05, 4))
    quantile = data.draw(st.floats(1e-5, 0.999))
    known, past = counts_of(mean, spread), counts_of(mean_before, spread)
    count = int(known.isf(quantile) if side == "above" else known.ppf(quantile))
    before = int(past.isf(data.draw(st.floats(1e-3, 0.999))))
    expected = Moments(*map(one, (mean, spread, mean_before, spread, mean + mean_before, spread)))
    p = scanned(one(count), one(before), expected, side)[0]
    exact = enumerated(count, before, mean, mean_before, spread, side)
    if p <= 0.05:
        assert p == pytest.approx(exact, rel=0.02)
    else:  # an upper bound is enough where nothing is decided
        assert exact <= p * (1 + 0.02)


def test_without_a_period_before_the_period_stands_alone() -> None:
    nothing = np.array([np.nan])
    expected = Moments(one(10), one(2), nothing, nothing, nothing, nothing)
    p = scanned(one(25), nothing, expected, "above")
    np.testing.assert_allclose(p, upper_tail(one(25), one(10), one(2)))
