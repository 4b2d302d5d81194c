"""Level shifts: found once, dated, sized; neither outbreaks nor wandering nor the future make one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from indicators.rules.statistics import shifts as module
from indicators.rules.statistics.counts import count_tests
from indicators.rules.statistics.design import Design, of_calendar, of_weeks
from indicators.rules.statistics.rebasing import rebased_counts, rebased_levels
from indicators.rules.statistics.regression import fit
from indicators.rules.statistics.shifts import (
    count_shifts,
    level_shifts,
    reach,
)
from indicators.rules.statistics.significance import Floats

WEEKS, FIRST = 340, 260


def counts(seed: int, series: int = 6, ratio: float = 1.0, at: int = 280) -> Floats:
    rng = np.random.default_rng(seed)
    t = np.arange(WEEKS)
    level = np.linspace(0.0, 5.0, series)[:, None]
    mean = np.exp(level + 0.3 * np.cos(2 * np.pi * t / 52)) * np.where(t >= at, ratio, 1.0)
    return rng.negative_binomial(mean / 0.8, 1 / 1.8).astype(float)


def wandering(rng: np.random.Generator, series: int, days: int, phi: float) -> Floats:
    noise = rng.standard_normal((series, days))
    for t in range(1, days):
        noise[:, t] += phi * noise[:, t - 1]
    return noise


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1), st.integers(FIRST + 1, WEEKS))
def test_what_comes_later_changes_no_past_decision(seed: int, end: int) -> None:
    values = counts(seed, ratio=1.8)
    changed = values.copy()
    changed[:, end:] = np.random.default_rng(seed).poisson(500, changed[:, end:].shape)
    for find in (count_shifts, level_shifts):
        whole = find(values, of_weeks(WEEKS), FIRST)
        other = find(changed, of_weeks(WEEKS), FIRST)
        cut = find(values[:, :end], of_weeks(end), FIRST)
        for w, o, c in zip(whole, other, cut, strict=True):
            np.testing.assert_allclose(w[:, : end - FIRST], o[:, : end - FIRST], rtol=1e-9)
            np.testing.assert_allclose(w[:, : end - FIRST], c, rtol=1e-6)


@settings(max_examples=6)
@given(st.integers(0, 2**32 - 1), st.permutations(range(6)))
def test_series_do_not_know_of_each_other(seed: int, order: list[int]) -> None:
    values = counts(seed, ratio=1.8)
    together = count_shifts(values, of_weeks(WEEKS), FIRST)
    moved = count_shifts(values[order], of_weeks(WEEKS), FIRST)
    for t, m in zip(together, moved, strict=True):
        np.testing.assert_allclose(t[order], m, rtol=1e-5)


def test_only_the_columns_within_reach_matter() -> None:
    values = counts(3, ratio=1.8)
    design = of_weeks(WEEKS)
    short = Design(**{**design.__dict__, "window": 150})
    first = 320
    kept = short.window + short.after[1] + 4 + 6
    assert reach(short) <= kept
    dropped = values.copy()
    dropped[:, : first - reach(short)] = np.nan
    for a, b in zip(count_shifts(values, short, first), count_shifts(dropped, short, first), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("ratio", [1.5, 0.6])
def test_a_step_is_told_with_its_date_and_size(ratio: float) -> None:
    at = 280
    found = count_shifts(counts(4, series=24, ratio=ratio, at=at)[12:], of_weeks(WEEKS), FIRST)
    side = "above" if ratio > 1 else "below"
    stands = found.standing(side)  # type: ignore[arg-type]
    assert stands.any(axis=1).mean() > 0.8
    assert not found.standing("below" if ratio > 1 else "above").any()
    first = stands.argmax(axis=1)
    told = np.flatnonzero(stands.any(axis=1))
    begin = found.begin[told, first[told]]
    assert np.median(np.abs(begin - at)) <= 2
    assert np.median(first[told] + FIRST + 1 - at) <= 12
    last = stands[told, -30]
    size = (found.observed / found.expected)[told, -30][last]
    assert abs(np.median(size) / ratio - 1) < 0.1
    z = ((found.observed - ratio * found.expected) / found.error)[told, -30][last]
    assert np.median(np.abs(z)) < 2


def test_a_series_without_weekends_is_not_told_by_the_weekday() -> None:
    """Five days of seven are all that such a series ever has: a step stands on each of them, or on none."""
    days = np.datetime64("2024-01-01") + np.arange(800)
    rng = np.random.default_rng(9)
    values = 95.0 + rng.standard_normal((8, 800)) - np.where(np.arange(800) >= 700, 12.0, 0.0)
    work = np.is_busday(days)
    values[:, ~work] = np.nan
    found = level_shifts(values, of_calendar("day", days), 600).standing("below")
    assert not found[:, :100].any()
    told = found[:, 100:][:, work[700:]]
    assert told[:, 20:].all()  # four weeks of working days, and each day from then on


def test_the_evidence_is_that_of_one_series_alone() -> None:
    """An oracle in plain loops: it shares the regression, and tries every date in turn."""
    values = counts(5, series=4, ratio=2.0)
    design = of_weeks(WEEKS)
    found = count_shifts(values, design, WEEKS - 1)
    low, high = design.after
    end = int(design.fit_end[-1]) - (high - int((np.arange(WEEKS) - design.fit_end).min()))
    x = design.matrix.copy()
    x[:, 1] -= x[end - 1, 1]
    model = fit(values[:, :end], x[:end], design.prior, np.ones((4, end), dtype=bool))
    for s in range(4):
        mean = np.exp(x @ model.coefficients[s])
        wide = model.spread[s] + 0.5 * model.spread_error[s]
        size, chance = mean / (wide - 1), 1 / wide
        law = stats.nbinom(size, chance)
        middle = law.cdf(values[s] - 1) + 0.5 * law.pmf(values[s])
        score = np.clip(stats.norm.ppf(middle), -2, 2)
        score -= score[:end].mean()
        unsure = np.sqrt(np.einsum("tk,kl,tl->t", x, model.covariance[s], x) * mean / wide)
        rho = max(0.0, float((score[1:end] * score[: end - 1]).sum() / (score[1:end] ** 2).sum()))
        varied = {}
        for n in (low, high):
            sums = [score[i : i + n].sum() / np.sqrt(n) for i in range(end - n + 1)]
            varied[n] = max((1 + rho) / (1 - rho), (1.4826 * np.median(np.abs(sums[: end - n + 1]))) ** 2)
        varied[high] = max(varied[high], varied[low])
        best = 0.0
        for n in range(low, high + 1):
            wander = varied[low] + (varied[high] - varied[low]) * (n - low) / (high - low)
            part = score[WEEKS - n :]
            early, late = part[: n // 3], part[n - n // 3 :]
            total = part.sum() / np.sqrt((n + unsure[WEEKS - n :].sum() ** 2) * wander)
            halves = [np.sign(total) * h.sum() / np.sqrt(len(h) * wander) for h in (early, late)]
            change = abs(values[s, WEEKS - n :].mean() / mean[WEEKS - n :].mean() - 1)
            if min(halves) >= 1.5 and change >= 0.15:
                best = max(best, abs(total))
        if best >= module.EVIDENCE:
            assert found.evidence[s, 0] == pytest.approx(best, rel=1e-3)
        else:
            assert found.begin[s, 0] == -1
    assert (found.begin >= 0).any()


def test_outbreaks_of_several_weeks_are_no_shift() -> None:
    values = counts(6, series=60)
    sizes = (5 * np.sqrt(1.8 * values.mean(axis=1)))[:, None]
    for week, share in enumerate((1.0, 2.0, 1.5, 0.8, 0.4)):
        values[:, 285 + week] += np.rint(sizes[:, 0] * share)
    assert (count_shifts(values, of_weeks(WEEKS), FIRST).begin >= 0).any(axis=1).mean() < 0.07


def test_series_without_change_and_slow_wandering_are_no_shift() -> None:
    rng = np.random.default_rng(7)
    assert (count_shifts(counts(8, series=150), of_weeks(WEEKS), FIRST).begin >= 0).any(axis=1).mean() < 0.03
    t = np.arange(WEEKS)
    for phi in (0.0, 0.7, 0.95):
        values = 50 + np.cos(2 * np.pi * t / 52) + wandering(rng, 100, WEEKS, phi)
        assert (level_shifts(values, of_weeks(WEEKS), FIRST).begin >= 0).any(axis=1).mean() < 0.05


def test_a_level_that_changed_is_told() -> None:
    rng = np.random.default_rng(9)
    starts = np.datetime64("2021-01-01") + np.arange(900)
    design = of_calendar("day", starts)
    values = 80 + 4 * wandering(rng, 12, 900, 0.5)
    values[:, 800:] -= 12
    found = level_shifts(values, design, 780)
    stands = found.standing("below")
    assert stands[:, -1].mean() > 0.8
    assert np.median(np.abs(found.begin[:, -1][stands[:, -1]] - 800)) <= 4
    assert np.nanmedian((found.observed - found.expected)[:, -1]) == pytest.approx(-12, abs=3)


def test_a_feed_that_delivers_a_third_less_is_told() -> None:
    rng = np.random.default_rng(10)
    starts = np.datetime64("2022-01-01") + np.arange(700)
    weekday = np.array([1, 1, 1, 1, 1, 0.4, 0.3])[np.arange(700) % 7]
    rows = rng.negative_binomial(400 * weekday / 3, 1 / 4, (8, 700)).astype(float)
    rows[:, 640:] = np.rint(rows[:, 640:] * 0.67)
    rows[:, 650] = np.nan  # a day without delivery is a gap
    found = count_shifts(rows, of_calendar("day", starts), 620)
    assert found.standing("below")[:, -1].all()
    assert not (found.begin[:, :20] >= 0).any()


def test_a_confirmed_shift_is_no_alarm_for_a_season() -> None:
    values = counts(11, series=40, ratio=1.6, at=280)[20:]
    design = of_weeks(WEEKS)
    begin = np.full(len(values), 280)
    until = 300
    raw = count_tests(values, design, until, limits=False).p <= 0.01
    moved = rebased_counts(values, design, begin, until)
    new = count_tests(moved, design, until, limits=False).p <= 0.01
    assert raw.mean() > 0.15
    assert new.mean() < 0.03
    np.testing.assert_array_equal(moved[:, 282:], values[:, 282:])
    assert np.isnan(moved[:, 278:282]).all()
    np.testing.assert_array_equal(rebased_counts(values, design, np.full(20, -1), until), values)
    # the future plays no part in how far the past is moved
    other = values.copy()
    other[:, until:] = 9999
    np.testing.assert_array_equal(rebased_counts(other, design, begin, until)[:, :until], moved[:, :until])


def test_a_confirmed_shift_of_a_level_moves_its_past() -> None:
    rng = np.random.default_rng(12)
    values = 50 + wandering(rng, 10, WEEKS, 0.3)
    values[:, 280:] += 6
    begin = np.where(np.arange(10) < 5, 280, -1)
    moved = rebased_levels(values, of_weeks(WEEKS), begin, 310)
    np.testing.assert_allclose(moved[:5, :278].mean(), 56, atol=0.7)
    np.testing.assert_array_equal(moved[5:], values[5:])
    np.testing.assert_array_equal(moved[:, 282:], values[:, 282:])


def test_before_a_confirmed_break_nothing_counts() -> None:
    values = counts(13, ratio=2.0)
    since = np.full(len(values), 280)
    assert (count_shifts(values, of_weeks(WEEKS), FIRST).begin >= 0).any()
    assert (count_shifts(values, of_weeks(WEEKS), FIRST, since=since).begin == -1).all()
