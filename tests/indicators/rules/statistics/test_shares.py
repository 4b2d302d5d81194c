"""Shares of a whole, against scipy's own distributions and by simulation."""

from __future__ import annotations

from fractions import Fraction
from math import comb, prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from indicators.rules.statistics import shares
from indicators.rules.statistics.shares import (
    TAIL,
    Level,
    dispersion_at,
    explain_level,
    level_tail,
    share_tail,
)


def a(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)


@given(
    st.integers(0, 300), st.integers(0, 300), st.floats(0.01, 0.99), st.floats(1.002, 20), st.floats(0.5, 900)
)
def test_the_share_is_beta_binomial(part: int, others: int, share: float, spread: float, mean: float) -> None:
    whole = part + others
    found = share_tail(a(part), a(whole), a(share * mean), a(mean), spread)[0]
    scale = mean / (spread - 1)
    oracle = stats.betabinom.sf(part - 1, whole, share * scale, (1 - share) * scale)
    assert found == pytest.approx(oracle, rel=1e-5, abs=1e-7), "scipy sums the lower side"


@given(st.integers(1, 20), st.integers(0, 20), st.integers(1, 400), st.integers(1, 400))
def test_the_share_is_beta_binomial_to_the_last_digit(part: int, others: int, a8: int, b8: int) -> None:
    """By Pólya's urn in whole numbers: alpha and beta in eighths, a spread of 2."""
    alpha, beta, whole = Fraction(a8, 8), Fraction(b8, 8), part + others

    def rising(start: Fraction, steps: int) -> Fraction:
        return prod((start + step for step in range(steps)), start=Fraction(1))

    tail = sum(
        comb(whole, k) * rising(alpha, k) * rising(beta, whole - k) / rising(alpha + beta, whole)
        for k in range(part, whole + 1)
    )
    found = share_tail(a(part), a(whole), a(float(alpha)), a(float(alpha + beta)), 2.0)[0]
    assert found == pytest.approx(float(tail), rel=1e-9)


@given(st.integers(0, 300), st.integers(0, 300), st.floats(0.01, 0.99))
def test_without_extra_spread_the_share_is_binomial(part: int, others: int, share: float) -> None:
    found = share_tail(a(part), a(part + others), a(share), a(1.0), 1.0)[0]
    assert found == pytest.approx(stats.binom.sf(part - 1, part + others, share), rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("rise", [1.0, 1.7])
def test_the_share_given_the_sum_is_what_simulation_says(rise: float) -> None:
    """A common rise names nobody; rather fewer than by chance, for the spread is taken to grow with it."""
    rng = np.random.default_rng(1)
    spread, part, rest = 3.0, 20.0, 60.0
    one, other = (rng.negative_binomial(rise * m / (spread - 1), 1 / spread, 200_000) for m in (part, rest))
    p = share_tail(one.astype(float), (one + other).astype(float), a(part), a(part + rest), spread)
    for level in (0.1, 0.01, 0.001):
        assert np.mean(p <= level) <= level * 1.1
        if rise == 1.0:
            assert np.mean(p <= level) >= level * 0.5


@pytest.mark.parametrize("spread", [2.0, 40.0, 900.0])
def test_counts_too_large_to_sum_agree_with_those_that_are_summed(
    spread: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, share = 60_000.0, 0.3
    sd = np.sqrt(whole * share * (1 - share) * spread)
    part = np.round(whole * share + sd * np.arange(-2, 5))
    arguments = (part, np.full(7, whole), np.full(7, share * whole), np.full(7, whole), spread)
    summed = share_tail(*arguments)
    monkeypatch.setattr(shares, "LONG", 10)
    assert share_tail(*arguments) == pytest.approx(summed, rel=0.06)


def test_what_cannot_be_told_stays_unknown() -> None:
    nan = float("nan")
    assert np.isnan(share_tail(a(nan, 3, 3), a(9, nan, 9), a(1, 1, 0), a(4, 4, 4), 2.0)).all()
    assert np.isnan(share_tail(a(3), a(3), a(4), a(4), 2.0)).all(), "the only part is the whole"
    assert share_tail(a(0), a(0), a(1), a(4), 2.0)[0] == 1.0


@pytest.mark.parametrize("spread", [1.2, 2.0, 5.0])
@pytest.mark.parametrize("mean", [8.0, 40.0, 300.0])
def test_the_spread_is_read_off_a_limit(mean: float, spread: float) -> None:
    limit = stats.nbinom.isf(0.01, mean / (spread - 1), 1 / spread)
    assert dispersion_at(a(mean), a(limit), 0.01)[0] == pytest.approx(spread, rel=0.25)


SCENES: dict[str, tuple[list[float], list[float], Level, list[int]]] = {
    # observed parts, expected parts → level, which parts
    "as expected": ([30, 20, 50], [30, 20, 50], Level.NONE, []),
    "all by half": ([45, 30, 75], [30, 20, 50], Level.WHOLE, []),
    "one alone": ([30, 55, 50], [30, 20, 50], Level.PARTS, [1]),
    "two of four": ([140, 20, 50, 110], [30, 20, 50, 25], Level.PARTS, [0, 3]),
    "all, and one more": ([48, 100, 82], [30, 20, 50], Level.BOTH, [1]),
    "all fall but one": ([10, 20, 17], [30, 20, 50], Level.NONE, []),
    "a part unknown": ([30, 55, float("nan")], [30, 20, float("nan")], Level.PARTS, [1]),
    "a single part": ([90, float("nan")], [40, float("nan")], Level.WHOLE, []),
}


@pytest.mark.parametrize("scene", SCENES)
def test_the_lowest_level_that_explains(scene: str) -> None:
    seen, due, level, parts = SCENES[scene]
    observed, expected = a(*seen)[None, :], a(*due)[None, :]
    found = explain_level(
        np.nansum(observed, axis=1), np.nansum(expected, axis=1), observed, expected, dispersion=1.5
    )
    assert Level(found.level[0]) is level
    assert np.flatnonzero(found.parts[0]).tolist() == parts


def test_wholes_are_explained_together_as_one_by_one() -> None:
    rng = np.random.default_rng(2)
    due = rng.uniform(2, 60, (40, 7))
    seen = rng.poisson(due * rng.choice([1.0, 1.0, 2.5], (40, 7))).astype(float)
    together = explain_level(seen.sum(1), due.sum(1), seen, due, 1.2)
    for row in range(40):
        alone = explain_level(
            seen[row].sum(keepdims=True), due[row].sum(keepdims=True), seen[[row]], due[[row]], 1.2
        )
        assert alone.level[0] == together.level[row]
        assert (alone.parts[0] == together.parts[row]).all()


def test_a_level_that_moved_as_its_whole_is_not_beyond_it() -> None:
    value, same = a(50, 60, 75, 30, np.nan), np.ones(5)
    found = level_tail(value, 30 * same, 40 * same, 20 * same, 50 * same, 0.01)
    scale = 10.0 / stats.t.isf(0.01, TAIL)
    # ten more, or half as much again, is what the whole did; what fell while the whole rose is all its own
    assert found[0] > 0.5
    assert found[1] == pytest.approx(0.5)
    assert found[2] == pytest.approx(stats.t.sf(15.0 / scale, TAIL))
    assert found[3] == pytest.approx(stats.t.sf(20.0 / scale, TAIL))
    assert np.isnan(found[4])


def test_without_a_movement_of_the_whole_a_level_has_its_own_p_value() -> None:
    found = level_tail(a(50), a(20), a(40), a(20), a(50), 0.01)
    np.testing.assert_allclose(found, 0.01)
