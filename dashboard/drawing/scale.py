"""Axes: where a scale begins and ends and which round numbers stand on it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Axis:
    """A linear scale from ``low`` to ``high`` with its round ``ticks``, all within it."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def share(self, value: float) -> float:
        """Where ``value`` lies: 0 at the low end, 1 at the high end, held within."""
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))


def axis(values: Sequence[float], *, from_zero: bool, count: int = 4, least: float = 0.0) -> Axis:
    """A scale that holds ``values`` with about ``count`` steps of 1, 2, 2.5 or 5 times a power of ten.

    ``from_zero`` keeps zero in it, which bars need. No step is smaller than ``least``: half a case is none.
    Equal or no values still get a scale of some height.
    """
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    if from_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if math.isclose(low, high, rel_tol=1e-9, abs_tol=1e-12):
        room = abs(low) * 0.05 or 1.0
        low, high = (low, high + room) if from_zero else (low - room, high + room)
    rough = max((high - low) / count, least)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = tuple(round(i * step, 10) for i in range(first, last + 1))
    return Axis(ticks[0], ticks[-1], ticks)


def decimals_for(ticks: Sequence[float], most: int = 3) -> int:
    """Decimals that tell neighbouring ticks apart."""
    return next(
        (d for d in range(most) if all(math.isclose(round(t, d), t, abs_tol=1e-9) for t in ticks)), most
    )


def spread_labels(count: int, most: int) -> list[int]:
    """Indices of at most ``most`` labels among ``count`` places, evenly apart, the last among them."""
    if count <= most:
        return list(range(count))
    step = math.ceil(count / most)
    return list(range((count - 1) % step, count, step))
