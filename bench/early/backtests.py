"""A full backtest of one rule: five years of days over 22 districts, a plain rule and a count anomaly.

python -m bench.early.backtests RULE once|daily FOLDER    measures one (for `cost_of`)
"""

from __future__ import annotations

import datetime as dt
import shutil
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from bench.common.child import cost_of, report
from bench.common.report import Figure
from bench.early.city import early_city
from bench.early.values import made_up, put, starts_between
from config.models import CountAnomaly, Threshold
from indicators.rules.backtest import backtest
from indicators.rules.levels import levels_of
from warehouse.store import Store

MODULE: Final = "bench.early.backtests"
RULES: Final = {"plain": Threshold, "count": CountAnomaly}
HISTORY: Final = dt.date(2017, 1, 1)
BEGIN: Final = dt.date(2021, 1, 1)
END: Final = dt.date(2026, 1, 1)
_TOLD: Final = {"plain": "a threshold", "count": "a count anomaly"}
_CAME: Final = {"once": "values that came in one go", "daily": "values that came day by day"}


def measure(var: Path) -> list[Figure]:
    """Needs nothing; leaves nothing but the figures."""
    folder = var.parent / "backtest"
    figures = []
    for rule, told in _TOLD.items():
        for came, how in _CAME.items():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            found = cost_of(MODULE, rule, came, str(folder)).result
            size = (
                f"{found['series']:.0f} series × {found['days']:,.0f} days, {found['warnings']:,.0f} warnings"
            )
            name = f"backtest_{rule}_{came}"
            figures += [
                Figure(f"{name}_s", found["wall"], "s", f"{told} on {how}: {size}"),
                Figure(f"{name}_cpu_s", found["cpu"], "s", "CPU time of the same"),
            ]
    shutil.rmtree(folder, ignore_errors=True)
    return figures


def replayed(name: str, came: str, folder: Path) -> Mapping[str, float]:
    """Seconds of the replay of one rule over the districts; values ``came`` once, or day by day."""
    city = early_city()
    rule = next(
        rule for rule in city.rules.values() if rule.period == "day" and isinstance(rule.when, RULES[name])
    ).model_copy(update={"level": city.levels[1]})
    city = replace(city, rules={rule.id: rule})
    store = Store.open(folder / "warehouse.duckdb", city.head.timezone)
    starts = starts_between(city, "day", HISTORY, END)
    days = np.array(starts, dtype="datetime64[us]")
    stored = np.full(len(days), days[-1]) if came == "once" else days.copy()
    stored += np.timedelta64(26, "h")
    values = made_up(city, str(rule.indicator), "day", starts)
    with store.write() as cursor:
        for level in levels_of(city, rule):
            put(cursor, city, (str(rule.indicator), level, "day"), starts, values[level], stored)
    now = dt.datetime.combine(END, dt.time(3), dt.UTC)
    cpu, wall = time.process_time(), time.perf_counter()
    found = backtest(city, store, rule, BEGIN, END, now)
    cost = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
    store.close()
    days_judged = (END - BEGIN).days
    return cost | {"series": found.series, "days": days_judged, "warnings": len(found.warnings)}


if __name__ == "__main__":
    report(lambda: replayed(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
