"""What the last periods say about the next one: levels are autocorrelated, and their residuals with them.

A level that lies high today lies high tomorrow. Held against season and trend alone, every high spell is a
string of alarms. So the residual of the next period is foretold from the last one and from the means of the
latest short and long stretch (the heterogeneous autoregression of Corsi 2009, which holds an AR(1) and comes
near to long memory and to a slow level under noise), and what is judged is the one-step error, as in the
residual control charts of Alwan & Roberts 1988.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from indicators.rules.statistics.fitting import m_weights, spread
from indicators.rules.statistics.significance import Floats

WILD: Final = 3.0
"""An error of so many standard deviations is not carried on into the next period, unless the next one errs
to the same side: a spike of one period passes, a change that stays is followed."""
_PENALTY: Final = (2.0, 4.0, 4.0)
"""Draws the coefficients to zero as so many observations would."""


class Memory(NamedTuple):
    """Foretold residuals (S × T), and the variance that comes on top where the last period is missing."""

    foretold: Floats
    extra: Floats


class Habit(NamedTuple):
    """What the past of S series says of their next residual: the coefficients of the last one and of both
    means (S × 3), how much of a residual is left after one period (S × 1), and the spread (S).
    """

    beta: Floats
    rho: Floats
    scale: Floats


class Habits(NamedTuple):
    """``raw`` foretells from residuals as they are, with errors of spread ``usual`` (S × 1); ``tame`` from
    those whose spikes were cut.
    """

    raw: Habit
    usual: Floats
    tame: Habit


def remember(residuals: Floats, fitted: int, stretches: tuple[int, int]) -> Memory:
    """Foretell each column of ``residuals`` (S × T, NaN = missing) from the columns before it.

    The coefficients rest on the first ``fitted`` columns; ``stretches`` are the lengths of the two means.
    """
    return foretell(residuals, habits(residuals[:, :fitted], stretches), stretches)


def habits(past: Floats, stretches: tuple[int, int]) -> Habits:
    """What is to be learnt of the ``past`` residuals (S × T)."""
    raw = _habit(past, stretches)
    foretold = _foretell(past, raw, stretches).foretold
    usual = spread(past - foretold)[:, None]
    return Habits(raw, usual, _habit(_tamed(past, foretold, usual), stretches))


def foretell(residuals: Floats, known: Habits, stretches: tuple[int, int]) -> Memory:
    """Each column of ``residuals`` from the columns before it, by what is ``known`` of the series."""
    foretold = _foretell(residuals, known.raw, stretches).foretold
    return _foretell(_tamed(residuals, foretold, known.usual), known.tame, stretches)


def _tamed(residuals: Floats, foretold: Floats, usual: Floats) -> Floats:
    error = residuals - foretold
    signed = np.where(np.abs(error) > WILD * usual, np.sign(error), 0.0)
    before = np.concatenate([np.zeros((len(error), 1)), signed[:, :-1]], axis=1)
    spike = (signed != 0) & (signed != before)
    return np.where(spike, foretold + signed * WILD * usual, residuals)


def _habit(past: Floats, stretches: tuple[int, int]) -> Habit:
    last, short, long = _features(past, stretches)
    target = np.where(np.isnan(last), np.nan, past)
    known = np.isfinite(target)
    scale = spread(target)
    rho = _rho(past, last, scale)
    last, _ = _bridged(last, rho, scale)
    x = np.stack([last, short, long], axis=2)
    y = np.where(known, target, 0.0)
    penalty = np.array(_PENALTY) * np.where(np.isfinite(scale), scale**2, 1.0)[:, None]
    diagonal = np.arange(3)
    weight = known.astype(np.float64)
    beta = np.zeros((len(y), 3))
    for _ in range(4):
        normal = (weight[:, :, None] * x).transpose(0, 2, 1) @ x
        normal[:, diagonal, diagonal] += penalty + 1e-9
        right = ((weight * y)[:, None, :] @ x)[:, 0]
        beta = np.asarray(np.linalg.solve(normal, right[:, :, None])[:, :, 0], dtype=np.float64)
        error = np.where(known, y - (x @ beta[:, :, None])[:, :, 0], np.nan)
        weight = m_weights(error)
    return Habit(beta, rho, scale)


def _foretell(residuals: Floats, habit: Habit, stretches: tuple[int, int]) -> Memory:
    last, short, long = _features(residuals, stretches)
    last, lost = _bridged(last, habit.rho, habit.scale)
    x = np.stack([last, short, long], axis=2)
    return Memory((x @ habit.beta[:, :, None])[:, :, 0], np.square(habit.beta[:, :1]) * lost)


def _rho(past: Floats, last: Floats, scale: Floats) -> Floats:
    """The autocorrelation of neighbours (S × 1), which wild values do not raise."""
    bound = WILD * np.where(scale > 0, scale, 1.0)[:, None]
    now, before = (np.clip(v, -bound, bound) for v in (past, last))
    both = np.isfinite(now + before)
    product = np.where(both, now * before, 0.0).sum(axis=1)
    square = np.where(both, before**2, 0.0).sum(axis=1)
    return np.asarray(np.clip(product / np.where(square > 0, square, 1.0), 0.0, 0.98))[:, None]


def _bridged(last: Floats, rho: Floats, scale: Floats) -> tuple[Floats, Floats]:
    """The last residual, or what an older one says of it where it is missing; and the variance of that error.

    An AR(1) forgets g periods at a rate of ρ^g, and keeps (1 − ρ^2g) of its variance to itself.
    """
    here = np.arange(last.shape[1])
    seen = np.maximum.accumulate(np.where(np.isfinite(last), here, -1), axis=1)
    older = np.take_along_axis(last, np.maximum(seen, 0), axis=1)
    age = np.where(seen >= 0, here - seen, len(here))
    told = np.where(seen >= 0, np.where(age > 0, rho**age * older, older), 0.0)
    variance = np.where(np.isfinite(scale), scale, 0.0)[:, None] ** 2
    return told, variance * (1.0 - rho ** (2 * age))


def _features(residuals: Floats, stretches: tuple[int, int]) -> tuple[Floats, Floats, Floats]:
    """The last residual (NaN where missing) and the means over two stretches before each column.

    An empty short stretch has the long one's mean, an empty long one the mean of all time: zero.
    """
    known = np.isfinite(residuals)
    start = np.zeros((len(residuals), 1))
    total = np.concatenate([start, np.cumsum(np.where(known, residuals, 0.0), axis=1)], axis=1)
    count = np.concatenate([start, np.cumsum(known, axis=1)], axis=1)
    here = np.arange(residuals.shape[1])

    def mean(length: int, otherwise: Floats) -> Floats:
        low = np.maximum(here - length, 0)
        n = count[:, here] - count[:, low]
        return np.where(n > 0, (total[:, here] - total[:, low]) / np.maximum(n, 1.0), otherwise)

    long = mean(stretches[1], np.zeros_like(residuals))
    short = mean(stretches[0], long)
    last = np.concatenate([np.full((len(residuals), 1), np.nan), residuals[:, :-1]], axis=1)
    return last, short, long
