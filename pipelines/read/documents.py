"""JSON documents and JSON lines as one relation: a record is an object, a column a path into it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from config.models import Format
from pipelines.errors import SourceError
from pipelines.read.kinds import plain_name
from pipelines.read.shape import Ready, Shape, Staged, paths_of
from warehouse.store import Cursor
from warehouse.syntax import literal

_SEPARATOR: Final = "\x01"


def json_path(name: str) -> str:
    """The path that a feed writes as ``fields.xy[0]`` as the database writes it: ``$."fields"."xy"[0]``."""
    steps = [re.fullmatch(r"(.*?)((?:\[\d+\])*)", step) for step in name.split(".")]
    keys = [(step[1].replace('"', '\\"'), step[2]) for step in steps if step is not None]
    return "$" + "".join((f'."{key}"' if key else "") + places for key, places in keys)


def documents(cursor: Cursor, files: Sequence[Ready], shape: Shape, format: Format) -> Staged:
    """The records of JSON documents, each a list at ``format.records``. Raises SourceError."""
    records = format.records
    if records is None and plain_name(files[0].landed.name).endswith(".geojson"):
        records = "features"
    path = json_path(records or "")
    texts = f"read_text({paths_of(files)})"
    kind = f"CASE WHEN json_valid(content) THEN coalesce(json_type(content, {literal(path)}), '') END"
    bad = cursor.execute(
        f"SELECT valid FROM (SELECT {kind} AS kind, json_valid(content) AS valid FROM {texts}) "
        "WHERE kind IS DISTINCT FROM 'ARRAY'"
    ).fetchone()
    if bad is not None:
        where = f"at {records!r}" if records else "at the top"
        if not bad[0]:
            raise SourceError("the file is not JSON", "it was cut short, or is JSON lines: set format.type")
        raise SourceError(f"there is no list of records {where}", "set format.records to the list's path")
    source = (
        f"SELECT file_index AS _file_no, unnest(json_extract(content, {literal(path + '[*]')})) AS _doc "
        f"FROM {texts}"
    )
    return _documents(shape, source, "_doc IS NOT NULL AND json_type(_doc) = 'OBJECT'", "not an object")


def lines_of_documents(files: Sequence[Ready], shape: Shape) -> Staged:
    """The records of JSON lines."""
    # A line of JSON is a table of one column whose separator and quote never occur.
    lines = (
        f"read_csv({paths_of(files)}, auto_detect = false, compression = 'none', header = false, "
        f"delim = {literal(_SEPARATOR)}, quote = '', escape = '', columns = {{'line': 'VARCHAR'}}, "
        "max_line_size = 16777216)"
    )
    source = f"SELECT file_index AS _file_no, line AS _doc FROM {lines}"
    return _documents(shape, source, "json_valid(_doc) AND json_type(_doc) = 'OBJECT'", "not a JSON object")


def _documents(shape: Shape, source: str, sound: str, defect: str) -> Staged:
    paths = ", ".join(literal(json_path(name)) for name in shape.names)
    cells = ", ".join(f"_cells[{i}] AS _c{i}" for i in range(1, len(shape.names) + 1))
    sql = (
        f"SELECT _n, _n AS _record, _file_no, _defect, _doc, {cells} FROM ("
        f"SELECT *, CASE WHEN _defect IS NULL THEN json_extract_string(_doc, [{paths}]) END AS _cells FROM ("
        f"SELECT *, CASE WHEN {sound} THEN NULL ELSE {literal(defect)} END AS _defect FROM ("
        f"SELECT row_number() OVER () AS _n, * FROM ({source})) WHERE _doc IS NOT NULL))"
    )
    return Staged(sql, shape.names, shape.types, "_doc::VARCHAR")
