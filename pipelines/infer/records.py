"""The table of records: JSON, JSON lines, Parquet."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from config.models.feed import ColumnType
from pipelines.errors import SourceError
from pipelines.infer.sample import Sample
from pipelines.infer.table import MOST_ROWS, Table, looked_over, tidy


def documents(sample: Sample, text: str) -> Table:
    """Find the records of a JSON text, or of its lines. Raises SourceError."""
    try:
        found = json.loads(text)
        where, records = _records(found)
    except json.JSONDecodeError:
        return _jsonl(text, sample)
    if isinstance(found, dict) and not records:
        raise SourceError("the document holds no list of records", "infer wants a table: [{…}, {…}]")
    frame = _normal(records)
    format: dict[str, Any] = {"type": "json"} | ({"records": where} if where else {})
    return Table(format, list(frame.columns), _texts(frame), True, looked_at=f"all {len(frame):,} records")


def _jsonl(text: str, sample: Sample) -> Table:
    lines = [line for line in text.split("\n") if line.strip()]
    records = list(_lines(lines))
    if len(records) < 0.5 * len(lines):
        raise SourceError(
            "the file is neither JSON nor JSON lines", "it was cut short: have it delivered again"
        )
    frame = _normal(records)
    return Table(
        {"type": "jsonl"},
        list(frame.columns),
        _texts(frame),
        sample.whole,
        looked_at=looked_over(sample, len(frame), whole=sample.whole),
    )


def _lines(lines: Sequence[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            continue
        if isinstance(record, dict):
            yield record


def _records(found: Any) -> tuple[str, list[Any]]:
    """The longest list of objects in a document, and the path of keys that leads to it."""
    best: tuple[str, list[Any]] = ("", [])
    todo: list[tuple[str, Any]] = [("", found)]
    while todo:
        where, value = todo.pop(0)
        if isinstance(value, list):
            if value and all(isinstance(item, dict) for item in value) and len(value) > len(best[1]):
                best = (where, value)
        elif isinstance(value, dict):
            todo += [
                (f"{where}.{key}" if where else key, below) for key, below in value.items() if "." not in key
            ]
    return best


def _normal(records: Sequence[Any]) -> pd.DataFrame:
    return pd.json_normalize([record for record in records if isinstance(record, dict)])


def _texts(frame: pd.DataFrame) -> pd.DataFrame:
    """Values of JSON as the text that a contract reads."""

    def text(value: Any) -> str | None:
        if value is None or (isinstance(value, float) and value != value):
            return None
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

    return tidy(frame.astype(object).map(text))


def parquet(path: Path) -> Table:
    """Rows from the beginning, the middle and the end of a Parquet file. Raises SourceError."""
    try:
        file = pq.ParquetFile(path)
        total = file.metadata.num_rows
        groups = file.num_row_groups
        batches = []
        rows = 0
        for number in dict.fromkeys((0, groups // 2, groups - 1)):
            for batch in file.iter_batches(MOST_ROWS // 3, row_groups=[number]):
                batches.append(batch)
                rows += batch.num_rows
                break
        table = pa.Table.from_batches(batches, file.schema_arrow)
    except (pa.ArrowInvalid, OSError) as error:
        raise SourceError(f"the Parquet file cannot be read: {error}", "have it delivered again") from error
    native = {place: kind for place, kind in enumerate(map(_native, table.schema.types)) if kind is not None}
    columns = [
        column.cast(pa.string())
        if not pa.types.is_nested(column.type)
        else pa.nulls(len(column), pa.string())
        for column in table.columns
    ]
    frame = pa.table(columns, names=[str(place) for place in range(len(columns))]).to_pandas()
    frame.columns = range(len(columns))
    looked = f"all {total:,} rows" if rows == total else f"{rows:,} of {total:,} rows"
    return Table(
        {"type": "parquet"}, table.column_names, tidy(frame), rows == total, native, looked_at=looked
    )


def _native(type: pa.DataType) -> ColumnType | None:
    if pa.types.is_boolean(type):
        return "boolean"
    if pa.types.is_integer(type):
        return "integer"
    if pa.types.is_floating(type) or pa.types.is_decimal(type):
        return "number"
    if pa.types.is_date(type):
        return "date"
    return "timestamp" if pa.types.is_timestamp(type) else None
