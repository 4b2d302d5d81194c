"""Rows from a driver as typed columns in Parquet, in bounded memory and without asking any driver for types.

What a column is shows in its values, batch by batch. Where a later batch shows more than an earlier one
(first only empty cells, then numbers; numbers, then text), the file goes on in a second part with the wider
type, and the parts are made one at the end.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

_TEXT: Final = pa.string()
_UTC: Final = pa.timestamp("us", tz="UTC")
_WRONG: Final = (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError)


class TypedFile:
    """Rows with the columns ``names``, kept in ``scratch`` files until all have come."""

    def __init__(self, names: Sequence[str], scratch: Path) -> None:
        self._names = tuple(names)
        self._scratch = scratch
        self._parts: list[Path] = []
        self._writer: pq.ParquetWriter | None = None
        self._schema = pa.schema([(name, pa.null()) for name in self._names])
        self.rows = 0

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return sum(part.stat().st_size for part in self._parts)

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        """Add rows, each as wide as ``names``."""
        cells = [_column(values) for values in zip(*rows, strict=True)]
        wider = pa.schema(
            [
                (field.name, _wider(field.type, cell.type))
                for field, cell in zip(self._schema, cells, strict=True)
            ]
        )
        if self._writer is None or wider != self._schema:
            self._next_part(wider)
        assert self._writer is not None
        self._writer.write_table(_cast(pa.table(cells, names=list(self._names)), self._schema))
        self.rows += len(rows)

    def finish(self) -> Path:
        """The file with all rows, of one type in each column; the caller takes it away."""
        if self._writer is None:
            self._next_part(self._schema)
        self._end_part()
        if len(self._parts) > 1:
            parts, self._parts = self._parts, []
            self._next_part(self._schema)
            assert self._writer is not None
            for part in parts:
                for batch in pq.ParquetFile(part).iter_batches():
                    self._writer.write_table(_cast(pa.Table.from_batches([batch]), self._schema))
                part.unlink()
            self._end_part()
        [whole] = self._parts
        self._parts = []
        return whole

    def close(self) -> None:
        """Leave nothing behind."""
        self._end_part()
        for part in self._parts:
            part.unlink(missing_ok=True)

    def _next_part(self, schema: pa.Schema) -> None:
        self._end_part()
        path = self._scratch.with_name(
            f"{self._scratch.name}-{id(self):x}-{self.rows}-{len(self._parts)}.part"
        )
        self._writer = pq.ParquetWriter(path, schema, compression="zstd")
        self._schema = schema
        self._parts.append(path)

    def _end_part(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None


def _column(values: Sequence[Any]) -> pa.Array:
    """A batch of one column as what files of tables know: truth, number, time, text."""
    try:
        found = pa.array(values)
    except _WRONG:
        return _as_text(values)
    type = found.type
    if pa.types.is_timestamp(type):
        return found.cast(_UTC if type.tz is not None else pa.timestamp("us"))
    if pa.types.is_decimal(type):
        return _decimal(found, values)
    known = (
        pa.types.is_null,
        pa.types.is_boolean,
        pa.types.is_int64,
        pa.types.is_float64,
        pa.types.is_string,
        pa.types.is_date,
    )
    return found if any(test(type) for test in known) else _as_text(values)


def _decimal(found: pa.Array, values: Sequence[Any]) -> pa.Array:
    """Whole decimals as integers: they are numbers of things, or keys, which a float would spoil."""
    try:
        if found.type.scale <= 0:
            return found.cast(pa.int64())
        return found.cast(pa.decimal128(38, found.type.scale))
    except _WRONG:
        return _as_text(values)


def _as_text(values: Sequence[Any]) -> pa.Array:
    return pa.array([None if value is None else _text(value) for value in values], _TEXT)


def _text(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).hex()
    return str(value)


def _wider(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    """The narrowest type that holds the values of both."""
    if one == other or pa.types.is_null(other):
        return one
    if pa.types.is_null(one):
        return other
    both = (one, other)
    if all(pa.types.is_integer(t) or pa.types.is_decimal(t) for t in both):
        return pa.decimal128(38, max(t.scale for t in both if pa.types.is_decimal(t)))
    if all(pa.types.is_integer(t) or pa.types.is_decimal(t) or pa.types.is_floating(t) for t in both):
        return pa.float64()
    return _TEXT


def _cast(table: pa.Table, schema: pa.Schema) -> pa.Table:
    return table if table.schema == schema else table.cast(schema)
