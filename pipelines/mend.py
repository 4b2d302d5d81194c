"""Mending: rows of the quarantine are received once more, edited or by a contract that has changed since.

They are received by a run of kind ``mend``, in one transaction, and mean what they would have meant on their
own line of their own file: a mended old row does not undo what a later file said. In the account of the load
that refused them they move from rejected to mended. What is refused again stays, with its new reasons.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from config import City
from config.models import Feed
from pipelines import flags, history, merge, snapshot
from pipelines.account import RunResult, overtaken_words
from pipelines.clock import Clock, clock_of
from pipelines.errors import SourceError
from pipelines.mend_rows import Edits, judge, verdicts
from pipelines.stamp import naive
from warehouse.derived import add_columns
from warehouse.facts import ensure_fact_table, fact_table, q
from warehouse.store import Cursor, SqlError, Store

_LATER: Final = "k._old_file > f.name OR (k._old_file = f.name AND k._old_run > f.run)"
"""A stored fact stands above a mended row when it is from a later file, or a later delivery of the same."""


@dataclass(frozen=True, slots=True)
class Mended:
    """What came of an attempt: the run that received rows (None: none was accepted), how many rows of the
    quarantine that settled, how many were refused again, and how many do not wait, or not any more.
    """

    run: RunResult | None
    mended: int = 0
    refused: int = 0
    gone: int = 0


class Mender:
    """Mends the quarantine of a city. ``landing`` is where delivered files are kept."""

    def __init__(self, city: City, store: Store, landing: Path) -> None:
        self._city, self._store, self.landing = city, store, landing

    def try_rows(self, feed: Feed, edits: Edits, now: dt.datetime) -> dict[int, list[dict[str, str | None]]]:
        """What the contract says today of each row that waits, in SQL rows of ``verdicts``; nothing is kept.

        Raises SourceError when the rows cannot be read at all.
        """
        with self._store.read() as cursor:
            try:
                judge(cursor, self._city, feed, edits, self.landing, now)
            except SqlError as error:
                raise SourceError(str(error).splitlines()[0][:300]) from error
            return dict(verdicts(cursor))

    def mend(self, feed: Feed, edits: Edits, now: dt.datetime, deed: int | None = None) -> Mended:
        """Receive the rows of ``edits`` that wait and are accepted. ``deed`` is who asked for it, as the
        number of an entry of the audit trail.

        Raises SourceError when the rows cannot be read at all; then nothing has changed.
        """
        if not edits:
            return Mended(None)
        with self._store.write() as cursor:
            try:
                ensure_fact_table(cursor, feed)
                add_columns(cursor, feed.table)
                tried = judge(cursor, self._city, feed, edits, self.landing, now)
            except SqlError as error:
                raise SourceError(str(error).splitlines()[0][:300]) from error
            if not tried:
                return Mended(None, gone=len(edits))
            run, mended = _receive(cursor, feed, clock_of(self._city.head.timezone), now, deed)
            _keep_refused(cursor)
            self._store.bump(cursor)
        return Mended(run, mended, tried - mended, len(edits) - tried)

    def settle(
        self, feed: Feed, ids: Sequence[int], state: Literal["waiting", "dismissed"], deed: int | None = None
    ) -> int:
        """Dismiss rows that wait, or let dismissed ones wait again; how many."""
        before = {"waiting": "dismissed", "dismissed": "waiting"}[state]
        with self._store.write() as cursor:
            changed = cursor.execute(
                "UPDATE quarantine SET state = $state, deed = $deed WHERE feed = $feed AND state = $before "
                "AND id IN (SELECT unnest($ids)) AND (state = 'waiting' OR deed IS NOT NULL) RETURNING id",
                {"state": state, "deed": deed, "feed": feed.id, "before": before, "ids": list(ids)},
            ).fetchall()
            if changed:
                self._store.bump(cursor)
        return len(changed)

    def carry_on(
        self, feed: Feed, runs: Sequence[int], now: dt.datetime, *, before: Feed | None = None
    ) -> Mended:
        """After files were loaded once more by ``runs``: do with their refused rows what people had done with
        the same lines of the same bytes before. What was written anew is mended again, what was dismissed
        stays so, and a row that only waited waits once. ``before`` is the feed that they were rows of, where
        it is another; its rows stay as they are.
        """
        given = {"feed": feed.id, "runs": list(runs), "before": (before or feed).id}
        with self._store.write() as cursor:
            cursor.execute(
                "CREATE TEMP TABLE before AS SELECT n.id, p.id AS old, p.state, p.edited, p.deed "
                "FROM quarantine n JOIN run r ON r.id = n.run JOIN quarantine p "
                "ON p.feed = $before AND p.file_hash = n.file_hash AND p.line = n.line "
                "AND p.raw = n.raw AND p.run < n.run "
                "JOIN run o ON o.id = p.run AND o.file_name = r.file_name "
                "WHERE n.feed = $feed AND n.state = 'waiting' AND list_contains($runs, n.run) "
                "AND NOT list_contains($runs, p.run) "
                "QUALIFY row_number() OVER (PARTITION BY n.id ORDER BY p.id DESC) = 1",
                given,
            )
            cursor.execute(
                "UPDATE quarantine SET edited = b.edited, deed = b.deed, "
                "state = CASE WHEN b.state = 'dismissed' AND b.deed IS NOT NULL THEN 'dismissed' "
                "ELSE 'waiting' END FROM before b WHERE quarantine.id = b.id"
            )
            if before is None:
                cursor.execute(
                    "UPDATE quarantine SET state = 'dismissed' WHERE state = 'waiting' "
                    "AND id IN (SELECT old FROM before)"
                )
            again = cursor.execute("SELECT id FROM before WHERE state = 'mended' ORDER BY id").fetchall()
        return self.mend(feed, dict.fromkeys(id_ for (id_,) in again), now)


def _receive(
    cursor: Cursor, feed: Feed, clock: Clock, now: dt.datetime, deed: int | None
) -> tuple[RunResult | None, int]:
    """Take the accepted rows into the facts and settle them; the run, and how many it settled."""
    cursor.execute(
        "CREATE TEMP TABLE accepted AS SELECT DISTINCT r.id, r.origin FROM mend_row r "
        "WHERE r.id NOT IN (SELECT b.id FROM mend_row b JOIN checked c USING (_n) WHERE c._bad)"
    )
    count = _number(cursor, "SELECT count(*) FROM accepted")
    if not count:
        return None, 0
    repeated = _number(cursor, "SELECT count(*) - count(DISTINCT _key) FROM checked WHERE NOT _bad") > 0
    decided = merge.decide(
        cursor, feed, repeated=repeated, overtaken=snapshot.overtaken_in_mend(feed), later=_LATER
    )
    run = _number(cursor, "SELECT nextval('run_id')")
    cursor.execute(
        "INSERT INTO run (id, feed, started_at, status, received, inserted, updated, unchanged, rejected, "
        "kind) VALUES ($run, $feed, $now, 'running', 0, 0, 0, 0, 0, 'mend')",
        {"run": run, "feed": feed.id, "now": naive(now)},
    )
    merge.touch(cursor, feed, decided=decided)
    merge.write(cursor, feed, decided=decided)
    history.end_versions(cursor, feed, clock)
    if decided:
        merge.name_runs(cursor, feed, "SELECT name FROM batch_file")
    cursor.execute(
        "UPDATE quarantine SET state = 'mended', mended_by = $run, edited = t.edited, "
        "deed = coalesce($deed, deed) "
        "FROM tried t WHERE quarantine.id = t.id AND t.id IN (SELECT id FROM accepted)",
        {"run": run, "deed": deed},
    )
    cursor.execute(
        "UPDATE run SET rejected = rejected - a.n, mended = mended + a.n "
        "FROM (SELECT origin, count(*) AS n FROM accepted GROUP BY ALL) a WHERE run.id = a.origin"
    )
    flags.note_flagged(cursor, feed, now, run=run)
    _follow(cursor, feed, clock, now)
    return _close(cursor, feed, run, now), count


def _close(cursor: Cursor, feed: Feed, run: int, now: dt.datetime) -> RunResult:
    """Write the account of a mend. What is refused again is not received: its load still tells of it."""
    refused = _number(cursor, "SELECT count(*) FROM tried WHERE id NOT IN (SELECT id FROM accepted)")
    row = cursor.execute(
        "SELECT (SELECT count(*) FROM checked WHERE NOT _bad), count(*) FILTER (_outcome = 'updated'), "
        "count(*) FILTER (_outcome = 'unchanged'), count(*) FILTER (_stale) FROM decided"
    ).fetchone()
    received, updated, unchanged, stale = row or (0, 0, 0, 0)
    told = [f"{refused} rows refused again"] if refused else []
    told += [f"{stale} {overtaken_words(feed)}"] if stale else []
    inserted, message = received - updated - unchanged, "; ".join(told) or None
    cursor.execute(
        "UPDATE run SET finished_at = $now, status = 'done', received = $received, inserted = $inserted, "
        "updated = $updated, unchanged = $unchanged, message = $message WHERE id = $run",
        {
            "run": run, "now": naive(now), "received": received, "inserted": inserted,
            "updated": updated, "unchanged": unchanged, "message": message,
        },
    )  # fmt: skip
    counts = {"received": received, "inserted": inserted, "updated": updated, "unchanged": unchanged}
    return RunResult(run, feed.id, "", "done", **counts, message=message)


def _keep_refused(cursor: Cursor) -> None:
    """What is refused again waits on, with what was written anew and with today's reasons."""
    cursor.execute(
        "UPDATE quarantine SET edited = s.edited, column_name = s.problem['column'], "
        "reason = s.problem['reason'], detail = s.problem['detail'], problems = s.problems FROM ("
        "SELECT t.id, t.edited, first(c._problems[1] ORDER BY c._n) AS problem, "
        "first(to_json(c._problems)::VARCHAR ORDER BY c._n) AS problems "
        "FROM tried t JOIN mend_row r USING (id) JOIN checked c USING (_n) WHERE c._bad GROUP BY ALL) s "
        "WHERE quarantine.id = s.id"
    )


def _follow(cursor: Cursor, feed: Feed, clock: Clock, now: dt.datetime) -> None:
    """Note how far the feed's data reach and how many rows there are; a mend is no delivery."""
    event = next(column for column in feed.columns if column.name == feed.event_time)
    moment = until = q(event.name)
    if event.type == "date":
        moment = clock.to_utc(f"{q(event.name)}::TIMESTAMP")
        until = clock.to_utc(f"({q(event.name)} + 1)::TIMESTAMP")
    cursor.execute(
        "UPDATE feed_status SET data_through = greatest(data_through, (SELECT max(least("
        f"{until}, $now)) FROM checked WHERE NOT _bad AND {moment} <= $now)), "
        f"rows = (SELECT count(*) FROM {q(fact_table(feed.table))}) WHERE feed = $feed",
        {"feed": feed.id, "now": naive(now)},
    )


def _number(cursor: Cursor, sql: str) -> int:
    row = cursor.execute(sql).fetchone()
    return int(row[0]) if row and row[0] is not None else 0
