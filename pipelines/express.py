"""The express lane: rows of a great text file that are plainly sound and new go straight to the facts.

The ordinary way keeps every row beside the facts until it is known what becomes of it, which costs more than
reading it. Of millions of rows nearly all are dull: cells as the contract wants them, a key that nobody has
seen. They are inserted in one pass. What is left over (blanks around a cell, a time written in another way, a
rule broken, a key that stands twice or is known) is cut out of the file line by line and goes the ordinary
way, which alone knows what to make of such rows.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from config.models import Column, Feed
from pipelines.cells import Cell, typed_cell
from pipelines.clock import Clock
from pipelines.contract import area_text, block, content_hash, demands_of, typing, unit_of
from pipelines.lines import cut, successive
from pipelines.merge import identity
from pipelines.read.inspect import work_prefix
from pipelines.read.shape import Ready, Staged, bind, cell_of
from pipelines.read.stage import forget_rejects, rejected
from pipelines.spelling import ALWAYS, Spellings
from pipelines.stamp import naive
from warehouse.derived import derived_columns
from warehouse.facts import SQL_TYPES, day_of, fact_table, q
from warehouse.store import Cursor
from warehouse.syntax import literal

LEAST_LINES: Final = 200_000
"""Below this the ordinary way costs less than the detour."""
MOST_LEFT: Final = 0.2
"""If more of the file than this share is left over, all of it goes the ordinary way."""
_MOST_WORDS: Final = 2_000
"""Spellings of areas that are looked up in a list that stands in the statement; more of them are joined."""

_Lines = NDArray[np.int64]


def fits(cursor: Cursor, feed: Feed, files: Sequence[Ready]) -> bool:
    """Whether the lane is for these files: one great text file with a record on each line, of rows that stand
    for themselves and are most likely new.
    """
    return (
        len(files) == 1
        and files[0].shape.format == "csv"
        and files[0].lines >= LEAST_LINES
        and feed.mode in ("upsert", "append")
        and feed.version is None
        and feed.late is None
        and not feed.format.reshaped
        and not feed.format.told
        and _news(cursor, feed)
        and successive(files[0].path, feed.format.quote)
    )


def _news(cursor: Cursor, feed: Feed) -> bool:
    """Whether the feed's last file, if there was one, brought mostly rows that were not known."""
    row = cursor.execute(
        "SELECT inserted >= $least * received FROM run "
        "WHERE feed = $feed AND status = 'done' AND received > 0 ORDER BY id DESC LIMIT 1",
        {"least": 1 - MOST_LEFT, "feed": feed.id},
    ).fetchone()
    return row is None or bool(row[0])


@dataclass
class Lane:
    """Rows of one file that were inserted as ``run``, and ``lines``, the lines of the file that were not."""

    feed: Feed
    file: Ready
    run: int
    excerpt: Path
    lines: _Lines

    def cut_out(self) -> Ready:
        """Write what is left over as a file of its own, which knows the lines that it stands for."""
        cut(self.file.path, self.lines, self.excerpt)
        shape = replace(self.file.shape, skip=0)
        return replace(self.file, path=self.excerpt, shape=shape, lines=len(self.lines), places=self.lines)

    def take_back(self, cursor: Cursor) -> bool:
        """Take inserted rows back whose key is also that of a row in ``checked``; whether there were any.

        They are left over then as well: of one key the rows of a file are judged together.
        """
        known = "(FROM checked WHERE NOT _bad)"
        return self._withdraw(cursor, _same_in(self.feed, known, f"_run = {self.run}"))

    def _withdraw(self, cursor: Cursor, where: str) -> bool:
        table = q(fact_table(self.feed.table))
        gone = cursor.execute(f"DELETE FROM {table} WHERE {where} RETURNING _line").fetchnumpy()["_line"]
        self.lines = np.union1d(self.lines, np.asarray(gone, np.int64))
        return bool(len(gone))

    def settle(self, cursor: Cursor) -> None:
        """Take back rows whose key the file has twice, or whose key was known before."""
        table = q(fact_table(self.feed.table))
        keys = ", ".join(identity(self.feed))
        own = f"FROM {table} WHERE _run = {self.run}"
        if not _increasing(cursor, identity(self.feed), own):
            [same] = cursor.execute(f"SELECT count(*) = count(DISTINCT hash({keys})) {own}").fetchall()[0]
            if not same:
                twice = f"(SELECT {keys} {own} GROUP BY ALL HAVING count(*) > 1)"
                self._withdraw(cursor, _same_in(self.feed, twice, f"_run = {self.run}"))
        older = f"(FROM {table} WHERE _run <> {self.run})"
        if cursor.execute(f"SELECT 1 FROM {older} LIMIT 1").fetchone() is not None:
            self._withdraw(cursor, _same_in(self.feed, older, f"_run = {self.run}"))

    def touch(self, cursor: Cursor) -> None:
        """Note the days that the inserted rows came to, all areas of each."""
        name = self.feed.table
        for column in self.feed.time_columns:
            day = q(day_of(column))
            cursor.execute(
                f"INSERT INTO touched SELECT DISTINCT {self.run}, {literal(name)}, {literal(column)}, "
                f"{day}, NULL FROM {q(fact_table(name))} WHERE _run = {self.run} AND {day} IS NOT NULL"
            )


def lay(
    cursor: Cursor,
    feed: Feed,
    file: Ready,
    staged: Staged,
    run: int,
    clock: Clock,
    areas: Spellings,
    root: str,
    *,
    now: dt.datetime,
    work: Path,
) -> Lane | None:
    """Insert what is plainly sound and new of ``file``.

    None, and nothing inserted, where it has malformed lines or too many rows need a closer look.
    """
    table = q(fact_table(feed.table))
    names, select = _statement(cursor, feed, file, staged, run, clock, areas, root, now)
    count = cursor.execute(f"INSERT INTO {table} ({names}) {select}").fetchall()[0][0]
    records = file.lines - file.shape.skip
    malformed = rejected(cursor)
    forget_rejects(cursor)
    if not malformed and records - count <= MOST_LEFT * records:
        lane = Lane(
            feed,
            file,
            run,
            work / f"{work_prefix(feed)}{file.landed.hash}.left",
            _absent(cursor, table, run, file),
        )
        lane.settle(cursor)
        if len(lane.lines) <= MOST_LEFT * records:
            return lane
    cursor.execute(f"DELETE FROM {table} WHERE _run = {run}")
    return None


def _absent(cursor: Cursor, table: str, run: int, file: Ready) -> _Lines:
    """Lines of the file's records that were not inserted, ascending."""
    there = cursor.execute(f"SELECT _line FROM {table} WHERE _run = {run}").fetchnumpy()["_line"]
    absent = np.ones(file.lines + 1, np.bool_)
    absent[: file.shape.skip + 1] = False
    absent[np.asarray(there, np.int64)] = False
    return np.flatnonzero(absent)


def note_laid(cursor: Cursor, feed: Feed, lane: Lane | None, clock: Clock, now: dt.datetime) -> None:
    """Make the table ``laid``: how many rows of a file were inserted, the newest of their times that is not
    in the future, and its day. Must run before the rows that were left over become facts.
    """
    event = q(feed.event_time)
    kind = SQL_TYPES[next(column.type for column in feed.columns if column.name == feed.event_time)]
    cursor.execute(f"CREATE TEMP TABLE laid (_file_no BIGINT, n BIGINT, newest {kind}, day DATE)")
    if lane is not None:
        moment = clock.to_utc(f"{event}::TIMESTAMP") if kind == "DATE" else event
        past, day = f"FILTER ({moment} <= $now)", q(day_of(feed.event_time))
        cursor.execute(
            f"INSERT INTO laid SELECT 0, count(*), max({event}) {past}, max({day}) {past} "
            f"FROM {q(fact_table(feed.table))} WHERE _run = $run",
            {"now": naive(now), "run": lane.run},
        )


def _statement(
    cursor: Cursor,
    feed: Feed,
    file: Ready,
    staged: Staged,
    run: int,
    clock: Clock,
    areas: Spellings,
    root: str,
    now: dt.datetime,
) -> tuple[str, str]:
    """Columns of the fact table, and a statement of their values for each row that is plainly sound."""
    bound = bind(feed, staged.names)
    cells: dict[str, Cell] = {}
    guards: list[str] = []
    for column in feed.columns:
        cell, type = cell_of(bound, staged, column)
        usual = typed_cell(column, cell, type, feed.format, clock)
        if cell is None or not re.fullmatch(r"_c\d+", cell) or column.strip is not None:
            cells[column.name] = usual
            continue
        words = [word for word in feed.format.nulls if word]
        empty = f"CASE WHEN {cell} IN ({', '.join(map(literal, words))}) THEN NULL ELSE {cell} END"
        cells[column.name] = replace(usual, clean=empty if words else cell)
        if _blanks_matter(column, words):
            guards.append(f"coalesce(prefix({cell}, ' ') OR suffix({cell}, ' ') OR {cell} = '', false)")
    doubts = [*guards, *(demand.broken for demand in demands_of(feed, cells, clock, "en", now))]
    days = [q(day_of(name)) for name in feed.time_columns]
    blocks = [
        f"staged AS NOT MATERIALIZED (\n{staged.sql}\n)",
        block("told", "*", f"{area_text(feed, cells)} AS _area_text", "FROM staged"),
        block("found", "*", *_found(cursor, feed, areas)),
        block("cells", "*", *(f"{c.clean} AS _t_{n}" for n, c in cells.items()), "FROM found"),
        *(sql for _, sql in typing(cells)),
        block("placed", "*", f"{unit_of(feed, areas, root)} AS _area", "FROM typed"),
    ]
    derived = derived_columns(cursor, feed.table)
    content = [*(q(column.name) for column in feed.columns), *days, "_area"]
    provenance = {
        "_hash": content_hash(feed),
        "_run": f"{run}::BIGINT",
        "_file": literal(file.landed.name),
        "_line": f"_n + {file.shape.skip}",
    }
    row = ", ".join([*content, *(f"{sql} AS {name}" for name, sql in provenance.items())])
    doubt = " OR ".join(doubts) or "false"
    rows = f"SELECT {row} FROM placed WHERE NOT ({doubt})"
    names = [*content, *provenance]
    values = ", ".join([*names, *(column.sql for column in derived)])
    listed = ", ".join([*names, *(q(column.name) for column in derived)])
    return listed, f"WITH {', '.join(blocks)} SELECT {values} FROM ({rows})"


def _blanks_matter(column: Column, nulls: Sequence[str]) -> bool:
    """Whether blanks around a cell would be kept, or hide a word that stands for nothing."""
    return (column.type == "text" and column.values is None) or bool(nulls)


def _found(cursor: Cursor, feed: Feed, areas: Spellings) -> list[str]:
    """Columns of the units that the delivered spelling may mean, and where they come from.

    A join would copy every cell of the row along; a place in a list costs a tenth of that.
    """
    if feed.area.column is None:
        return ["FROM told"]
    if not 0 < areas.table.num_rows <= _MOST_WORDS:
        return ["FROM told LEFT JOIN area_spelling ON told._area_text = area_spelling._spelling"]
    words = areas.table.column_names
    cursor.execute(
        "CREATE TEMP TYPE area_word AS ENUM "
        f"({', '.join(literal(word) for word in areas.table['_spelling'].to_pylist())})"
    )
    columns = ["try_cast(_area_text AS area_word)::VARCHAR AS _spelling"]
    for name in words[1:]:
        entries = areas.table[name].to_pylist()
        if name.startswith("_code"):
            listed = ", ".join("NULL" if entry is None else literal(entry) for entry in entries)
        elif set(entries) <= {*ALWAYS}:
            columns.append(f"DATE '{entries[0]}' AS {name}")
            continue
        else:
            listed = ", ".join("NULL" if entry is None else f"DATE '{entry}'" for entry in entries)
        columns.append(f"([{listed}])[enum_code(try_cast(_area_text AS area_word)) + 1] AS {name}")
    return [*columns, "FROM told"]


def _increasing(cursor: Cursor, keys: Sequence[str], own: str) -> bool:
    """Whether the key, of one column, grows from row to row: then none stands twice. It is cheap to see."""
    if len(keys) > 1 or keys == ["_hash"]:
        return False
    more = f"SELECT {keys[0]} > lag({keys[0]}) OVER () AS _more {own}"
    row = cursor.execute(f"SELECT coalesce(bool_and(_more), true) FROM ({more})").fetchone()
    return bool(row and row[0])


def _same_in(feed: Feed, rows: str, where: str) -> str:
    """SQL of a condition on facts: ``where`` holds, and one of ``rows`` has the same identity."""
    keys = f"({', '.join(identity(feed))})"
    return f"{where} AND {keys} IN (SELECT {keys} FROM {rows})"
