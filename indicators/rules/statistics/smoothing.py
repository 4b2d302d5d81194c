"""Exponential smoothing with level, damped trend and season, of many series by many settings at once.

Holt 1957, Winters 1960; the damped trend of Gardner & McKenzie 1985. Additive, so it takes logarithms of what
multiplies. No setting is chosen: forecasts are averaged, each weighted by how well it did so far (Bates &
Granger 1969).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np

from indicators.rules.statistics.significance import Floats, Ints

SMOOTHING: Final = tuple(
    (level, season, trend, damping)
    for level, season, (trend, damping) in product(
        (0.05, 0.2, 0.5, 0.8), (0.05, 0.3), ((0.0, 0.0), (0.1, 0.9))
    )
)
"""Settings of the smoothing: weights of a new value in level, season and trend, and the trend's damping."""
ALPHA, GAMMA, BETA, DAMPING = (np.array(column)[:, None] for column in zip(*SMOOTHING, strict=True))
FORGET: Final = 0.99
"""Weight of a forecast error against the next one, where settings are compared."""
STARTLED: Final = 1.0
"""Errors (on the log scale, or in standard deviations) beyond this count as this: one odd month is no
trend."""


@dataclass
class Smoothing:
    """Settings × series: level and trend; season (settings × series × parts); squared errors so far."""

    level: Floats
    trend: Floats
    season: Floats
    squares: Floats
    count: Floats

    def learn(self, value: Floats, part: int) -> None:
        """Take in one value of each series; NaN teaches nothing."""
        expected = self.level + DAMPING * self.trend
        error = np.clip(value - expected - self.season[:, :, part], -STARTLED, STARTLED)
        known = ~np.isnan(error)
        error = np.where(known, error, 0.0)
        self.squares = np.where(known, FORGET * self.squares + error**2, self.squares)
        self.count = np.where(known, FORGET * self.count + 1.0, self.count)
        self.trend = np.where(known, DAMPING * self.trend + ALPHA * BETA * error, self.trend)
        self.level = np.where(known, expected + ALPHA * error, self.level)
        self.season[:, :, part] += GAMMA * (1.0 - ALPHA) * error

    def ahead(self, part: int) -> Floats:
        """The parts from ``part`` to the year's end: settings × series × parts."""
        steps = np.arange(1, self.season.shape[2] - part + 1)
        damped = np.cumsum(DAMPING[:, :, None] ** steps, axis=2)
        out: Floats = self.level[:, :, None] + self.trend[:, :, None] * damped + self.season[:, :, part:]
        return out

    def weights(self) -> Floats:
        """How much each setting counts for each series: its likelihood so far, by normal errors."""
        count = np.maximum(self.count, 1.0)
        log = -0.5 * count * np.log(self.squares / count + 1e-8)
        weight = np.exp(log - log.max(axis=0))
        out: Floats = weight / weight.sum(axis=0)
        return out


def begin(parts: Floats) -> tuple[Smoothing, Ints]:
    """Start from the first two whole years; also the second one's number, beyond all years where there is
    none."""
    size, years, count = parts.shape
    whole = ~np.isnan(parts).any(axis=2)
    nth = whole.cumsum(axis=1)
    first, second = ((nth >= k).argmax(axis=1) for k in (1, 2))
    rows = np.arange(size)
    one, two = parts[rows, first], parts[rows, second]
    slope = (two.mean(axis=1) - one.mean(axis=1)) / count
    line = (np.arange(count) - (count - 1) / 2) * slope[:, None]
    season = ((one - one.mean(axis=1)[:, None]) + (two - two.mean(axis=1)[:, None])) / 2 - line
    shape = (len(SMOOTHING), size)
    state = Smoothing(
        np.broadcast_to(one.mean(axis=1), shape).copy(), np.zeros(shape),
        np.broadcast_to(season, (*shape, count)).copy(), np.zeros(shape), np.zeros(shape),
    )  # fmt: skip
    return state, np.where(nth[:, -1] >= 2, second, years)
