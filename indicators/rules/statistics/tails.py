"""The tails of a distribution of errors that is neither normal nor even on both sides.

Each side is a Student-t of its own about the median: its scale from the median and the upper tenth of the
deviations on that side (the double median absolute deviation of Rousseeuw & Croux 1993), its degrees of
freedom from how far these two lie apart (Hogg 1974). Both rest on the inner nine tenths of a side, so that
past events do not widen them.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from scipy import special

from indicators.rules.statistics.fitting import quantiles
from indicators.rules.statistics.significance import Flags, Floats

_USUAL: Final = 3.0
"""Ratio of the two quantiles that short histories are drawn to: that of a Student-t with 3.3 degrees of
freedom (a normal distribution has 2.44). Who knows little must not be sure of far tails.
"""
_WEIGHT: Final = 150.0
"""By how many observations they are."""
_DEGREES: Final = 1.0 / np.linspace(1 / 2.2, 1 / 200, 400)
_RATIOS: Final = special.stdtrit(_DEGREES, 0.95) / special.stdtrit(_DEGREES, 0.75)


class Side(NamedTuple):
    """One side of S distributions: degrees of freedom and scale (S × 1 each)."""

    degrees: Floats
    scale: Floats

    def beyond(self, distance: Floats) -> Floats:
        """Probability of an error at least ``distance`` to this side of the median (S × J)."""
        scale = np.where(self.scale > 0, self.scale, np.nan)
        p: Floats = special.stdtr(self.degrees, -distance / scale)
        return p

    def at(self, level: float) -> Floats:
        """The distance beyond which lies a share ``level`` of the errors (S × 1)."""
        distance: Floats = special.stdtrit(self.degrees, 1.0 - level) * self.scale
        return distance


class Tails(NamedTuple):
    """The median of S distributions (S × 1), and both their sides."""

    median: Floats
    above: Side
    below: Side

    @property
    def skew(self) -> Floats:
        """From −1 to 1: how much farther the upper tail reaches than the lower (S)."""
        up, down = self.above.at(0.05), self.below.at(0.05)
        uneven: Floats = ((up - down) / np.where(up + down > 0, up + down, np.nan))[:, 0]
        return uneven


def tails(errors: Floats, regressors: int) -> Tails:
    """Tails of each row of ``errors`` (S × T, NaN = missing) that were left over by so many regressors.

    A new error is wider than those of the fit, by what the fit itself is unsure of.
    """
    median = quantiles(errors, 0.5)[:, None]
    n = np.isfinite(errors).sum(axis=1)[:, None]
    wider = np.sqrt(1.0 + 2.0 * regressors / np.maximum(n, 1))
    apart = errors - median
    return Tails(median, _side(apart, apart > 0, n, wider), _side(-apart, apart < 0, n, wider))


def _side(distances: Floats, there: Flags, n: Floats, wider: Floats) -> Side:
    kept = np.where(there, distances, np.nan)
    middle, far = quantiles(kept, 0.5)[:, None], quantiles(kept, 0.9)[:, None]
    ratio = far / np.where(middle > 0, middle, np.nan)
    drawn = (n * ratio + _WEIGHT * _USUAL) / (n + _WEIGHT)
    degrees = 1.0 / np.interp(-drawn, -_RATIOS, 1.0 / _DEGREES)
    scale = (middle / special.stdtrit(degrees, 0.75) + far / special.stdtrit(degrees, 0.95)) / 2.0
    return Side(degrees, np.where(np.isfinite(scale), scale, 0.0) * wider)
