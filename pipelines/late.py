"""Late rows: new facts whose event is much older than the newest that the feed had before them."""

from __future__ import annotations

import datetime as dt

from config.models import Feed
from pipelines.clock import Clock
from pipelines.stamp import naive
from warehouse.facts import q
from warehouse.store import Cursor


def count(cursor: Cursor, feed: Feed, clock: Clock, now: dt.datetime, *, decided: bool) -> None:
    """Make ``late``: how many rows (``n``) of each file (``_file_no``) came late.

    Files of a batch follow each other: what is the newest for one includes the files before it. Events after
    ``now`` make nothing late.
    """
    cursor.execute("CREATE TEMP TABLE late (_file_no BIGINT, n BIGINT)")
    if feed.late is None:
        return
    event = next(column for column in feed.columns if column.name == feed.event_time)
    name = f"c.{q(event.name)}"
    moment = clock.to_utc(f"{name}::TIMESTAMP") if event.type == "date" else name
    join, inserted = (
        (" LEFT JOIN decided d USING (_n)", " AND coalesce(d._outcome, 'inserted') = 'inserted'")
        if decided
        else ("", "")
    )
    cursor.execute(
        f"INSERT INTO late WITH newest AS (SELECT _file_no, max({moment}) AS newest FROM checked c "
        f"WHERE NOT c._bad AND {moment} <= $now GROUP BY ALL), "
        "before AS (SELECT f._file_no, greatest((SELECT data_through FROM feed_status WHERE feed = $feed), "
        "max(n.newest) OVER (ORDER BY f._file_no ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) "
        "AS newest FROM batch_file f LEFT JOIN newest n USING (_file_no)) "
        f"SELECT _file_no, count(*) FROM checked c JOIN before b USING (_file_no){join} "
        f"WHERE NOT c._bad AND {moment} < b.newest - to_seconds($late){inserted} GROUP BY ALL",
        {"feed": feed.id, "now": naive(now), "late": feed.late.total_seconds()},
    )
