"""What the detectors say of a fleet: p-values or alarms of every judged day's running sums."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from bench.fleet.simulate import AREAS, DAYS, HISTORY, INDICATORS, NEW_YEARS, START, WINDOW, Fleet, running
from indicators.rules.statistics.counts import count_tests
from indicators.rules.statistics.design import Moving, of_calendar
from indicators.rules.statistics.scan import Moments, scanned
from indicators.rules.statistics.significance import Flags, Floats


class Judged(NamedTuple):
    """Indicators × areas × judged days: p-values, and the sums with what was expected and its spread."""

    p: Floats
    observed: Floats
    expected: Floats
    spread: Floats


def product(fleet: Fleet) -> Judged:
    """The product's count condition on running sums: seven weekly series, one for each day that a week can
    end on.
    """
    shape = (INDICATORS, AREAS, DAYS)
    p, expected, spread = (np.full(shape, np.nan) for _ in range(3))
    series = fleet.counts.reshape(-1, DAYS)
    for phase in range(WINDOW):
        weeks = (DAYS - phase) // WINDOW
        days = slice(phase, phase + weeks * WINDOW)
        counts = series[:, days].reshape(len(series), weeks, WINDOW).sum(axis=2)
        starts = START + phase + WINDOW * np.arange(weeks)
        design = of_calendar("week", starts, moving=[Moving(NEW_YEARS, before=14, after=21)])
        first = (HISTORY - phase) // WINDOW
        tests = count_tests(counts, design, first, limits=False)
        ends = phase + WINDOW * np.arange(first, weeks) + WINDOW - 1
        for target, found in ((p, tests.p), (expected, tests.expected), (spread, tests.spread)):
            target[:, :, ends] = found.reshape(INDICATORS, AREAS, -1)
    return Judged(*(x[:, :, HISTORY:] for x in (p, running(fleet.counts), expected, spread)))


def oracle(fleet: Fleet) -> Judged:
    """Knows the true means and spreads, and looks at one and two weeks as the product does."""
    observed, expected = running(fleet.counts), running(fleet.mean)
    spread: Floats = np.broadcast_to(fleet.spread[:, None, None], observed.shape).copy()
    before, before_mean = (_week_before(x) for x in (observed, expected))
    moments = Moments(expected, spread, before_mean, spread, expected + before_mean, spread)
    p = np.full(observed.shape, np.nan)
    judged = np.s_[..., HISTORY:]
    p[judged] = scanned(observed[judged], before[judged], Moments(*(x[judged] for x in moments)), "above")
    return Judged(*(x[:, :, HISTORY:] for x in (p, observed, expected, spread)))


def _week_before(sums: Floats) -> Floats:
    out = np.full(sums.shape, np.nan)
    out[..., WINDOW:] = sums[..., :-WINDOW]
    return out


def year_on_year(fleet: Fleet, rise: float = 0.2) -> Flags:
    """The week against the same week a year before."""
    sums = running(fleet.counts)
    return sums[..., HISTORY:] > (1.0 + rise) * sums[..., HISTORY - 364 : DAYS - 364]


def three_sigma(fleet: Fleet) -> Flags:
    """Mean and three standard deviations of the weeks of the same season in the five years before."""
    sums = running(fleet.counts)
    past = np.stack(
        [
            sums[..., HISTORY - 364 * year + shift : DAYS - 364 * year + shift]
            for year in range(1, 5)
            for shift in (-14, -7, 0, 7, 14)
        ]
    )
    alarm: Flags = sums[..., HISTORY:] > past.mean(axis=0) + 3.0 * past.std(axis=0, ddof=1)
    return alarm


def ears_c2(fleet: Fleet) -> Flags:
    """EARS C2 (Hutwagner et al. 2003) on the days' counts: seven days, two days before, three standard
    deviations."""
    ends = fleet.counts.shape[-1]
    past = np.stack([fleet.counts[..., HISTORY - lag : ends - lag] for lag in range(3, 10)])
    sd = np.maximum(past.std(axis=0, ddof=1), 0.2)
    alarm: Flags = fleet.counts[..., HISTORY:] > past.mean(axis=0) + 3.0 * sd
    return alarm
