"""What alarms are worth where the truth is known."""

from __future__ import annotations

import numpy as np

from bench.outbreaks.simulate import Simulated
from indicators.rules.statistics.significance import Floats


def false_rates(p: Floats, truth: Simulated, level: float) -> Floats:
    """Share of the quiet series' weeks with p ≤ level, by scenario."""
    alarm = (p <= level)[truth.quiet].mean(axis=1)
    scenario = truth.scenario[truth.quiet]
    return np.bincount(scenario, alarm) / np.bincount(scenario)


def detected(p: Floats, truth: Simulated, level: float) -> float:
    """Share of the current outbreaks with an alarm in one of their weeks."""
    hit = (p <= level) & truth.outbreak
    return float(hit[~truth.quiet].any(axis=1).mean())


def precision(p: Floats, truth: Simulated, level: float) -> float:
    """Share of the disturbed series' alarms that fall into their outbreak."""
    alarm = (p <= level)[~truth.quiet]
    return float((alarm & truth.outbreak[~truth.quiet]).sum() / max(alarm.sum(), 1))


def cut_at(p: Floats, truth: Simulated, rate: float) -> float:
    """The greatest level at which no more than ``rate`` of the quiet series' weeks are alarms."""
    quiet = np.sort(p[truth.quiet].ravel())
    return float(np.nextafter(quiet[int(rate * quiet.size)], 0.0))
