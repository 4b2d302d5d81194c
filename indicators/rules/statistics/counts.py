"""Count anomaly: are there more cases this period than level, trend, season and holidays explain?

Farrington et al. 1996 and Noufaily et al. 2013: a regression over past years in which past outbreaks weigh
little, without the latest weeks, and the exact upper tail of an overdispersed distribution; here with
harmonics for the season and one model over all weeks of the past, and a scan over one and two periods
(Kulldorff 2001).
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from indicators.rules.statistics.design import Design
from indicators.rules.statistics.regression import fit
from indicators.rules.statistics.significance import (
    Flags,
    Floats,
    Ints,
    Tests,
    lower_limit,
    lower_tail,
    upper_limit,
    upper_tail,
)

Side = Literal["above", "below"]


class Moments(NamedTuple):
    """What is expected of S series in some columns: the mean, and variance ÷ mean with all that is unsure.

    ``mean`` and ``spread`` of the period itself; ``mean_two`` and ``spread_two`` of it with the one before.
    """

    mean: Floats
    spread: Floats
    mean_two: Floats
    spread_two: Floats


def count_tests(
    counts: Floats,
    design: Design,
    first: int,
    *,
    usable: Flags | None = None,
    since: Ints | None = None,
    side: Side = "above",
    level: float = 0.01,
    scan: bool = True,
) -> Tests:
    """Test columns ``first`` to the last of S × T ``counts``, each by what came before it.

    ``usable`` (S × T) says which counts may be judged and fitted by (NaN never is); ``since`` (S) is the
    first column that counts after a break of the series. ``side`` below finds what falls silent. With
    ``scan`` the period and the one before are judged together, too. ``limit`` is the count from which (to
    which) on ``p`` is at most ``level``, given the period before. ``p`` is NaN where the count is not
    usable, or fewer than ``design.minimum`` usable columns lie before.
    """
    known = np.isfinite(counts) if usable is None else usable & np.isfinite(counts)
    if since is not None:
        known = known & (np.arange(counts.shape[1]) >= since[:, None])
    expected = expectations(counts, design, first, known)
    count = np.where(known[:, first:], counts[:, first:], np.nan)
    before = np.full_like(count, np.nan)
    if first:
        before = np.where(known[:, first - 1 : -1], counts[:, first - 1 : -1], np.nan)
    elif counts.shape[1] > 1:
        before[:, 1:] = np.where(known[:, :-1], counts[:, :-1], np.nan)
    tail, bound = (upper_tail, upper_limit) if side == "above" else (lower_tail, lower_limit)
    p = tail(count, expected.mean, expected.spread)
    limit = bound(level, expected.mean, expected.spread)
    if scan:
        both = tail(count + before, expected.mean_two, expected.spread_two)
        p = np.fmin(p, np.minimum(2.0 * both, 1.0))
        limit_two = bound(level / 2.0, expected.mean_two, expected.spread_two) - before
        limit = np.fmin(limit, np.maximum(limit_two, 0.0)) if side == "above" else np.fmax(limit, limit_two)
    p[np.isnan(count)] = np.nan
    return Tests(p, *(np.where(np.isnan(p), np.nan, x) for x in (expected.mean, limit)))


def expectations(counts: Floats, design: Design, first: int, known: Flags) -> Moments:
    """What is expected of columns ``first`` to the last; NaN where too little is known before."""
    series, total = counts.shape
    found = Moments(*(np.full((series, total - first), np.nan) for _ in Moments._fields))
    ends, starts = np.unique(design.fit_end[first:], return_index=True)
    for end, low, high in zip(ends, starts, [*starts[1:], total - first], strict=True):
        begin = max(0, end - design.window)
        if end - begin < design.minimum:
            continue
        enough = known[:, begin:end].sum(axis=1) >= design.minimum
        if not enough.any():
            continue
        regressors = design.matrix.copy()
        regressors[:, 1] -= design.matrix[end - 1, 1]
        fitted = fit(counts[enough, begin:end], regressors[begin:end], design.prior, known[enough, begin:end])
        rows = regressors[max(0, first + low - 1) : first + high]
        mean = np.exp(np.clip(fitted.coefficients @ rows.T, -30, 30))
        spread = (fitted.spread + 0.5 * fitted.spread_error)[:, None]
        slopes = mean[:, :, None] * rows  # of the means by the coefficients
        if first + low == 0:
            mean = np.concatenate([np.full((len(mean), 1), np.nan), mean], axis=1)
            slopes = np.concatenate([slopes[:, :1], slopes], axis=1)
        unsure = _quadratic(fitted.covariance, slopes[:, 1:])
        pair = slopes[:, 1:] + slopes[:, :-1]
        unsure_two = _quadratic(fitted.covariance, pair)
        two = mean[:, 1:] + mean[:, :-1]
        for target, value in zip(
            found, (mean[:, 1:], spread + unsure / mean[:, 1:], two, spread + unsure_two / two), strict=True
        ):
            target[enough, low:high] = value
    return found


def _quadratic(covariance: Floats, slopes: Floats) -> Floats:
    """s' V s for the slopes s (S × columns × K) of every series."""
    squares: Floats = np.einsum("stk,stk->st", slopes @ covariance, slopes)
    return squares
