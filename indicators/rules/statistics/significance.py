"""What a statistical test says of every value at once, and the distribution that counts are held against.

A count is negative binomial with variance ``spread`` × mean, the quasi-Poisson of Farrington et al. 1996 and
Noufaily et al. 2013 with an exact tail; at a spread of 1 it is Poisson. In terms of the incomplete beta
function: P(Y ≥ y) = I(q; y, r), with r = mean ÷ (spread − 1) and q = 1 − 1 ÷ spread.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]

POISSON = 1.0 + 1e-6
"""A spread below this is Poisson: the incomplete beta function loses its digits there."""
LARGEST = 2.0**52
"""Beyond it there are no single counts."""


class Tests(NamedTuple):
    """What a test says, areas × judged columns each.

    ``p`` is the probability of a value at least as unusual when nothing has happened, NaN where there is too
    little to judge by. ``expected`` is the value that the past makes expect and ``limit`` the one at which
    ``p`` is the condition's level; both are NaN where ``p`` is. ``spread`` is the variance ÷ mean of counts,
    from which shares are tested; NaN for what is not a count.
    """

    p: Floats
    expected: Floats
    limit: Floats
    spread: Floats


def upper_tail(count: Floats, mean: Floats, spread: Floats) -> Floats:
    """P(Y ≥ count) of counts with that mean and a variance of spread × mean; shapes are broadcast.

    A count that is not whole is taken between its neighbours without a step. NaN in, NaN out.
    """
    count, mean, spread = np.broadcast_arrays(count, mean, spread)
    over = spread > POISSON
    extra = np.where(over, spread - 1.0, 1.0)
    tail = np.where(
        over,
        special.betainc(np.maximum(count, 1e-9), mean / extra, extra / (1.0 + extra)),
        special.gammainc(np.maximum(count, 1e-9), mean),
    )
    return np.where(count > 0, tail, np.where(np.isnan(count + mean + spread), np.nan, 1.0))


def lower_tail(count: Floats, mean: Floats, spread: Floats) -> Floats:
    """P(Y ≤ count), as `upper_tail`."""
    count, mean, spread = np.broadcast_arrays(count, mean, spread)
    over = spread > POISSON
    extra = np.where(over, spread - 1.0, 1.0)
    above = np.maximum(count, 0.0) + 1.0
    tail = np.where(
        over,
        special.betaincc(above, mean / extra, extra / (1.0 + extra)),
        special.gammaincc(above, mean),
    )
    return np.where(count >= 0, tail, np.where(np.isnan(count + mean + spread), np.nan, 0.0))


def mass(count: Floats, mean: Floats, spread: Floats) -> Floats:
    """P(Y = count), or what `upper_tail` loses from a count that is not whole to the next one; for counts
    from 0 on and arrays of one shape. It costs a tenth of a tail.
    """
    over = spread > POISSON
    extra = np.where(over, spread - 1.0, 1.0)
    size = mean / extra
    wide = count * np.log(extra / (1.0 + extra)) - size * np.log1p(extra)
    wide = wide + special.gammaln(count + size) - special.gammaln(size)
    log: Floats = np.where(over, wide, count * np.log(mean) - mean) - special.gammaln(count + 1.0)
    return np.exp(log)


def upper_limit(level: Floats | float, mean: Floats, spread: Floats) -> Floats:
    """The least whole count with P(Y ≥ count) ≤ level, for levels below .9; NaN where mean or spread is."""
    level, mean, spread = np.broadcast_arrays(level, mean, spread)
    deviation = np.sqrt(mean * spread)
    low = np.maximum(np.floor(mean - 3.0 * deviation), 0.0)  # P(Y ≥ low) is at least .9 (Cantelli)
    high = np.ceil(mean + 10.0 * (deviation + spread))
    while np.any(short := (upper_tail(high, mean, spread) > level) & (high < LARGEST)):
        high = np.where(short, 2.0 * high, high)
    while np.any(high - low > 1.0):
        middle = np.floor((low + high) / 2.0)
        few = upper_tail(middle, mean, spread) <= level
        low, high = np.where(few, low, middle), np.where(few, middle, high)
    return np.where(np.isnan(mean + spread), np.nan, high)


def lower_limit(level: Floats | float, mean: Floats, spread: Floats) -> Floats:
    """The greatest whole count with P(Y ≤ count) ≤ level, for levels below .9; −1 where not even 0 is so
    unlikely, NaN where mean or spread is.
    """
    level, mean, spread = np.broadcast_arrays(level, mean, spread)
    low, high = np.full_like(mean, -1.0), np.ceil(mean + 3.0 * np.sqrt(mean * spread)) + 1.0
    while np.any(high - low > 1.0):
        middle = np.floor((low + high) / 2.0)
        few = lower_tail(middle, mean, spread) <= level
        low, high = np.where(few, middle, low), np.where(few, high, middle)
    return np.where(np.isnan(mean + spread), np.nan, low)
