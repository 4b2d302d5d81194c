"""Reloading: everything that was ever landed of a feed, once more, by today's contract.

It is loaded into a table of its own beside the feed's facts, which readers go on seeing, and takes their
place in one transaction: whenever the process ends, there are the old facts or the new ones.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Final

from config import City
from config.models import Feed
from pipelines.account import RunResult
from pipelines.again import kept_files
from pipelines.load import Loader
from pipelines.mend import Mender
from warehouse.facts import day_of, ensure_fact_table, fact_table, has_facts, q
from warehouse.progress import Progress, silent
from warehouse.store import Cursor, Store

_AGAIN: Final = "__again"
_BY_FEED: Final = (
    *("run", "landed", "quarantine", "flagged", "drift", "delivery_day", "feed_schema"),
    *("feed_status", "feed_past"),
)
"""Tables of the ledger that tell of a feed."""


class Reloader:
    """Reloads feeds of a city. One at a time, and no refresh meanwhile, is the caller's duty.

    A reload is the load of a feed of its own that never had a delivery: what a contract says of earlier ones
    (volume, drift, snapshots) is judged as in a fresh warehouse. Then its facts and its ledger become those
    of the feed.
    """

    def __init__(self, city: City, store: Store, loader: Loader, landing: Path) -> None:
        self._city = city
        self._store = store
        self._loader = loader
        self._landing = landing
        self._mender = Mender(city, store, landing)

    def recover(self) -> None:
        """Remove what a process that ended in mid-reload left behind; its facts are the old ones."""
        with self._store.write() as cursor:
            for feed in self._city.feeds.values():
                _clear(cursor, _beside(feed))

    def reload(self, feed: Feed, now: dt.datetime, progress: Progress = silent) -> list[RunResult]:
        """Load all landed files of the feed again; the facts are then what a fresh load of them would give,
        with the rows that people mended.

        Raises whatever a load may raise; then the facts are as they were.
        """
        beside = _beside(feed)
        with self._store.write() as cursor:
            _clear(cursor, beside)
            cursor.execute(
                "INSERT INTO derived_column SELECT ?, name, type, sql FROM derived_column WHERE dataset = ?",
                [beside.table, feed.table],
            )
        with self._store.read() as cursor:
            kept, _ = kept_files(cursor, feed, self._landing)
        try:
            results = self._loader.again(beside, [one.file for one in kept], now, progress)
            self._mender.carry_on(beside, [result.id for result in results], now, before=feed)
            with self._store.write() as cursor:
                self._swap(cursor, feed, beside)
        except BaseException:
            with self._store.write() as cursor:
                _clear(cursor, beside)
            raise
        return [replace(result, feed=feed.id) for result in results]

    def _swap(self, cursor: Cursor, feed: Feed, beside: Feed) -> None:
        ensure_fact_table(cursor, beside)  # of no file at all nothing was made
        old, new = q(fact_table(feed.table)), q(fact_table(beside.table))
        alone = not any(f.table == feed.table and f.id != feed.id for f in self._city.feeds.values())
        mine = "true" if alone else f"_run IN (SELECT id FROM run WHERE feed = '{feed.id}')"
        if has_facts(cursor, feed.table):
            _touch(cursor, feed, old, new, mine)
        if alone:
            # A column may have got another type since: the new table is as a fresh one would be.
            cursor.execute(f"DROP TABLE IF EXISTS {old}")
            cursor.execute(f"ALTER TABLE {new} RENAME TO {old}")
        else:
            ensure_fact_table(cursor, feed)
            cursor.execute(f"DELETE FROM {old} WHERE {mine}")
            cursor.execute(f"INSERT INTO {old} BY NAME SELECT * FROM {new}")
        cursor.execute("DELETE FROM snapshot WHERE dataset = ?", [feed.table])
        cursor.execute("UPDATE snapshot SET dataset = ? WHERE dataset = ?", [feed.table, beside.table])
        # What waited in the quarantine waits there anew, as today's contract finds it.
        cursor.execute(
            "UPDATE quarantine SET state = 'dismissed' WHERE feed = ? AND state = 'waiting'", [feed.id]
        )
        # When it last came, and how far it was read, a reload does not change: nobody delivered anything.
        cursor.execute(
            f"UPDATE feed_status SET rows = (SELECT count(*) FROM {old}), data_through = "
            "(SELECT data_through FROM feed_status WHERE feed = $new) WHERE feed = $old",
            {"new": beside.id, "old": feed.id},
        )
        cursor.execute("DELETE FROM feed_schema WHERE feed = ?", [feed.id])
        for table in ("run", "quarantine", "flagged", "drift", "delivery_day", "feed_schema"):
            cursor.execute(f"UPDATE {table} SET feed = ? WHERE feed = ?", [feed.id, beside.id])
        _clear(cursor, beside)
        self._store.bump(cursor)


def _beside(feed: Feed) -> Feed:
    return feed.model_copy(update={"id": feed.id + _AGAIN, "dataset": feed.table + _AGAIN})


def _touch(cursor: Cursor, feed: Feed, old: str, new: str, mine: str) -> None:
    """Note the days × areas in which the facts are not what they were."""
    stored = {
        str(row[0])
        for row in cursor.execute(
            "SELECT column_name FROM duckdb_columns() WHERE table_name = ?", [fact_table(feed.table)]
        ).fetchall()
    }
    for column in feed.time_columns:
        day = q(day_of(column))
        own = day if day_of(column) in stored else f"NULL::DATE AS {day}"
        was = f"SELECT {own}, _area, _hash FROM {old} WHERE {mine}"
        is_ = f"SELECT {day}, _area, _hash FROM {new}"
        cursor.execute(
            "INSERT INTO touched SELECT DISTINCT (SELECT max(id) FROM run), $table, $column, "
            f"{day}, _area FROM ((({was}) EXCEPT ALL ({is_})) UNION ALL (({is_}) EXCEPT ALL ({was}))) "
            f"WHERE {day} IS NOT NULL",
            {"table": feed.table, "column": column},
        )


def _clear(cursor: Cursor, beside: Feed) -> None:
    cursor.execute(f"DROP TABLE IF EXISTS {q(fact_table(beside.table))}")
    for table in ("derived_column", "touched", "snapshot"):
        cursor.execute(f"DELETE FROM {table} WHERE dataset = ?", [beside.table])
    for table in _BY_FEED:
        cursor.execute(f"DELETE FROM {table} WHERE feed = ?", [beside.id])
