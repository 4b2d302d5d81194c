"""Measure the count anomaly on the 42 published scenarios, and over the lunar new year.

python -m bench.outbreaks.figures    measures by itself (for `cost_of`)
"""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from bench.common.child import cost_of, report
from bench.common.report import Figure
from bench.outbreaks.score import cut_at, detected, false_rates, precision
from bench.outbreaks.simulate import JUDGED, WEEKS, Simulated, simulated
from config import REFERENCE_CITY, load_city
from config.holidays import first_days
from indicators.rules.statistics.counts import count_tests
from indicators.rules.statistics.design import Days, Design, Moving, of_calendar, of_weeks
from indicators.rules.statistics.significance import Floats

LEVEL = 0.01
REPEATS = int(os.environ.get("IOC_OUTBREAKS", "4"))
"""Tens of quiet and of disturbed series of each scenario."""
BEGIN = dt.date(2013, 1, 7)
"""The Monday on which series with holidays begin: the scored year is then 2024."""
AROUND = ((-7, 0, 1.6), (0, 7, 0.3), (7, 14, 1.8))
"""What a holiday does to the days from … to … after its first: factors of the mean."""


def measure(_: Path) -> list[Figure]:
    """Needs no warehouse: the series are simulated."""
    found = cost_of("bench.outbreaks.figures").result
    series = (
        f"42 scenarios of Noufaily et al. 2013, {found['tests']:,.0f} weeks of {found['series']:,.0f} series"
    )
    return [
        Figure(
            "outbreaks_false_rate", found["false"], "", f"{series}: quiet weeks with p ≤ {LEVEL}; aim ≤ .010"
        ),
        Figure("outbreaks_false_rate_worst", found["worst"], "", "the same in the worst scenario; aim ≤ .02"),
        Figure("outbreaks_found", found["found"], "", "outbreaks with an alarm while they last; aim ≥ .53"),
        Figure("outbreaks_found_at_1_percent", found["at"], "", "at a false rate of exactly .01; aim ≥ .53"),
        Figure("outbreaks_precision", found["precision"], "", "alarms that lie in an outbreak; aim ≥ .72"),
        Figure("outbreaks_calibration_3", found["c3"], "×", "quiet weeks with p ≤ .001 ÷ .001; aim ≤ 1.25"),
        Figure("outbreaks_calibration_4", found["c4"], "×", "quiet weeks with p ≤ .0001 ÷ .0001"),
        Figure("outbreaks_test_ms", found["ms"], "ms", "CPU of one test; aim ≤ 0.2"),
        Figure("outbreaks_limit_ms", found["limit_ms"], "ms", "CPU of one test with the limit for a chart"),
        Figure(
            "outbreaks_holiday_worst", found["holiday"], "", "quiet series' worst week around Tết; aim ≤ .03"
        ),
        Figure(
            "outbreaks_holiday_unknown", found["unknown"], "", "the same if the holiday were not declared"
        ),
    ]


def _figures() -> Mapping[str, float]:
    truth = simulated(2013, REPEATS)
    p, took = _judged(truth, of_weeks(WEEKS))
    part = Simulated(truth.counts[::20], truth.scenario[::20], truth.quiet[::20], truth.outbreak[::20])
    _, with_limits = _judged(part, of_weeks(WEEKS), limits=True)
    rates = false_rates(p, truth, LEVEL)
    quiet = p[truth.quiet]
    return {
        "series": len(p),
        "tests": p.size,
        "false": float(rates.mean()),
        "worst": float(rates.max()),
        "found": detected(p, truth, LEVEL),
        "at": detected(p, truth, cut_at(p, truth, 0.01)),
        "precision": precision(p, truth, LEVEL),
        "c3": float((quiet <= 1e-3).mean() / 1e-3),
        "c4": float((quiet <= 1e-4).mean() / 1e-4),
        "ms": took,
        "limit_ms": with_limits,
        **_holidays(),
    }


def _holidays() -> Mapping[str, float]:
    """The worst week's share of false alarms over all quiet series, holiday declared and not."""
    city = load_city(REFERENCE_CITY)
    starts = np.datetime64(BEGIN) + 7 * np.arange(WEEKS)
    years = range(BEGIN.year - 1, BEGIN.year + WEEKS // 52 + 2)
    moving = [
        Moving(
            np.array(first_days(holiday, city.zone, years), dtype="datetime64[D]"),
            holiday.before,
            holiday.after,
        )
        for holiday in city.head.calendar.moving
    ]
    truth = simulated(2024, max(1, REPEATS // 2), _factor(starts, moving[0].first))
    near = np.zeros(WEEKS, dtype=bool)
    for first in moving[0].first:
        near |= (starts > first - 21) & (starts < first + 28)
    worst = {}
    for name, known in (("holiday", moving), ("unknown", [])):
        p, _ = _judged(truth, of_calendar("week", starts, moving=known))
        worst[name] = float((p[truth.quiet] <= LEVEL).mean(axis=0)[near[JUDGED:]].max())
    return worst


def _factor(starts: Days, firsts: Days) -> Floats:
    """The mean of the factors of each week's seven days."""
    days = starts[:, None] + np.arange(7)
    factor = np.ones(days.shape)
    for low, high, times in AROUND:
        for first in firsts:
            factor[(days >= first + low) & (days < first + high)] = times
    mean: Floats = factor.mean(axis=1)
    return mean


def _judged(truth: Simulated, design: Design, limits: bool = False) -> tuple[Floats, float]:
    """p of the scored weeks, and CPU milliseconds a test."""
    begun = time.process_time()
    p = count_tests(truth.counts, design, JUDGED, level=LEVEL, limits=limits).p
    return p, 1000 * (time.process_time() - begun) / p.size


if __name__ == "__main__":
    report(_figures)
