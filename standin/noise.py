"""Chance without state: every draw is a hash of the seed, a stream's name and the row's own coordinates.

A row therefore comes out the same in whatever order, file or run it is made.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def _mix(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Finaliser of SplitMix64: every input bit moves every output bit."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


class Noise:
    """Draws for one seed and scope (the feed); ``stream`` tells the draws of one row apart."""

    def __init__(self, seed: int, scope: str) -> None:
        self._seed = f"{seed}/{scope}"

    def uniform(self, stream: str, *keys: Ints) -> Floats:
        """Uniform in (0, 1), one per element of the keys (which broadcast against each other)."""
        digest = hashlib.blake2b(f"{self._seed}/{stream}".encode(), digest_size=8).digest()
        state = np.asarray(np.uint64(int.from_bytes(digest, "little")))
        for key in keys:
            with np.errstate(over="ignore"):  # wrapping round is what the hash is made of
                state = _mix(state ^ ((np.asarray(key).astype(np.uint64) + np.uint64(1)) * _GOLDEN))
        return (state >> np.uint64(11)).astype(np.float64) * 2.0**-53 + 2.0**-54

    def normal(self, stream: str, *keys: Ints) -> Floats:
        """Standard normal, by the method of Box and Muller."""
        radius = np.sqrt(-2.0 * np.log(self.uniform(f"{stream}/r", *keys)))
        return np.asarray(radius * np.cos(2.0 * np.pi * self.uniform(f"{stream}/a", *keys)))

    def poisson(self, stream: str, mean: Floats, *keys: Ints) -> Ints:
        """Counts with the given means: exact below 30, rounded normal above."""
        large = np.maximum(0.0, np.rint(mean + np.sqrt(mean) * self.normal(f"{stream}/n", *keys)))
        u = self.uniform(f"{stream}/u", *keys)
        small = np.minimum(mean, 30.0)
        term = np.exp(-small)
        below = term.copy()
        count = np.zeros(mean.shape, dtype=np.int64)
        for k in range(1, 90):
            count += u > below
            term = term * small / k
            below = below + term
        return np.where(mean < 30.0, count, large.astype(np.int64))

    def smooth(self, stream: str, time: Ints, step: int, *keys: Ints) -> Floats:
        """Normal noise that wanders: knots every ``step`` seconds, straight lines between."""
        knot = time // step
        share = (time - knot * step) / step
        first = self.normal(stream, knot, *keys)
        second = self.normal(stream, knot + 1, *keys)
        return np.asarray(first * (1.0 - share) + second * share)
