"""Measure the product: `python -m bench [figure …]` prints a table and writes bench/out/results.json.

Figures: start, load, refresh, rules, screens, freshness (all when none is named). They share one var
folder, which `start` fills; IOC_SCALE sets its size.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from rich.console import Console

from bench import freshness, load, refresh, rules, screens, start
from bench.common.report import Figure, save, show

OUT = Path(__file__).parent / "out"
PARTS = {
    "start": start,
    "load": load,
    "refresh": refresh,
    "rules": rules,
    "screens": screens,
    "freshness": freshness,
}


def main(names: list[str]) -> int:
    """Measure the named parts in their order; returns the exit code."""
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        print(f"unknown: {', '.join(unknown)}; there are {', '.join(PARTS)}")
        return 1
    chosen = names or list(PARTS)
    var = OUT / "var"
    if "start" in chosen:
        shutil.rmtree(var, ignore_errors=True)
    console = Console(stderr=True)
    figures: list[Figure] = []
    for name in chosen:
        with console.status(f"measuring {name} …"):
            figures += PARTS[name].measure(var)
        save(figures, OUT / "results.json")
    show(figures)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
