"""Files of one shape as one relation, each row with its number and the file it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pyarrow as pa

from config.models import Feed, Format
from pipelines.read import tcvn3
from pipelines.read.documents import documents, lines_of_documents
from pipelines.read.reshape import reshape, with_told
from pipelines.read.shape import TEXT, Ready, Shape, Staged, json_object, paths_of
from pipelines.read.workbook import rows_of
from warehouse.store import Cursor
from warehouse.syntax import literal

REJECTS: Final = "csv_errors"
_SCANS: Final = "csv_scans"


def stage(cursor: Cursor, feed: Feed, files: Sequence[Ready], *, keep_rejects: bool = True) -> Staged:
    """The relation of ``files``, which share one shape.

    Malformed lines of text files go to the temporary table ``csv_errors`` unless ``keep_rejects`` is false.
    Raises SourceError.
    """
    shape, format = files[0].shape, feed.format
    match shape.format:
        case "csv":
            staged = _columnar(shape, _csv(files, shape, format.quote, keep_rejects))
        case "parquet":
            cells = ", ".join(
                f"{_name(name)} AS _c{i}" if type != TEXT else f"{_name(name)}::VARCHAR AS _c{i}"
                for i, (name, type) in enumerate(zip(shape.names, shape.types, strict=True), start=1)
            )
            source = f"SELECT file_index, {cells} FROM read_parquet({paths_of(files)})"
            staged = _columnar(shape, f"({source})")
        case "workbook":
            staged = _workbook(cursor, files, shape, format)
        case "json":
            staged = documents(cursor, files, shape, format)
        case "jsonl":
            staged = lines_of_documents(files, shape)
    staged = with_told(staged, format, files)
    return reshape(cursor, staged, format) if format.reshaped else staged


def rejected(cursor: Cursor) -> bool:
    """Whether the text that was read last has malformed lines."""
    return cursor.execute(f"SELECT 1 FROM {REJECTS} LIMIT 1").fetchone() is not None


def forget_rejects(cursor: Cursor) -> None:
    """Let go of what was noted of malformed lines: the text, or a part of it, is read again."""
    cursor.execute(f"DROP TABLE {REJECTS}; DROP TABLE {_SCANS}")


def _csv(files: Sequence[Ready], shape: Shape, quote: str, keep_rejects: bool) -> str:
    columns = ", ".join(f"'_c{i}': 'VARCHAR'" for i in range(1, len(shape.names) + 1))
    rejects = (
        f"store_rejects = true, rejects_table = '{REJECTS}', rejects_scan = '{_SCANS}'"
        if keep_rejects
        else "ignore_errors = true"
    )
    return (
        f"read_csv({paths_of(files)}, auto_detect = false, compression = 'none', header = false, "
        f"skip = {shape.skip}, delim = {literal(shape.delimiter)}, quote = {literal(quote)}, "
        f"escape = {literal(quote)}, columns = {{{columns}}}, {rejects})"
    )


def _columnar(shape: Shape, source: str) -> Staged:
    cells = ", ".join(f"_c{i}" for i in range(1, len(shape.names) + 1))
    # The database keeps the file's order, and the number is taken before anything is joined.
    sql = (
        "SELECT row_number() OVER () AS _n, _n AS _record, file_index AS _file_no, NULL::VARCHAR AS _defect, "
        f"{cells} FROM {source}"
    )
    return Staged(sql, shape.names, shape.types, json_object(shape.names))


def _workbook(cursor: Cursor, files: Sequence[Ready], shape: Shape, format: Format) -> Staged:
    width = len(shape.names)
    tables = [rows_of(file.path, file.landed.sheet, format, width) for file in files]
    numbers = [
        pa.repeat(pa.scalar(number, pa.int64()), table.num_rows) for number, table in enumerate(tables)
    ]
    cursor.register(
        "sheet_rows",
        pa.concat_tables(tables).append_column("_file_no", pa.chunked_array(numbers, pa.int64())),
    )
    cells = ", ".join(
        f"translate(_c{i}, {literal(tcvn3.SEEN)}, {literal(tcvn3.MEANT)}) AS _c{i}"
        if format.encoding == tcvn3.NAME
        else f"_c{i}"
        for i in range(1, width + 1)
    )
    sql = (
        "SELECT row_number() OVER () AS _n, _record, _file_no, NULL::VARCHAR AS _defect, "
        f"{cells} FROM sheet_rows"
    )
    return Staged(sql, shape.names, shape.types, json_object(shape.names), placed=True)


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
