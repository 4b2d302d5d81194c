"""One batch of files through the contract into the facts, inside the caller's transaction."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from config import City
from config.models import Feed
from pipelines import account, express, flags, headers, history, late, merge, snapshot, volume
from pipelines.account import RunResult
from pipelines.clock import clock_of
from pipelines.contract import compile_contract
from pipelines.errors import SourceError, unreadable
from pipelines.lines import Places, open_quote, places
from pipelines.read.reshape import DELIVERED
from pipelines.read.shape import Ready, Staged, absent
from pipelines.read.stage import REJECTS, forget_rejects, stage
from pipelines.spelling import spellings
from warehouse.derived import add_columns
from warehouse.disk import is_full
from warehouse.facts import ensure_fact_table
from warehouse.store import Cursor, SqlError


def load_batch(
    cursor: Cursor,
    city: City,
    feed: Feed,
    files: Sequence[Ready],
    runs: Sequence[int],
    now: dt.datetime,
    work: Path,
) -> list[RunResult]:
    """Load ``files``, which share one shape, as ``runs``; nothing lasts unless the caller commits.

    ``work`` is a folder for what is needed meanwhile.

    Raises SourceError when the files cannot be read.
    """
    clock, language = clock_of(city.head.timezone), city.head.languages[0]
    ensure_fact_table(cursor, feed)
    add_columns(cursor, feed.table)
    areas = spellings(feed.area, city.areas)
    cursor.register("area_spelling", areas.table)
    lane, delivered = None, files
    root = city.areas.root.code
    try:
        staged = _staged(cursor, feed, files)
        if express.fits(cursor, feed, files):
            lane = express.lay(
                cursor, feed, files[0], staged, runs[0], clock, areas, root, now=now, work=work
            )
        while True:
            if lane is not None:
                files = [lane.cut_out()]
                staged = _staged(cursor, feed, files)
            contract = compile_contract(feed, staged, clock, areas, root, language, now=now)
            cursor.execute(f"CREATE OR REPLACE TEMP TABLE checked AS {contract.sql}")
            if lane is None or not lane.take_back(cursor):
                break
            forget_rejects(cursor)
    except SqlError as error:
        if is_full(error):
            raise
        raise _told(error) from error
    headers.watch(cursor, feed, delivered, runs, staged, now, language)
    express.note_laid(cursor, feed, lane, clock, now)
    mapped = _place(cursor, feed, files, runs, staged)
    merge.number_rows(cursor, feed, mapped=mapped)
    if contract.halts:
        flags.refuse_stopped(cursor, language)
    repeated = merge.find_repeated(cursor)
    if repeated and feed.mode != "append" and merge.find_duplicates(cursor, feed):
        if feed.duplicates == "stop":
            merge.stop_at_duplicate(cursor, feed, language)
        _refuse_duplicates(cursor, feed, files, language)
    told = volume.judge(cursor, feed, city.head.timezone, now, language)
    snapshot.find_gone(cursor, feed)
    decided = merge.decide(cursor, feed, repeated=repeated, overtaken=snapshot.overtaken(feed))
    late.count(cursor, feed, clock, now, decided=decided)
    merge.touch(cursor, feed, decided=decided)
    if lane is not None:
        lane.touch(cursor)
    snapshot.delete(cursor, feed)
    merge.write(cursor, feed, decided=decided)
    history.end_versions(cursor, feed, clock)
    account.quarantine(cursor, feed, now)
    if decided:
        merge.name_runs(cursor, feed, account.UNMENDED)
    missing = absent(feed, staged.names)
    note = f"read as empty, not in the file: {', '.join(missing)}" if missing else None
    if contract.notes or told:
        flags.gather(cursor, some=contract.notes)
        flags.note_flagged(cursor, feed, now, told=told)
    results = account.close_runs(cursor, feed, now, note)
    account.settle_feed(cursor, feed, clock, now)
    return results


def _staged(cursor: Cursor, feed: Feed, files: Sequence[Ready]) -> Staged:
    try:
        return stage(cursor, feed, files)
    except (SourceError, SqlError):
        raise
    except Exception as error:
        # Readers of formats raise whatever damaged bytes lead them to; it must end no load.
        raise unreadable(error) from error


def _told(error: SqlError) -> SourceError:
    """What the database says of a file that it cannot read, in words that help those who must mend it."""
    text = str(error)
    if "unicode" in text.lower() or "valid UTF-8" in text:
        line = re.search(r"on Line: (\d+)", text)
        where = f"line {line[1]}" if line else "the text"
        return SourceError(f"{where} is not UTF-8", "set format.encoding, or have what is damaged mended")
    if "state machine" in text:
        return SourceError(
            "the quotes in the file cannot be followed: one never closes, or stands within a cell",
            "have the line mended, or set format.quote to a mark that the file never uses",
        )
    first = re.sub(r'"?/\S+/(\S+)', r"\1", text.splitlines()[0])[:300]  # where it lies here helps nobody
    return SourceError(f"the file cannot be read: {first}", "compare its first lines with the feed's format")


def _place(cursor: Cursor, feed: Feed, files: Sequence[Ready], runs: Sequence[int], staged: Staged) -> bool:
    """Make ``batch_file``, ``malformed`` and ``line_map``: the file and line of each record.

    Returns whether lines need the map.
    """
    read = DELIVERED if feed.format.reshaped else "checked"
    counted: dict[int, tuple[int, int]] = {
        number: (first, count)
        for number, first, count in cursor.execute(
            f"SELECT _file_no, min(_record), count(*) FROM {read} GROUP BY ALL"
        ).fetchall()
    }
    broken = _broken(cursor, files)
    shifts: list[int] = []
    maps: list[pa.Table] = []
    lines: list[int] = []
    for number, ready in enumerate(files):
        first, count = counted.get(number, (1, 0))
        if ready.shape.format == "jsonl":  # its records are numbered through all files, blank lines included
            first = sum(earlier.lines for earlier in files[:number]) + 1
        shifts.append(0 if staged.placed else ready.shape.skip + 1 - first)
        refused = broken.get(number, [])
        found: Places | None = None
        if ready.places is not None:
            records = pa.array(range(first, first + count), pa.int64())
            maps.append(pa.table({"_record": records, "line": pa.array(ready.places, pa.int64())}))
            continue
        regular = ready.shape.format != "csv" or (not refused and ready.lines - ready.shape.skip == count)
        if not regular:
            positions = [position for position, *_ in refused]
            _refuse_open_quote(ready, feed.format.quote, count, positions)
            found = places(ready.path, ready.shape.skip, feed.format.quote, count, positions)
        if found is not None:
            records = pa.array(range(first, first + count), pa.int64())
            maps.append(pa.table({"_record": records, "line": pa.array(found.parsed, pa.int64())}))
            lines += found.refused.tolist()
        else:
            lines += [line for _, line, *_ in refused]
    tables = {
        "batch_file": pa.table(
            {
                "_file_no": pa.array(range(len(files)), pa.int64()),
                "run": pa.array(runs, pa.int64()),
                "name": pa.array([f.landed.name for f in files], pa.string()),
                "hash": pa.array([f.landed.hash for f in files], pa.string()),
                "shift": pa.array(shifts, pa.int64()),
                "note": pa.array(
                    [_note(f, staged.left_out.get(n, 0)) for n, f in enumerate(files)], pa.string()
                ),
            }
        ),
        "malformed": pa.table(
            {
                "_file_no": pa.array([n for n, rows in broken.items() for _ in rows], pa.int64()),
                "line": pa.array(lines, pa.int64()),
                "detail": pa.array([row[2] for rows in broken.values() for row in rows], pa.string()),
                "raw": pa.array([row[3] for rows in broken.values() for row in rows], pa.string()),
            }
        ),
        "line_map": pa.concat_tables(maps)
        if maps
        else pa.table({"_record": pa.array([], pa.int64()), "line": pa.array([], pa.int64())}),
    }
    for name, table in tables.items():
        cursor.register("incoming", table)
        cursor.execute(f"CREATE TEMP TABLE {name} AS SELECT * FROM incoming")
        cursor.unregister("incoming")
    return bool(maps)


def _note(ready: Ready, left_out: int) -> str | None:
    """What is to be known of one file's reading."""
    rows = f"{left_out} rows left out: they are no data" if left_out else ""
    return "; ".join(filter(None, (ready.note, rows))) or None


def _refuse_open_quote(ready: Ready, quote: str, parsed: int, refused: list[int]) -> None:
    """Raise SourceError for a quote that never closes: the reader drops what follows it without a word."""
    line = open_quote(ready.path, ready.shape.skip, quote, parsed, refused)
    if line is not None:
        raise SourceError(
            f"a quote on line {line} never closes, so the rest of the file cannot be read",
            "have the line mended, or set format.quote to a mark that the file never uses",
        )


def _broken(cursor: Cursor, files: Sequence[Ready]) -> dict[int, list[tuple[int, int, str, str]]]:
    """Malformed lines of each file: byte position, line as the reader counts, what is wrong, the raw text."""
    if files[0].shape.format != "csv":
        return {}
    rows = cursor.execute(
        "SELECT file_id, line_byte_position, min(line), first(error_message ORDER BY column_idx), "
        f"first(ltrim(csv_line, chr(10) || chr(13))) FROM {REJECTS} "
        "GROUP BY file_id, line_byte_position ORDER BY ALL"
    ).fetchall()
    result: dict[int, list[tuple[int, int, str, str]]] = {}
    for file, *row in rows:
        result.setdefault(int(file), []).append((row[0], row[1], row[2], row[3]))
    return result


def _refuse_duplicates(cursor: Cursor, feed: Feed, files: Sequence[Ready], language: str) -> None:
    """Refuse repeated keys.

    Their raw text is not kept while reading, so the files that have any are read again.
    """
    numbers = [
        int(row[0])
        for row in cursor.execute("SELECT DISTINCT _file_no FROM duplicate ORDER BY ALL").fetchall()
    ]
    again = stage(cursor, feed, [files[number] for number in numbers], keep_rejects=False)
    order = ", ".join(f"({place}, {number})" for place, number in enumerate(numbers))
    raw = (
        f"SELECT s._n - s.origin + f.origin AS _n, s._raw FROM (SELECT _n, _file_no, {again.raw} AS _raw, "
        f"min(_n) OVER (PARTITION BY _file_no) AS origin FROM ({again.sql})) s "
        f"JOIN (VALUES {order}) o(place, number) ON o.place = s._file_no "
        "JOIN (SELECT _file_no, min(_n) AS origin FROM checked GROUP BY ALL) f ON f._file_no = o.number "
        "WHERE (s._n - s.origin + f.origin) IN (SELECT _n FROM duplicate)"
    )
    merge.refuse_duplicates(cursor, feed, raw, language)
