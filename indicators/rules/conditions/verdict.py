"""What a condition says of every value at once."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Verdict(NamedTuple):
    """Arrays of one shape. ``measure`` is what was held against ``limit`` (NaN: not judged).

    A value that is neither in ``breach`` nor ``clear`` lies between the limit and the level at which the
    warning clears.
    """

    breach: Flags
    clear: Flags
    measure: Floats
    limit: float


class Limits(Protocol):
    """The limit of a condition, on the one side or the other, and where it clears."""

    @property
    def above(self) -> float | None: ...
    @property
    def clear_below(self) -> float | None: ...
    @property
    def below(self) -> float | None: ...
    @property
    def clear_above(self) -> float | None: ...


def against(limits: Limits, measure: Floats) -> Verdict:
    """Hold ``measure`` against the limit. Without a level of its own a warning clears as soon as it is not
    in breach.
    """
    if limits.above is not None:
        breach = measure > limits.above
        clear = measure <= limits.above if limits.clear_below is None else measure < limits.clear_below
        return Verdict(breach, clear & ~breach, measure, limits.above)
    if limits.below is None:
        raise ValueError("a condition needs a limit")
    breach = measure < limits.below
    clear = measure >= limits.below if limits.clear_above is None else measure > limits.clear_above
    return Verdict(breach, clear & ~breach, measure, limits.below)
