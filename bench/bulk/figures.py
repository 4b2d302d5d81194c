"""Loading at scale, as figures: the load over DuckDB's bare typed read, in turn and in one run."""

from __future__ import annotations

import shutil
import statistics
from pathlib import Path

from bench.bulk.__main__ import DAY, HISTORY, ROWS, make_file, make_history
from bench.common.child import Cost, cost_of
from bench.common.report import Figure

ROUNDS = 3


def measure(var: Path) -> list[Figure]:
    """Makes its own file and warehouse below ``var`` and removes them."""
    work = var.parent / "bulk"
    shutil.rmtree(work, ignore_errors=True)
    try:
        make_file(work / "inbox" / "requests" / "a.csv", ROWS)
        ratios, loads, bares = [], [], []
        for _ in range(ROUNDS):
            for left in (*work.glob("*.duckdb*"), work / "landing"):
                shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)
            bares.append(_cost("bare", work))
            loads.append(_cost("load", work))
            ratios.append(loads[-1].cpu / bares[-1].cpu)
        bare = _cost("hash", work)
        again = _cost("again", work)
        make_history(work, HISTORY)
        day = _cost("day", work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    load = loads[0]
    how = f"{ROWS:,} rows, {load.result['rejected']:,.0f} refused; median of {ROUNDS} in turn"
    span = f"{min(ratios):.2f}–{max(ratios):.2f}"
    return [
        Figure(
            "bulk_bare_cpu_s", statistics.median(c.cpu for c in bares), "CPU s", f"bare typed read: {how}"
        ),
        Figure(
            "bulk_load_to_bare", statistics.median(ratios), "×", f"whole load over the bare read ({span})"
        ),
        Figure("bulk_load_peak_mib", max(c.peak_mib for c in loads), "MiB", "resident memory of that load"),
        Figure(
            "bulk_again_to_hash", again.cpu / bare.cpu, "×", "the unchanged file once more, over its hash"
        ),
        Figure(
            "bulk_day_s",
            day.result["median"],
            "s",
            f"{DAY:,} rows into {HISTORY:,}; slowest {day.result['slowest']:.2f}",
        ),
    ]


def _cost(step: str, work: Path) -> Cost:
    return cost_of("bench.bulk", step, str(work))
