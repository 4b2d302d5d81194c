"""Measure the product: `python -m bench [figure …]` prints a table and writes bench/out/results.json.

Figures: start, load, bulk, refresh, workload, rules, screens, freshness, projection, outbreaks, labelled,
fleet, evaluation, backtest, webhook (all when none is named); city, growth and faults must be named. Start,
load, refresh, rules, screens, freshness and webhook share one var folder, which `start` fills; IOC_SCALE
sets its size, IOC_WORKLOAD_ROWS that of the workload,
IOC_BULK_ROWS and IOC_BULK_HISTORY those of bulk.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from rich.console import Console

from bench import freshness, full, load, projection, refresh, rules, screens, start
from bench.bulk import figures as bulk
from bench.common.report import Figure, save, show
from bench.early import backtests, evaluation, webhook
from bench.faults import figures as faults
from bench.fleet import __main__ as fleet
from bench.labelled import figures as labelled
from bench.outbreaks import figures as outbreaks
from bench.workload import figures as workload

OUT = Path(__file__).parent / "out"
PARTS: Mapping[str, Callable[[Path], list[Figure]]] = {
    "start": start.measure,
    "load": load.measure,
    "bulk": bulk.measure,
    "refresh": refresh.measure,
    "workload": workload.measure,
    "rules": rules.measure,
    "screens": screens.measure,
    "freshness": freshness.measure,
    "projection": projection.measure,
    "outbreaks": outbreaks.measure,
    "labelled": labelled.measure,
    "fleet": fleet.measure,
    "evaluation": evaluation.measure,
    "backtest": backtests.measure,
    "webhook": webhook.measure,
}
LONG: Mapping[str, Callable[[Path], list[Figure]]] = {
    "city": full.measure,
    "growth": workload.growth,
    "faults": faults.measure,
}
"""Parts that take minutes and are only measured when asked for."""


def main(names: list[str]) -> int:
    """Measure the named parts in their order; returns the exit code."""
    parts = {**PARTS, **LONG}
    unknown = [name for name in names if name not in parts]
    if unknown:
        print(f"unknown: {', '.join(unknown)}; there are {', '.join(parts)}")
        return 1
    chosen = names or list(PARTS)
    var = OUT / "var"
    if "start" in chosen:
        shutil.rmtree(var, ignore_errors=True)
    console = Console(stderr=True)
    figures: list[Figure] = []
    for name in chosen:
        with console.status(f"measuring {name} …"):
            figures += parts[name](var)
        save(figures, OUT / "results.json")
    show(figures)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
