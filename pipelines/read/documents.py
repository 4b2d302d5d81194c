"""JSON documents and JSON lines as one relation: a record is an object, a column a path into it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from config.models import Format
from pipelines.errors import SourceError
from pipelines.read.kinds import plain_name
from pipelines.read.shape import Ready, Shape, Staged, paths_of
from warehouse.store import Cursor
from warehouse.syntax import literal

_SEPARATOR: Final = "\x01"
_KEY: Final = re.compile(r"\{(\w+)\}")


def json_path(name: str) -> str:
    """The path that a feed writes as ``fields.xy[0]`` as the database writes it: ``$."fields"."xy"[0]``."""
    steps = [re.fullmatch(r"(.*?)((?:\[\d+\])*)", step) for step in name.split(".")]
    keys = [(step[1].replace('"', '\\"'), step[2]) for step in steps if step is not None]
    return "$" + "".join((f'."{key}"' if key else "") + places for key, places in keys)


def keys_of(records: str | None) -> tuple[str, ...]:
    """The columns that steps such as ``{station}`` of the path to the records give."""
    return tuple(_KEY.findall(records or ""))


def documents(cursor: Cursor, files: Sequence[Ready], shape: Shape, format: Format) -> Staged:
    """The records of JSON documents, as ``format.records`` leads to them. Raises SourceError."""
    records = format.records or ""
    if format.records is None and plain_name(files[0].landed.name).endswith(".geojson"):
        records = "features"
    texts = f"SELECT file_index AS _file_no, content FROM read_text({paths_of(files)})"
    bad = cursor.execute(f"SELECT 1 FROM ({texts}) WHERE NOT json_valid(content) LIMIT 1").fetchone()
    if bad is not None:
        raise SourceError("the file is not JSON", "it was cut short, or is JSON lines: set format.type")
    source = f"SELECT _file_no, content::JSON AS _doc FROM ({texts})"
    *steps, last = _KEY.split(records)[::2]
    for number, step in enumerate(steps):
        source = _each(cursor, source, step.strip("."), f"_key{number}", records, ("OBJECT", "ARRAY"))
    if last.strip(".") or not steps:
        source = _each(cursor, source, last.strip("."), "", records, ("ARRAY",))
    keys = {key: f"_key{number}" for number, key in enumerate(keys_of(records))}
    bare = any(name == "$" or name.startswith("[") for name in shape.names)
    sound = "_doc IS NOT NULL" if bare else "_doc IS NOT NULL AND json_type(_doc) = 'OBJECT'"
    return _documents(shape, source, sound, "not an object", keys)


def _each(cursor: Cursor, source: str, step: str, key: str, records: str, kinds: tuple[str, ...]) -> str:
    """SQL for each entry of what stands at ``step`` of each ``_doc``, with its key or place as ``key``."""
    path = literal(json_path(step))
    kind = f"coalesce(json_type(_doc, {path}), '')"
    listed = ", ".join(map(literal, kinds))
    if cursor.execute(f"SELECT 1 FROM ({source}) WHERE {kind} NOT IN ({listed}) LIMIT 1").fetchone():
        where = f"at {records!r}" if records else "at the top"
        raise SourceError(f"there is no list of records {where}", "set format.records to the list's path")
    if not key:
        entries = f"json_extract(_doc, {literal(json_path(step) + '[*]')})"
        return f"SELECT * REPLACE (unnest({entries}) AS _doc) FROM ({source})"
    names = (
        f"CASE WHEN {kind} = 'OBJECT' THEN json_keys(_doc, {path}) "
        f"ELSE range(json_array_length(_doc, {path})::BIGINT)::VARCHAR[] END"
    )
    within = (
        f"SELECT * REPLACE (json_extract(_doc, {path}) AS _doc), unnest({names}) AS {key} FROM ({source})"
    )
    pointer = f"'/' || replace(replace({key}, '~', '~0'), '/', '~1')"
    return f"SELECT * REPLACE (json_extract(_doc, {pointer}) AS _doc) FROM ({within})"


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


def _documents(
    shape: Shape, source: str, sound: str, defect: str, keys: Mapping[str, str] | None = None
) -> Staged:
    """``keys``: names of cells that stand beside the record, each with its column in ``source``."""
    keys = keys or {}
    paths = [literal("$" if name == "$" else json_path(name)) for name in shape.names if name not in keys]
    found = (f"_cells[{place}]" for place in range(1, len(paths) + 1))
    cells = ", ".join(
        f"{keys[name] if name in keys else next(found)} AS _c{place}"
        for place, name in enumerate(shape.names, start=1)
    )
    document = "_doc"
    if keys:  # a record says what it was found under, so that it can be mended
        beside = ", ".join(f"{literal(name)}, {column}" for name, column in keys.items())
        document = (
            f"CASE WHEN json_type(_doc) = 'OBJECT' THEN json_merge_patch(_doc, json_object({beside})) "
            f"ELSE json_object({beside}, '$', _doc) END AS _doc"
        )
    texts = f"json_extract_string(_doc, [{', '.join(paths)}])"
    sql = (
        f"SELECT _n, _n AS _record, _file_no, _defect, {document}, {cells} FROM ("
        f"SELECT *, CASE WHEN _defect IS NULL THEN {texts} END AS _cells FROM ("
        f"SELECT *, CASE WHEN {sound} THEN NULL ELSE {literal(defect)} END AS _defect FROM ("
        f"SELECT row_number() OVER () AS _n, * FROM ({source})) WHERE _doc IS NOT NULL))"
    )
    return Staged(sql, shape.names, shape.types, "_doc::VARCHAR")
