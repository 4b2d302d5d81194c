"""The city in full: five years of every department, delivered, loaded, computed and judged.

python -m bench.full load|compute|judge VAR    does one step (for `cost_of`)
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from bench.common.child import cost_of, report
from bench.common.report import Figure
from config import REFERENCE_CITY, load_city
from dashboard.running.places import Places, opened

SCALE = os.environ.get("IOC_FULL_SCALE", "1.0")


def measure(var: Path) -> list[Figure]:
    """Every step in a folder of its own below ``var``; IOC_FULL_SCALE makes the city smaller."""
    work = var / "bench-full"
    shutil.rmtree(work, ignore_errors=True)
    places = _places(work)
    places.make()
    try:
        begun = time.monotonic()
        command = [sys.executable, "-m", "standin", "build", "--city", REFERENCE_CITY, "--out", places.inbox]
        command += ["--truth", places.truth, "--scale", SCALE]
        subprocess.run([*map(str, command)], check=True)
        delivered = time.monotonic() - begun
        costs, took = {}, {}
        for step in STEPS:
            begun = time.monotonic()
            costs[step] = cost_of("bench.full", step, str(work))
            took[step] = time.monotonic() - begun
    finally:
        shutil.rmtree(work, ignore_errors=True)
    loaded, computed, judged = (costs[step] for step in ("load", "compute", "judge"))
    rows = loaded.result["rows"]
    how = f"{rows:,.0f} rows of {loaded.result['feeds']:,.0f} feeds, scale {SCALE}"
    return [
        Figure("city_delivered_s", delivered, "s", f"departments write {how}"),
        Figure("city_loaded_s", took["load"], "s", f"landed, checked, loaded; {loaded.cpu:,.0f} CPU s"),
        Figure("city_in_s", delivered + took["load"], "s", "both together (target 240)"),
        Figure(
            "city_computed_s",
            took["compute"],
            "s",
            f"{computed.result['values']:,.0f} values of {computed.result['indicators']:,.0f} indicators;"
            f" {computed.cpu:,.0f} CPU s",
        ),
        Figure(
            "city_judged_s",
            took["judge"],
            "s",
            f"{judged.result['rules']:,.0f} rules over all, {judged.result['open']:,.0f} warnings stand;"
            f" {judged.cpu:,.0f} CPU s",
        ),
        Figure("city_peak_mib", max(c.peak_mib for c in costs.values()), "MiB", "resident memory"),
    ]


def _places(var: Path) -> Places:
    return Places.of(load_city(REFERENCE_CITY).head.id, var)


def _load(var: Path) -> Mapping[str, float]:
    from pipelines.load import Loader
    from warehouse.areas import sync_areas
    from warehouse.store import Store

    city, places = load_city(REFERENCE_CITY), _places(var)
    store = Store.open(places.warehouse, city.head.timezone, folders=(places.inbox, places.landing))
    sync_areas(store, city.areas)
    loader = Loader(city, store, places.inbox, places.landing, places.spool)
    now, received, feeds = dt.datetime.now(dt.UTC), 0, 0
    for feed in city.feeds.values():
        if feed.connector.kind == "folder":
            runs = loader.run(feed, now)
            received += sum(run.received for run in runs)
            feeds += bool(runs)
    store.close()
    return {"rows": received, "feeds": feeds}


def _compute(var: Path) -> Mapping[str, float]:
    from indicators.engine import Engine

    city = load_city(REFERENCE_CITY)
    with opened(_places(var).warehouse, city.head.timezone) as store:
        made = Engine(city, store).refresh(dt.datetime.now(dt.UTC))
        with store.read() as cursor:
            found = cursor.execute("SELECT count(*) FROM indicator_value").fetchone()
    return {"values": found[0] if found else 0, "indicators": made.indicators}


def _judge(var: Path) -> Mapping[str, float]:
    from indicators.rules.evaluate import evaluate
    from warehouse.state import State

    city, places = load_city(REFERENCE_CITY), _places(var)
    state = State.open(places.people)
    with opened(places.warehouse, city.head.timezone) as store:
        evaluate(city, store, state, dt.datetime.now(dt.UTC))
    return {"rules": len(city.rules), "open": len(state.warnings(areas=None))}


STEPS = {"load": _load, "compute": _compute, "judge": _judge}

if __name__ == "__main__":
    step = STEPS[sys.argv[1]]
    report(lambda: step(Path(sys.argv[2])))
