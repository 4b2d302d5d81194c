"""Robust ridge regression of many series on one design at once.

Every series has its own weights, so that gaps, outliers and first usable columns differ from series to
series, while the sums of products over time are one matrix product for all of them.

Literature: Huber 1981 and Beaton & Tukey 1974 (M-estimation by re-weighting); Rousseeuw & Croux 1993 (the
median absolute deviation as scale).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from indicators.rules.statistics.significance import Flags, Floats

NORMAL_MAD: Final = 1.4826
"""Makes the median absolute deviation of a normal variable its standard deviation."""
_HUBER: Final = 1.345
_BISQUARE: Final = 4.685
"""Tuning constants with 95 % efficiency under normal errors."""


def quantiles(values: Floats, share: float) -> Floats:
    """Quantile ``share`` of each row, passing over NaN (S × T → S; NaN where a row is empty)."""
    ordered = np.sort(values, axis=1)  # NaN go to the end
    n = np.isfinite(ordered).sum(axis=1)
    at = share * np.maximum(n - 1, 0)
    low = np.floor(at).astype(np.intp)
    high = np.minimum(low + 1, np.maximum(n - 1, 0))
    row = np.arange(len(ordered))
    part = at - low
    found: Floats = ordered[row, low] * (1 - part) + ordered[row, high] * part
    return found


def spread(residuals: Floats) -> Floats:
    """Robust standard deviation about zero of each row: the median absolute value.

    Where more than half of a row is exactly zero (a share of mostly 100 %), the mean absolute value stands in
    (Iglewicz & Hoaglin 1993); 0 for a constant row, NaN for an empty one.
    """
    sizes = np.abs(residuals)
    scale = NORMAL_MAD * quantiles(sizes, 0.5)
    n = np.isfinite(sizes).sum(axis=1)
    mean = 1.2533 * np.nansum(sizes, axis=1) / np.maximum(n, 1)
    found: Floats = np.where(scale > 1e-9 * mean, scale, np.where(n > 0, mean, np.nan))
    return found


def products(design: Floats) -> Floats:
    """Outer product of each row of a design with itself, flat (T × K → T × K²): what the sums need."""
    t, k = design.shape
    return (design[:, :, None] * design[:, None, :]).reshape(t, k * k)


def solve(design: Floats, squared: Floats, values: Floats, weight: Floats, penalty: Floats) -> Floats:
    """Weighted ridge regression of each row (S × T) on ``design`` (T × K): coefficients S × K.

    ``squared`` is ``products(design)``; ``penalty`` (S × K or K) is added to the diagonal. A row without
    weight gets coefficients of zero.
    """
    k = design.shape[1]
    normal: Floats = (weight @ squared).reshape(-1, k, k)
    diagonal = np.arange(k)
    normal[:, diagonal, diagonal] += penalty + 1e-9
    right = (weight * values) @ design
    return np.asarray(np.linalg.solve(normal, right[:, :, None])[:, :, 0], dtype=np.float64)


def m_weights(residuals: Floats, *, hard: bool = False) -> Floats:
    """Huber's weights of residuals (S × T; NaN weighs nothing); ``hard``: Tukey's bisquare."""
    scale = spread(residuals)[:, None]
    size = np.abs(residuals) / np.where(scale > 0, scale, 1.0)
    size = np.where(np.isfinite(size), size, np.inf)
    share = np.minimum(size / _BISQUARE, 1.0)
    soft = np.minimum(1.0, _HUBER / np.maximum(size, 1e-12))
    weight: Floats = (1.0 - share * share) ** 2 if hard else soft
    return weight


def robust(design: Floats, values: Floats, penalty: Floats, trusted: Flags | None = None) -> Floats:
    """M-estimate of each row of ``values`` (S × T, NaN = not used) on ``design`` (T × K): S × K.

    Huber's weights lead to a start that outliers do not pull, Tukey's bisquare then gives what lies far off
    no weight at all. ``penalty`` counts in observations: a coefficient is drawn to zero as by that
    many of them. Columns that are ``trusted`` (T) keep their whole weight: a holiday comes once a year and
    lies far off, and would be passed over as an outlier by the regressor that is there to explain it.
    """
    used = np.isfinite(values)
    filled = np.where(used, values, 0.0)
    squared = products(design)
    weight = used.astype(np.float64)
    found = solve(design, squared, filled, weight, penalty)
    for hard in (False, False, False, False, True, True):
        weight = m_weights(np.where(used, filled - found @ design.T, np.nan), hard=hard)
        if trusted is not None:
            weight[:, trusted] = used[:, trusted]
        found = solve(design, squared, filled, weight, penalty)
    return found
