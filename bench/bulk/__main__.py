"""Loading at scale: ten million rows in a file, the same again, a day's delivery into a long history.

python -m bench.bulk bare|load|hash|again|day WORK    one measured piece, in a process of its own
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import shutil
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from string import Template
from typing import Final

import duckdb
import yaml

from bench.common.child import report
from bench.workload.define import CITY, DISTRICTS, WARDS
from bench.workload.facts import END
from config import City, load_city
from config.models import Feed
from pipelines.load import Loader
from warehouse.areas import sync_areas
from warehouse.facts import SQL_TYPES
from warehouse.store import Store

HERE: Final = Path(__file__).parent
ROWS: Final = int(os.environ.get("IOC_BULK_ROWS", "10_000_000"))
HISTORY: Final = int(os.environ.get("IOC_BULK_HISTORY", "50_000_000"))
DAY: Final = 10_000
DAYS: Final = 5
YEARS: Final = 5
_FAULTS: Final = """
    CASE WHEN n % 5000 = 1 THEN 'SR?' ELSE printf('SR%09d', n) END AS request_id,
    CASE WHEN n % 5000 = 2 THEN '2026-13-45' ELSE created_at::VARCHAR END AS created_at,
    CASE WHEN n % 5000 = 3 THEN created_at - INTERVAL 1 DAY ELSE closed_at END AS closed_at, due_at,
    CASE WHEN n % 5000 = 4 THEN 'fax' ELSE channel END AS channel, category, status,
    CASE WHEN n % 5000 = 5 THEN 9 ELSE satisfaction END AS satisfaction,
    CASE WHEN n % 5000 = 6 THEN 'W999' ELSE ward END AS ward
"""
"""Six rows in five thousand break a rule, each another one."""


def bulk_city() -> City:
    """The workload's units, and one feed with a contract of every kind of rule."""
    feed = Feed.model_validate(yaml.safe_load((HERE / "requests.yaml").read_text(encoding="utf-8")))
    return replace(load_city(CITY), feeds={feed.id: feed}, indicators={})


def make_file(path: Path, rows: int, first: int = 0) -> None:
    """Write ``rows`` requests as CSV, numbered from ``first``."""
    text = (Path(__file__).parents[1] / "workload" / "source.sql").read_text(encoding="utf-8")
    text = text[: text.index("CREATE TABLE dossier")]
    start = dt.date(END.year - YEARS, 1, 1)
    sizes = {"rows": rows, "first": start, "end": END, "seconds": int((END - start).total_seconds())}
    script = Template(text).substitute(sizes, months=0, wards=WARDS, districts=DISTRICTS, sensors=0)
    connection = duckdb.connect()
    connection.execute(script.replace("CREATE TABLE", "CREATE VIEW"))
    path.parent.mkdir(parents=True, exist_ok=True)
    connection.execute(
        f"COPY (SELECT {_FAULTS} FROM (SELECT *, request_id + {first} AS n FROM service_request)) "
        f"TO '{path}' (HEADER)"
    )
    connection.close()


def bare(work: Path) -> Mapping[str, float]:
    """DuckDB's typed read of the file into a table, and nothing else."""
    [feed] = bulk_city().feeds.values()
    columns = ", ".join(f"'{column.name}': '{SQL_TYPES[column.type]}'" for column in feed.columns)
    connection = duckdb.connect(str(work / "bare.duckdb"), config={"memory_limit": "1GiB"})
    connection.execute(
        f"CREATE TABLE requests AS SELECT * FROM read_csv('{work}/inbox/requests/*.csv', header = true, "
        f"auto_detect = false, delim = ',', quote = '\"', columns = {{{columns}}}, ignore_errors = true)"
    )
    [rows] = connection.execute("SELECT count(*) FROM requests").fetchall()[0]
    connection.close()
    return {"rows": rows}


def load(work: Path) -> Mapping[str, float]:
    """The whole way of what lies in the inbox: landed, checked, keyed, accounted for."""
    city = bulk_city()
    [feed] = city.feeds.values()
    store = _store(city, work)
    loader = Loader(city, store, work / "inbox", work / "landing", work / "spool")
    begun = time.perf_counter()
    runs = loader.run(feed, dt.datetime(2026, 1, 2, tzinfo=dt.UTC))
    seconds = time.perf_counter() - begun
    store.close()
    return {
        "seconds": seconds,
        "received": sum(run.received for run in runs),
        "rejected": sum(run.rejected for run in runs),
    }


def _store(city: City, work: Path) -> Store:
    (work / "landing").mkdir(exist_ok=True)
    store = Store.open(work / "warehouse.duckdb", city.head.timezone, folders=(work / "landing",))
    sync_areas(store, city.areas)
    return store


def again(work: Path) -> Mapping[str, float]:
    """The file once more with another time of change: the same bytes, so only the hash is taken."""
    os.utime(work / "inbox" / "requests" / "a.csv")
    return load(work)


def hashed(work: Path) -> Mapping[str, float]:
    """The hash of the file's bytes, and nothing else."""
    with (work / "inbox" / "requests" / "a.csv").open("rb") as stream:
        hashlib.file_digest(stream, "sha256")
    return {}


def make_history(work: Path, rows: int) -> None:
    """Repeat the loaded facts under other keys until there are ``rows``, and write days' deliveries: four
    rows in five are new, one changes what is there.
    """
    connection = duckdb.connect(str(work / "warehouse.duckdb"))
    connection.execute("SET memory_limit = '2GiB'")
    [held] = connection.execute("SELECT count(*) FROM fact_bulk_requests").fetchall()[0]
    for turn in range(1, rows // held):
        connection.execute(
            "INSERT INTO fact_bulk_requests SELECT * REPLACE "
            f"(printf('SR%09d', substr(request_id, 3)::BIGINT + {turn} * {ROWS}) AS request_id) "
            f"FROM fact_bulk_requests WHERE request_id < 'SR{ROWS:09d}'"
        )
    names = "request_id, created_at, closed_at, due_at, channel, category, status, satisfaction, ward"
    local = ", ".join(f"{name} + INTERVAL 7 HOUR AS {name}" for name in ("created_at", "closed_at", "due_at"))
    (work / "days").mkdir(exist_ok=True)
    for day in range(DAYS):
        connection.execute(
            f"COPY (SELECT * REPLACE (CASE WHEN row_number() OVER () % 5 > 0 "
            f"THEN printf('SR%09d', 900000000 + {day * DAY} + row_number() OVER ()) ELSE request_id END "
            f"AS request_id, 1 AS satisfaction) FROM (SELECT {names} FROM (SELECT * REPLACE ({local}) "
            f"FROM fact_bulk_requests WHERE coalesce(satisfaction, 2) <> 1 AND hash(request_id) % 97 = {day} "
            f"LIMIT {DAY}))) TO '{work}/days/day{day}.csv' (HEADER)"
        )
    connection.execute("CHECKPOINT")
    connection.close()


def day(work: Path) -> Mapping[str, float]:
    """Days' deliveries one after another into the history that is there, each timed by itself."""
    city = bulk_city()
    [feed] = city.feeds.values()
    store = _store(city, work)
    loader = Loader(city, store, work / "inbox", work / "landing", work / "spool")
    seconds = []
    for number, file in enumerate(sorted((work / "days").iterdir())):
        shutil.copyfile(file, work / "inbox" / "requests" / file.name)
        begun = time.perf_counter()
        [run] = loader.run(feed, dt.datetime(2026, 1, 3 + number, tzinfo=dt.UTC))
        seconds.append(time.perf_counter() - begun)
        if (run.received, run.updated) != (DAY, DAY // 5):
            raise RuntimeError(f"a day was not loaded as it was made: {run}")
    store.close()
    return {"median": sorted(seconds)[len(seconds) // 2], "slowest": max(seconds)}


STEPS: Final = {"bare": bare, "load": load, "hash": hashed, "again": again, "day": day}

if __name__ == "__main__":
    report(lambda: STEPS[sys.argv[1]](Path(sys.argv[2])))
