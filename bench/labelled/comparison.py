"""The product and what others use, on the same columns of the same series."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from bench.labelled import baselines
from bench.labelled.scoring import Score, score
from bench.labelled.series import Series, hours, outbreaks
from indicators.rules.statistics.counts import count_tests
from indicators.rules.statistics.levels import level_tests
from indicators.rules.statistics.significance import Flags, Floats

DATA = Path(__file__).parents[2] / ".." / "shared" / "data"
Detector = Callable[[Series], Flags]


def product(level: float) -> Detector:
    """The product's own test, as a rule would run it: counts above, levels on both sides."""

    def detect(series: Series) -> Flags:
        alarms = np.zeros(len(series.values), dtype=np.bool_)
        rows = series.values[None, :]
        if series.kind == "count":
            p = count_tests(rows, series.design, series.first, limits=False).p
        else:
            p = level_tests(rows, series.design, series.first).p
        alarms[series.first :] = p[0] <= level
        return alarms

    return detect


def _ears(rule: Callable[[Floats], Flags]) -> Detector:
    def detect(series: Series) -> Flags:
        alarms: Flags = rule(series.values[None, :])[0]
        if series.kind == "level":  # EARS looks for more; a level may err to both sides
            alarms = alarms | rule(-series.values[None, :])[0]
        return alarms

    return detect


def _three_sigma(series: Series) -> Flags:
    window = round(series.per_year) if series.kind == "count" else 4 * 7 * 24
    found: Flags = baselines.three_sigma(series.values[None, :], window, two_sided=series.kind == "level")[0]
    return found


DETECTORS: Mapping[str, Detector] = {
    "this product, p ≤ .01": product(0.01),
    "this product, p ≤ .001": product(0.001),
    "EARS C1": _ears(baselines.c1),
    "EARS C2": _ears(baselines.c2),
    "EARS C3": _ears(baselines.c3),
    "3 sigma": _three_sigma,
}


def measure(data: Path) -> dict[str, dict[str, dict[str, Score]]]:
    """Scores by kind of data, detector and series."""
    kinds = {
        "weekly counts with known outbreaks": outbreaks(data / "anomaly" / "surveillance"),
        "hourly levels of NAB": hours(data / "anomaly" / "nab"),
    }
    return {
        kind: {
            name: {one.name: score(one, detect(one)) for one in series} for name, detect in DETECTORS.items()
        }
        for kind, series in kinds.items()
    }
