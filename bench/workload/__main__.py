"""One measured piece of work on a filled warehouse, in a process of its own.

python -m bench.workload scan|full|additive|tidy|day|closing|plan|read|LEVEL FOLDER

`scan` is one bare scan-and-group of the columns that the indicators need: the measure of everything else.
FOLDER holds source.duckdb (the facts alone) and, but for scan and plan, warehouse.duckdb.
"""

from __future__ import annotations

import datetime as dt
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import duckdb

from bench.common.child import report
from bench.workload.define import FEEDS
from bench.workload.facts import END, NOW, put, workload_city
from config import City
from config.models import Formula, Measure
from indicators.engine import Engine
from indicators.optimisation import LEVELS
from indicators.planner import make_plan
from indicators.sql.prelude import Moment
from indicators.sql.scan import scan_rows
from warehouse.arrange import arrange
from warehouse.reader import reading
from warehouse.scope import EVERYONE
from warehouse.store import Store

SCANS = {
    "service_request": (
        "created_at",
        "sum(epoch_us(closed_at)), sum(epoch_us(due_at)), sum(satisfaction), count_if(channel = 'app'),"
        " count_if(status = 'closed'), count_if(category = 'cat_01')",
    ),
    "dossier": (
        "submitted_at",
        "sum(epoch_us(finished_at)), sum(epoch_us(due_at)), count_if(online), count_if(digitised),"
        " count_if(level = 'full'), sum(procedure)",
    ),
    "sensor": ("ts", "sum(pm25)"),
}
"""By table: its time, and the plainest aggregates that read what the indicators need."""
Result = Mapping[str, float]


def scan(folder: Path) -> Result:
    """Every needed column read once, one plain aggregate by district and month."""
    connection = duckdb.connect(str(folder / "source.duckdb"), read_only=True)
    cells = 0
    for table, (moment, aggregates) in SCANS.items():
        month = f"date_trunc('month', {moment})::DATE"
        sql = f"SELECT district, {month} AS month, count(*) AS n, {aggregates} FROM {table} GROUP BY ALL"
        cells += len(connection.execute(sql).fetchnumpy()["n"])
    return {"cells": cells}


def full(folder: Path, city: City | None = None) -> Callable[[], Result]:
    """Everything, into a warehouse that has facts and no values."""
    chosen = city or workload_city()
    store = Store.open(folder / "warehouse.duckdb", chosen.head.timezone)

    def work() -> Result:
        done = Engine(chosen, store).refresh(NOW)
        return {"values": done.rows, "indicators": done.indicators, "seconds": done.seconds}

    return work


def additive(folder: Path) -> Callable[[], Result]:
    """Only what adds up: no percentiles, no formulas."""
    city = workload_city()
    chosen = {
        id_: item
        for id_, item in city.indicators.items()
        if not isinstance(item, Formula) and "percentile" not in getattr(item, "measure", "")
    }
    return full(folder, replace(city, indicators=chosen))


def closing(folder: Path) -> Callable[[], Result]:
    """One more day with the closings of older rows that it brings."""
    return day(folder, closes=True)


def day(folder: Path, *, closes: bool = False) -> Callable[[], Result]:
    """One more day: as many new rows as a day has."""
    city = workload_city()
    store = Store.open(folder / "warehouse.duckdb", city.head.timezone)
    engine = Engine(city, store)
    with store.write() as cursor:
        for dataset, event, column in (
            ("service_request", "created_at", "closed_at"),
            ("dossier", "submitted_at", "finished_at"),
            ("sensor", "ts", None),
        ):
            _one_day(cursor, dataset, event, column if closes else None)
    engine.prepare()  # a server has

    def work() -> Result:
        done = engine.refresh(NOW + dt.timedelta(days=1))
        return {"changed": done.rows, "indicators": done.indicators, "seconds": done.seconds}

    return work


def _one_day(cursor: duckdb.DuckDBPyConnection, dataset: str, event: str, closes: str | None) -> None:
    table, last, area = f"fact_{dataset}", END - dt.timedelta(days=1), FEEDS[dataset][1]
    columns = {
        name
        for (name,) in cursor.execute(
            "SELECT column_name FROM duckdb_columns() WHERE table_name = ?", [table]
        ).fetchall()
    }
    plain = [name for name in columns if not name.startswith("_") and not name.endswith("__day")]
    times = [name for name in plain if f"{name}__day" in columns]
    shifted = ", ".join(f"{name} + INTERVAL 1 DAY AS {name}" if name in times else name for name in plain)
    rows = f"SELECT {shifted} FROM {table} WHERE {event}__day = DATE '{last}'"
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE new_rows AS {rows}")
    put(cursor, "new_rows", dataset)
    for name in times:
        cursor.execute(
            f"INSERT INTO touched SELECT DISTINCT 2, '{dataset}', '{name}', CAST({name} AS DATE), {area}"
            f" FROM new_rows WHERE {name} IS NOT NULL"
        )
    if closes is not None:
        _close(cursor, dataset, event, closes)


def _close(cursor: duckdb.DuckDBPyConnection, dataset: str, event: str, closes: str) -> None:
    """What was received in the ten days before and is still open is closed on the new day."""
    table, last = f"fact_{dataset}", END - dt.timedelta(days=1)
    still = f"{closes} IS NULL AND {event}__day BETWEEN DATE '{END}' - 10 AND DATE '{last}'"
    cursor.execute(
        f"CREATE OR REPLACE TEMP TABLE closing AS SELECT rowid AS place FROM {table} WHERE {still}"
    )
    chosen = "rowid IN (SELECT place FROM closing)"
    cursor.execute(
        f"UPDATE {table} SET {closes} = TIMESTAMP '{END} 10:00', {closes}__day = DATE '{END}' WHERE {chosen}"
    )
    derived = cursor.execute("SELECT name, sql FROM derived_column WHERE dataset = ?", [dataset]).fetchall()
    sets = ", ".join(f"{name} = {sql}" for name, sql in derived)
    cursor.execute(f"UPDATE {table} SET {sets} WHERE {chosen}")
    for column in (event, closes):
        cursor.execute(
            f"INSERT INTO touched SELECT DISTINCT 2, '{dataset}', '{column}', {column}__day, _area"
            f" FROM {table} WHERE {chosen}"
        )


def plan(_: Path) -> Callable[[], Result]:
    """Plan and SQL of 200 indicators: the definitions again and again, each time over other rows."""
    city = workload_city()
    more = {
        f"{id_}_{copy}": item.model_copy(
            update={"id": f"{id_}_{copy}", "where": f"{FEEDS[item.dataset][1]} <> 'X{copy}'"}
        )
        for copy in range(3)
        for id_, item in city.indicators.items()
        if isinstance(item, Measure)
    }
    many = replace(
        city, indicators={**city.indicators, **dict(list(more.items())[: 200 - len(city.indicators)])}
    )

    def work() -> Result:
        began = time.process_time()
        made = make_plan(many)
        moment = Moment.of(many, NOW)
        length = sum(len(scan_rows(scan, moment)) for scan in made.scans)
        return {"indicators": len(many.indicators), "length": length, "cpu": time.process_time() - began}

    return work


def read(folder: Path) -> Callable[[], Result]:
    """One district screen's worth: 40 indicators over 36 months."""
    city = workload_city()
    store = Store.open(folder / "warehouse.duckdb", city.head.timezone)
    wanted = list(city.indicators)[:40]

    def work() -> Result:
        times = []
        found = 0
        for number in range(60):
            began = time.perf_counter()
            with reading(store, city, EVERYONE) as reader:
                series = reader.series(
                    wanted, f"D{1 + number % 22:02d}", "month", 36, END - dt.timedelta(days=1)
                )
            times.append(time.perf_counter() - began)
            found = sum(map(len, series.values()))
        return {"median_ms": 1000 * statistics.median(times), "values": found}

    return work


def tidy(folder: Path) -> Callable[[], Result]:
    """What the running product does after a first computation: put the values in the order of their time."""
    city = workload_city()
    store = Store.open(folder / "warehouse.duckdb", city.head.timezone)

    def work() -> Result:
        arrange(store)
        store.close()
        return {}

    return work


def _at(folder: Path, level: str) -> Callable[[], Result]:
    city = workload_city()
    store = Store.open(folder / "warehouse.duckdb", city.head.timezone)

    def work() -> Result:
        done = Engine(city, store, LEVELS[level]).refresh(NOW)
        return {"values": done.rows, "seconds": done.seconds}

    return work


WORK: Mapping[str, Callable[[Path], Callable[[], Result]]] = {
    "full": full,
    "additive": additive,
    "day": day,
    "closing": closing,
    "tidy": tidy,
    "plan": plan,
    "read": read,
    **{level: partial(_at, level=level) for level in LEVELS},
}


if __name__ == "__main__":
    name, path = sys.argv[1], Path(sys.argv[2])
    report((lambda: scan(path)) if name == "scan" else WORK[name](path))
