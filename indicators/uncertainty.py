"""How far a figure may lie from what it measures, and what that leaves of a ranking: functions of arrays.

A district of forty cases that comes third may as well be the tenth. Intervals say how sure a figure is;
``rank_ranges`` says which places are compatible with them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

Z: Final = 1.959963984540054
"""The normal deviate that leaves 2.5 % outside on either side."""
_TAIL: Final = 0.025
_EXACT: Final = 100
"""Counts below it have exact limits; above, the approximation is right to four figures."""


class Interval(NamedTuple):
    """Lower and upper 95 % limits; NaN where none can be given."""

    low: Floats
    high: Floats


def wilson(successes: Floats, trials: Floats) -> Interval:
    """Limits of a proportion by the score method (E. B. Wilson, 1927, J. Am. Stat. Assoc. 22, 209–212).

    Stays within 0…1 and is of use for few trials, too. NaN without trials, or with more successes than
    trials, which is no proportion.
    """
    n = np.where((trials > 0) & (successes >= 0) & (successes <= trials), trials, np.nan)
    p, z2 = successes / n, Z * Z
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z / (1 + z2 / n) * np.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    # Rounding must not leave the figure outside of its own limits.
    return Interval(np.clip(centre - half, 0, p), np.clip(centre + half, p, 1))


def poisson(counts: Floats) -> Interval:
    """Limits of the mean of a Poisson count.

    Exact for small whole counts (F. Garwood, 1936, Biometrika 28, 437–442), else by Byar's approximation (N.
    E. Breslow and N. E. Day, 1987, Statistical Methods in Cancer Research II, p. 69). NaN for negative ones.
    """
    c = np.where(counts >= 0, counts, np.nan)
    root = np.sqrt(np.where(c > 0, c, 1))
    low = np.where(c > 0, c * (1 - 1 / (9 * root**2) - Z / (3 * root)) ** 3, 0.0 * c)
    high = (c + 1) * (1 - 1 / (9 * (c + 1)) + Z / (3 * np.sqrt(c + 1))) ** 3
    small = (c < _EXACT) & (c == np.floor(c))
    table = _garwood()
    index = np.where(small, c, 0).astype(np.intp)
    return Interval(np.where(small, table.low[index], low), np.where(small, table.high[index], high))


@lru_cache(maxsize=1)
def _garwood() -> Interval:
    """Exact limits of the counts 0, 1, 2 … : the means under which so many, or so few, are seen in 2.5 %."""
    counts = np.arange(_EXACT, dtype=float)
    factorials = np.cumsum(np.log(np.maximum(counts, 1.0)))

    def at_most(count: Floats, mean: Floats) -> Floats:
        """P(X ≤ count); −1 is nothing at all."""
        logs = counts * np.log(mean)[:, None] - mean[:, None] - factorials
        total: Floats = np.where(counts <= count[:, None], np.exp(logs), 0.0).sum(axis=1)
        return total

    limits = []
    for count, tail in ((counts - 1, 1 - _TAIL), (counts, _TAIL)):
        below, above = np.full(_EXACT, 1e-12), np.full(_EXACT, 2.0 * _EXACT)
        for _ in range(60):
            middle = (below + above) / 2
            # The larger the mean, the rarer are few.
            too_small = at_most(count, middle) > tail
            below, above = np.where(too_small, middle, below), np.where(too_small, above, middle)
        limits.append((below + above) / 2)
    limits[0][0] = 0.0
    return Interval(limits[0], limits[1])


def rank_ranges(interval: Interval, *, up: bool) -> tuple[Places, Places]:
    """The best and the worst place that each figure may have among all of them, 1 the best.

    The best is one more than the number of figures whose interval lies wholly on the better side of its own;
    the worst is the size of the pool less the number of those wholly on the worse side. What has no interval
    (NaN) takes no part and gets 0. Figures whose intervals overlap are not told apart, as H. Goldstein and D.
    J. Spiegelhalter ask for (1996, J. R. Stat. Soc. A 159, 385–443). Two 95 % intervals that just touch
    are further apart than a test of a single pair at 95 % asks for; among so many pairs that is meant.
    """
    low, high = (interval.low, interval.high) if up else (-interval.high, -interval.low)
    known = ~np.isnan(low) & ~np.isnan(high)
    lows, highs = np.sort(low[known]), np.sort(high[known])
    pool = len(lows)
    best = 1 + pool - np.searchsorted(lows, high, side="right")
    worst = pool - np.searchsorted(highs, low, side="left")
    return np.where(known, best, 0), np.where(known, worst, 0)
