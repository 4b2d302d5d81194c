"""The columns that each feed's deliveries had, with what they held: what drift is told against."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from config.models import Feed
from pipelines import drift
from pipelines.drift import Change, Header, series_of
from pipelines.errors import SourceError
from pipelines.read.shape import Ready, Staged, header_text
from pipelines.read.stage import stage
from pipelines.stamp import naive
from warehouse.store import Cursor, SqlError

SAMPLE, RECORDS = 1_000, 20_000
"""Rows of which it is noted what they hold; records of JSON whose keys are looked at."""
STEADY: Final = 0.5
"""A key of JSON that fewer records have may be left out of a delivery without a word."""
_SAME_VALUES, _SAME_SHAPES = 0.5, 0.6
_VALUES, _SHAPES = 200, 40
_SHAPE: Final = r"regexp_replace(regexp_replace(cell, '\d+', '9', 'g'), '\pL+', 'a', 'g')"
_TYPES: Final = {
    "VARCHAR": "text", "BIGINT": "number", "DOUBLE": "number", "UBIGINT": "number", "HUGEINT": "number",
    "BOOLEAN": "boolean", "DATE": "date", "TIMESTAMP": "time", "TIMESTAMPTZ": "time",
}  # fmt: skip

Sketch = Mapping[str, tuple[frozenset[int], frozenset[str]]]
"""By column: hashes of some of its values, and the shapes that they have (digits as 9, letters as a)."""


@dataclass(frozen=True, slots=True)
class Known:
    """An earlier delivery: its columns, and what they held."""

    header: Header
    sketch: Sketch


def watch(
    cursor: Cursor,
    feed: Feed,
    files: Sequence[Ready],
    runs: Sequence[int],
    staged: Staged,
    now: dt.datetime,
    language: str,
) -> None:
    """Compare the files of a batch with those before them, tell what is different and keep what is to be
    compared with the next. Raises DriftError for a change that stops the file.
    """
    known, before_this = _known(cursor, feed), _loaded_before(cursor, feed, files)
    for number, header in _headers(cursor, feed, files, staged):
        if (files[number].landed.hash, files[number].landed.name) in before_this:
            continue  # loaded once more: it says nothing new
        ready, series = files[number], series_of(files[number].landed.name)
        before = known.get(series) or known.get("")
        changes = _changes(cursor, feed, ready, before, header)
        drift.note(cursor, feed, runs[number], drift.judged(feed, changes, language), now)
        if changes or series not in known:
            kept = header if before is None else _with_optional(before.header, header)
            known[series] = known[""] = Known(kept, sketch(cursor, feed, ready))
            _keep(cursor, feed, series, known[series], ready.landed.hash, now)


def _loaded_before(cursor: Cursor, feed: Feed, files: Sequence[Ready]) -> set[tuple[str, str]]:
    """Hash and name of those of the files that were loaded once."""
    return set(
        cursor.execute(
            "SELECT file_hash, file_name FROM run "
            "WHERE feed = ? AND status = 'done' AND list_contains(?, file_hash)",
            [feed.id, [file.landed.hash for file in files]],
        ).fetchall()
    )


def explain(cursor: Cursor, feed: Feed, ready: Ready, error: SourceError, language: str) -> SourceError:
    """The same error, with what became of the column that the file lacks, as far as earlier files show."""
    known = _known(cursor, feed)
    before = known.get(series_of(ready.landed.name)) or known.get("")
    header = _of_shape(feed, ready)
    if before is None or header is None:
        return error
    changes = _changes(cursor, feed, ready, before, header)
    needed = {*feed.indispensable, feed.area.column}
    absent = (
        head
        for column in feed.columns
        for head in map(header_text, column.headers)
        if (column.required or column.name in needed) and head not in header.names
    )
    told = [change for change in changes if getattr(feed.drift, change.kind) != "ignore"]
    return drift.explained(error, told, next(absent, ""), language)


def _changes(cursor: Cursor, feed: Feed, ready: Ready, before: Known | None, header: Header) -> list[Change]:
    if before is None:
        return []
    holds: list[Sketch] = []

    def alike(old: str, new: str) -> bool:
        if not holds:
            holds.append(sketch(cursor, feed, ready))
        same_place = before.header.names.index(old) == header.names.index(new)
        return resembles(before.sketch.get(old), holds[0].get(new), same_place=same_place)

    return drift.compare(before.header, header, alike)


def resembles(
    one: tuple[frozenset[int], frozenset[str]] | None,
    other: tuple[frozenset[int], frozenset[str]] | None,
    *,
    same_place: bool,
) -> bool:
    """Whether two columns hold the same: many common values or, in the same place, the same shapes."""
    if not one or not other or not one[0] or not other[0]:
        return False
    common = len(one[0] & other[0]) / min(len(one[0]), len(other[0]))
    shapes = len(one[1] & other[1]) / max(1, len(one[1] | other[1]))
    return common >= _SAME_VALUES or (same_place and shapes >= _SAME_SHAPES)


def sketch(cursor: Cursor, feed: Feed, ready: Ready) -> Sketch:
    """What the columns of a file hold, by a sample; nothing where that cannot be told."""
    if feed.format.reshaped:
        return {}
    try:
        staged = stage(cursor, feed, [ready], keep_rejects=False)
        if ready.shape.format in ("json", "jsonl"):
            source = (
                "SELECT key, json_extract_string(doc, '$.\"' || key || '\"') AS cell FROM ("
                "SELECT doc, unnest(json_keys(doc)) AS key FROM ("
                f"SELECT _doc::JSON AS doc FROM ({staged.sql}) WHERE _defect IS NULL LIMIT {SAMPLE}))"
            )
        else:
            cells = ", ".join(f"_c{i}::VARCHAR AS _c{i}" for i in range(1, len(staged.names) + 1))
            source = (
                "SELECT key, trim(cell) AS cell FROM ("
                f"UNPIVOT (SELECT {cells} FROM ({staged.sql}) LIMIT {SAMPLE}) ON COLUMNS(*) "
                "INTO NAME key VALUE cell)"
            )
        rows = cursor.execute(
            f"SELECT key, list_slice(list_sort(list(DISTINCT hash(cell))), 1, {_VALUES}), "
            f"list_slice(list_sort(list(DISTINCT {_SHAPE})), 1, {_SHAPES}) "
            f"FROM ({source}) WHERE cell <> '' GROUP BY key"
        ).fetchall()
    except (SourceError, SqlError):
        return {}
    names = {f"_c{i}": name for i, name in enumerate(staged.names, start=1)}
    if ready.shape.format in ("json", "jsonl"):
        names = {key: key for key, *_ in rows}
    return {names[key]: (frozenset(hashes), frozenset(shapes)) for key, hashes, shapes in rows}


def _headers(
    cursor: Cursor, feed: Feed, files: Sequence[Ready], staged: Staged
) -> Iterator[tuple[int, Header]]:
    """Number and columns of each file, of those that have any."""
    shape = files[0].shape
    if shape.format in ("json", "jsonl"):
        if not feed.format.reshaped:  # else the records themselves are gone
            yield from _of_records(cursor, staged)
        return
    for number, ready in enumerate(files):
        header = _of_shape(feed, ready)
        if header is not None:
            yield number, header


def _of_shape(feed: Feed, ready: Ready) -> Header | None:
    """The columns of a file that says them itself; of one that is unpivoted, those that are kept."""
    shape = ready.shape
    if shape.format in ("json", "jsonl"):
        return None
    kept = shape.names if feed.format.unpivot is None else feed.format.unpivot.keep
    names = tuple(name for name in shape.names if name in kept)
    types = dict(zip(shape.names, shape.types, strict=True))
    typed = shape.format == "parquet"
    told = tuple(_TYPES.get(types[name], "") if typed else "" for name in names)
    return Header(names, told, frozenset(names))


def _of_records(cursor: Cursor, staged: Staged) -> Iterator[tuple[int, Header]]:
    """The keys of JSON records, those of objects within them as ``outer.inner``."""
    cursor.execute(
        f"CREATE OR REPLACE TEMP TABLE looked_at AS SELECT _file_no, _doc::JSON AS doc FROM ({staged.sql}) "
        f"WHERE _defect IS NULL LIMIT {RECORDS}"
    )
    shares: dict[int, dict[str, float]] = {}
    for number, key, share in cursor.execute(
        "SELECT _file_no, key, count(*) / any_value(n) FROM ("
        "SELECT _file_no, unnest(json_keys(doc)) AS key, n FROM looked_at "
        "JOIN (SELECT _file_no, count(*) AS n FROM looked_at GROUP BY ALL) USING (_file_no)) "
        "GROUP BY _file_no, key"
    ).fetchall():
        shares.setdefault(int(number), {})[key] = share
    rows = cursor.execute(
        "SELECT _file_no, json_group_structure(doc)::VARCHAR FROM looked_at GROUP BY ALL ORDER BY _file_no"
    ).fetchall()
    cursor.execute("DROP TABLE looked_at")
    for number, structure in rows:
        flat = dict(_flat(json.loads(structure), ""))
        steady = frozenset(name for name in flat if shares[number].get(name.split(".")[0], 1.0) >= STEADY)
        yield int(number), Header(tuple(flat), tuple(flat.values()), steady, ordered=False)


def _flat(structure: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(structure, dict) and structure:
        for key, below in structure.items():
            yield from _flat(below, f"{path}.{key}" if path else key)
    elif path:
        yield path, "list" if isinstance(structure, list) else _TYPES.get(str(structure), "")


def _with_optional(before: Header, now: Header) -> Header:
    """The newer columns, and with them earlier ones that a record may lack."""
    kept = [name for name in before.names if name not in now.names and name not in before.steady]
    types = dict(zip(before.names, before.types, strict=True))
    told = [type or types.get(name, "") for name, type in zip(now.names, now.types, strict=True)]
    return Header(
        (*now.names, *kept), (*told, *(types[name] for name in kept)), now.steady, ordered=now.ordered
    )


def _known(cursor: Cursor, feed: Feed) -> dict[str, Known]:
    """By kind of file the columns that its newest one had; under "" those of the newest file of all."""
    rows = cursor.execute(
        "SELECT series, columns, sketch, ordered FROM feed_schema WHERE feed = ? "
        "QUALIFY row_number() OVER (PARTITION BY series ORDER BY rowid DESC) = 1 ORDER BY rowid",
        [feed.id],
    ).fetchall()
    known: dict[str, Known] = {}
    for series, columns, held, ordered in rows:
        listed = json.loads(columns)
        header = Header(
            tuple(c["name"] for c in listed),
            tuple(c["type"] for c in listed),
            frozenset(c["name"] for c in listed if c["steady"]),
            ordered,
        )
        marks = {name: (frozenset(h), frozenset(s)) for name, (h, s) in json.loads(held).items()}
        known[series] = known[""] = Known(header, marks)
    return known


def _keep(cursor: Cursor, feed: Feed, series: str, known: Known, file: str, now: dt.datetime) -> None:
    header = known.header
    columns = [
        {"name": name, "type": type, "steady": name in header.steady}
        for name, type in zip(header.names, header.types, strict=True)
    ]
    held = {name: (sorted(hashes), sorted(shapes)) for name, (hashes, shapes) in known.sketch.items()}
    cursor.execute(
        "INSERT INTO feed_schema VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            feed.id, series, json.dumps(columns, ensure_ascii=False), json.dumps(held, ensure_ascii=False),
            header.ordered, naive(now), file,
        ],
    )  # fmt: skip
