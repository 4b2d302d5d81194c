"""Count anomaly: are there more cases this period than level, trend, season and holidays explain?

Farrington et al. 1996 and Noufaily et al. 2013: a regression over past years in which past outbreaks weigh
little, without the latest weeks, and the exact upper tail of an overdispersed distribution. Here one model
holds all weeks of the year (harmonics in the place of reference weeks), what the fit is unsure of widens the
distribution, and one and two periods are judged together (`scan`). See docs/warnings.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from scipy import special

from indicators.rules.statistics.design import Design
from indicators.rules.statistics.regression import LIMIT, Fit, fit_once
from indicators.rules.statistics.scan import Moments, Side, scan_limit, scanned
from indicators.rules.statistics.significance import Flags, Floats, Ints, Tests

Wanted = Callable[[Floats], Flags]
"""Of p-values (S × judged columns), where limits are wanted."""

TAIL = 0.001
"""Where the tail of an estimated spread is made to agree with Student's: out there alarms are decided."""
UNDISTURBED = 1.01
"""Gives back what weighing down unusual counts takes from the spread.

All of it for a series with as many past outbreaks as the published scenarios have, which leave some of it;
a part of it for one in which nothing happened."""


def count_tests(
    counts: Floats,
    design: Design,
    first: int,
    *,
    usable: Flags | None = None,
    since: Ints | None = None,
    side: Side | Literal["both"] = "above",
    level: float = 0.01,
    scan: bool = True,
    limits: bool | Wanted = True,
) -> Tests:
    """Test columns ``first`` to the last of S × T ``counts``, each by what came before it.

    ``usable`` (S × T) says which counts may be judged and fitted by (NaN never is); ``since`` (S) is the
    first column that counts after a break of the series. ``side`` below finds what falls silent, both asks
    either way and doubles p; ``limit`` is then that of the side on which the count lies. With ``scan`` the
    period is judged together with the one before. ``p`` is NaN where the count is not usable,
    or fewer than ``design.minimum`` usable columns lie before. ``limit`` is the count from which (below: to
    which) on p is at most ``level``, given the period before, −1 where no count is so low; it costs more
    than p does. Where ``limits``, or what it says of p, is false, it is NaN.
    """
    known = np.isfinite(counts) if usable is None else usable & np.isfinite(counts)
    if since is not None:
        known = known & (np.arange(counts.shape[1]) >= since[:, None])
    expected = expectations(counts, design, first, known)
    values = np.where(known, counts, np.nan)
    shifted = np.concatenate([np.full((len(values), 1), np.nan), values[:, :-1]], axis=1)
    count, before = values[:, first:], shifted[:, first:]
    if not scan:
        before = np.full_like(count, np.nan)
    sides: tuple[Side, ...] = ("above", "below") if side == "both" else (side,)
    each = np.stack([scanned(count, before, expected, one) for one in sides])
    p = np.minimum(len(sides) * each.min(axis=0), 1.0)
    judged = np.isfinite(p)
    wanted = judged & (np.full(p.shape, limits) if isinstance(limits, bool) else limits(p))
    limit = np.full_like(p, np.nan)
    for number, one in enumerate(sides):
        here = wanted & (each.argmin(axis=0) == number)
        limit[here] = scan_limit(level / len(sides), before[here], expected.at(here), one)
    return Tests(p, np.where(judged, expected.mean, np.nan), limit, np.where(judged, expected.spread, np.nan))


def expectations(counts: Floats, design: Design, first: int, known: Flags) -> Moments:
    """What is expected of columns ``first`` to the last; NaN where too little is known before.

    One fit serves all columns with the same ``design.fit_end``; it is made for all series at once.
    """
    series, total = counts.shape
    found = Moments(*(np.full((series, total - first), np.nan) for _ in Moments._fields))
    ends, lows = np.unique(design.fit_end[first:total], return_index=True)
    for end, low, high in zip(ends, lows, [*lows[1:], total - first], strict=True):
        begin = max(0, end - design.window)
        enough = known[:, begin : max(end, 0)].sum(axis=1) >= design.minimum
        if not enough.any():
            continue
        # the trend counts from the end of the fit: years since 1970 would make level and trend one
        regressors = design.matrix - np.where(np.arange(len(design.prior)) == 1, design.matrix[end - 1], 0.0)
        rows = slice(begin, end)
        fitted = fit_once(counts[enough, rows], regressors[rows], design.prior, known[enough, rows])
        now = np.arange(first + low, first + high)
        for target, value in zip(found, _moments(fitted, regressors, now), strict=True):
            target[enough, low:high] = value
    return found


def _moments(fitted: Fit, regressors: Floats, columns: Ints) -> Moments:
    """What the fit expects of some columns, and of each with the one before.

    The spread is the counts' own, wider by what makes a normal tail that of Student's t, because it is
    estimated, and on top of it what the mean is unsure of (the delta method). The first column of all has
    none before it: NaN.
    """
    student = special.stdtrit(fitted.free, TAIL) / special.ndtri(TAIL)
    spread = (fitted.spread * UNDISTURBED * student**2)[:, None]

    def slopes(of: Ints) -> Floats:
        means = np.exp(np.clip(fitted.coefficients @ regressors[of].T, -LIMIT, LIMIT))
        moved: Floats = np.where(of >= 0, means, np.nan)[:, :, None] * regressors[of]
        return moved

    now, before = slopes(columns), slopes(columns - 1)
    moments = []
    for part in (now, before, now + before):
        mean = part[:, :, 0]  # the first regressor is 1
        unsure = np.einsum("stk,stk->st", part @ fitted.covariance, part)
        moments += [mean, spread + unsure / mean]
    return Moments(*moments)
