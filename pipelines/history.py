"""Mode history: of each key every version is kept, and each ends where the next begins."""

from __future__ import annotations

from config.models import Feed
from pipelines import merge
from pipelines.clock import Clock
from warehouse.derived import MARK, derived_columns, settle
from warehouse.facts import day_of, fact_table, q
from warehouse.store import Cursor


def end_versions(cursor: Cursor, feed: Feed, clock: Clock) -> None:
    """Let each version of the batch's keys end, at the latest, where the next begins; note what this touches.

    An end that a file gives holds where it is the earlier one. Versions are only ever added, so that a
    stored end can only move back: how it was given need not be known.
    """
    if feed.valid is None:
        return
    table, since, until = q(fact_table(feed.table)), q(feed.valid.since), q(feed.valid.until)
    keys = [q(name) for name in feed.key]
    same = " AND ".join(f"f.{key} = c.{key}" for key in keys)
    cursor.execute(
        "CREATE TEMP TABLE ending AS SELECT _row, _until FROM ("
        f"SELECT f.rowid AS _row, f.{until} AS _stored, least(f.{until}, lead(f.{since}) OVER "
        f"(PARTITION BY {', '.join(f'f.{key}' for key in keys)} ORDER BY f.{since})) AS _until "
        f"FROM {table} f SEMI JOIN (FROM checked WHERE NOT _bad) c ON {same}) "
        "WHERE _until IS DISTINCT FROM _stored"
    )
    # Once as they stand and once as they are then: by the day on which they end, too.
    merge.touch_stored(cursor, feed, "ending")
    kind = next(column.type for column in feed.columns if column.name == feed.valid.until)
    day = "e._until" if kind == "date" else f"({clock.to_local('e._until')})::DATE"
    unsettled = f", {MARK} = NULL" if derived_columns(cursor, feed.table) else ""
    cursor.execute(
        f"UPDATE {table} SET {until} = e._until, {q(day_of(feed.valid.until))} = {day}{unsettled} "
        f"FROM ending e WHERE {table}.rowid = e._row"
    )
    settle(cursor, feed.table)
    merge.touch_stored(cursor, feed, "ending")
