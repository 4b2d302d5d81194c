"""A confirmed shift: the past as it would have been at the new level, so that tests need no new history."""

from __future__ import annotations

import numpy as np

from indicators.rules.statistics.design import Design
from indicators.rules.statistics.fitting import quantiles, robust, spread
from indicators.rules.statistics.regression import LIMIT, fit
from indicators.rules.statistics.shifts import centred, known_columns
from indicators.rules.statistics.significance import Flags, Floats, Ints


def rebased_counts(
    counts: Floats, design: Design, begin: Ints, until: int, *, usable: Flags | None = None
) -> Floats:
    """The past as it would have been at the level since a confirmed shift: S × T ``counts``, of which the
    columns before ``begin`` (S, −1: no shift) are moved to the level of the columns from there to ``until``
    (excluded: the first column to be judged). Tests of later columns then need no new history. The columns
    next to ``begin`` become NaN.

    Each count keeps its place within the noise, and the noise becomes that of counts of the new level: mean
    times ratio, deviation times its root, so that their spread stays what it was.
    """
    known, before, since, counts = _sides(counts, design, begin, until, usable)
    moved = (begin > 0) & (begin < until)
    here = np.arange(counts.shape[1])
    before &= moved[:, None]
    since &= moved[:, None]
    moved &= since.any(axis=1) & (before.sum(axis=1) >= design.minimum)
    if not moved.any():
        return counts
    start = max(0, int(begin[moved].min()) - design.window)
    rows = slice(start, until)
    x = centred(design, until)[rows]
    y = np.where(known, counts, 0.0)[moved, rows]
    fitted = fit(y, x, design.prior, before[moved, rows])
    mean = np.exp(np.clip(fitted.coefficients @ x.T, -LIMIT, LIMIT))
    there = since[moved, rows]
    # a quarter of a case on both sides, so that a series which fell silent keeps a level
    ratio = (np.where(there, y, 0.0).sum(axis=1) + 0.25) / (np.where(there, mean, 0.0).sum(axis=1) + 0.25)
    factor = ratio[:, None]
    new = np.maximum(factor * mean + np.sqrt(factor) * (y - mean), 0.0)
    found = counts.copy()
    found[moved, rows] = np.where(before[moved, rows], new, counts[moved, rows])
    older = before & (here < start)
    found[older] = np.nan  # too long ago for any fit
    return found


def rebased_levels(
    values: Floats, design: Design, begin: Ints, until: int, *, usable: Flags | None = None
) -> Floats:
    """The same of levels: moved by the difference of the medians to what the past makes expect."""
    _, before, since, values = _sides(values, design, begin, until, usable)
    moved = since.any(axis=1) & (before.sum(axis=1) >= design.minimum)
    x = centred(design, until)[:until]
    y = np.where(before, values, np.nan)[:, :until]
    middle = quantiles(y, 0.5)[:, None]
    penalty = np.where(np.isinf(design.prior), 1e-8, design.prior**-2.0)
    size = spread(y - middle)[:, None]
    size = np.where(size > 0, size, 1.0)
    expected = robust(x, (y - middle) / size, penalty) @ x.T * size + middle
    apart = np.where(since[:, :until], values[:, :until] - expected, np.nan)
    difference = np.where(moved, quantiles(apart, 0.5), 0.0)
    return np.where(before, values + difference[:, None], values)


def _sides(
    values: Floats, design: Design, begin: Ints, until: int, usable: Flags | None
) -> tuple[Flags, Flags, Flags, Floats]:
    """What is usable at all, before and since ``begin`` up to ``until``; and the values, of which those
    around ``begin`` are NaN: to which level they belong is not known to the week.
    """
    here = np.arange(values.shape[1])
    close = (
        (np.abs(here - begin[:, None] + 0.5) < design.after[0] // 4) & (begin[:, None] > 0) & (here < until)
    )
    kept = np.where(close, np.nan, values)
    known = known_columns(kept, usable, None)
    before = known & (here < begin[:, None])
    since = known & (here >= begin[:, None]) & (here < until)
    return known, before, since, kept
