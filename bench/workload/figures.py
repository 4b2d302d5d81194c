"""Workload W in figures: 60 indicators over two fact tables of ten million rows, 296 areas and 60 months.

Everything is CPU time over that of one bare scan-and-group of the same columns, taken in the same run.
IOC_WORKLOAD_ROWS sets the size.
"""

from __future__ import annotations

import os
import shutil
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.common.child import Cost, cost_of
from bench.common.report import Figure
from bench.workload.facts import fill, make_source, workload_city
from indicators.optimisation import LEVELS

ROWS = int(os.environ.get("IOC_WORKLOAD_ROWS", "10000000"))
YEARS = 5
ROUNDS = 3
MODULE = "bench.workload"


def measure(var: Path) -> list[Figure]:
    """The engine beside the bare scan. Needs nothing; leaves nothing but the figures."""
    folder = var.parent / "workload"
    with _filled(folder, ROWS, YEARS):
        # one after another in each round, so that a busy machine is busy for both
        rounds = [{name: _cost(folder, name) for name in ("scan", "full", "additive")} for _ in range(ROUNDS)]
        scan = statistics.median(costs["scan"].cpu for costs in rounds)
        full = statistics.median(costs["full"].cpu for costs in rounds)
        values = rounds[-1]["full"].result["values"]
        levels = {level: _cost(folder, level).cpu for level in LEVELS if level != "stored"}
        _cost(folder, "full", keep=True)
        _cost(folder, "tidy", keep=True)
        day = [_cost(folder, "day") for _ in range(ROUNDS)]
        closing = _cost(folder, "closing")
        read = [_cost(folder, "read").result["median_ms"] for _ in range(ROUNDS)]
    plan = cost_of(MODULE, "plan", str(folder))
    size = f"{ROWS / 1e6:g} M rows in each of two tables"
    return [
        Figure("w_scan_cpu_s", scan, "s", f"one bare scan-and-group of the same columns, {size}"),
        _ratio("w_full", rounds, "full", f"all 60 indicators, {values:,.0f} values, over the bare scan"),
        _ratio(
            "w_additive", rounds, "additive", "those without percentiles and formulas, over the bare scan"
        ),
        *(
            Figure(
                f"w_level_{level}_ratio", cpu / scan, "×", f"the same at level {level}, over the bare scan"
            )
            for level, cpu in levels.items()
        ),
        Figure("w_full_peak_mib", max(c["full"].peak_mib for c in rounds), "MiB", "peak memory of it"),
        Figure(
            "w_day_share",
            100 * statistics.median(c.cpu for c in day) / full,
            "%",
            "one new day, over the full refresh",
        ),
        Figure(
            "w_closing_share",
            100 * closing.cpu / full,
            "%",
            "the same with a day's closings of older rows, which touch two months",
        ),
        Figure("w_plan_ms", 1000 * plan.result["cpu"], "ms", "plan and SQL of 200 indicators"),
        Figure("w_read_ms", statistics.median(read), "ms", "40 indicators × 36 months of a district, median"),
    ]


def growth(var: Path) -> list[Figure]:
    """What one new day costs after 1, 5 and 25 years of as many rows a day, and what fits into memory."""
    folder = var.parent / "workload"
    found: list[Figure] = []
    for years in (1, 5, 25):
        rows = 2_000_000 * years
        with _filled(folder, rows, years):
            full = _cost(folder, "full", keep=True)
            _cost(folder, "tidy", keep=True)
            day = statistics.median(_cost(folder, "day").cpu for _ in range(ROUNDS))
        what = f"{rows / 1e6:g} M rows of history in each of two tables"
        found.append(Figure(f"w_day_cpu_s_{years}y", day, "s", f"one new day after {what}"))
        found.append(
            Figure(
                f"w_full_peak_mib_{years}y",
                full.peak_mib,
                "MiB",
                f"peak memory of a full refresh, {what}; DuckDB's limit is 1 GiB",
            )
        )
    return found


def _ratio(name: str, rounds: list[dict[str, Cost]], which: str, what: str) -> Figure:
    ratios = [costs[which].cpu / costs["scan"].cpu for costs in rounds]
    spread = f"{min(ratios):.2f}–{max(ratios):.2f}"
    return Figure(
        f"{name}_ratio", statistics.median(ratios), "×", f"{what} ({spread} in {len(rounds)} rounds)"
    )


def _cost(folder: Path, name: str, *, keep: bool = False) -> Cost:
    """One piece of work on a copy of the warehouse; ``keep`` makes its outcome where later work starts."""
    work = folder / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    (work / "source.duckdb").symlink_to(folder / "source.duckdb")
    if name != "scan":
        shutil.copyfile(folder / "warehouse.duckdb", work / "warehouse.duckdb")
    cost = cost_of(MODULE, name, str(work))
    if keep:
        shutil.move(work / "warehouse.duckdb", folder / "warehouse.duckdb")
    return cost


@contextmanager
def _filled(folder: Path, rows: int, years: int) -> Iterator[None]:
    """A folder with the facts, alone and in a warehouse; gone after the block."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        make_source(folder / "source.duckdb", rows, years)
        fill(workload_city(), folder / "source.duckdb", folder / "warehouse.duckdb")
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)
