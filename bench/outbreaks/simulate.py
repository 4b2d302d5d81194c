"""Weekly counts with known outbreaks: the simulation study of Noufaily et al. 2013.

A. Noufaily, D. G. Enki, P. Farrington, P. Garthwaite, N. Andrews, A. Charlett: An improved algorithm for
outbreak detection in multiple surveillance systems. Statistics in Medicine 32 (2013) 1206-1222. Its 42
scenarios are 7 sets of parameters, each without and with trend and with 0, 1 or 2 harmonics of the year.
Counts are negative binomial with variance φ × mean over 12 years of 52 weeks. An outbreak brings Poisson many
cases, k times the standard deviation of the week it begins in, spread over log-normal delays. Four past ones
(k of 2, 3, 5 or 10) lie in weeks 313 to 575; of the last 49 weeks, half of the series have one with k = 1…10.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from indicators.rules.statistics.significance import Flags, Floats, Ints

WEEKS, PAST, JUDGED = 624, 312, 575
"""Columns in all, the first one that may hold a past outbreak, the first one that is scored."""
A_YEAR = 52

#      θ      β       γ₁    γ₂     φ
SETS = (
    (0.10, 0.0025, 0.60, 0.60, 1.5),
    (-2.00, 0.0050, 0.10, 0.30, 2.0),
    (1.50, 0.0030, 0.20, -0.40, 1.0),
    (0.50, 0.0020, 0.50, 0.50, 5.0),
    (2.50, 0.0010, 1.00, 0.10, 3.0),
    (3.75, 0.0010, 0.10, -0.10, 1.1),
    (5.00, 0.0001, 0.05, 0.01, 1.2),
)


@dataclass(frozen=True)
class Simulated:
    """S series of 624 weeks.

    ``scenario`` is 0 … 41; ``outbreak`` (S × 49) marks the scored weeks of a current outbreak, from its
    first to its last case; it is empty for the ``quiet`` half of the series.
    """

    counts: Floats
    scenario: Ints
    quiet: Flags
    outbreak: Flags


def simulated(seed: int, repeats: int, factor: Floats | None = None) -> Simulated:
    """``repeats`` × 10 quiet and as many disturbed series of each scenario, in the order of scenarios.

    ``factor`` (624) multiplies every mean: what holidays do.
    """
    rng = np.random.default_rng(seed)
    week = np.arange(1, WEEKS + 1)
    parts = []
    for (theta, beta, gamma1, gamma2, phi), trend, harmonics in product(SETS, (0, 1), (0, 1, 2)):
        angle = 2 * np.pi * week / A_YEAR
        season = sum(
            (gamma1 * np.cos(j * angle) + gamma2 * np.sin(j * angle) for j in range(1, harmonics + 1)),
            np.zeros(WEEKS),
        )
        mean = np.exp(theta + trend * beta * week + season) * (1.0 if factor is None else factor)
        parts.append(_scenario(rng, mean, phi, repeats * 10))
    counts, outbreak = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    each = 2 * repeats * 10
    return Simulated(
        counts.astype(float),
        np.repeat(np.arange(len(parts)), each),
        np.tile(np.arange(each) < each // 2, len(parts)),
        outbreak.astype(bool),
    )


def _scenario(rng: np.random.Generator, mean: Floats, phi: float, series: int) -> tuple[Ints, Flags]:
    """Counts of ``series`` quiet and as many disturbed series, and the weeks of their current outbreaks."""
    shape = (2 * series, WEEKS)
    counts = rng.poisson(mean, shape) if phi == 1 else rng.negative_binomial(mean / (phi - 1), 1 / phi, shape)
    for _ in range(4):
        size = rng.choice([2.0, 3.0, 5.0, 10.0], 2 * series)
        begins = rng.integers(PAST, JUDGED, 2 * series)
        counts += _outbreaks(rng, begins, size * np.sqrt(phi * mean[begins]), JUDGED)
    size = np.tile(np.arange(1.0, 11.0), series // 10)
    begins = rng.integers(JUDGED, WEEKS, series)
    cases = _outbreaks(rng, begins, size * np.sqrt(phi * mean[begins]), WEEKS)
    counts[series:] += cases
    column = np.arange(WEEKS)
    last = WEEKS - 1 - np.argmax(cases[:, ::-1] > 0, axis=1)
    during = (column >= begins[:, None]) & (column <= last[:, None])
    outbreak = np.concatenate([np.zeros_like(during), during])[:, JUDGED:]
    return counts, outbreak


def _outbreaks(rng: np.random.Generator, begins: Ints, size: Floats, end: int) -> Ints:
    """Cases by week (S × 624) of one outbreak in every series, at least one each, none from ``end`` on."""
    cases = np.zeros((len(begins), WEEKS), dtype=np.int64)
    empty: Flags = np.ones(len(begins), dtype=np.bool_)
    while np.any(empty):
        series = np.repeat(np.nonzero(empty)[0], rng.poisson(size[empty]))
        week = begins[series] + np.floor(rng.lognormal(0.0, 0.5, len(series))).astype(np.int64)
        np.add.at(cases, (series[week < end], week[week < end]), 1)
        # an outbreak too small ever to have a case is one case in its first week
        tiny = (cases.sum(axis=1) == 0) & (size < 1e-3)
        cases[tiny, begins[tiny]] = 1
        empty = cases.sum(axis=1) == 0
    return cases
