"""Mode snapshot: a file is the whole state, or that of the parts that it speaks of; what it lacks is deleted.

A *part* is the facts that share the columns ``within``; without these, all facts are one part. The table
``snapshot`` keeps which file was the newest, by name, to speak of a part: what an older one says of it is
passed over, whenever it comes. A refused row says nothing: its fact is deleted until the row is mended. Files
are loaded one at a time, so that each is compared with the state that the one before it left.
"""

from __future__ import annotations

from config.models import Feed, Snapshot
from pipelines import merge
from pipelines.errors import SourceError
from warehouse.facts import fact_table, q
from warehouse.store import Cursor
from warehouse.syntax import literal


def find_gone(cursor: Cursor, feed: Feed) -> None:
    """Make ``gone``: the stored facts (``_row``) that a snapshot deletes, ``_refused`` if a refused row has
    them; and, of a snapshot, ``part``: the parts of which it speaks, ``_late`` if a newer one already has.

    Raises SourceError when the file would delete more than the feed lets it.
    """
    cursor.execute("CREATE TEMP TABLE gone (_row BIGINT, _refused BOOLEAN)")
    if feed.mode != "snapshot":
        return
    within = _within(feed)
    columns = "".join(f", c.{name}" for name in within)
    spoken = f"SELECT DISTINCT {_part(within)} AS _part{columns} FROM checked c WHERE NOT c._bad"
    if not within:  # even a file without rows says that there are none
        spoken = "SELECT '' AS _part"
    cursor.execute(
        f"CREATE TEMP TABLE part AS SELECT p.*, coalesce(s.file > f.name, false) AS _late FROM ({spoken}) p "
        "CROSS JOIN batch_file f LEFT JOIN snapshot s ON s.dataset = ? AND s.part = p._part",
        [feed.table],
    )
    table, keys = q(fact_table(feed.table)), [q(name) for name in feed.key]
    listed = ", ".join(f"c.{key}" for key in keys)
    same = " AND ".join(f"f.{key} = c.{key}" for key in keys)
    inside = " AND ".join(f"f.{name} = p.{name}" for name in within) or "true"
    cursor.execute(
        f"CREATE TEMP TABLE standing AS SELECT f.rowid AS _row, {', '.join(f'f.{key}' for key in keys)} "
        f"FROM {table} f SEMI JOIN (FROM part WHERE NOT _late) p ON {inside}"
    )
    cursor.execute(
        "INSERT INTO gone SELECT f._row, r.known IS NOT NULL AS _refused FROM standing f "
        f"ANTI JOIN (SELECT {listed} FROM checked c WHERE NOT c._bad) c ON {same} "
        f"LEFT JOIN (SELECT DISTINCT {listed}, true AS known FROM checked c WHERE c._bad) r "
        f"ON {same.replace('c.', 'r.')}"
    )
    _refuse_shrinking(cursor, feed.snapshot or Snapshot())


def overtaken(feed: Feed) -> str:
    """SQL over ``checked c``, true of a row whose part a newer snapshot has spoken of."""
    if feed.mode != "snapshot":
        return "false"
    within = _within(feed)
    if not within:
        return "(SELECT bool_or(_late) FROM part)"
    return f"{_part(within)} IN (SELECT _part FROM part WHERE _late)"


def overtaken_in_mend(feed: Feed) -> str:
    """SQL over ``checked c`` and its file ``f``: a newer snapshot, or a later delivery of its own file, has
    spoken of the part of a row that is mended.
    """
    if feed.mode != "snapshot":
        return "false"
    part = _part(_within(feed)) if _within(feed) else "''"
    again = "kind <> 'mend' AND status = 'done' AND file_name = f.name AND id > f.run"
    return (
        f"coalesce((SELECT s.file > f.name OR (s.file = f.name AND EXISTS (SELECT 1 FROM run WHERE {again})) "
        f"FROM snapshot s WHERE s.dataset = {literal(feed.table)} AND s.part = {part}), false)"
    )


def delete(cursor: Cursor, feed: Feed) -> None:
    """Delete what the snapshot lacks, with the days × areas that this touches; note of what it has spoken."""
    if feed.mode != "snapshot":
        return
    merge.touch_stored(cursor, feed, "gone")
    cursor.execute(f"DELETE FROM {q(fact_table(feed.table))} WHERE rowid IN (SELECT _row FROM gone)")
    cursor.execute(
        "INSERT INTO snapshot SELECT ?, p._part, f.name FROM part p CROSS JOIN batch_file f "
        "WHERE NOT p._late ON CONFLICT (dataset, part) DO UPDATE SET file = excluded.file",
        [feed.table],
    )


def _refuse_shrinking(cursor: Cursor, rule: Snapshot) -> None:
    found = cursor.execute("SELECT (SELECT count(*) FROM gone), (SELECT count(*) FROM standing)").fetchone()
    gone, standing = found or (0, 0)
    if gone * 100.0 > rule.shrink * standing:
        raise SourceError(
            f"suspicious: the file lacks {gone:,} of the {standing:,} rows that stand, and a snapshot "
            f"deletes what it lacks; no more than {rule.shrink:g} % may go at once",
            "have the whole state delivered; if so much is really gone, raise snapshot.shrink and deliver "
            "the file again",
        )


def _within(feed: Feed) -> list[str]:
    return [q(name) for name in feed.snapshot.within] if feed.snapshot is not None else []


def _part(within: list[str]) -> str:
    return f"to_json([{', '.join(f'c.{name}::VARCHAR' for name in within)}])::VARCHAR"
