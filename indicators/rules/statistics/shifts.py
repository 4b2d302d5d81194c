"""Level shift: has the level of a series changed for good, and since when?

A change that stays (a new registration system, a merged ward, a policy) fools every test against the past for
a season: a string of alarms about what is the new normal. Here it is told once, with its date, its size and
how sure it is, and a person decides: a confirmed shift moves the past to the new level (`rebasing`) or cuts
it off (``since`` of all tests of this package).

For each column the periods since each possible date are held against a regression on the time before, that
ends ``design.after[1]`` columns back so that none of the new level is in it (a generalised likelihood ratio
over the date as in Willsky & Jones 1976 and Höhle & Paul 2008, here on scores). What makes it a shift and
not an event: scores are bounded (Huber 1981), so that a few huge periods do not add up to one; the first
and the last third must each show it; it must last ``design.after[0]`` columns and change the level by at
least ``SMALLEST``. Slow wandering is paid for: sums are held against what sums of as many periods varied by
before.

**Volume of a feed**: rows a day (S = feeds, or feed × area) are counts as any others. `count_tests` with side
"below" tells on the next day that hardly anything came; `count_shifts` tells after four weeks that a feed
delivers a third less, or twice as much, since a day, which is when a supplier or a filter has changed.
Days that were not delivered are NaN and no zeros: silence is for the rule on late feeds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, NamedTuple

import numpy as np
from scipy import special

from indicators.rules.statistics.design import Design
from indicators.rules.statistics.fitting import NORMAL_MAD, products, quantiles, robust, spread
from indicators.rules.statistics.regression import LIMIT, fit
from indicators.rules.statistics.significance import Flags, Floats, Ints, upper_tail

BOUND: Final = 2.0
"""Scores of one period beyond this count as this."""
EVIDENCE: Final = 3.8
"""Standard deviations that the sum of scores must lie from zero; chosen for about one false report in a
hundred series and years."""
EACH: Final = 1.5
"""The same of the first and of the last third alone."""
SMALLEST: Final = 0.15
"""The least change: of counts as a share of what is expected, of levels in robust standard deviations × 5."""
PRESENT: Final = 0.75
"""Share of the periods since the date that must have values, of as many as had them before: a series without
weekends must not be told by the weekday."""


class Shifts(NamedTuple):
    """What stands of S series at the end of each judged column (S × columns).

    ``begin`` is the first column of the new level (an index into the columns given), −1 where none stands.
    ``expected`` and ``observed`` are means over the periods from there to the judged column: their quotient
    or difference is the size, ``error`` the standard error of the difference. ``evidence`` is in standard
    deviations, about normal. All but ``begin`` are NaN where no shift stands.
    """

    begin: Ints
    evidence: Floats
    expected: Floats
    observed: Floats
    error: Floats

    def standing(self, side: Literal["above", "below"]) -> Flags:
        """Where a shift to this side stands: an alarm to the same side is of its making and needs no warning
        of its own.
        """
        up = self.observed > self.expected
        stands: Flags = (self.begin >= 0) & (up if side == "above" else ~up)
        return stands


class _Past(NamedTuple):
    """A fit held against its own columns and those after it (S × columns from the fit's first on).

    ``score`` is about standard normal, ``scale`` one standard deviation in the unit of the values, ``unsure``
    the standard error of ``expected`` in such.
    """

    observed: Floats
    expected: Floats
    score: Floats
    scale: Floats
    unsure: Floats


_Fitting = Callable[[Flags, int, int, int], _Past]


def reach(design: Design) -> int:
    """How many columns before the first judged one can matter."""
    return design.reach + design.after[1]


def count_shifts(
    counts: Floats, design: Design, first: int, *, usable: Flags | None = None, since: Ints | None = None
) -> Shifts:
    """Shifts that stand at the end of columns ``first`` to the last of S × T ``counts``.

    ``usable`` (S × T) says which counts take part (NaN never does); ``since`` (S) is the first column that
    counts after a break, such as a shift that a person confirmed: nothing is told until enough lies after.
    """
    known = known_columns(counts, usable, since)

    def past(some: Flags, begin: int, end: int, stop: int) -> _Past:
        x = centred(design, end)[begin:stop]
        n = end - begin
        y = np.where(known[some, begin:stop], counts[some, begin:stop], np.nan)
        fitted = fit(counts[some, begin:end], x[:n], design.prior, known[some, begin:end])
        mean = np.exp(np.clip(fitted.coefficients @ x.T, -LIMIT, LIMIT))
        wide = (fitted.spread + 0.5 * fitted.spread_error)[:, None]
        middle = (upper_tail(y, mean, wide) + upper_tail(y + 1.0, mean, wide)) / 2.0
        score = -special.ndtri(np.clip(middle, 1e-12, 1.0 - 1e-12))
        unsure = np.sqrt(np.einsum("tk,skl,tl->st", x, fitted.covariance, x, optimize=True))
        return _Past(y, mean, score, np.sqrt(wide * mean), unsure * np.sqrt(mean / wide))

    def enough(observed: Floats, expected: Floats, scale: Floats) -> Flags:
        del scale
        return np.abs(observed - expected) >= SMALLEST * expected

    return _standing(known, design, first, past, enough)


def level_shifts(
    values: Floats, design: Design, first: int, *, usable: Flags | None = None, since: Ints | None = None
) -> Shifts:
    """The same of levels: measured values, rates and shares, in the unit of ``values``."""
    known = known_columns(values, usable, since)

    def past(some: Flags, begin: int, end: int, stop: int) -> _Past:
        x = centred(design, end)[begin:stop]
        n = end - begin
        y = np.where(known[some, begin:stop], values[some, begin:stop], np.nan)
        middle = quantiles(y[:, :n], 0.5)[:, None]
        size = spread(y[:, :n] - middle)[:, None]
        size = np.where(size > 0, size, 1.0)
        penalty = np.where(np.isinf(design.prior), 1e-8, design.prior**-2.0)
        expected = robust(x[:n], ((y - middle) / size)[:, :n], penalty) @ x.T * size + middle
        residual = y - expected
        scale = spread(residual[:, :n])[:, None]
        score = np.where(scale > 0, residual / np.where(scale > 0, scale, 1.0), np.nan)
        normal = (known[some, begin:end].astype(np.float64) @ products(x[:n])).reshape(-1, *2 * x.shape[1:])
        covariance = np.linalg.inv(normal + np.diag(penalty))
        unsure = np.sqrt(np.einsum("tk,skl,tl->st", x, covariance, x, optimize=True))
        return _Past(y, expected, score, np.broadcast_to(scale, y.shape), unsure)

    def enough(observed: Floats, expected: Floats, scale: Floats) -> Flags:
        return np.abs(observed - expected) >= 5.0 * SMALLEST * scale

    return _standing(known, design, first, past, enough)


def known_columns(values: Floats, usable: Flags | None, since: Ints | None) -> Flags:
    """Which of S × T values take part: present, usable, and not before ``since`` (S)."""
    known = np.isfinite(values) if usable is None else usable & np.isfinite(values)
    if since is not None:
        known = known & (np.arange(values.shape[1]) >= since[:, None])
    return known


def centred(design: Design, end: int) -> Floats:
    """The regressors with the trend counted from the end of a fit."""
    x = design.matrix.copy()
    x[:, 1] -= x[end - 1, 1]
    return x


def _standing(
    known: Flags,
    design: Design,
    first: int,
    past: _Fitting,
    enough: Callable[[Floats, Floats, Floats], Flags],
) -> Shifts:
    series, total = known.shape
    shape = (series, total - first)
    found = Shifts(np.full(shape, -1, dtype=np.int64), *(np.full(shape, np.nan) for _ in range(4)))
    fit_end = design.fit_end[:total]
    back = design.after[1] - int(np.min(np.arange(total) - fit_end))
    ends, lows = np.unique(fit_end[first:], return_index=True)
    for fitted_to, low, high in zip(ends, lows, [*lows[1:], total - first], strict=True):
        end = int(fitted_to) - max(back, 0)
        begin = max(0, end - design.window)
        some = known[:, begin : max(end, 0)].sum(axis=1) >= design.minimum
        if not some.any():
            continue
        now = np.arange(first + low, first + high) - begin
        part = _scanned(past(some, begin, end, first + high), end - begin, now, design.after, enough)
        for whole, piece in zip(found, part, strict=True):
            whole[some, low:high] = piece
        stands = found.begin[:, low:high] >= 0
        found.begin[:, low:high] += np.where(stands, begin, 0)
    return found


def _scanned(
    past: _Past,
    fitted: int,
    now: Ints,
    after: tuple[int, int],
    enough: Callable[[Floats, Floats, Floats], Flags],
) -> Shifts:
    """What stands at the end of the columns ``now``, for every number of periods since the date (S × now)."""
    there = np.isfinite(past.score)
    score = np.clip(past.score, -BOUND, BOUND)
    n = np.maximum(there[:, :fitted].sum(axis=1), 1)
    usually = n / max(fitted, 1)
    usual = np.where(there, score, 0.0)[:, :fitted].sum(axis=1) / n
    score = np.where(there, score - usual[:, None], 0.0)
    step = max(1, (after[1] - after[0]) // 160)
    length = np.arange(after[0], after[1] + 1, step)
    late, early = now[:, None] + 1, now[:, None] + 1 - length
    first, last = early + length // 3, late - length // 3

    def sums(values: Floats) -> Floats:
        summed = np.cumsum(np.where(there, values, 0.0), axis=1)
        return np.concatenate([np.zeros((len(values), 1)), summed], axis=1)

    scores, counted = sums(score), sums(np.ones_like(score))

    def between(total: Floats, low: Ints, high: Ints) -> Floats:
        part: Floats = total[:, high] - total[:, low]
        return part

    short = _inflation(score[:, :fitted], there[:, :fitted], after[0])
    long = np.maximum(_inflation(score[:, :fitted], there[:, :fitted], after[1]), short)
    way = (length - after[0]) / max(after[1] - after[0], 1)
    wander = short[:, None, None] + (long - short)[:, None, None] * way

    def evidence(low: Ints, high: Ints, unsure: Floats | float) -> Floats:
        variance = np.maximum(between(counted, low, high) + unsure, 1.0) * wander
        standardised: Floats = between(scores, low, high) / np.sqrt(variance)
        return standardised

    unsure = between(sums(past.unsure), early, late) ** 2
    total = evidence(early, late, unsure)
    way_up = np.sign(total)
    n_after = between(counted, early, late)
    divisor = np.maximum(n_after, 1.0)
    observed = between(sums(past.observed), early, late) / divisor
    expected = between(sums(past.expected), early, late) / divisor
    scale = np.sqrt(between(sums(np.square(past.scale)), early, late) / divisor)
    good = (
        (evidence(early, first, 0.0) * way_up >= EACH)
        & (evidence(last, late, 0.0) * way_up >= EACH)
        & (n_after >= PRESENT * usually[:, None, None] * length)
        & ((observed - expected) * way_up > 0)
        & enough(observed, expected, scale)
        & (early >= fitted)
    )
    strength = np.where(good, np.abs(total), 0.0)
    best = strength.argmax(axis=2)[:, :, None]

    def at_best(values: Floats) -> Floats:
        return np.take_along_axis(values, best, axis=2)[:, :, 0]

    stands = at_best(strength) >= EVIDENCE
    error = scale * np.sqrt((n_after + unsure) * wander) / divisor
    begun = np.where(stands, now + 1 - length[best[:, :, 0]], -1)
    told = (np.where(stands, at_best(v), np.nan) for v in (strength, expected, observed, error))
    return Shifts(begun, *told)


def _inflation(score: Floats, there: Flags, length: int) -> Floats:
    """How many times the variance of independent scores the sums of ``length`` of them had (S): at least 1.

    By the median absolute sum, so that past events do not raise it; but there are few sums that do not
    overlap, so it is at least what the autocorrelation of neighbours makes of it, as in an AR(1).
    """
    kept = np.where(there, score, 0.0)
    square = (kept[:, 1:] ** 2).sum(axis=1)
    neighbours = (kept[:, 1:] * kept[:, :-1]).sum(axis=1) / np.where(square > 0, square, 1.0)
    rho = np.clip(neighbours, 0.0, 0.98)
    least: Floats = (1.0 + rho) / (1.0 - rho)
    if score.shape[1] <= length:
        return least
    start = np.zeros((len(score), 1))
    total = np.concatenate([start, np.cumsum(kept, axis=1)], axis=1)
    count = np.concatenate([start, np.cumsum(there, axis=1)], axis=1)
    n = count[:, length:] - count[:, :-length]
    sums = (total[:, length:] - total[:, :-length]) / np.sqrt(np.maximum(n, 1.0))
    middle = NORMAL_MAD * quantiles(np.abs(np.where(n > length / 2, sums, np.nan)), 0.5)
    return np.asarray(np.maximum(least, np.where(np.isfinite(middle), middle, 1.0) ** 2), dtype=np.float64)
