"""Log-linear regression of counts for many series at once, which past outbreaks do not raise.

Quasi-Poisson with a weak prior, fitted by Newton's method; weeks that look like an outbreak are fitted again
with less weight (Farrington et al. 1996, section 3.6; Noufaily et al. 2013). Every step is a product of
matrices over all series.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import special

from indicators.rules.statistics.kept import Kept
from indicators.rules.statistics.significance import Flags, Floats, lower_tail, mass, upper_tail

OUTLIER = 2.0
"""Standardised residual beyond which a past value is weighed down, to pull no more than at that limit.

Noufaily et al. 2013 weigh by z⁻² from 2.58 on, a step that makes more of chance. Without it, 2 takes as much
from the spread of an undisturbed series as its outbreaks usually add. High and low count alike: a past week
without delivery must not hide an outbreak, nor an outbreak a silence."""
HALF_A_CASE = 0.5
"""What Jeffreys' prior adds to the cases of a series: a ward that never had one may have one."""
FEW = 4.0
"""Degrees of freedom that a spread is granted at least."""
MEMORY = 128 * 2**20
"""Bytes of fits that a process remembers."""
LIMIT = 30.0
"""Bound of the log of a mean."""


class Fit(NamedTuple):
    """What was fitted to S series: K coefficients each with their covariance, and the spread.

    ``spread`` is variance ÷ mean, and ``free`` the degrees of freedom on which that rests.
    """

    coefficients: Floats
    covariance: Floats
    spread: Floats
    free: Floats

    @property
    def spread_error(self) -> Floats:
        """The standard error of the spread."""
        error: Floats = self.spread * np.sqrt(2.0 / self.free)
        return error


def fit(counts: Floats, regressors: Floats, prior: Floats, usable: Flags) -> Fit:
    """Fit S × T ``counts`` by T × K ``regressors``; ``usable`` (S × T) says which counts take part."""
    weight = usable.astype(float)
    y = np.where(usable, counts, 0.0)
    pairs = _Pairs(regressors)
    precision = np.where(np.isinf(prior), 1e-8, prior**-2.0)
    n = weight.sum(axis=1)
    beta = np.zeros((len(y), regressors.shape[1]))
    beta[:, 0] = np.log((y.sum(axis=1) + 0.5) / (n + 1.0))
    spread = np.ones(len(y))
    beta, mean, covariance = _newton(y, weight, pairs, precision, spread, beta, 6)
    for _ in range(2):
        spread, _ = _spread(y, mean, weight, precision, covariance)
        z = _residual(y, mean, spread)
        weight = (OUTLIER / np.maximum(np.abs(z), OUTLIER)) ** 2 * usable
        beta, mean, covariance = _newton(y, weight, pairs, precision, spread, beta, 3)
    return Fit(beta, covariance, *_spread(y, mean, weight, precision, covariance))


def fit_once(counts: Floats, regressors: Floats, prior: Floats, usable: Flags) -> Fit:
    """`fit`, remembered."""
    given = np.where(usable, counts, np.nan), regressors, prior
    return _kept.of(given, lambda: fit(counts, regressors, prior, usable))


_kept: Kept[Fit] = Kept(MEMORY)


class _Pairs:
    """The regressors with the products of every two of them: weighted sums of those are the Hessian."""

    def __init__(self, x: Floats) -> None:
        self.x = x
        self.k = x.shape[1]
        row, column = np.triu_indices(self.k)
        lines = np.ascontiguousarray(x.T)
        products = lines[row] * lines[column]
        # weekdays, and phases of a holiday, never meet: a third of the products is nothing but zeros
        some = products.any(axis=1)
        self._row, self._column, self._products = row[some], column[some], products[some].T

    def gram(self, weight: Floats) -> Floats:
        """X' diag(w) X for every row of the S × T weights."""
        packed = weight @ self._products
        full = np.zeros((len(weight), self.k, self.k))
        full[:, self._row, self._column] = packed
        full[:, self._column, self._row] = packed
        return full


def _newton(
    y: Floats, weight: Floats, pairs: _Pairs, precision: Floats, spread: Floats, beta: Floats, steps: int
) -> tuple[Floats, Floats, Floats]:
    scale = spread[:, None]
    case = HALF_A_CASE * (np.arange(pairs.k) == 0)
    for _ in range(steps):
        mean = np.exp(np.clip(beta @ pairs.x.T, -LIMIT, LIMIT))
        gradient = ((weight * (y - mean)) @ pairs.x + case) / scale - precision * beta
        hessian = pairs.gram(weight * mean) / scale[..., None] + np.diag(precision)
        step = np.linalg.solve(hessian, gradient[..., None])[..., 0]
        length = np.abs(step @ pairs.x.T).max(axis=1, keepdims=True)
        beta = beta + step * np.minimum(1.0, 2.0 / np.maximum(length, 1e-12))
    mean = np.exp(np.clip(beta @ pairs.x.T, -LIMIT, LIMIT))
    hessian = pairs.gram(weight * mean) / scale[..., None] + np.diag(precision)
    covariance = np.asarray(np.linalg.inv(hessian), dtype=np.float64)
    return beta, mean, covariance


def _spread(
    y: Floats, mean: Floats, weight: Floats, precision: Floats, covariance: Floats
) -> tuple[Floats, Floats]:
    """Pearson's estimate of variance ÷ mean, at least that of a Poisson, and its degrees of freedom.

    Few cases tell little of their spread: the squares of skewed counts vary more than a normal's, which costs
    degrees of freedom by their excess kurtosis.
    """
    used = weight.sum(axis=1)
    held = np.einsum("k,skk->s", precision, covariance)  # what the prior knows is not taken from the counts
    free = np.maximum(used - (len(precision) - held), 0.25 * used + 1.0)
    chi = (weight * (y - mean) ** 2 / np.maximum(mean, 1e-8)).sum(axis=1)
    spread = np.maximum(chi / free, 1.0)
    thin = (weight / np.maximum(mean, 1e-8)).sum(axis=1) / np.maximum(used, 1.0)
    kurtosis = (6.0 * spread * (spread - 1.0) + 1.0) / spread * thin
    return spread, np.maximum(free / (1.0 + kurtosis / 2.0), FEW)


def _residual(y: Floats, mean: Floats, spread: Floats) -> Floats:
    """Residuals that are about standard normal.

    Those beyond 1.5 are exact quantiles (Dunn & Smyth 1996, at the middle of the step), as sparse counts
    need; the others, which weigh the same whatever they are, Anscombe's: 3 (y^⅔ − m^⅔) ÷ (2 m^⅙ √spread).
    """
    spread = np.broadcast_to(spread[:, None], y.shape)
    z: Floats = 1.5 * (np.cbrt(y) ** 2 - np.cbrt(mean) ** 2) / (mean ** (1 / 6) * np.sqrt(spread))
    for tail, far, sign in ((upper_tail, z > 1.5, 1.0), (lower_tail, z < -1.5, -1.0)):
        at = y[far], mean[far], spread[far]
        middle = tail(*at) - mass(*at) / 2.0
        z[far] = -sign * special.ndtri(np.clip(middle, 1e-300, 0.5))
    return z
