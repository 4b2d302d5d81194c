"""What a condition says of every value at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from config.models import Limits

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Ints = NDArray[np.intp]
Moments = NDArray[np.datetime64]


class Verdict(NamedTuple):
    """Arrays of one shape. ``measure`` is what was held against ``limit`` (NaN: not judged).

    A value that is neither in ``breach`` nor ``clear`` lies between the limit and the level at which the
    warning clears. ``band`` is the place of the class of a legend that the value is in (−1: none);
    ``expected`` what a statistical condition held to be normal; ``p`` how likely a value as unusual would be;
    ``began`` the start of the first period of another level, by the city's clock (NaT: there is none).
    """

    breach: Flags
    clear: Flags
    measure: Floats
    limit: Floats
    band: Ints | None = None
    expected: Floats | None = None
    p: Floats | None = None
    began: Moments | None = None


def against(limits: Limits, measure: Floats) -> Verdict:
    """Hold ``measure`` against the limit. Without a level of its own a warning clears as soon as it is not
    in breach.
    """
    if limits.above is not None:
        breach = measure > limits.above
        clear = measure <= limits.above if limits.clear_below is None else measure < limits.clear_below
        return Verdict(breach, clear & ~breach, measure, np.full(measure.shape, limits.above))
    if limits.below is None:
        raise ValueError("a condition needs a limit")
    breach = measure < limits.below
    clear = measure >= limits.below if limits.clear_above is None else measure > limits.clear_above
    return Verdict(breach, clear & ~breach, measure, np.full(measure.shape, limits.below))
