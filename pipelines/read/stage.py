"""Files of one shape as one relation, each row with its number and the file it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Final

import pyarrow as pa

from config.models import Feed, Format
from pipelines.errors import SourceError
from pipelines.read import tcvn3
from pipelines.read.shape import TEXT, Ready, Shape, Staged
from pipelines.read.workbook import rows_of
from warehouse.store import Cursor
from warehouse.syntax import literal

REJECTS: Final = "csv_errors"
_SEPARATOR: Final = "\x01"


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
            source = f"SELECT file_index, {cells} FROM read_parquet({_paths(files)})"
            staged = _columnar(shape, f"({source})")
        case "workbook":
            staged = _workbook(cursor, files, shape, format)
        case "json":
            staged = _json(cursor, files, shape, format)
        case "jsonl":
            staged = _jsonl(files, shape)
    return staged if format.unpivot is None else _unpivot(staged, format)


def _csv(files: Sequence[Ready], shape: Shape, quote: str, keep_rejects: bool) -> str:
    columns = ", ".join(f"'_c{i}': 'VARCHAR'" for i in range(1, len(shape.names) + 1))
    rejects = (
        f"store_rejects = true, rejects_table = '{REJECTS}', rejects_scan = 'csv_scans'"
        if keep_rejects
        else "ignore_errors = true"
    )
    return (
        f"read_csv({_paths(files)}, auto_detect = false, compression = 'none', header = false, "
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
    return Staged(sql, shape.names, shape.types, _json_object(shape.names))


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
    return Staged(sql, shape.names, shape.types, _json_object(shape.names), placed=True)


def _json(cursor: Cursor, files: Sequence[Ready], shape: Shape, format: Format) -> Staged:
    path = "$" + "".join(f'."{key}"' for key in (format.records or "").split(".") if key)
    texts = f"read_text({_paths(files)})"
    kind = f"CASE WHEN json_valid(content) THEN coalesce(json_type(content, {literal(path)}), '') END"
    bad = cursor.execute(
        f"SELECT valid FROM (SELECT {kind} AS kind, json_valid(content) AS valid FROM {texts}) "
        "WHERE kind IS DISTINCT FROM 'ARRAY'"
    ).fetchone()
    if bad is not None:
        where = f"at {format.records!r}" if format.records else "at the top"
        if not bad[0]:
            raise SourceError("the file is not JSON", "it was cut short, or is JSON lines: set format.type")
        raise SourceError(f"there is no list of records {where}", "set format.records to the list's path")
    source = (
        f"SELECT file_index AS _file_no, unnest(json_extract(content, {literal(path + '[*]')})) AS _doc "
        f"FROM {texts}"
    )
    return _documents(shape, source, "_doc IS NOT NULL AND json_type(_doc) = 'OBJECT'", "not an object")


def _jsonl(files: Sequence[Ready], shape: Shape) -> Staged:
    # A line of JSON is a table of one column whose separator and quote never occur.
    lines = (
        f"read_csv({_paths(files)}, auto_detect = false, compression = 'none', header = false, "
        f"delim = {literal(_SEPARATOR)}, quote = '', escape = '', columns = {{'line': 'VARCHAR'}}, "
        "max_line_size = 16777216)"
    )
    source = f"SELECT file_index AS _file_no, line AS _doc FROM {lines}"
    return _documents(shape, source, "json_valid(_doc) AND json_type(_doc) = 'OBJECT'", "not a JSON object")


def _documents(shape: Shape, source: str, sound: str, defect: str) -> Staged:
    paths = ", ".join(literal("$" + "".join(f'."{key}"' for key in name.split("."))) for name in shape.names)
    cells = ", ".join(f"_cells[{i}] AS _c{i}" for i in range(1, len(shape.names) + 1))
    sql = (
        f"SELECT _n, _n AS _record, _file_no, _defect, _doc, {cells} FROM ("
        f"SELECT *, CASE WHEN _defect IS NULL THEN json_extract_string(_doc, [{paths}]) END AS _cells FROM ("
        f"SELECT *, CASE WHEN {sound} THEN NULL ELSE {literal(defect)} END AS _defect FROM ("
        f"SELECT row_number() OVER () AS _n, * FROM ({source})) WHERE _doc IS NOT NULL))"
    )
    return Staged(sql, shape.names, shape.types, "_doc::VARCHAR")


def _unpivot(staged: Staged, format: Format) -> Staged:
    """One row for each cell outside ``keep``; a cell that means nothing gives none."""
    unpivot = format.unpivot
    assert unpivot is not None
    missing = [name for name in unpivot.keep if name not in staged.names]
    if missing:
        raise SourceError(f"there is no column {missing[0]!r} to keep", "correct format.unpivot.keep")
    kept = [staged.names.index(name) + 1 for name in unpivot.keep]
    others = [i for i in range(1, len(staged.names) + 1) if i not in kept]
    names = (*unpivot.keep, unpivot.name, unpivot.value)
    headers = ", ".join(literal(staged.names[i - 1]) for i in others)
    values = ", ".join(f"_c{i}::VARCHAR" for i in others)
    place = count(1)
    keep = ", ".join(f"_c{i}::VARCHAR AS _k{next(place)}" for i in kept)
    cells = ", ".join(f"_k{i} AS _c{i}" for i in range(1, len(kept) + 1))
    nulls = ", ".join(map(literal, {*format.nulls, ""}))
    sql = (
        f"SELECT row_number() OVER () AS _n, _record, _file_no, _defect, {cells}, "
        f"_name AS _c{len(kept) + 1}, _value AS _c{len(kept) + 2} FROM ("
        f"SELECT _record, _file_no, _defect, {keep}, unnest([{headers}]) AS _name, "
        f"unnest([{values}]) AS _value FROM ({staged.sql})) WHERE trim(coalesce(_value, '')) NOT IN ({nulls})"
    )
    return Staged(sql, names, (TEXT,) * len(names), _json_object(names), staged.placed)


def _json_object(names: Sequence[str]) -> str:
    return (
        "json_object("
        + ", ".join(f"{literal(n)}, _c{i}" for i, n in enumerate(names, start=1))
        + ")::VARCHAR"
    )


def _paths(files: Sequence[Ready]) -> str:
    return "[" + ", ".join(literal(str(file.path)) for file in files) + "]"


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
