"""Loading against the machine's limit: the whole pipeline over DuckDB's bare typed read of the same files.

python -m bench.load bare|pipeline INBOX WORK    does one of the two (for `cost_of`)
"""

from __future__ import annotations

import datetime as dt
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb

from bench.common.child import cost_of, report
from bench.common.report import Figure
from config import REFERENCE_CITY, City, load_city
from config.models import Column, Feed
from warehouse.facts import SQL_TYPES


def measure(var: Path) -> list[Figure]:
    """Needs a ``var`` whose inbox holds the reference city's deliveries."""
    inbox = var / load_city(REFERENCE_CITY).head.id / "inbox"
    work = var / "bench-load"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    try:
        bare = cost_of("bench.load", "bare", str(inbox), str(work))
        pipeline = cost_of("bench.load", "pipeline", str(inbox), str(work))
    finally:
        shutil.rmtree(work, ignore_errors=True)
    rows = bare.result["rows"]
    how = f"{rows:,.0f} rows of {bare.result['files']:,.0f} files"
    return [
        Figure("load_rows_per_cpu_s", rows / pipeline.cpu, "rows/s", f"land, check, load, account: {how}"),
        Figure(
            "bare_read_rows_per_cpu_s",
            rows / bare.cpu,
            "rows/s",
            "DuckDB's bare typed read of the same files",
        ),
        Figure(
            "load_to_bare_read_ratio",
            pipeline.cpu / bare.cpu,
            "×",
            "CPU of loading over CPU of the bare read",
        ),
        Figure("load_peak_mib", pipeline.peak_mib, "MiB", "resident memory of the loading process"),
    ]


def _readable(city: City, inbox: Path) -> Iterator[tuple[Feed, str, list[Path]]]:
    """Feeds whose files DuckDB reads by itself in one go, each with the reading function and its files."""
    for feed in city.feeds.values():
        files = sorted(inbox.glob(feed.pattern or ""))
        endings = {file.suffix for file in files}
        if endings == {".csv"}:
            yield feed, "read_csv", files
        elif endings == {".parquet"}:
            yield feed, "read_parquet", files


def _bare(inbox: Path, work: Path) -> Mapping[str, float]:
    rows = files = 0
    connection = duckdb.connect(str(work / "bare.duckdb"))
    for feed, read, paths in _readable(load_city(REFERENCE_CITY), inbox):
        listed = "[" + ", ".join(f"'{path}'" for path in paths) + "]"
        options = _csv_options(feed) if read == "read_csv" else ""
        connection.execute(f"CREATE TABLE {feed.id} AS SELECT * FROM {read}({listed}{options})")
        found = connection.execute(f"SELECT count(*) FROM {feed.id}").fetchone()
        rows += found[0] if found else 0
        files += len(paths)
    connection.close()
    return {"rows": rows, "files": files}


def _csv_options(feed: Feed) -> str:
    columns = ", ".join(
        f"'{column.source or column.name}': '{SQL_TYPES[column.type]}'" for column in feed.columns
    )
    options = f", header=true, delim='{feed.format.delimiter}', columns={{{columns}}}, ignore_errors=true"
    for kind, option in (("date", "dateformat"), ("timestamp", "timestampformat")):
        if (form := _format(feed.columns, kind)) is not None:
            options += f", {option}='{form}'"
    return options


def _format(columns: tuple[Column, ...], kind: str) -> str | None:
    return next((column.format for column in columns if column.type == kind and column.format), None)


def _pipeline(inbox: Path, work: Path) -> Mapping[str, float]:
    from pipelines.load import Loader
    from warehouse.areas import sync_areas
    from warehouse.store import Store

    city = load_city(REFERENCE_CITY)
    landing = work / "landing"
    landing.mkdir()
    store = Store.open(work / "warehouse.duckdb", city.head.timezone, folders=(inbox, landing))
    sync_areas(store, city.areas)
    loader = Loader(city, store, inbox, landing, work / "spool")
    received = 0
    for feed, _, _ in _readable(city, inbox):
        received += sum(run.received for run in loader.run(feed, dt.datetime.now(dt.UTC)))
    store.close()
    return {"rows": received}


if __name__ == "__main__":
    work = {"bare": _bare, "pipeline": _pipeline}[sys.argv[1]]
    report(lambda: work(Path(sys.argv[2]), Path(sys.argv[3])))
