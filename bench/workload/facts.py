"""Facts of the workload, put straight into a warehouse: as many as wanted, the same for the same number.

The distributions are plain: requests and dossiers spread evenly over time and unevenly over wards, kinds and
durations.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

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
    """Write ``path``: requests and dossiers of ``rows`` rows each over ``years`` years, and hourly sensors."""
    connection = duckdb.connect(str(path))
    start = dt.date(END.year - years, 1, 1)
    seconds = (END - start).total_seconds()
    connection.execute(
        "CREATE TEMP MACRO chance(i, k) AS hash(i * 64 + k)::DOUBLE / 18446744073709551616.0;"
        f"CREATE TEMP MACRO ward_of(u) AS printf('W%03d', 1 + floor({WARDS} * u)::INTEGER);"
        "CREATE TEMP MACRO moment(s) AS make_timestamp((floor(s)::BIGINT) * 1000000);"
    )
    began = f"(epoch(TIMESTAMP '{start}') + {seconds} * (i + chance(i, 1)) / {rows})"
    end = f"epoch(TIMESTAMP '{END}')"
    connection.execute(
        "CREATE TABLE service_request AS\n"
        f"WITH drawn AS (SELECT i, {began} AS came, floor(40 * pow(chance(i, 3), 1.7))::INTEGER AS kind,"
        " chance(i, 4) AS way, chance(i, 6) AS fate FROM range($rows) AS r(i)),\n"
        "timed AS (SELECT *, 86400 * (1 + kind % 10) AS allowed,"
        " 86400 * (1 + kind % 10) * least(12, -0.6 * ln(1 - chance(i, 5))) AS taken FROM drawn),\n"
        f"closed AS (SELECT *, CASE WHEN came + taken < {end} AND fate >= 0.004 THEN came + taken END AS done"
        " FROM timed)\n"
        "SELECT i AS request_id, moment(came) AS created_at, moment(done) AS closed_at,"
        " moment(came + allowed) AS due_at,\n"
        "    CASE WHEN way < .38 THEN 'hotline' WHEN way < .62 THEN 'app' WHEN way < .76 THEN 'web'"
        " WHEN way < .88 THEN 'zalo' WHEN way < .96 THEN 'counter' ELSE 'email' END AS channel,\n"
        "    printf('cat_%02d', kind) AS category,\n"
        "    CASE WHEN done IS NULL THEN 'open' WHEN fate < .05 THEN 'rejected' ELSE 'closed' END AS status,\n"
        "    CASE WHEN done IS NOT NULL AND chance(i, 8) < .35 THEN 1 + floor(5 * chance(i, 7))::INTEGER END"
        " AS satisfaction,\n"
        "    ward_of(pow(chance(i, 2), 1.4)) AS ward\nFROM closed",
        {"rows": rows},
    )
    connection.execute(
        "CREATE TABLE dossier AS\n"
        f"WITH drawn AS (SELECT i, {began} AS came, floor(740 * pow(chance(i, 23), 2.2))::INTEGER AS procedure"
        " FROM range($rows) AS r(i)),\n"
        "timed AS (SELECT *, 86400 * (3 + procedure % 28) AS allowed,"
        " 86400 * (3 + procedure % 28) * least(4, -0.42 * ln(1 - chance(i, 24))) AS taken FROM drawn),\n"
        f"closed AS (SELECT *, CASE WHEN came + taken < {end} AND chance(i, 27) > .002 THEN came + taken END"
        " AS done FROM timed)\n"
        "SELECT i AS dossier_id, procedure, CASE WHEN procedure % 5 < 3 THEN 'full' ELSE 'partial' END AS level,\n"
        "    moment(came) AS submitted_at, moment(came + allowed) AS due_at, moment(done) AS finished_at,\n"
        "    chance(i, 25) < .35 + .45 * i / $rows AS online,"
        " chance(i, 26) < .25 + .55 * i / $rows AS digitised,\n"
        "    ward_of(pow(chance(i, 22), 1.2)) AS ward\nFROM closed",
        {"rows": rows},
    )
    connection.execute(
        "CREATE TABLE sensor AS\n"
        f"SELECT s::INTEGER AS sensor_id, TIMESTAMP '{start}' + to_hours(h) AS ts,\n"
        f"    CASE WHEN chance(h * {SENSORS} + s, 40) > .01 THEN round(14 + 26 * chance(h * {SENSORS} + s, 41)"
        " + 18 * pow(chance(h, 42), 3), 1) END AS pm25,\n"
        f"    printf('W%03d', 1 + (s * {WARDS}) // {SENSORS}) AS ward\n"
        f"FROM (SELECT h, s FROM range({int(seconds // 3600)}) a(h), range({SENSORS}) b(s) ORDER BY h, s)"
    )
    connection.execute(
        "CREATE TABLE socio_district AS\n"
        f"SELECT (DATE '{start}' + to_months(m::INTEGER))::DATE AS month, printf('D%02d', d) AS district,\n"
        "    (180000 + 20000 * d)::BIGINT AS population, 2000 + 300 * d + 12 * m + 200 * chance(m * 100 + d, 60)"
        " AS grdp_billion,\n    900 + 100 * chance(m * 100 + d, 61) AS budget_revenue,"
        " 700 + 150 * chance(m * 100 + d, 62) AS budget_spent, (400 + 30 * d + m)::BIGINT AS hospital_beds\n"
        f"FROM range({years * 12}) a(m), range(1, {DISTRICTS + 1}) b(d) ORDER BY 1, 2"
    )
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
