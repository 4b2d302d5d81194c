"""Rows that broke a rule and were accepted all the same, and rows that stop their file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from config.models import Feed
from pipelines import reasons
from pipelines.errors import SourceError
from pipelines.stamp import naive
from warehouse.store import Cursor


@dataclass(frozen=True, slots=True)
class Told:
    """Something about a whole delivery that is accepted all the same: its run, reason, value and detail."""

    run: int
    reason: str
    value: str
    detail: str


def refuse_stopped(cursor: Cursor, language: str) -> None:
    """Raise SourceError for the first row whose rule stops its file, with how many such rows there are."""
    stops = "list_filter(_notes, lambda p: p['mode'] = 'stop')[1]"
    row = cursor.execute(
        "SELECT first(_line ORDER BY _n), first(p['column'] ORDER BY _n), first(p['detail'] ORDER BY _n), "
        f"count(*) FROM (SELECT _n, _line, {stops} AS p FROM numbered WHERE _halt) HAVING count(*) > 0"
    ).fetchone()
    if row is not None:
        line, column, detail, count = row
        raise stopped(language, line, column, detail, count)


def stopped(language: str, line: int, column: str | None, detail: str, count: int) -> SourceError:
    """The error for a file that a rule stops at ``line``; ``count`` rows in all break such rules."""
    where = f", {column}" if column else ""
    message = reasons.words("stopped", language).format(line=line, where=where, detail=detail, count=count)
    return SourceError(message, reasons.words("stopped_hint", language))


def gather(cursor: Cursor, *, some: bool) -> None:
    """Make ``passed``, what accepted rows of the batch broke: a row for each rule, with its mode.

    ``some``: the contract has rules that let rows pass.
    """
    notes = (
        "SELECT _run AS run, _file_no, _line AS line, unnest(_notes) AS note FROM numbered "
        "WHERE NOT _bad AND _notes IS NOT NULL"
        if some
        else "SELECT 0 AS run, 0 AS _file_no, 0 AS line, "
        "{'column': '', 'reason': '', 'value': '', 'detail': '', 'mode': ''} AS note LIMIT 0"
    )
    cursor.execute(
        "CREATE TEMP TABLE passed AS SELECT run, _file_no, line, note['column'] AS column_name, "
        "note['reason'] AS reason, note['value'] AS value, note['detail'] AS detail, note['mode'] AS mode "
        f"FROM ({notes})"
    )


def note_flagged(
    cursor: Cursor, feed: Feed, now: dt.datetime, *, told: Sequence[Told] = (), run: int | None = None
) -> None:
    """Keep what rows (``passed``) and whole deliveries (``told``) were accepted with, count the rows on their
    runs, or on the one ``run`` that received them, and forget what the feed need no longer keep.
    """
    cursor.execute(
        "INSERT INTO flagged SELECT coalesce($run, p.run), $feed, f.hash, p.* EXCLUDE (run, _file_no), $now "
        "FROM passed p JOIN batch_file f USING (_file_no) ORDER BY p.run, p.line",
        {"run": run, "feed": feed.id, "now": naive(now)},
    )
    cursor.execute(
        "UPDATE run SET flagged = c.n FROM (SELECT coalesce($run, run) AS run, "
        "count(DISTINCT (_file_no, line)) AS n FROM passed GROUP BY ALL) c WHERE run.id = c.run",
        {"run": run},
    )
    for one in told:
        cursor.execute(
            "INSERT INTO flagged SELECT ?, ?, hash, NULL, NULL, ?, ?, ?, 'flag', ? FROM batch_file "
            "WHERE run = ?",
            [one.run, feed.id, one.reason, one.value, one.detail, naive(now), one.run],
        )
    cursor.execute(
        "DELETE FROM flagged WHERE feed = ? AND noted_at < ?", [feed.id, naive(now - feed.keep_flagged)]
    )
