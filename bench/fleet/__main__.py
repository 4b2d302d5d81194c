"""What a desk with 1,100 tests a day has to live with: `python -m bench.fleet [FLEETS]` prints one table.

Simulated data: every fleet is a year of days of a made-up city (simulate.py); all detectors see the same
counts.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from bench.common.report import Figure
from bench.fleet.detectors import ears_c2, oracle, product, three_sigma, year_on_year
from bench.fleet.score import Score, by_batch, by_day, by_level, from_the_top, score
from bench.fleet.simulate import simulate

Q = 0.10
CHARGE = 4.0
"""What the daily tests of 7-day sums pay."""
OURS = "the product: from the city down, looks paid for"
FLEETS = 2


def scores(fleets: int) -> dict[str, Score]:
    """The mean over so many fleets for each detector."""
    found: dict[str, list[Score]] = {}
    for seed in range(1, fleets + 1):
        fleet = simulate(seed)
        judged, best = product(fleet), oracle(fleet)
        named = {
            "year on year + 20 %": by_day(year_on_year(fleet)),
            "EARS C2": by_day(ears_c2(fleet)),
            "3 sigma, same season": by_day(three_sigma(fleet)),
            "the count condition, p ≤ .01": by_level(judged, 0.01),
            "… Benjamini–Hochberg, looks paid for": by_batch(judged, Q, CHARGE),
            "… from the city down, looks not paid for": from_the_top(judged, Q, 1.0),
            OURS: from_the_top(judged, Q, CHARGE),
            "an oracle, from the city down, looks paid for": from_the_top(best, Q, CHARGE),
        }
        for name, flags in named.items():
            found.setdefault(name, []).append(score(fleet, flags))
    return {name: Score(*np.mean(rows, axis=0)) for name, rows in found.items()}


def measure(var: Path) -> list[Figure]:
    """Needs no warehouse."""
    del var
    ours = scores(FLEETS)[OURS]
    how = f"{FLEETS} simulated fleets of 1,100 tests a day, a year each, q = {Q}"
    return [
        Figure(
            "fleet_false_discoveries",
            ours.false_discoveries,
            "",
            f"{how}: false among the named, mean of days",
        ),
        Figure("fleet_false_cards", ours.false_cards, "a day", "new false warnings"),
        Figure("fleet_quiet_days", ours.quiet_days, "", "days without a new false warning"),
        Figure("fleet_precision", ours.precision, "", "cards that were right"),
        Figure("fleet_found", ours.found, "", "events found, all"),
        Figure("fleet_found_large", ours.found_large, "", "large events of one district found"),
        Figure("fleet_found_city", ours.found_city, "", "city-wide events found"),
    ]


def main(arguments: list[str]) -> int:
    """Print the comparison; returns the exit code."""
    fleets = int(arguments[0]) if arguments else FLEETS
    table = Table(title=f"{fleets} simulated fleets of 1,100 tests a day, one year each, q = {Q:.2f}")
    table.add_column("detector")
    for column in (
        "false among named",
        "false cards a day",
        "days without",
        "precision",
        "found",
        "large",
        "city",
    ):
        table.add_column(column, justify="right")
    for name, row in scores(fleets).items():
        table.add_row(
            name, *(f"{value:.2f}" if column else f"{value:.3f}" for column, value in enumerate(row))
        )
    Console(width=150).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
