"""Computing every indicator anew, over one bare scan-and-group of the same columns.

python -m bench.refresh scan|again|first|touched WAREHOUSE    does one of the four (for `cost_of`)
"""

from __future__ import annotations

import datetime as dt
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import duckdb
import numpy as np

from bench.common.child import cost_of, report
from bench.common.copy import warehouse_copy
from bench.common.report import Figure
from config import REFERENCE_CITY, City, load_city
from config.models import Column, Measure, Stock
from indicators.engine import Engine
from warehouse.store import Store


def measure(var: Path) -> list[Figure]:
    """Needs a loaded ``var``; works on copies of its warehouse."""
    with warehouse_copy(var, "refresh") as copy:
        scan = cost_of("bench.refresh", "scan", str(copy))
        again = cost_of("bench.refresh", "again", str(copy))
        full = cost_of("bench.refresh", "first", str(copy))
        touched = cost_of("bench.refresh", "touched", str(copy))
    values = f"{full.result['values']:,.0f} values of {full.result['indicators']:.0f} indicators"
    return [
        Figure(
            "bare_scan_cpu_s",
            scan.cpu,
            "s",
            f"every column read once, grouped by area and month: {scan.result['rows']:,.0f} rows",
        ),
        Figure("refresh_full_cpu_s", full.cpu, "s", f"{values}, into an empty store"),
        Figure(
            "refresh_to_scan_ratio", full.cpu / scan.cpu, "×", "CPU of the refresh over CPU of the bare scan"
        ),
        Figure("refresh_again_cpu_s", again.cpu, "s", "all computed anew and compared with what stood"),
        Figure(
            "refresh_touched_day_cpu_s",
            touched.cpu,
            "s",
            "the same after one touched day of the largest dataset",
        ),
        Figure("refresh_peak_mib", full.peak_mib, "MiB", "resident memory of the computing process"),
    ]


def _needed(city: City) -> Iterator[tuple[str, str, list[Column]]]:
    """(dataset, time column, columns) that measures and stocks ask for."""
    for name, feed in city.datasets.items():
        asked: set[str] = set()
        times: list[str] = []
        for indicator in city.indicators.values():
            if isinstance(indicator, Measure) and indicator.dataset == name:
                times.append(indicator.time)
                asked |= set(re.findall(r"\w+", f"{indicator.measure} {indicator.where or ''}"))
            elif isinstance(indicator, Stock) and indicator.dataset == name:
                times.append(indicator.opens)
                asked |= {indicator.closes, *re.findall(r"\w+", indicator.where or "")}
        if times:
            yield name, times[0], [column for column in feed.columns if column.name in asked | set(times)]


def _aggregate(column: Column) -> str:
    """The plainest aggregate that has to read the column."""
    name = column.name
    match column.type:
        case "timestamp":
            return f"sum(epoch_us({name}))"
        case "date":
            return f"sum(epoch({name}))"
        case "boolean":
            return f"count_if({name})"
        case "text":
            return f"count_if({name} = '{(column.values or ('x',))[0]}')"
    return f"sum({name})"


def _scan(warehouse: Path) -> Mapping[str, float]:
    rows = 0.0
    connection = duckdb.connect(str(warehouse), read_only=True)
    for name, time, columns in _needed(load_city(REFERENCE_CITY)):
        aggregates = ", ".join(_aggregate(column) for column in columns)
        month = f"date_trunc('month', {time}__day)"
        sql = f"SELECT _area, {month}, count(*) AS n, {aggregates} FROM fact_{name} GROUP BY 1, 2"
        rows += float(np.asarray(connection.execute(sql).fetchnumpy()["n"]).sum())
    connection.close()
    return {"rows": rows}


def _refresh(warehouse: Path, forget: str) -> Mapping[str, float]:
    """Run the engine after ``forget`` was executed; only what the engine does counts little beside it."""
    city = load_city(REFERENCE_CITY)
    store = Store.open(warehouse, city.head.timezone)
    with store.write() as cursor:
        cursor.execute(forget)
    done = Engine(city, store).refresh(dt.datetime.now(dt.UTC))
    with store.read() as cursor:
        found = cursor.execute("SELECT count(*), count(DISTINCT indicator) FROM indicator_value").fetchone()
    store.close()
    values, indicators = found or (0, 0)
    return {
        "values": values,
        "indicators": indicators,
        "changed": done.rows,
        "full": float(done.kind == "full"),
    }


FORGET = "DELETE FROM meta WHERE key = 'indicators'; DELETE FROM definition"
"""Makes the engine compute everything, as if every definition had changed."""


def _full(warehouse: Path, forget: str) -> Mapping[str, float]:
    result = _refresh(warehouse, forget)
    if not result["full"]:
        raise RuntimeError("the engine did not compute everything anew")
    return result


def _touched(warehouse: Path) -> Mapping[str, float]:
    city = load_city(REFERENCE_CITY)
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        sizes = {
            name: (connection.execute(f"SELECT count(*) FROM fact_{name}").fetchone() or (0,))[0]
            for name, _, _ in _needed(city)
        }
    largest = max(sizes, key=sizes.__getitem__)
    return _refresh(warehouse, _touch(city, largest))


def _touch(city: City, dataset: str) -> str:
    """Mark the newest day of the dataset as loaded again, for every time column and area on it."""
    columns = city.datasets[dataset].time_columns
    newest = f"(SELECT max({columns[0]}__day) FROM fact_{dataset})"
    return "; ".join(
        f"INSERT INTO touched SELECT DISTINCT 0, '{dataset}', '{column}', {column}__day, _area "
        f"FROM fact_{dataset} WHERE {columns[0]}__day = {newest} AND {column}__day IS NOT NULL"
        for column in columns
    )


if __name__ == "__main__":
    work: Mapping[str, Callable[[Path], Mapping[str, float]]] = {
        "scan": _scan,
        "again": lambda path: _full(path, FORGET),
        "first": lambda path: _full(path, f"{FORGET}; TRUNCATE indicator_value"),
        "touched": _touched,
    }
    report(lambda: work[sys.argv[1]](Path(sys.argv[2])))
