"""Count anomaly against independent oracles and its own promises: causal, the same for every order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicators.rules.statistics.counts import count_tests
from indicators.rules.statistics.design import of_weeks
from indicators.rules.statistics.significance import Floats

WEEKS, FIRST = 240, 200


def simulated(seed: int, series: int = 6, weeks: int = WEEKS) -> Floats:
    """Weekly counts with season and trend, from almost nothing to hundreds."""
    rng = np.random.default_rng(seed)
    t = np.arange(weeks)
    level = np.linspace(-2.0, 5.0, series)[:, None]
    mean = np.exp(level + 0.001 * t + 0.4 * np.cos(2 * np.pi * t / 52))
    return rng.negative_binomial(mean / 0.8, 1 / 1.8).astype(float)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(FIRST + 1, WEEKS))
def test_what_comes_later_changes_no_past_decision(seed: int, end: int) -> None:
    counts = simulated(seed)
    changed = counts.copy()
    changed[:, end:] = np.random.default_rng(seed).poisson(50, changed[:, end:].shape)
    for side in ("above", "below"):
        whole = count_tests(counts, of_weeks(WEEKS), FIRST, side=side, limits=False)
        other = count_tests(changed, of_weeks(WEEKS), FIRST, side=side, limits=False)
        cut = count_tests(counts[:, :end], of_weeks(end), FIRST, side=side, limits=False)
        for w, o, c in zip(whole, other, cut, strict=True):
            np.testing.assert_array_equal(w[:, : end - FIRST], o[:, : end - FIRST])
            np.testing.assert_allclose(w[:, : end - FIRST], c, rtol=1e-7, atol=1e-12)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1), st.permutations(range(6)))
def test_series_do_not_know_of_each_other(seed: int, order: list[int]) -> None:
    counts = simulated(seed)
    together = count_tests(counts, of_weeks(WEEKS), FIRST)
    moved = count_tests(counts[order], of_weeks(WEEKS), FIRST)
    alone = count_tests(counts[[order[0]]], of_weeks(WEEKS), FIRST)
    for t, m, a in zip(together, moved, alone, strict=True):
        np.testing.assert_allclose(t[order], m, rtol=1e-6, atol=1e-12)
        np.testing.assert_allclose(t[[order[0]]], a, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("scan", [True, False])
@pytest.mark.parametrize("side", ["above", "below"])
def test_the_limit_is_where_p_is_the_level(side: str, scan: bool) -> None:
    counts = simulated(4, series=20)
    tests = count_tests(counts, of_weeks(WEEKS), FIRST, side=side, scan=scan)  # type: ignore[arg-type]
    count = counts[:, FIRST:]
    out = count >= tests.limit if side == "above" else count <= tests.limit
    np.testing.assert_array_equal(out, tests.p <= 0.01)
    assert out.any()
