"""From checked rows to facts: what is new, what changed, what stays, and which days × areas that touches.

All of it reads the temporary tables of one batch: ``checked`` (the contract's rows), ``batch_file``
(``_file_no``, ``run``, ``name``, ``hash``, ``shift`` from record to line) and ``line_map`` (irregular files).
Expressions that indicators want kept with each fact are computed along.
"""

from __future__ import annotations

from typing import Final

from config.models import Feed
from pipelines import flags, reasons
from warehouse.derived import derived_columns
from warehouse.facts import day_of, fact_columns, fact_table, q
from warehouse.store import Cursor
from warehouse.syntax import literal


def number_rows(cursor: Cursor, feed: Feed, *, mapped: bool) -> None:
    """Make the view ``numbered``: checked rows with run, file and line (``mapped``: by ``line_map``), and the
    dataset's derived columns.
    """
    files = cursor.execute("SELECT run, name, shift FROM batch_file").fetchall()
    line = "coalesce(m.line, c._record + f.shift)" if mapped else "c._record + f.shift"
    by_map = " LEFT JOIN line_map m USING (_record)" if mapped else ""
    columns = f"f.run AS _run, f.name AS _file, {line} AS _line"
    source = "checked c JOIN batch_file f USING (_file_no)"
    if len(files) == 1:  # the usual great file: constants instead of a join
        run, name, shift = files[0]
        columns = (
            f"{run}::BIGINT AS _run, {literal(name)} AS _file, {line.replace('f.shift', str(shift))} AS _line"
        )
        source = "checked c"
    derived = "".join(f", {column.sql} AS {column.name}" for column in derived_columns(cursor, feed.table))
    cursor.execute(
        f"CREATE TEMP VIEW numbered AS SELECT *{derived} FROM (SELECT c.*, {columns} FROM {source}{by_map})"
    )


def identity(feed: Feed) -> list[str]:
    """Columns that say which fact a row is, quoted: its key, or all of it where every new row is kept."""
    return [q(name) for name in feed.identity] or ["_hash"]


def repeatable(feed: Feed) -> list[str]:
    """Columns, quoted, that no two rows of a file may share: its identity, with the version if it has one.

    Several versions of a key in one file are no mistake, the same version twice is.
    """
    return [*identity(feed), *([q(feed.version)] if feed.version else [])]


def find_repeated(cursor: Cursor) -> bool:
    """Make ``repeated``, the identities (hashes) that the batch has more than once; whether there are any."""
    row = cursor.execute("SELECT count(*) = count(DISTINCT _key) FROM checked WHERE NOT _bad").fetchone()
    cursor.execute("CREATE TEMP TABLE repeated (_key UBIGINT)")
    if row is not None and row[0]:
        return False
    cursor.execute(
        "INSERT INTO repeated SELECT _key FROM checked WHERE NOT _bad GROUP BY _key HAVING count(*) > 1"
    )
    return True


def find_duplicates(cursor: Cursor, feed: Feed) -> bool:
    """Make ``duplicate``: rows to refuse whose key stands again in their own file, with the line of the
    other: the one that is kept or, where none is, the next one.
    """
    order = "DESC" if feed.duplicates == "last" else "ASC"
    keys = ", ".join(repeatable(feed))
    other, refused = "first_value(_line) OVER w", "rank > 1"
    if feed.duplicates == "reject":
        other, refused = f"coalesce(lead(_line) OVER w, {other})", "rank > 1 OR kept <> _line"
    cursor.execute(
        "CREATE TEMP TABLE duplicate AS SELECT _n, _file_no, kept FROM ("
        f"SELECT _n, _file_no, _line, row_number() OVER w AS rank, {other} AS kept FROM numbered "
        "WHERE NOT _bad AND _key IN (SELECT _key FROM repeated) "
        f"WINDOW w AS (PARTITION BY _file_no, {keys} ORDER BY _n {order})) WHERE {refused}"
    )
    row = cursor.execute("SELECT count(*) FROM duplicate").fetchone()
    return bool(row and row[0])


def stop_at_duplicate(cursor: Cursor, feed: Feed, language: str) -> None:
    """Raise SourceError for the first row of ``duplicate``."""
    row = cursor.execute(
        "SELECT first(n._line ORDER BY n._n), first(d.kept ORDER BY n._n), count(*) "
        "FROM duplicate d JOIN numbered n USING (_n)"
    ).fetchone()
    assert row is not None
    line, other, count = row
    detail = reasons.sentence(reasons.DUPLICATE, language).format(expected=other)
    raise flags.stopped(language, line, ", ".join(feed.key), detail, count)


def refuse_duplicates(cursor: Cursor, feed: Feed, raw: str, language: str) -> None:
    """Refuse the rows of ``duplicate``. ``raw`` is a query of ``_n`` and ``_raw``, the rows as they came."""
    before, _, after = reasons.sentence(reasons.DUPLICATE, language).partition("{expected}")
    key = literal(", ".join(feed.key))
    cursor.execute(
        "UPDATE checked SET _bad = true, _raw = r._raw, _problems = [{"
        f"'column': {key}, 'reason': {literal(reasons.DUPLICATE)}, 'value': NULL::VARCHAR, "
        "'expected': d.kept::VARCHAR, "
        f"'detail': {literal(before)} || d.kept || {literal(after)}"
        f"}}] FROM duplicate d JOIN ({raw}) r USING (_n) WHERE checked._n = d._n"
    )


LATER: Final = "k._old_file > f.name"
"""SQL: whether the stored fact ``k`` is from a file with a later name than the row's file ``f``."""


def decide(cursor: Cursor, feed: Feed, *, repeated: bool, overtaken: str, later: str = LATER) -> bool:
    """Make ``decided``: what becomes of each accepted row that is not plainly new; whether there is any.

    Rows of one identity follow each other in the order of their files. ``_outcome`` is inserted, updated or
    unchanged; ``_final`` marks the one that stands in the end; ``_row`` is the stored fact; ``_changed_run``
    the run that last changed it. What a later word has overtaken before it came does not undo that
    (``_stale``): a file with a later name, a greater version, a newer snapshot (``overtaken``, SQL over
    ``checked c`` and its file ``f``). ``later`` says the same of a stored fact ``k``.
    """
    ids = identity(feed)
    version = [q(feed.version)] if feed.version else []
    own = ", ".join(f"c.{name}" for name in dict.fromkeys([*ids, *version, "_hash"]))
    table = q(fact_table(feed.table))
    same = " AND ".join(f"f.{name} = c.{name}" for name in ids)
    stood = f", f.{version[0]} AS _old_version" if version else ""
    cursor.execute(
        f"CREATE TEMP TABLE known AS SELECT c._n, f.rowid AS _row, f._hash AS _old_hash, f._file AS _old_file"
        f", f._run AS _old_run{stood} FROM checked c JOIN {table} f ON {same} WHERE NOT c._bad"
    )
    keys = ", ".join(ids)
    row = cursor.execute("SELECT count(*) FROM known").fetchone()
    some = repeated or bool(row and row[0])
    if not some and feed.mode == "snapshot":
        found = cursor.execute(
            "SELECT 1 FROM checked c JOIN batch_file f USING (_file_no) "
            f"WHERE NOT c._bad AND {overtaken} LIMIT 1"
        )
        some = found.fetchone() is not None
    cursor.execute(
        "CREATE TEMP TABLE decided AS WITH special AS ("
        f"SELECT c._n, f.run AS _by, {own}, k._row, k._old_hash, k._old_file, "
        f"{_stale(feed, overtaken, later)} AS _stale "
        "FROM checked c JOIN batch_file f USING (_file_no) LEFT JOIN known k USING (_n) "
        "WHERE NOT c._bad AND (k._n IS NOT NULL OR c._key IN (SELECT _key FROM repeated) "
        f"OR {overtaken})), "
        "compared AS (SELECT *, coalesce(lag(_hash) OVER w, _old_hash) AS _before, "
        "lead(_n) OVER w IS NULL AS _last "
        f"FROM special WINDOW w AS (PARTITION BY _stale, {keys} ORDER BY _n)), "
        "judged AS (SELECT *, CASE WHEN _stale THEN 'unchanged' WHEN _before IS NULL THEN 'inserted' "
        "WHEN _before <> _hash THEN 'updated' ELSE 'unchanged' END AS _outcome FROM compared) "
        "SELECT _n, _by, _outcome, _stale, _last AND NOT _stale AS _final, _row, _old_file, "
        "max(CASE WHEN _outcome <> 'unchanged' THEN _by END) "
        f"OVER (PARTITION BY {keys}) AS _changed_run FROM judged{'' if some else ' LIMIT 0'}"
    )
    return some


def _stale(feed: Feed, overtaken: str, later: str) -> str:
    """SQL, true (never NULL) of a row whose word was overtaken before it came.

    Over ``checked c``, ``batch_file f`` and ``known k``.
    """
    if feed.mode == "append":
        return "false"
    if feed.mode == "snapshot":
        return overtaken
    if feed.version is None:
        return f"coalesce({later}, false)"
    version = f"c.{q(feed.version)}"
    keys = ", ".join(f"c.{name}" for name in identity(feed))
    return (
        f"(coalesce(k._old_version > {version} "
        f"OR (k._old_version = {version} AND ({later})), false) "
        f"OR max({version}) OVER (PARTITION BY {keys} ORDER BY c._n) > {version})"
    )


def name_runs(cursor: Cursor, feed: Feed, files: str) -> None:
    """Let the facts that the batch decided on name, with their file and line, the run that read these.

    ``files`` is a query of names: facts of other files stay. Rows of the same file that come later, out of
    quarantine, are told by it whether the file was delivered anew since.
    """
    if feed.mode == "append":
        return
    table, ids = q(fact_table(feed.table)), identity(feed)
    same = " AND ".join(f"{table}.{name} = s.{name}" for name in ids)
    cursor.execute(
        f"UPDATE {table} SET _run = s._run, _file = s._file, _line = s._line FROM ("
        f"SELECT {', '.join(ids)}, _run, _file, _line FROM numbered JOIN decided USING (_n) "
        f"WHERE _final AND _file IN ({files})) s WHERE {same} AND {table}._run <> s._run"
    )


def touch(cursor: Cursor, feed: Feed, *, decided: bool) -> None:
    """Note the days × areas that rows come to or leave, by each time column. Must run before facts change."""
    table = q(fact_table(feed.table))
    for column in feed.time_columns:
        day = q(day_of(column))
        what = f"{literal(feed.table)}, {literal(column)}, {day}, _area"
        changed = " AND coalesce(d._outcome, 'inserted') <> 'unchanged'" if decided else ""
        new = (
            f"SELECT DISTINCT n._run, {what} FROM numbered n{_JOIN if decided else ''} "
            f"WHERE NOT n._bad AND {day} IS NOT NULL{changed}"
        )
        old = (
            f" UNION SELECT DISTINCT d._changed_run, {what} FROM decided d "
            f"JOIN {table} f ON f.rowid = d._row WHERE d._final "
            f"AND d._changed_run IS NOT NULL AND {day} IS NOT NULL"
        )
        cursor.execute(f"INSERT INTO touched {new}{old if decided else ''}")


def touch_stored(cursor: Cursor, feed: Feed, rows: str) -> None:
    """Note the days × areas of the stored facts that ``rows``, a table, names by ``_row``."""
    table = q(fact_table(feed.table))
    for column in feed.time_columns:
        day = q(day_of(column))
        cursor.execute(
            "INSERT INTO touched SELECT DISTINCT (SELECT max(run) FROM batch_file), "
            f"{literal(feed.table)}, {literal(column)}, f.{day}, f._area "
            f"FROM {table} f JOIN {rows} r ON f.rowid = r._row WHERE f.{day} IS NOT NULL"
        )


def write(cursor: Cursor, feed: Feed, *, decided: bool) -> None:
    """Insert new facts, change changed ones in place, let the others name the newest file that has them."""
    table = q(fact_table(feed.table))
    content = [name for name in fact_columns(feed) if name not in ("_run", "_file", "_line")]
    content += [column.name for column in derived_columns(cursor, feed.table)]
    run = "coalesce(d._changed_run, n._run)" if decided else "n._run"
    new = " AND (d._n IS NULL OR (d._final AND d._row IS NULL))" if decided else ""
    # Joins keep the order of their left side: rows lie in the order of their files, which is roughly by time.
    cursor.execute(
        f"INSERT INTO {table} ({', '.join(map(q, content))}, _run, _file, _line) "
        f"SELECT {', '.join(f'n.{q(name)}' for name in content)}, {run}, n._file, n._line "
        f"FROM numbered n{_JOIN if decided else ''} WHERE NOT n._bad{new}"
    )
    if not decided:
        return
    stored = f"FROM numbered n{_JOIN} WHERE d._final AND d._row IS NOT NULL"
    sets = ", ".join(f"{q(name)} = s.{q(name)}" for name in content)
    cursor.execute(
        f"UPDATE {table} SET {sets}, _run = s._changed_run, _file = s._file, _line = s._line "
        f"FROM (SELECT n.*, d._row, d._changed_run {stored} AND d._changed_run IS NOT NULL) s "
        f"WHERE {table}.rowid = s._row"
    )
    if feed.mode != "append":
        same = f"{stored} AND d._changed_run IS NULL AND d._old_file <> n._file"
        cursor.execute(
            f"UPDATE {table} SET _file = s._file, _line = s._line "
            f"FROM (SELECT n._file, n._line, d._row {same}) s WHERE {table}.rowid = s._row"
        )


_JOIN = " LEFT JOIN decided d USING (_n)"
