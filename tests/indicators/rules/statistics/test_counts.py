"""Count anomaly against independent oracles and its own promises: causal, the same for every order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicators.rules.statistics.counts import count_tests
from indicators.rules.statistics.design import RHYTHMS, Moving, of_calendar, of_weeks
from indicators.rules.statistics.scan import Side
from indicators.rules.statistics.significance import Floats

WEEKS, FIRST = 240, 200


def simulated(seed: int, series: int = 6, weeks: int = WEEKS) -> Floats:
    """Weekly counts with season and trend, from almost nothing to hundreds."""
    rng = np.random.default_rng(seed)
    t = np.arange(weeks)
    level = np.linspace(-2.0, 5.0, series)[:, None]
    mean = np.exp(level + 0.001 * t + 0.4 * np.cos(2 * np.pi * t / 52))
    return rng.negative_binomial(mean / 0.8, 1 / 1.8).astype(float)


@settings(max_examples=15)
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


@settings(max_examples=10)
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
def test_the_limit_is_where_p_is_the_level(side: Side, scan: bool) -> None:
    counts = simulated(4, series=20)
    tests = count_tests(counts, of_weeks(WEEKS), FIRST, side=side, scan=scan)
    count = counts[:, FIRST:]
    out = count >= tests.limit if side == "above" else count <= tests.limit
    np.testing.assert_array_equal(out, tests.p <= 0.01)
    assert out.any()


@pytest.mark.parametrize("side", ["above", "below"])
def test_the_limit_is_a_whole_number_where_areas_that_merged_left_fractions(side: Side) -> None:
    """The search between two whole numbers ends wherever it begins."""
    counts = simulated(3) + np.linspace(0.05, 0.95, 19).repeat(19)[:WEEKS]
    tests = count_tests(counts, of_weeks(WEEKS), FIRST, side=side)
    judged = np.isfinite(tests.p)
    assert judged.any()
    assert np.all(tests.limit[judged] == np.floor(tests.limit[judged]))


def test_p_is_calibrated_where_nothing_happens() -> None:
    """20,000 tests: at .01 some 200 are expected, fewer where counts are small and their steps wide."""
    counts = simulated(11, series=100, weeks=400)
    p = count_tests(counts, of_weeks(400), FIRST, limits=False).p
    for level, low, high in ((0.05, 0.6, 1.15), (0.01, 0.6, 1.3), (0.001, 0.3, 2.2)):
        assert low <= np.mean(p <= level) / level <= high


def test_an_outbreak_is_found_and_over_when_it_is_over() -> None:
    counts = simulated(5)
    counts[:, 230:232] += np.ceil(5 * np.sqrt(1.8 * counts.mean(axis=1, keepdims=True)))
    counts[:, 232] = 0
    p = count_tests(counts, of_weeks(WEEKS), FIRST).p
    assert np.all(p[1:, 230 - FIRST] < 0.01)
    assert np.all(p[1:, 231 - FIRST] < 0.001)
    assert np.all(p[:, 232 - FIRST] > 0.5)


def test_two_periods_find_what_one_does_not() -> None:
    counts = np.tile(np.random.default_rng(8).poisson(40, WEEKS).astype(float), (1, 1))
    counts[0, 230:232] = 53
    scan = count_tests(counts, of_weeks(WEEKS), FIRST).p[0, 31]
    alone = count_tests(counts, of_weeks(WEEKS), FIRST, scan=False).p[0, 31]
    assert scan < 0.01 < alone


def test_silence_is_found_from_below() -> None:
    counts = simulated(6)
    counts[:, 230] = 0
    below = count_tests(counts, of_weeks(WEEKS), FIRST, side="below")
    both = count_tests(counts, of_weeks(WEEKS), FIRST, side="both")
    usual = below.expected[:, 30] > 15
    assert usual.any()
    assert np.all(below.p[usual, 30] < 1e-3)
    np.testing.assert_allclose(both.p[usual, 30], 2 * below.p[usual, 30])
    assert np.all(both.limit[usual, 30] <= below.limit[usual, 30])
    rare = below.expected[:, 30] < 1
    assert np.all(below.p[rare, 30] > 0.1)  # where hardly anything comes, nothing is no news
    assert np.all(below.limit[rare] == -1)


def test_too_little_history_is_not_judged() -> None:
    counts = simulated(7, weeks=60)
    p = count_tests(counts, of_weeks(60), 0).p
    minimum = RHYTHMS["week"].minimum
    assert np.all(np.isnan(p[:, :minimum]))
    assert np.all(np.isfinite(p[:, minimum + 10 :]))


def test_after_a_break_the_past_is_another_series() -> None:
    counts = simulated(9)
    counts[:, :120] *= 5
    since = np.full(6, 120, dtype=np.int64)
    broken = count_tests(counts, of_weeks(WEEKS), FIRST, since=since)
    counts[:, :120] = np.nan
    unknown = count_tests(counts, of_weeks(WEEKS), FIRST)
    for b, u in zip(broken, unknown, strict=True):
        np.testing.assert_array_equal(b, u)
    early = count_tests(counts, of_weeks(WEEKS), 121, since=since).p
    assert np.all(np.isnan(early[:, :20]))


def test_an_unfinished_or_missing_period_is_neither_judged_nor_learnt() -> None:
    counts = simulated(10)
    usable = np.ones(counts.shape, dtype=bool)
    usable[:, [150, 215]] = False
    missing = np.where(usable, counts, np.nan)
    counts[:, [150, 215]] = 1e4
    marked = count_tests(counts, of_weeks(WEEKS), FIRST, usable=usable)
    absent = count_tests(missing, of_weeks(WEEKS), FIRST)
    for m, a in zip(marked, absent, strict=True):
        np.testing.assert_array_equal(m, a)
    assert np.all(np.isnan(marked.p[:, 15]))
    assert np.all(np.isfinite(marked.p[:, 16]))


def test_a_ward_without_cases_waits_for_some() -> None:
    counts = np.zeros((1, WEEKS))
    counts[0, 220:223] = 1, 4, 0
    p = count_tests(counts, of_weeks(WEEKS), FIRST).p[0]
    assert p[19] == p[22] == 1.0
    assert p[21] < 5e-4 < p[20] < 0.1


def test_a_holiday_that_moves_is_no_event_once_it_is_known() -> None:
    starts = np.datetime64("2017-01-02") + 7 * np.arange(8 * 52)
    past = ["2017-01-28", "2018-02-16", "2019-02-05", "2020-01-25", "2021-02-12", "2022-02-01", "2023-01-22"]
    tet = np.array([*past, "2024-02-10"], dtype="datetime64[D]")
    known = of_calendar("week", starts, moving=[Moving(tet)])
    share = sum(x for n, x in zip(known.names, known.matrix.T, strict=True) if n == "moving_0_7")
    mean = np.exp(4.5 + 1.0 * np.asarray(share)) * np.ones((200, 1))
    counts = np.random.default_rng(12).negative_binomial(mean / 0.5, 1 / 1.5).astype(float)
    first = int(np.searchsorted(starts, np.datetime64("2024-01-01")))
    week = int(np.argmax(np.asarray(share)[first:]))
    blind = count_tests(counts, of_calendar("week", starts), first, limits=False).p[:, week]
    seeing = count_tests(counts, known, first, limits=False).p[:, week]
    assert np.mean(blind <= 0.01) > 0.5
    assert np.mean(seeing <= 0.01) <= 0.03


def test_days_know_their_weekdays() -> None:
    days = np.datetime64("2021-01-01") + np.arange(3 * 365)
    weekend = (days.astype(np.int64) + 3) % 7 >= 5
    mean = np.where(weekend, 5.0, 30.0) * np.ones((40, 1))
    counts = np.random.default_rng(13).poisson(mean).astype(float)
    first = 2 * 365
    p = count_tests(counts, of_calendar("day", days), first, limits=False).p
    for kind in (weekend[first:], ~weekend[first:]):
        assert 0.3 <= np.mean(p[:, kind] <= 0.01) / 0.01 <= 1.4
