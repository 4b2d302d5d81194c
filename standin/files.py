"""Write a table as the department's file: its headers, its formats, complete or not at all."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import re
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from config.models import Column, Feed
from standin.noise import Ints
from standin.sources.base import BROKEN
from standin.timeline import DAY, date_of

_BOM = b"\xef\xbb\xbf"
_SPOILT = "31/02/2026 25:61"
_UNFINISHED = ".unfinished"


def write(table: pa.Table, feed: Feed, path: Path, inbox: Path, modified: float) -> None:
    """Write ``table`` (by contract column) to ``path``, which appears whole, with the time ``modified``."""
    unfinished = inbox / _UNFINISHED / path.name
    unfinished.parent.mkdir(parents=True, exist_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    _WRITERS[path.suffix](table, feed, unfinished)
    os.utime(unfinished, (modified, modified))
    os.replace(unfinished, path)


def _columns(feed: Feed) -> list[tuple[str, Column]]:
    return [(column.source or column.name, column) for column in feed.columns]


def _native(table: pa.Table, feed: Feed) -> pa.Table:
    return pa.table({header: table[column.name] for header, column in _columns(feed)})


def _parquet(table: pa.Table, feed: Feed, path: Path) -> None:
    pq.write_table(_native(table, feed), path, compression="zstd", compression_level=1)


def _csv(table: pa.Table, feed: Feed, path: Path) -> None:
    with path.open("wb") as stream:
        stream.write(_BOM)
        options = pacsv.WriteOptions(delimiter=feed.format.delimiter, quoting_style="needed")
        pacsv.write_csv(_written(table, feed), stream, options)


def _xlsx(table: pa.Table, feed: Feed, path: Path) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Số liệu")
    native = _native(table, feed)
    sheet.append(native.column_names)
    broken = table[BROKEN].to_pylist() if BROKEN in table.column_names else [False] * len(table)
    first = _first_time(feed)
    for bad, row in zip(broken, native.to_pylist(), strict=True):
        cells = list(row.values())
        if bad and first is not None:
            cells[first] = _SPOILT
        sheet.append(cells)
    saved = io.BytesIO()
    book.save(saved)
    _timeless(saved, path)


def _timeless(saved: io.BytesIO, path: Path) -> None:
    """Write a workbook without the time of its making: the same rows give the same bytes."""
    with zipfile.ZipFile(saved) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            body = source.read(name)
            if name == "docProps/core.xml":
                body = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"2020-01-01T00:00:00Z", body)
            target.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), body, zipfile.ZIP_DEFLATED)


def _json(table: pa.Table, feed: Feed, path: Path) -> None:
    rows = _written(table, feed).to_pylist()
    body: Any = {feed.format.records: rows} if feed.format.records else rows
    path.write_text(json.dumps(body, ensure_ascii=False), encoding="utf-8")


_WRITERS = {".parquet": _parquet, ".csv": _csv, ".xlsx": _xlsx, ".json": _json}


def _first_time(feed: Feed) -> int | None:
    return next((i for i, c in enumerate(feed.columns) if c.type in ("date", "timestamp")), None)


def _written(table: pa.Table, feed: Feed) -> pa.Table:
    """The table with its times as text in the feed's formats, broken ones spoilt."""
    columns: dict[str, Any] = {}
    first = _first_time(feed)
    for number, (header, column) in enumerate(_columns(feed)):
        values = table[column.name].combine_chunks()
        if column.type in ("date", "timestamp"):
            values = _texts(values, column)
            if number == first and BROKEN in table.column_names:
                values = pc.if_else(table[BROKEN].combine_chunks(), _SPOILT, values)
        columns[header] = values
    return pa.table(columns)


def _texts(values: pa.Array, column: Column) -> pa.Array:
    """Times as text: each distinct day is written once, each second of the day once, and both are joined."""
    style = column.format or ("%Y-%m-%d" if column.type == "date" else "%Y-%m-%d %H:%M:%S")
    missing = values.is_null()
    if column.type == "date":
        days = values.cast(pa.int32()).fill_null(0).to_numpy().astype(np.int64)
        return pc.if_else(missing, None, _days(days, style))
    seconds = values.cast(pa.int64()).fill_null(0).to_numpy()
    day_style, _, time_style = style.partition(" ")
    clock = _clock(time_style).take(pa.array(seconds % DAY))
    text = pc.binary_join_element_wise(_days(seconds // DAY, day_style), clock, " " if time_style else "")
    return pc.if_else(missing, None, text)


def _days(days: Ints, style: str) -> pa.Array:
    distinct, position = np.unique(days, return_inverse=True)
    return pa.array([date_of(int(d)).strftime(style) for d in distinct], pa.string()).take(pa.array(position))


@cache
def _clock(style: str) -> pa.Array:
    start = dt.datetime(2000, 1, 1)  # noqa: DTZ001 a clock face has no zone
    return pa.array([(start + dt.timedelta(seconds=s)).strftime(style) for s in range(DAY)], pa.string())
