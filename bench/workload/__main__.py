"""One measured piece of work on a filled warehouse, in a process of its own.

python -m bench.workload scan|full|additive|day|plan|read FOLDER

`scan` is one bare scan-and-group of the columns that the indicators need: what everything else is measured by.
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
from bench.workload.facts import END, NOW, put, workload_city
from config import City
from config.models import Formula
from indicators.engine import Engine
from indicators.optimisation import LEVELS
from indicators.planner import make_plan
from indicators.sql.prelude import Moment
from indicators.sql.scan import scan_rows
from warehouse.reader import reading
from warehouse.scope import EVERYONE
from warehouse.store import Store

SCANS = {
    "service_request": "created_at, sum(epoch_us(closed_at)) AS a, sum(epoch_us(due_at)) AS b, sum(satisfaction) AS c,"
    " count_if(channel = 'app') AS d, count_if(status = 'closed') AS e, count_if(category = 'cat_01') AS f",
    "dossier": "submitted_at, sum(epoch_us(finished_at)) AS a, sum(epoch_us(due_at)) AS b, count_if(online) AS c,"
    " count_if(digitised) AS d, count_if(level = 'full') AS e, sum(procedure) AS f",
    "sensor": "ts, sum(pm25) AS a",
}
Result = Mapping[str, float]


def scan(folder: Path) -> Result:
    """Every needed column read once, one plain aggregate by district and month."""
    connection = duckdb.connect(str(folder / "source.duckdb"), read_only=True)
    cells = 0
    for table, asked in SCANS.items():
        time_, aggregates = asked.split(", ", 1)
        cells += len(
            connection.execute(
                f"SELECT ward[:3] AS area, date_trunc('month', {time_})::DATE AS month, count(*) AS n, {aggregates}"
                f" FROM {table} GROUP BY ALL"
            ).fetchnumpy()["n"]
        )
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


def day(folder: Path) -> Callable[[], Result]:
    """One more day: as many new rows as a day has, and as many old ones that are now closed."""
    city = workload_city()
    store = Store.open(folder / "warehouse.duckdb", city.head.timezone)
    engine = Engine(city, store)
    with store.write() as cursor:
        for dataset, event, closes in (
            ("service_request", "created_at", "closed_at"),
            ("dossier", "submitted_at", "finished_at"),
            ("sensor", "ts", None),
        ):
            _one_day(cursor, dataset, event, closes)
    engine.plan  # noqa: B018 - a server has it

    def work() -> Result:
        done = engine.refresh(NOW + dt.timedelta(days=1))
        return {"changed": done.rows, "indicators": done.indicators, "seconds": done.seconds}

    return work


def _one_day(cursor: duckdb.DuckDBPyConnection, dataset: str, event: str, closes: str | None) -> None:
    table, last, new = f"fact_{dataset}", END - dt.timedelta(days=1), END
    columns = {
        name
        for (name,) in cursor.execute(
            "SELECT column_name FROM duckdb_columns() WHERE table_name = ?", [table]
        ).fetchall()
    }
    plain = [name for name in columns if not name.startswith("_") and not name.endswith("__day")]
    times = [name for name in plain if f"{name}__day" in columns]
    shifted = ", ".join(f"{name} + INTERVAL 1 DAY AS {name}" if name in times else name for name in plain)
    cursor.execute(
        f"CREATE OR REPLACE TEMP TABLE new_rows AS SELECT {shifted} FROM {table} WHERE {event}__day = DATE '{last}'"
    )
    put(cursor, "new_rows", dataset)
    days = [(event, f"DATE '{new}'")]
    if closes is not None:
        still = f"{closes} IS NULL AND {event}__day BETWEEN DATE '{new}' - 10 AND DATE '{last}'"
        derived = cursor.execute(
            "SELECT name, sql FROM derived_column WHERE dataset = ?", [dataset]
        ).fetchall()
        cursor.execute(
            f"CREATE OR REPLACE TEMP TABLE closing AS SELECT rowid AS place FROM {table} WHERE {still}"
        )
        cursor.execute(
            f"UPDATE {table} SET {closes} = TIMESTAMP '{new} 10:00', {closes}__day = DATE '{new}'"
            f" WHERE rowid IN (SELECT place FROM closing)"
        )
        sets = ", ".join(f"{name} = {sql}" for name, sql in derived)
        if sets:
            cursor.execute(f"UPDATE {table} SET {sets} WHERE rowid IN (SELECT place FROM closing)")
        days += [(closes, f"DATE '{new}'")]
        cursor.execute(
            f"INSERT INTO touched SELECT DISTINCT 2, '{dataset}', '{event}', {event}__day, _area FROM {table}"
            " WHERE rowid IN (SELECT place FROM closing)"
        )
    for column, of in days:
        cursor.execute(
            f"INSERT INTO touched SELECT DISTINCT 2, '{dataset}', '{column}', {of}, _area FROM {table}"
            f" WHERE {column}__day = {of}"
        )


def plan(_: Path) -> Callable[[], Result]:
    """Plan and SQL of the definitions, thrice over: 200 indicators."""
    city = workload_city()
    more = {
        f"{id_}_{copy}": item.model_copy(update={"id": f"{id_}_{copy}"})
        for copy in range(3)
        for id_, item in city.indicators.items()
        if not isinstance(item, Formula)
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
    wanted = [id_ for id_ in city.indicators][:40]

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
    "plan": plan,
    "read": read,
    **{level: partial(_at, level=level) for level in LEVELS},
}


if __name__ == "__main__":
    name, path = sys.argv[1], Path(sys.argv[2])
    report((lambda: scan(path)) if name == "scan" else WORK[name](path))
