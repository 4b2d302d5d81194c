"""One and two periods judged together, exactly.

An outbreak may be too small for one period and plain over two. Both windows are tested, and p is the
probability that *either* is as unusual as the more unusual of them (Kulldorff 2001, with the exact joint
distribution in the place of his simulation): no factor for having looked twice is lost, nor is the step of
small counts. Two periods count only as long as the later one is itself beyond what is expected: an outbreak
that is over must not go on warning.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np

from indicators.rules.statistics.significance import (
    Flags,
    Floats,
    lower_limit,
    lower_tail,
    upper_limit,
    upper_tail,
)

Side = Literal["above", "below"]
Tail = Callable[[Floats, Floats, Floats], Floats]

NODES = 40
"""Counts (or groups of neighbouring counts) over which the joint probability is summed."""
EXACT = 0.05
"""Where one window alone is likelier than this, twice that stands for p: above the level of any rule."""


class Moments(NamedTuple):
    """What is expected of counts: the mean, and the spread (variance ÷ mean) with all that is unsure.

    Of the period, of the one before, and of both together; arrays of one shape.
    """

    mean: Floats
    spread: Floats
    mean_before: Floats
    spread_before: Floats
    mean_both: Floats
    spread_both: Floats

    def at(self, where: Flags) -> Moments:
        """The same of a selection, as one row."""
        return Moments(*(values[where] for values in self))


def scanned(count: Floats, before: Floats, expected: Moments, side: Side) -> Floats:
    """P of the more unusual window of each ``count``, NaN where the count is; ``before`` is NaN where
    there is none.
    """
    alone = _either(count, before, expected, side)
    p = np.minimum(2.0 * alone, 1.0)
    near = alone <= EXACT
    p[near] = _joint(alone[near], np.isfinite(before[near]), expected.at(near), side)
    single = ~np.isfinite(before)
    p[single] = alone[single]
    return p


def scan_limit(level: float, before: Floats, expected: Moments, side: Side) -> Floats:
    """The least (below: the greatest) count whose `scanned` p is ≤ ``level``; −1 where no count is so low."""
    sign = 1.0 if side == "above" else -1.0
    near, far = (sign * _reached(share, before, expected, side) for share in (level, level / 2.0))
    # p is at least the window's own, and at most twice that: the limit lies in between. What is looked for is
    # a whole number, also where a merger of areas left fractions in the period before.
    near, far = np.floor(near - 1.0), np.ceil(far)
    while np.any(open_ := far - near > 1.0):
        middle = np.where(open_, np.floor((near + far) / 2.0), far)
        p = np.full_like(middle, np.nan)
        p[open_] = scanned(sign * middle[open_], before[open_], expected.at(open_), side)
        near, far = np.where(open_ & (p > level), middle, near), np.where(p <= level, middle, far)
    return sign * far


def _either(count: Floats, before: Floats, expected: Moments, side: Side) -> Floats:
    """The smaller p of the two windows."""
    tail: Tail = upper_tail if side == "above" else lower_tail
    both = tail(count + before, expected.mean_both, expected.spread_both)
    beyond = count >= expected.mean if side == "above" else count <= expected.mean
    return np.fmin(tail(count, expected.mean, expected.spread), np.where(beyond, both, np.nan))


def _reached(level: Floats | float, before: Floats, expected: Moments, side: Side) -> Floats:
    """The first count, coming from what is expected, at which the smaller p of the windows is ≤ ``level``."""
    if side == "above":
        alone = upper_limit(level, expected.mean, expected.spread)
        both = upper_limit(level, expected.mean_both, expected.spread_both) - before
        return np.fmin(alone, np.maximum(both, np.ceil(expected.mean)))
    alone = lower_limit(level, expected.mean, expected.spread)
    both = lower_limit(level, expected.mean_both, expected.spread_both) - before
    return np.maximum(np.fmax(alone, np.minimum(both, np.floor(expected.mean))), -1.0)


def _joint(level: Floats, paired: Flags, expected: Moments, side: Side) -> Floats:
    """P(either window's own p ≤ level), for N levels and moments."""
    if side == "above":
        outer = upper_limit(level, expected.mean, expected.spread)
        total = upper_limit(level, expected.mean_both, expected.spread_both)
        inner = np.minimum(np.ceil(expected.mean), outer)
        tail: Tail = upper_tail
    else:
        outer = lower_limit(level, expected.mean, expected.spread)
        total = lower_limit(level, expected.mean_both, expected.spread_both)
        inner = np.maximum(np.floor(expected.mean), outer)
        tail = lower_tail
    # from outer (excluded) to inner (included): the counts that need help of the period before
    steps = np.arange(NODES + 1) / np.maximum(np.minimum(NODES, np.abs(inner - outer)), 1.0)[:, None]
    edge = outer[:, None] + np.round((inner - outer)[:, None] * np.minimum(steps, 1.0))
    beyond = tail(edge, expected.mean[:, None], expected.spread[:, None])
    mass = np.diff(beyond, axis=1)
    sign = 1.0 if side == "above" else -1.0
    middle = (edge[:, 1:] + edge[:, :-1] - sign) / 2.0
    helped = tail(total[:, None] - middle, expected.mean_before[:, None], expected.spread_before[:, None])
    either: Floats = beyond[:, 0] + np.where(paired, np.sum(mass * helped, axis=1), 0.0)
    return either
