"""Intervals against published figures and simulation; rank ranges against counting pairs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from config import REFERENCE_CITY, load_city
from indicators.bands import Band, Method, bands, limits, method_of
from indicators.uncertainty import Interval, poisson, rank_ranges, wilson

CITY = load_city(REFERENCE_CITY)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    # R. G. Newcombe, 1998, Statistics in Medicine 17, 857–872, table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_the_published_limits(successes: int, trials: int, low: float, high: float) -> None:
    got = wilson(np.array([float(successes)]), np.array([float(trials)]))
    assert (got.low[0], got.high[0]) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@pytest.mark.parametrize(
    ("count", "low", "high"),
    # Exact limits, as tabled since F. Garwood, 1936, Biometrika 28, 437–442.
    [
        (0, 0.0, 3.6889), (1, 0.0253, 5.5716), (2, 0.2422, 7.2247), (3, 0.6187, 8.7673), (5, 1.6235, 11.6683),
        (10, 4.7954, 18.3904), (20, 12.2165, 30.8884), (50, 37.1110, 65.9188), (100, 81.3640, 121.6272),
    ],
)  # fmt: skip
def test_poisson_gives_the_published_limits(count: int, low: float, high: float) -> None:
    got = poisson(np.array([float(count)]))
    within = 5e-5 if count < 100 else 2e-3
    assert (got.low[0], got.high[0]) == (pytest.approx(low, abs=within), pytest.approx(high, abs=within))


def test_what_cannot_be_is_not_a_number() -> None:
    for got in (
        wilson(np.array([5.0, 1, -1]), np.array([4.0, 0, 9])),
        poisson(np.array([-1.0, np.nan])),
    ):
        assert np.isnan(got.low).all()
        assert np.isnan(got.high).all()


def test_95_of_100_wilson_intervals_hold_the_truth() -> None:
    rng = np.random.default_rng(20_240_506)
    share = rng.uniform(0.05, 0.95, 200_000)
    trials = rng.integers(20, 400, share.size)
    got = wilson(rng.binomial(trials, share).astype(float), trials.astype(float))
    assert np.mean((got.low <= share) & (share <= got.high)) == pytest.approx(0.95, abs=0.005)


def test_at_least_95_of_100_poisson_intervals_hold_the_truth() -> None:
    rng = np.random.default_rng(20_240_506)
    for low, high, most in ((1, 30, 0.985), (100, 1000, 0.96)):
        mean = rng.uniform(low, high, 200_000)
        got = poisson(rng.poisson(mean).astype(float))
        assert 0.948 <= np.mean((got.low <= mean) & (mean <= got.high)) <= most


def test_almost_always_the_true_place_lies_in_its_range() -> None:
    rng = np.random.default_rng(7)
    truth = np.sort(rng.uniform(0.7, 0.97, 22))[::-1]
    trials = rng.integers(30, 900, 22)
    inside = []
    for _ in range(400):
        seen = wilson(rng.binomial(trials, truth).astype(float), trials.astype(float))
        best, worst = rank_ranges(seen, up=True)
        place = np.arange(1, 23)
        inside.append((best <= place) & (place <= worst))
    assert np.mean(inside) > 0.99


LIMITS = arrays(float, st.integers(1, 30), elements=st.integers(0, 20).map(float))


@given(LIMITS, st.integers(0, 6), st.booleans())
def test_a_range_counts_those_wholly_better_and_wholly_worse(
    values: np.ndarray[tuple[int], np.dtype[np.float64]], width: int, up: bool
) -> None:
    interval = Interval(values - width / 2, values + width / 2)
    best, worst = rank_ranges(interval, up=up)
    pairs = list(zip(interval.low, interval.high, strict=True))
    for index, (low, high) in enumerate(pairs):
        above = sum(other_low > high for other_low, _ in pairs)
        below = sum(other_high < low for _, other_high in pairs)
        better, lesser = (above, below) if up else (below, above)
        assert (best[index], worst[index]) == (1 + better, len(pairs) - lesser)
        assert 1 <= best[index] <= worst[index] <= len(pairs)


def test_overlapping_intervals_share_a_band_and_what_has_none_takes_no_part() -> None:
    low = np.array([90.0, 85, 60, 58, np.nan])
    high = np.array([95.0, 91, 70, 66, np.nan])
    best, worst = rank_ranges(Interval(low, high), up=True)
    assert list(zip(best.tolist(), worst.tolist(), strict=True)) == [(1, 2), (1, 2), (3, 4), (3, 4), (0, 0)]
    best, worst = rank_ranges(Interval(low, high), up=False)
    assert list(zip(best.tolist(), worst.tolist(), strict=True)) == [(3, 4), (3, 4), (1, 2), (1, 2), (0, 0)]


@dataclass
class Figure:
    value: float | None
    numerator: float | None = None
    denominator: float | None = None


@pytest.mark.parametrize(
    ("id_", "expected"),
    [
        ("hotline_on_time", Method("proportion", 100)),
        ("hotline_dissatisfied", Method("proportion", 100)),
        ("hotline_overdue_share", Method("proportion", 100)),
        ("hotline_district_share", Method("proportion", 100)),
        ("hotline_received", Method("count", 1)),
        ("hotline_open", Method("count", 1)),
        ("hotline_per_10k", Method("rate", 10_000)),
        ("dengue_7d_per_100k", Method("rate", 100_000)),
        ("hotline_handling_hours", None),
        ("hotline_satisfaction", None),
        ("pm25", None),
        ("rainfall", None),
        ("dossiers_clearance", None),
        ("online_procedures_used", None),
        ("grdp", None),
    ],
)
def test_only_what_tells_its_variance_has_a_method(id_: str, expected: Method | None) -> None:
    assert method_of(CITY, CITY.indicators[id_]) == expected


def test_limits_are_in_the_unit_of_the_indicator() -> None:
    share = limits(Method("proportion", 100), [Figure(10.135, 15, 148)])
    assert (share.low[0], share.high[0]) == (pytest.approx(6.24, abs=0.01), pytest.approx(16.05, abs=0.01))
    rate = limits(Method("rate", 100_000), [Figure(10, 5, 50_000), Figure(0, 0, 50_000)])
    np.testing.assert_allclose(rate.low, [2 * 1.62349, 0], atol=1e-4)
    np.testing.assert_allclose(rate.high, [2 * 11.66833, 2 * 3.68888], atol=1e-4)
    count = limits(Method("count", 1), [Figure(10)])
    assert (count.low[0], count.high[0]) == (
        pytest.approx(4.7954, abs=1e-4),
        pytest.approx(18.3904, abs=1e-4),
    )


def test_bands_of_districts() -> None:
    figures = [Figure(95, 950, 1000), Figure(94, 47, 50), Figure(80, 800, 1000), Figure(None, None, None)]
    got = bands(CITY, CITY.indicators["hotline_on_time"], figures)
    assert got is not None
    assert [b and (b.best, b.worst, b.pool) for b in got] == [(1, 2, 3), (1, 2, 3), (3, 3, 3), None]
    assert isinstance(got[0], Band)
    assert bands(CITY, CITY.indicators["hotline_satisfaction"], figures) is None
