"""Chance without state: distributions are what they claim, and order does not matter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from standin.noise import Noise

N = np.arange(200_000, dtype=np.int64)


def test_uniform_fills_the_unit_interval_evenly() -> None:
    u = Noise(7, "feed").uniform("stream", N)
    counts, _ = np.histogram(u, bins=50, range=(0, 1))
    assert u.min() > 0
    assert u.max() < 1
    assert (((counts - 4000) ** 2) / 4000).sum() < 95  # chi-square, 49 degrees, p = 1e-4
    assert abs(np.corrcoef(u[:-1], u[1:])[0, 1]) < 0.01


def test_streams_seeds_and_scopes_are_independent() -> None:
    base = Noise(7, "feed").uniform("stream", N)
    for other in (
        Noise(8, "feed").uniform("stream", N),
        Noise(7, "other").uniform("stream", N),
        Noise(7, "feed").uniform("another", N),
    ):
        assert abs(np.corrcoef(base, other)[0, 1]) < 0.01


@pytest.mark.parametrize("mean", [0.02, 0.7, 5.0, 25.0, 60.0, 900.0])
def test_poisson_has_equal_mean_and_variance(mean: float) -> None:
    drawn = Noise(7, "feed").poisson("stream", np.full(N.shape, mean), N)
    assert drawn.min() >= 0
    assert drawn.mean() == pytest.approx(mean, rel=0.03)
    assert drawn.var() == pytest.approx(mean, rel=0.04)


def test_normal_is_standard() -> None:
    drawn = Noise(7, "feed").normal("stream", N)
    assert drawn.mean() == pytest.approx(0, abs=0.01)
    assert drawn.std() == pytest.approx(1, rel=0.01)


@given(
    keys=st.lists(st.integers(0, 10**6), min_size=1, max_size=30),
    seed=st.integers(0, 10**9),
    cut=st.integers(0, 30),
)
def test_a_draw_depends_on_its_key_alone(keys: list[int], seed: int, cut: int) -> None:
    noise, array = Noise(seed, "feed"), np.array(keys, dtype=np.int64)
    whole = noise.uniform("stream", array, array * 3)
    parts = [noise.uniform("stream", part, part * 3) for part in (array[:cut], array[cut:])]
    assert np.array_equal(whole, np.concatenate(parts))
