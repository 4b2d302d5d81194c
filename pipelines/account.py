"""The ledger's side of a load: runs, landings, quarantine, where a feed stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from config.models import Feed
from pipelines import reasons
from pipelines.clock import Clock
from pipelines.land import Landed
from pipelines.stamp import naive
from warehouse.facts import fact_table, q
from warehouse.store import Cursor
from warehouse.syntax import literal

UNMENDED: Final = (
    "SELECT r.file_name FROM quarantine q JOIN run r ON r.id = q.run "
    "WHERE q.state <> 'mended' AND r.file_name IN (SELECT name FROM batch_file)"
)
"""Files of the batch of which rows lie in quarantine that somebody may still mend."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """The account of one file, or of a mend: received = inserted + updated + unchanged + rejected + mended.

    ``removed`` facts are those that a snapshot no longer has, ``late`` those of the inserted that are much
    older than the newest before them; ``flagged`` accepted rows broke a rule that lets them pass.
    ``message`` and ``hint`` say why it failed and what to do.
    """

    id: int
    feed: str
    file: str
    status: str
    received: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    mended: int = 0
    message: str | None = None
    hint: str | None = None
    removed: int = 0
    late: int = 0
    flagged: int = 0


def landings(cursor: Cursor, feed: Feed) -> dict[str, tuple[str, tuple[int, dt.datetime]]]:
    """Of each file of the feed by name: hash and stamp (size, modified) of its newest landing.

    The hash is empty where the run failed: delivered again, the same bytes are tried again. The newest is
    the one that was noted last, whatever the clock said then.
    """
    rows = cursor.execute(
        "SELECT l.path, CASE WHEN r.status = 'failed' THEN '' ELSE l.hash END, l.size, l.modified_at "
        "FROM landed l LEFT JOIN run r ON r.id = l.run WHERE l.feed = ? ORDER BY l.rowid",
        [feed.id],
    ).fetchall()
    return {path: (hash, (size, modified)) for path, hash, size, modified in rows}


def failed_last(cursor: Cursor, feed: Feed, name: str, message: str) -> bool:
    """Whether the newest run of the file failed with this very message: it need not be told again."""
    row = cursor.execute(
        "SELECT status, message FROM run WHERE feed = ? AND file_name = ? ORDER BY id DESC LIMIT 1",
        [feed.id, name],
    ).fetchone()
    return row == ("failed", message)


def start_runs(cursor: Cursor, feed: Feed, files: Sequence[Landed], now: dt.datetime) -> list[int]:
    """Open one run for each file; returns their ids, which grow in the order of the files."""
    ids = [
        int(row[0])
        for row in cursor.execute("SELECT nextval('run_id') FROM range(?)", [len(files)]).fetchall()
    ]
    table = pa.table(
        {
            "id": pa.array(sorted(ids), pa.int64()),
            "hash": pa.array([file.hash for file in files], pa.string()),
            "name": pa.array([file.name for file in files], pa.string()),
        }
    )
    cursor.register("opened", table)
    cursor.execute(
        "INSERT INTO run (id, feed, file_hash, file_name, started_at, status, received, inserted, updated, "
        "unchanged, rejected, removed, late) "
        "SELECT id, ?, hash, name, ?, 'running', 0, 0, 0, 0, 0, 0, 0 FROM opened",
        [feed.id, naive(now)],
    )
    cursor.unregister("opened")
    return sorted(ids)


def note_landings(
    cursor: Cursor, feed: Feed, files: Iterable[tuple[Landed, int | None]], now: dt.datetime
) -> None:
    """Note that the files, each with its run, need not be looked at again."""
    listed = list(files)
    table = pa.table(
        {
            "hash": pa.array([file.hash for file, _ in listed], pa.string()),
            "name": pa.array([file.delivery.path.name for file, _ in listed], pa.string()),
            "path": pa.array([file.delivery.name for file, _ in listed], pa.string()),
            "size": pa.array([file.delivery.size for file, _ in listed], pa.int64()),
            "modified": pa.array([file.delivery.modified_at for file, _ in listed], pa.timestamp("us")),
            "run": pa.array([run for _, run in listed], pa.int64()),
        }
    )
    cursor.register("settled", table)
    cursor.execute(
        "INSERT INTO landed SELECT hash, ?, name, path, size, modified, ?, run FROM settled",
        [feed.id, naive(now)],
    )
    cursor.unregister("settled")


def quarantine(cursor: Cursor, feed: Feed, now: dt.datetime) -> None:
    """Put the refused rows of the batch, and its malformed lines, where people can see and mend them."""
    into = (
        "INSERT INTO quarantine (run, feed, file_hash, line, column_name, reason, detail, raw, problems, "
        "quarantined_at)"
    )
    cursor.execute(
        f"{into} SELECT n._run, ?, f.hash, n._line, _problems[1]['column'], "
        "_problems[1]['reason'], _problems[1]['detail'], _raw, to_json(_problems)::VARCHAR, ? "
        "FROM numbered n JOIN batch_file f USING (_file_no) WHERE _bad ORDER BY _n",
        [feed.id, naive(now)],
    )
    cursor.execute(
        f"{into} SELECT f.run, ?, f.hash, m.line, NULL, {literal(reasons.MALFORMED)}, "
        "m.detail, m.raw, NULL, ? FROM malformed m JOIN batch_file f USING (_file_no) "
        "ORDER BY m._file_no, m.line",
        [feed.id, naive(now)],
    )


_OVERTAKEN: Final = {
    "snapshot": "rows passed over: a newer snapshot stands",
    "version": "rows left as greater versions have them",
}


def overtaken_words(feed: Feed) -> str:
    """What is said, after their number, of rows that were overtaken before they came."""
    mode = "version" if feed.version else feed.mode
    return _OVERTAKEN.get(mode, "rows left as files with later names have them")


def close_runs(cursor: Cursor, feed: Feed, now: dt.datetime, note: str | None) -> list[RunResult]:
    """Write the account of each file of the batch; ``note`` holds for all of them,
    behind what is known of each.
    """
    cursor.execute(
        "CREATE TEMP TABLE account AS "
        "WITH parsed AS (SELECT _file_no, count(*) AS n, count(*) FILTER (_bad) AS bad FROM checked "
        "GROUP BY ALL), "
        "broken AS (SELECT _file_no, count(*) AS n FROM malformed GROUP BY ALL), "
        "outcome AS (SELECT _by AS run, count(*) FILTER (_outcome = 'updated') AS updated, "
        "count(*) FILTER (_outcome = 'unchanged') AS unchanged, count(*) FILTER (_stale) AS stale "
        "FROM decided GROUP BY ALL), "
        "counted AS (SELECT f.run, f.note, coalesce(p.n, 0) + coalesce(x.n, 0) AS parsed, "
        "coalesce(p.bad, 0) AS bad, "
        "coalesce(b.n, 0) AS broken, coalesce(o.updated, 0) AS updated, "
        "coalesce(o.unchanged, 0) AS unchanged, coalesce(o.stale, 0) AS stale, coalesce(l.n, 0) AS late, "
        "g.removed, g.refused FROM batch_file f LEFT JOIN parsed p USING (_file_no) "
        "LEFT JOIN laid x USING (_file_no) "
        "LEFT JOIN broken b USING (_file_no) LEFT JOIN late l USING (_file_no) "
        "LEFT JOIN outcome o ON o.run = f.run CROSS JOIN "
        "(SELECT count(*) AS removed, count(*) FILTER (_refused) AS refused FROM gone) g) "
        "SELECT run, parsed + broken AS received, parsed - bad - updated - unchanged AS inserted, updated, "
        "unchanged, bad + broken AS rejected, removed, late, nullif(concat_ws('; ', note, $note, "
        "CASE WHEN stale > 0 THEN stale || ' ' || $overtaken END, "
        "CASE WHEN removed > 0 THEN removed || ' rows deleted: the snapshot lacks them' END, "
        "CASE WHEN refused > 0 THEN refused || ' of them because their rows were rejected' END, "
        "CASE WHEN late > 0 THEN late || ' rows came late' END), '') AS message FROM counted",
        {"note": note, "overtaken": overtaken_words(feed)},
    )
    cursor.execute(
        "UPDATE run SET finished_at = ?, status = 'done', received = a.received, inserted = a.inserted, "
        "updated = a.updated, unchanged = a.unchanged, rejected = a.rejected, removed = a.removed, "
        "late = a.late, message = a.message "
        "FROM account a WHERE run.id = a.run",
        [naive(now)],
    )
    rows = cursor.execute(
        "SELECT r.id, r.feed, r.file_name, r.status, r.received, r.inserted, r.updated, r.unchanged, "
        "r.rejected, r.mended, r.message, r.hint, r.removed, r.late, r.flagged "
        "FROM run r JOIN account a ON a.run = r.id ORDER BY r.id"
    ).fetchall()
    return [RunResult(*row) for row in rows]


def fail_run(
    cursor: Cursor, feed: Feed, file: Landed, run: int, now: dt.datetime, message: str, hint: str
) -> RunResult:
    """Close a run that could not load its file."""
    cursor.execute(
        "UPDATE run SET finished_at = ?, status = 'failed', message = ?, hint = ? WHERE id = ?",
        [naive(now), message, hint, run],
    )
    return RunResult(run, feed.id, file.name, "failed", message=message, hint=hint)


def fail_open(cursor: Cursor, feed: Feed, now: dt.datetime, message: str, hint: str) -> list[RunResult]:
    """Close every run of the feed that is open as failed."""
    rows = cursor.execute(
        "UPDATE run SET finished_at = ?, status = 'failed', message = ?, hint = ? "
        "WHERE feed = ? AND status = 'running' RETURNING id, file_name",
        [naive(now), message, hint, feed.id],
    ).fetchall()
    return [RunResult(id, feed.id, name, "failed", message=message, hint=hint) for id, name in sorted(rows)]


def settle_feed(cursor: Cursor, feed: Feed, clock: Clock, now: dt.datetime) -> None:
    """Note where the feed stands: the end of its newest event up to now, and the rows of its dataset."""
    event = next(column for column in feed.columns if column.name == feed.event_time)
    moment = until = q(event.name)
    if event.type == "date":
        # A row of a day speaks for the whole day: only so is a month complete with the rows of its last day.
        moment = clock.to_utc(f"{q(event.name)}::TIMESTAMP")
        until = clock.to_utc(f"({q(event.name)} + 1)::TIMESTAMP")
    given = {"feed": feed.id, "now": naive(now)}
    cursor.execute("INSERT INTO feed_past SELECT *, $now FROM feed_status WHERE feed = $feed", given)
    # A date in the future is somebody's slip of the pen; it must not make the feed look fresh.
    cursor.execute(
        "INSERT INTO feed_status SELECT $feed, "
        f"(SELECT max(least({until}, $now)) FROM (SELECT {q(event.name)} FROM checked WHERE NOT _bad "
        f"UNION ALL SELECT newest FROM laid) WHERE {moment} <= $now), "
        f"(SELECT max(run) FROM batch_file), $now, (SELECT count(*) FROM {q(fact_table(feed.table))}) "
        "ON CONFLICT (feed) DO UPDATE SET data_through = greatest(data_through, excluded.data_through), "
        "last_run = excluded.last_run, last_loaded_at = excluded.last_loaded_at, rows = excluded.rows",
        given,
    )


def close_interrupted(cursor: Cursor, now: dt.datetime) -> int:
    """Close the runs that a process left open when it ended; returns how many."""
    rows = cursor.execute(
        "UPDATE run SET status = 'failed', finished_at = ?, "
        "message = 'interrupted: the process ended meanwhile', "
        "hint = 'nothing to do: the file is loaded again' WHERE status = 'running' RETURNING id",
        [naive(now)],
    ).fetchall()
    return len(rows)
