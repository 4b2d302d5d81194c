"""Quarantined rows read once more, edited or as they came, and judged by today's contract.

Each row stands for the file and line that it came from, so that it means what it would have meant there.
"""

from __future__ import annotations

import datetime as dt
import json
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Final

import pyarrow as pa

from config import City
from config.models import Feed
from pipelines import flags, merge
from pipelines.clock import clock_of
from pipelines.contract import compile_contract
from pipelines.errors import SourceError
from pipelines.folder import Delivery
from pipelines.land import Landed, landed_path, work_folder
from pipelines.read.documents import json_path
from pipelines.read.inspect import inspect
from pipelines.read.parts import split
from pipelines.read.shape import TEXT, Ready, Staged, header_text
from pipelines.read.stage import REJECTS, stage
from pipelines.spelling import spellings
from warehouse.facts import fact_table, has_facts, q
from warehouse.store import Cursor
from warehouse.syntax import literal

Edits = Mapping[int, str | None]
"""Rows of the quarantine by number, each with its new text; None: as it came, or as it was edited last."""


def judge(cursor: Cursor, city: City, feed: Feed, edits: Edits, landing: Path, now: dt.datetime) -> int:
    """Make ``tried`` (the rows that wait: ``id``, ``origin``, ``text``, …), ``mend_row`` (as they are read)
    and ``checked``, ``batch_file``, ``numbered`` and ``passed`` as a load has them; how many rows are tried.

    Only temporary tables are written. Rows that another row of their file stands above are refused as well,
    and so are those that would stop a file.
    """
    clock, language = clock_of(city.head.timezone), city.head.languages[0]
    count = _choose(cursor, feed, edits)
    _parse(cursor, feed, landing)
    areas = spellings(feed.area, city.areas)
    cursor.register("area_spelling", areas.table)
    staged = _staged(cursor, feed)
    contract = compile_contract(
        feed, staged, clock, areas, city.areas.root.code, language, now=now, stops=False
    )
    cursor.execute(f"CREATE TEMP TABLE checked AS {contract.sql}")
    # A line that was no row at first may give several; they are taken all or none.
    cursor.execute(
        "DELETE FROM checked WHERE NOT _bad AND _n IN (SELECT r._n FROM mend_row r "
        "WHERE r.id IN (SELECT b.id FROM mend_row b JOIN checked c USING (_n) WHERE c._bad))"
    )
    cursor.execute(
        "CREATE TEMP TABLE batch_file AS SELECT DISTINCT _file_no, origin AS run, file_name AS name, "
        "file_hash AS hash, 0::BIGINT AS shift FROM mend_row"
    )
    merge.number_rows(cursor, feed, mapped=False)
    _refuse_rivals(cursor, feed, language, repeated=merge.find_repeated(cursor))
    flags.gather(cursor, some=contract.notes)
    return count


def verdicts(cursor: Cursor) -> list[tuple[int, list[dict[str, str | None]]]]:
    """After ``judge``: of each row what the contract says against it (column, reason, value, expected,
    detail); nothing for those that it accepts. In the order of their numbers.
    """
    rows = cursor.execute(
        "SELECT r.id, c._bad, to_json(c._problems)::VARCHAR FROM mend_row r JOIN checked c USING (_n) "
        "ORDER BY r.id, c._bad DESC, c._n"
    ).fetchall()
    told: dict[int, list[dict[str, str | None]]] = {}
    for id_, bad, problems in rows:
        told.setdefault(id_, json.loads(problems) if bad else [])
    return list(told.items())


def _choose(cursor: Cursor, feed: Feed, edits: Edits) -> int:
    """Make ``tried``: those of the rows that wait, with the text that counts."""
    wanted = pa.table(
        {"id": pa.array(list(edits), pa.int64()), "edited": pa.array(list(edits.values()), pa.string())}
    )
    cursor.register("wanted", wanted)
    cursor.execute(
        "CREATE TEMP TABLE tried AS SELECT q.id, q.run AS origin, r.file_name, q.file_hash, "
        "coalesce(q.line, 0) AS line, coalesce(w.edited, q.edited) AS edited, "
        "coalesce(w.edited, q.edited, q.raw) AS text "
        "FROM quarantine q JOIN wanted w USING (id) JOIN run r ON r.id = q.run "
        "WHERE q.feed = ? AND q.state = 'waiting'",
        [feed.id],
    )
    cursor.unregister("wanted")
    row = cursor.execute("SELECT count(*) FROM tried").fetchone()
    return int(row[0]) if row else 0


_WHENEVER: Final = dt.datetime(1970, 1, 1)  # noqa: DTZ001 the ledger's form; when it was delivered is not asked
_IS_ROW: Final = "CASE WHEN json_valid(text) THEN json_type(text) = 'OBJECT' ELSE false END"


def _parse(cursor: Cursor, feed: Feed, landing: Path) -> None:
    """Make ``doc``: each row as a JSON object, or why it is none (``defect``)."""
    cursor.execute(
        "CREATE TEMP TABLE doc AS SELECT id, 1::BIGINT AS part, text AS doc, NULL::VARCHAR AS defect "
        f"FROM tried WHERE {_IS_ROW}"
    )
    lines = cursor.execute(
        f"SELECT file_hash, file_name, id, text FROM tried WHERE NOT {_IS_ROW} ORDER BY ALL"
    ).fetchall()
    for (hash_, name), group in groupby(lines, key=itemgetter(0, 1)):
        _parse_lines(cursor, feed, landing, hash_, name, {row[2]: row[3] for row in group})


def _parse_lines(
    cursor: Cursor, feed: Feed, landing: Path, hash_: str, name: str, texts: Mapping[int, str]
) -> None:
    """Read lines of a text file, each below the header of its file, so that one cannot spoil another."""
    ids = list(texts)
    with tempfile.TemporaryDirectory(dir=work_folder(landing), prefix="mend-") as folder:
        try:
            ready = _header(cursor, feed, landing, hash_, name, Path(folder))
            if ready.shape.format != "csv":
                raise SourceError("not a JSON object")
            files = [_small(ready, Path(folder), id_, text) for id_, text in texts.items()]
            staged = stage(cursor, feed, files)
            cursor.execute(
                f"CREATE TEMP TABLE line_doc AS SELECT _file_no, {staged.raw} AS doc, "
                f"count(DISTINCT _record) OVER (PARTITION BY _file_no) AS records FROM ({staged.sql})"
            )
            cursor.execute(
                "INSERT INTO doc SELECT $ids[_file_no::BIGINT + 1], "
                "row_number() OVER (PARTITION BY _file_no), doc, NULL FROM line_doc "
                f"WHERE records = 1 AND _file_no NOT IN (SELECT file_id FROM {REJECTS})",
                {"ids": ids},
            )
            own = "e.file_id = list_position($ids, id) - 1"
            told = f"(SELECT first(error_message) FROM {REJECTS} e WHERE {own})"
        except SourceError as error:
            told = literal(str(error).splitlines()[0][:300])
        cursor.execute(
            f"INSERT INTO doc SELECT id, 1, NULL, coalesce({told}, 'not one row') "
            f"FROM (SELECT unnest($ids) AS id) WHERE id NOT IN (SELECT id FROM doc)",
            {"ids": ids},
        )
        cursor.execute(
            "".join(f"DROP TABLE IF EXISTS {name};" for name in ("line_doc", REJECTS, "csv_scans"))
        )


def _header(cursor: Cursor, feed: Feed, landing: Path, hash_: str, name: str, folder: Path) -> Ready:
    """The file, or the part of one, that the lines came from.

    Raises SourceError when its bytes are there no more.
    """
    delivered = cursor.execute(
        "SELECT path FROM landed WHERE hash = ? AND feed = ? AND starts_with(?, path) "
        "ORDER BY length(path) DESC LIMIT 1",
        [hash_, feed.id, name],
    ).fetchone()
    path = landed_path(landing, hash_)
    if path is None or delivered is None:
        raise SourceError("the file that the line came from is kept no more")
    landed = Landed(Delivery(delivered[0], path, path.stat().st_size, _WHENEVER), hash_, path)
    for part, error in split(feed.format, landed, folder, ""):
        if part.name == name and error is None:
            return inspect(feed, part, folder)
    raise SourceError("the part of the file that the line came from cannot be read")


def _small(ready: Ready, folder: Path, id_: int, text: str) -> Ready:
    """A file of its own for one line, with what stands above the first row."""
    path = folder / f"{id_}.txt"
    with ready.path.open("rb") as source, path.open("wb") as out:
        for _ in range(ready.shape.skip):
            out.write(source.readline())
        out.write(text.encode() + b"\n")
    return replace(ready, path=path, lines=ready.shape.skip + 1 + text.count("\n"))


def _staged(cursor: Cursor, feed: Feed) -> Staged:
    """Make ``mend_row``: the cells of the contract's columns, in the order in which the rows once came."""
    names = tuple(dict.fromkeys(header for column in feed.columns for header in column.headers))
    cells = ", ".join(f"{_cell(feed, name)} AS _c{place}" for place, name in enumerate(names, start=1))
    cursor.execute(
        "CREATE TEMP TABLE mend_row AS SELECT "
        "row_number() OVER (ORDER BY t.file_name, t.origin, t.line, t.id, d.part) AS _n, "
        "dense_rank() OVER (ORDER BY t.file_name, t.origin) - 1 AS _file_no, "
        f"t.line AS _record, d.defect AS _defect, t.*, d.doc AS _doc, {cells} "
        "FROM tried t JOIN doc d USING (id)"
    )
    listed = ", ".join(f"_c{place}" for place in range(1, len(names) + 1))
    sql = f"SELECT _n, _record, _file_no, _defect, text, {listed} FROM mend_row"
    return Staged(sql, names, (TEXT,) * len(names), "text", placed=True)


def _cell(feed: Feed, name: str) -> str:
    """SQL of a cell of ``doc``: by its header, or as a path into a JSON record."""
    pointer = literal("/" + header_text(name).replace("~", "~0").replace("/", "~1"))
    path = literal(json_path(name))
    text = f"json_extract_string(d.doc, {pointer})"
    if feed.format.decimal == ",":
        # A number that its file typed itself has a point, whatever the texts beside it have.
        text = (
            f"CASE WHEN json_type(d.doc, {pointer}) = 'DOUBLE' THEN replace({text}, '.', ',') ELSE {text} END"
        )
    return f"coalesce({text}, json_extract_string(d.doc, {path}))" if '"' not in name else text


def _refuse_rivals(cursor: Cursor, feed: Feed, language: str, *, repeated: bool) -> None:
    """Refuse rows whose key stands in their own file again, where a load would have refused them."""
    if feed.mode == "append":
        return
    if not (repeated and merge.find_duplicates(cursor, feed)):
        cursor.execute("CREATE TEMP TABLE IF NOT EXISTS duplicate (_n BIGINT, _file_no BIGINT, kept BIGINT)")
    if has_facts(cursor, feed.table):
        above = {"last": ">", "reject": "<>"}.get(feed.duplicates, "<")
        same = " AND ".join(f"f.{name} = c.{name}" for name in merge.repeatable(feed))
        cursor.execute(
            f"INSERT INTO duplicate SELECT c._n, c._file_no, f._line FROM checked c "
            f"JOIN batch_file b USING (_file_no) JOIN {q(fact_table(feed.table))} f ON {same} "
            f"WHERE NOT c._bad AND f._file = b.name AND f._run = b.run AND f._line {above} c._record "
            "AND c._n NOT IN (SELECT _n FROM duplicate)"
        )
    row = cursor.execute("SELECT count(*) FROM duplicate").fetchone()
    if row and row[0]:
        merge.refuse_duplicates(cursor, feed, "SELECT _n, text AS _raw FROM mend_row", language)
