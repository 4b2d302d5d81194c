"""Facts of the workload, put straight into a warehouse: as many as wanted, the same for the same number.

The distributions are plain: requests and dossiers spread evenly over time and unevenly over wards, kinds and
durations.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from string import Template

import duckdb

from bench.workload.define import CITY, DISTRICTS, FEEDS, WARDS
from config import City, load_city
from indicators.engine import Engine
from warehouse.areas import sync_areas
from warehouse.derived import add_columns
from warehouse.facts import ensure_fact_table, fact_table
from warehouse.store import Store

END = dt.date(2026, 1, 1)
SENSORS = 200
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def workload_city() -> City:
    """The measured city's definitions."""
    return load_city(CITY)


def make_source(path: Path, rows: int, years: int) -> None:
    """Write ``path``: ``rows`` requests and as many dossiers over ``years`` years, and hourly sensors."""
    first = dt.date(END.year - years, 1, 1)
    sizes = {
        "rows": rows,
        "first": first,
        "end": END,
        "seconds": int((END - first).total_seconds()),
        "months": 12 * years,
        "wards": WARDS,
        "districts": DISTRICTS,
        "sensors": SENSORS,
    }
    text = (Path(__file__).parent / "source.sql").read_text(encoding="utf-8")
    connection = duckdb.connect(str(path))
    connection.execute(Template(text).substitute(sizes))
    connection.close()


def fill(city: City, source: Path, warehouse: Path) -> None:
    """Make ``warehouse`` with the facts of ``source``, as loads would leave it before the first refresh."""
    store = Store.open(warehouse, city.head.timezone)
    sync_areas(store, city.areas)
    Engine(city, store).prepare()
    with store.write() as cursor:
        for feed in city.feeds.values():
            ensure_fact_table(cursor, feed)
            add_columns(cursor, feed.table)
    store.close()
    connection = duckdb.connect(str(warehouse))
    connection.execute(f"ATTACH '{source}' AS source (READ_ONLY)")
    for name in FEEDS:
        put(connection, f"source.{name}", name)
    connection.execute("CHECKPOINT")
    connection.close()


def put(connection: duckdb.DuckDBPyConnection, rows: str, dataset: str) -> None:
    """Insert ``rows`` (a relation with the dataset's columns) as facts, derived columns and all."""
    event, area, columns = FEEDS[dataset]
    times = [name for name, type_ in columns.items() if type_ in ("timestamp", "date")]
    content = ", ".join([*columns, *(f"CAST({t} AS DATE) AS {t}__day" for t in times)])
    found = connection.execute(
        "SELECT name, sql FROM derived_column WHERE dataset = ? ORDER BY name", [dataset]
    ).fetchall()
    derived = "".join(f", {sql} AS {name}" for name, sql in found)
    connection.execute(
        f"INSERT INTO {fact_table(dataset)} BY NAME\nSELECT *{derived} FROM (SELECT {content},"
        f" {area} AS _area, 1 AS _run, 'source' AS _file, 0 AS _line, 0 AS _hash FROM {rows})"
    )
    connection.execute(
        f"INSERT OR REPLACE INTO feed_status SELECT '{dataset}', max({event}), 1, TIMESTAMP '{END}', count(*)"
        f" FROM {fact_table(dataset)}"
    )
