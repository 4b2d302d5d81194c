"""Whose event is it: does an area stand out from the whole that it is part of?

Counts with mean m and variance f·m (negative binomial of size m / (f - 1), the same index of dispersion f in
all areas) add up to a count of the same kind, and given their sum each part is *beta-binomial* with

    alpha = m_part / (f - 1),  beta = (m_whole - m_part) / (f - 1);

for f → 1 that is the binomial of Przyborowski & Wilenski (1940) for the ratio of two Poisson means. The
common level drops out: a rise of every area alike, whatever its size, leaves the shares where they were.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaincc, gammaln, ndtri, stdtr, stdtrit

from indicators.rules.statistics.significance import Flags, Floats, upper_tail

NEARLY_POISSON: Final = 1.001
"""Below this index of dispersion the binomial stands for the beta-binomial; they no longer differ."""

LONG: Final = 20_000
"""Sums of more terms than this are not summed."""

TAIL: Final = 5
"""Degrees of freedom of the tails of levels."""


class Level(IntEnum):
    """The lowest level that explains what was seen."""

    NONE = 0
    """Nothing is unusual."""
    WHOLE = 1
    """The parts rose alike: one warning for the whole."""
    PARTS = 2
    """Some parts rose, and without them the whole did not: a warning for each of them, none for the whole."""
    BOTH = 3
    """Some parts rose beyond the others, and the others rose as well."""


class Explained(NamedTuple):
    """``level`` (W) one ``Level`` for each whole; ``parts`` (W × P) the parts that stand out from their whole
    on the level asked for; ``beyond`` (W × P) the p-values of their shares; ``rest`` (W) that of what is left
    of the whole without those parts. NaN: not judged.
    """

    level: NDArray[np.int8]
    parts: Flags
    beyond: Floats
    rest: Floats


def share_tail(
    part: Floats, whole: Floats, expected_part: Floats, expected_whole: Floats, dispersion: Floats | float
) -> Floats:
    """P(part ≥ seen | whole) when the part's share is the expected one: small where the share is up.

    Arrays that broadcast; counts and their expectations, ``dispersion`` = variance / mean of the part. Exact
    upper tail of the beta-binomial, summed on its shorter side. NaN where an argument is NaN, nothing was
    expected, or the part was to be the whole.
    """
    arrays = np.broadcast_arrays(
        part, whole, expected_part, expected_whole, np.asarray(dispersion, dtype=np.float64)
    )
    seen, total, mean, sum_of_means, spread = (np.ravel(array).astype(np.float64) for array in arrays)
    out = np.full(seen.shape, np.nan)
    with np.errstate(invalid="ignore"):
        valid = (mean > 0) & (mean < sum_of_means) & ~np.isnan(seen + total + spread)
    total = np.maximum(total, seen)
    # A part without a case, or that holds all cases, needs no sum.
    out[valid] = 1.0
    some = valid & (seen > 0)
    near = some & (spread <= NEARLY_POISSON)
    share = np.divide(mean, sum_of_means, out=np.zeros_like(mean), where=valid)
    out[near] = betainc(seen[near], total[near] - seen[near] + 1.0, share[near])
    rest = some & ~near
    scale = 1.0 / (np.where(rest, spread, 2.0) - 1.0)
    alpha, beta = (share * sum_of_means * scale)[rest], ((1.0 - share) * sum_of_means * scale)[rest]
    long = np.minimum(seen, total - seen)[rest] > LONG
    found = np.empty(long.shape)
    for some_, tail in ((long, _beta_tail), (~long, _beta_binomial_tail)):
        found[some_] = tail(seen[rest][some_], total[rest][some_], alpha[some_], beta[some_])
    out[rest] = found
    return out.reshape(arrays[0].shape)


def level_tail(
    value: Floats, whole: Floats, expected: Floats, expected_whole: Floats, bound: Floats, level: float
) -> Floats:
    """P of a level at least as far out as ``value`` when its part had moved as its whole did.

    Arrays of shape (n,). How a movement of the whole arrives in a part, as so much or as so many times, is
    not known: the one that explains more is taken. ``bound``: the value on that side at which the part's own
    p-value is ``level``; from it the scale of a Student-t of `TAIL` degrees of freedom, as heavy as levels
    of cities have them. NaN where an argument is.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        moved = value - expected
        as_much = whole - expected_whole
        as_often = np.where(expected_whole > 0, expected * (whole / expected_whole - 1.0), as_much)
        beyond = np.minimum(*((moved - carried) * np.sign(moved) for carried in (as_much, as_often)))
        scale = np.abs(bound - expected) / -stdtrit(TAIL, level)
        out: Floats = stdtr(TAIL, -beyond / scale)
    return np.where(np.isnan(value + whole + expected + expected_whole + bound), np.nan, out)


def _beta_tail(seen: Floats, total: Floats, alpha: Floats, beta: Floats) -> Floats:
    """The same for counts so large that their share is as good as continuous: a beta of the same variance."""
    share = alpha / (alpha + beta)
    noise = (1.0 + (total - 1.0) / (alpha + beta + 1.0)) / total
    weight = 1.0 / noise - 1.0
    out: Floats = betaincc(share * weight, (1.0 - share) * weight, (seen - 0.5) / total)
    return out


def _beta_binomial_tail(seen: Floats, total: Floats, alpha: Floats, beta: Floats) -> Floats:
    """P(K ≥ seen) with K from ``total`` draws; all of shape (n,), ``0 < seen ≤ total``."""
    if not seen.size:
        return np.empty(0)
    above = (total - seen) < seen  # sum upwards from what was seen, or downwards from below it
    first = np.where(above, seen, 0.0)
    terms = np.where(above, np.floor(total - seen) + 1, np.ceil(seen)).astype(np.int64)
    row = np.repeat(np.arange(seen.size), terms)
    offset = np.arange(row.size) - np.repeat(np.cumsum(terms) - terms, terms)
    k, n, a, b = first[row] + offset, total[row], alpha[row], beta[row]
    log = (
        gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
        + gammaln(k + a) - gammaln(a) + gammaln(n - k + b) - gammaln(b) - gammaln(n + a + b) + gammaln(a + b)
    )  # fmt: skip
    mass = np.bincount(row, weights=np.exp(log), minlength=seen.size)
    tail: Floats = np.clip(np.where(above, mass, 1.0 - mass), 0.0, 1.0)
    return tail


def dispersion_at(expected: Floats, limit: Floats, level: float) -> Floats:
    """The index of dispersion of a count whose upper ``level`` quantile is ``limit``; at least 1.

    For tests that tell their limit but not their spread. Cornish & Fisher (1938) with the skewness of the
    negative binomial: limit - m = z·s·√m + (2s² - 1)(z² - 1) / 6 with s² the dispersion, solved for s.
    NaN where an argument is NaN or nothing was expected. ``level`` < .15, so that z > 1.
    """
    z = float(ndtri(1.0 - level))
    with np.errstate(invalid="ignore"):
        mean = np.where(expected > 0, expected, np.nan)
        a, b = (z * z - 1.0) / 3.0, z * np.sqrt(mean)
        c = -(z * z - 1.0) / 6.0 - (limit - mean)
        root = (-b + np.sqrt(np.maximum(b * b - 4.0 * a * c, 0.0))) / (2.0 * a)
        out: Floats = np.where(np.isnan(root), np.nan, np.maximum(root, 1.0) ** 2)
    return out


def explain_level(
    observed: Floats,
    expected: Floats,
    parts_observed: Floats,
    parts_expected: Floats,
    dispersion: Floats | float,
    level: float = 0.01,
) -> Explained:
    """The lowest level that explains each whole: the whole itself, some of its parts, or both.

    ``observed``, ``expected`` (W): the wholes. ``parts_observed``, ``parts_expected`` (W × P): their parts,
    NaN where there is none or it is not known. ``dispersion``: variance / mean, for all or W × 1 or W × P.

    A part stands out when it and its share do at ``level`` / number of its siblings (Bonferroni: few parts
    rise at a time); a part that merely holds while the others fall does not. Parts are taken out one after
    another, the most unusual first, because a large one presses the shares of the others down; what is left
    is held against what was expected of it.
    """
    spread = np.broadcast_to(np.asarray(dispersion, dtype=np.float64), parts_observed.shape)
    known = ~(np.isnan(parts_observed) | np.isnan(parts_expected))
    siblings = known.sum(axis=1)
    allowed = level / np.maximum(siblings, 1)
    risen_parts = upper_tail(parts_observed, parts_expected, spread) <= allowed[:, None]
    named = np.zeros(parts_observed.shape, dtype=np.bool_)
    beyond = np.full(parts_observed.shape, np.nan)
    left, due = observed.astype(np.float64), expected.astype(np.float64)
    rows = np.arange(len(observed))
    for turn in range(parts_observed.shape[1]):
        tail = share_tail(
            np.where(named, np.nan, parts_observed), left[:, None], parts_expected, due[:, None], spread
        )
        beyond = tail if turn == 0 else np.where(named, beyond, tail)
        filled = np.where(risen_parts & ~np.isnan(tail), tail, np.inf)
        best = filled.argmin(axis=1)
        found = filled[rows, best] <= allowed
        if not found.any():
            break
        named[rows[found], best[found]] = True
        left = left - np.where(found, parts_observed[rows, best], 0.0)
        due = due - np.where(found, parts_expected[rows, best], 0.0)
    whole_spread = np.nanmax(np.where(known, spread, 1.0), axis=1, initial=1.0)
    rest = upper_tail(left, due, whole_spread)
    risen = rest <= level
    some = named.any(axis=1)
    out = np.where(some, np.where(risen, Level.BOTH, Level.PARTS), np.where(risen, Level.WHOLE, Level.NONE))
    return Explained(out.astype(np.int8), named, beyond, rest)
