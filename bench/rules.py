"""Judging every rule over every area: the first time, looking back, and then whenever something came in.

python -m bench.rules WAREHOUSE    measures one warehouse (for `cost_of`)
"""

from __future__ import annotations

import datetime as dt
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from bench.common.child import cost_of, report
from bench.common.copy import warehouse_copy
from bench.common.report import Figure
from config import REFERENCE_CITY, load_city
from indicators.rules.evaluate import evaluate
from warehouse.state import State
from warehouse.store import Store

TIMES = 9


def measure(var: Path) -> list[Figure]:
    """Needs a loaded ``var``; works on a copy of its warehouse and a state of its own."""
    with warehouse_copy(var, "rules") as copy:
        found = cost_of("bench.rules", str(copy)).result
    series = f"{found['rules']:.0f} rules, {found['series']:,.0f} series"
    return [
        Figure(
            "rules_first_cpu_s",
            found["first"],
            "s",
            f"{series}, looking back: {found['transitions']:,.0f} transitions",
        ),
        Figure(
            "rules_again_cpu_s", found["again"], "s", f"the same when all has been judged, median of {TIMES}"
        ),
        Figure("rules_again_s", found["again_wall"], "s", "wall time of the same"),
    ]


def _rules(warehouse: Path) -> Mapping[str, float]:
    city = load_city(REFERENCE_CITY)
    store = Store.open(warehouse, city.head.timezone)
    state = State.open(f"sqlite:///{warehouse.parent}/people.sqlite")
    now = dt.datetime.now(dt.UTC)
    first = evaluate(city, store, state, now)  # what it costs is measured on a state of its own, below
    again = [_cost(lambda: evaluate(city, store, state, now)) for _ in range(TIMES)]
    state.close()
    fresh = State.open(f"sqlite:///{warehouse.parent}/fresh.sqlite")
    cost = _cost(lambda: evaluate(city, store, fresh, now))
    fresh.close()
    store.close()
    return {
        "rules": len(city.rules),
        "series": first.series,
        "transitions": len(first.transitions),
        "first": cost[0],
        "again": statistics.median(cpu for cpu, _ in again),
        "again_wall": statistics.median(wall for _, wall in again),
    }


def _cost(work: Callable[[], object]) -> tuple[float, float]:
    """CPU seconds of all threads, and wall seconds."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - cpu, time.perf_counter() - wall


if __name__ == "__main__":
    report(lambda: _rules(Path(sys.argv[1])))
