"""One evaluation of seventy-five rules over 296 areas with five years behind them.

python -m bench.early.evaluation fill|mornings FOLDER    does one of the two (for `cost_of`)
"""

from __future__ import annotations

import datetime as dt
import shutil
import statistics
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from bench.common.child import cost_of, report
from bench.common.report import Figure
from bench.early.city import early_city
from bench.early.values import made_up, put, starts_between
from indicators.rules.evaluate import evaluate
from warehouse.arrange import arrange
from warehouse.state import State
from warehouse.store import Store

MODULE: Final = "bench.early.evaluation"
ROUNDS: Final = 3
BEGIN: Final = dt.date(2021, 5, 1)
FILLED: Final = dt.date(2026, 5, 30)
"""All that ends by then has been judged before anything is measured."""
MORNINGS: Final = {
    dt.date(2026, 5, 31): "restart",
    dt.date(2026, 6, 1): "all",
    dt.date(2026, 6, 2): "day",
    dt.date(2026, 6, 3): "day",
    dt.date(2026, 6, 4): "day",
    dt.date(2026, 6, 5): "refit",
}
"""What is measured on which morning: a Monday and first of a month brings a day, a week and a month; with the
fourth of June the calendar begins another fit of daily series."""
_TOLD: Final = {
    "all": "a day, a week and a month have come: every rule has something new",
    "day": "a day has come, median of the mornings",
    "refit": "a day has come with which daily series are fitted anew",
    "restart": "a day has come, first evaluation of a process",
}


def measure(var: Path) -> list[Figure]:
    """Needs nothing; leaves nothing but the figures."""
    folder = var.parent / "early"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        filled = cost_of(MODULE, "fill", str(folder)).result
        rounds = [_round(folder) for _ in range(ROUNDS)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    size = f"{filled['rules']:.0f} rules, {filled['areas']:.0f} areas, {filled['series']:,.0f} series"
    figures = [
        Figure("evaluation_first_s", filled["wall"], "s", f"{size}: the first time, looking back"),
        Figure("evaluation_first_cpu_s", filled["cpu"], "s", "CPU time of the same"),
    ]
    for name, told in _TOLD.items():
        for unit, what in (("wall", told), ("cpu", "CPU time of the same")):
            value = statistics.median(one[f"{name}_{unit}"] for one in rounds)
            figures.append(Figure(f"evaluation_{name}_{'cpu_' * (unit == 'cpu')}s", value, "s", what))
    return figures


def _round(folder: Path) -> Mapping[str, float]:
    """The mornings on a copy of what was filled."""
    work = folder / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    for name in ("warehouse.duckdb", "people.sqlite"):
        shutil.copyfile(folder / name, work / name)
    return cost_of(MODULE, "mornings", str(work)).result


def fill(folder: Path) -> Mapping[str, float]:
    """Five years of values, those of the mornings set aside, and a first evaluation."""
    city = early_city()
    store = Store.open(folder / "warehouse.duckdb", city.head.timezone)
    stored = np.datetime64(FILLED, "us") + np.timedelta64(1, "h")
    series = sorted({(str(rule.indicator), rule.period) for rule in city.rules.values()})
    with store.write() as cursor:
        cursor.execute("CREATE TABLE to_come AS FROM indicator_value LIMIT 0")
        for indicator, period in series:
            assert period is not None
            starts = starts_between(city, period, BEGIN, max(MORNINGS))
            past = sum(city.periods.next_start(period, start) <= FILLED for start in starts)
            for level, values in made_up(city, indicator, period, starts).items():
                for table, part in (("indicator_value", slice(past)), ("to_come", slice(past, None))):
                    came = np.full(len(starts[part]), stored)
                    put(cursor, city, (indicator, level, period), starts[part], values[:, part], came, table)
    arrange(store)
    state = State.open(f"sqlite:///{folder}/people.sqlite")
    cpu, wall = time.process_time(), time.perf_counter()
    found = evaluate(city, store, state, _morning(FILLED))
    cost = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
    state.close()
    store.close()
    areas = len(city.areas.all())
    return cost | {"rules": len(city.rules), "areas": areas, "series": found.series}


def mornings(folder: Path) -> Mapping[str, float]:
    """Seconds of the evaluation on each kind of morning."""
    city = early_city()
    store = Store.open(folder / "warehouse.duckdb", city.head.timezone)
    state = State.open(f"sqlite:///{folder}/people.sqlite")
    found: dict[str, list[tuple[float, float]]] = {}
    for day, kind in MORNINGS.items():
        came = _morning(day).replace(tzinfo=None) - dt.timedelta(minutes=10)
        with store.write() as cursor:
            cursor.execute(
                "INSERT INTO indicator_value SELECT * REPLACE ($came AS stored_at, $came AS known_from)"
                " FROM to_come WHERE data_through <= $day",
                {"came": came, "day": day},
            )
            cursor.execute("DELETE FROM to_come WHERE data_through <= $day", {"day": day})
        cpu, wall = time.process_time(), time.perf_counter()
        evaluate(city, store, state, _morning(day))
        found.setdefault(kind, []).append((time.process_time() - cpu, time.perf_counter() - wall))
    state.close()
    store.close()
    return {
        f"{kind}_{name}": statistics.median(cost[place] for cost in costs)
        for kind, costs in found.items()
        for place, name in enumerate(("cpu", "wall"))
    }


def _morning(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(2), dt.UTC)


if __name__ == "__main__":
    work = {"fill": fill, "mornings": mornings}[sys.argv[1]]
    report(lambda: work(Path(sys.argv[2])))
