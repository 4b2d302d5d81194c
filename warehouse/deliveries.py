"""When feeds last came, and how much of the city they covered."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from config import City
from config.models import Feed
from warehouse.facts import day_of, fact_table, q
from warehouse.store import Cursor


@dataclass(frozen=True, slots=True)
class Delivered:
    """The newest event of a feed, and when something of it was last accepted, or at least tried (all UTC)."""

    data_through: dt.datetime | None = None
    accepted_at: dt.datetime | None = None
    tried_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """A delivery of which rows were accepted. Times are UTC.

    ``at``: when its file was last written where the agency put it, at the latest when it was landed: a
    service that stood still must not make an agency late. ``known_at``: when it had been loaded, by ``run``.
    """

    at: dt.datetime
    known_at: dt.datetime
    received: int
    accepted: int
    run: int = 0


def arrivals(cursor: Cursor) -> dict[str, list[Arrival]]:
    """By feed, in the order of time. What was read again or mended is no delivery of its own."""
    rows = cursor.execute(
        "WITH done AS (SELECT feed, file_hash, file_name, id, finished_at, received,"
        "   inserted + updated + unchanged AS accepted FROM run"
        "   WHERE status = 'done' AND kind IN ('load', 'reload') AND inserted + updated + unchanged > 0),"
        " whole AS (SELECT l.rowid AS landing, l.feed, l.modified_at, l.landed_at, r.finished_at,"
        "   r.received, r.accepted, r.id AS run FROM landed l JOIN done r ON r.feed = l.feed"
        "   AND r.file_hash = l.hash AND r.file_name = l.path"
        "   QUALIFY row_number() OVER (PARTITION BY l.rowid ORDER BY r.id) = 1),"
        " packed AS (SELECT l.rowid AS landing, l.feed, l.modified_at, l.landed_at,"
        "   min(r.finished_at) AS finished_at, sum(r.received) AS received, sum(r.accepted) AS accepted,"
        "   max(r.id) AS run"
        "   FROM landed l JOIN done r ON r.feed = l.feed AND starts_with(r.file_name, l.path || '/')"
        "   AND r.finished_at = l.landed_at WHERE l.run IS NULL GROUP BY ALL)"
        " SELECT feed, least(modified_at, landed_at) AS came, greatest(finished_at, landed_at), received,"
        " accepted, run FROM (FROM whole UNION ALL FROM packed) ORDER BY feed, came, landing"
    ).fetchall()
    found: dict[str, list[Arrival]] = {}
    for feed, at, known, received, accepted, run in rows:
        times = at.replace(tzinfo=dt.UTC), known.replace(tzinfo=dt.UTC)
        one = Arrival(*times, int(received), int(accepted), run)
        found.setdefault(feed, []).append(one)
    return found


def newest_run(cursor: Cursor) -> int:
    """Number of the newest run; 0 when there is none."""
    row = cursor.execute("SELECT coalesce(max(id), 0) FROM run").fetchone()
    return int(row[0]) if row else 0


def units_a_day(cursor: Cursor, feed: Feed, since: dt.date) -> dict[dt.date, int]:
    """How many areas of the level that the feed covers have a row on each day from ``since`` on."""
    day = q(day_of(feed.event_time))
    return dict(
        cursor.execute(
            f"SELECT f.{day}, count(DISTINCT p.ancestor) FROM {q(fact_table(feed.table))} f"
            " JOIN area_path p ON p.code = f._area AND p.level = $level"
            f" WHERE f.{day} >= $since GROUP BY ALL",
            {"level": feed.coverage, "since": since},
        ).fetchall()
    )


def delivered(cursor: Cursor) -> dict[str, Delivered]:
    """By feed; one that never came is absent."""
    rows = cursor.execute(
        "SELECT feed, any_value(s.data_through), max(r.finished_at)"
        " FILTER (r.status = 'done' AND r.kind = 'load'), max(r.started_at) FILTER (r.kind = 'load')"
        " FROM feed_status s FULL JOIN run r USING (feed) GROUP BY feed"
    ).fetchall()
    return {feed: Delivered(*map(_utc, times)) for feed, *times in rows}


def coverage(cursor: Cursor, city: City, feed: Feed, through: dt.datetime | None) -> float:
    """Of the areas that the feed covers, the share in per cent that has a row on the newest whole day.

    NaN for a feed without any whole day yet.
    """
    if through is None or feed.coverage is None:
        return float("nan")
    day = through.astimezone(city.zone).date() - dt.timedelta(days=1)
    expected = len(city.areas.at(feed.coverage, day))
    row = cursor.execute(
        f"SELECT count(DISTINCT p.ancestor) FROM {fact_table(feed.table)} f"
        " JOIN area_path p ON p.code = f._area AND p.level = $level"
        f" WHERE f.{q(day_of(feed.event_time))} = $day",
        {"level": feed.coverage, "day": day},
    ).fetchone()
    return 100.0 * int(row[0] if row else 0) / expected if expected else float("nan")


def rows_a_day(cursor: Cursor, feed: Feed, first: dt.date, last: dt.date, shared: bool) -> dict[dt.date, int]:
    """How many rows a feed has of each of the city's days from ``first`` to ``last``; days without any are
    absent. ``shared``: other feeds fill the same table.
    """
    own = " AND _run IN (SELECT id FROM run WHERE feed = $feed)" if shared else ""
    given = {"first": first, "last": last} | ({"feed": feed.id} if shared else {})
    day = q(day_of(feed.event_time))
    return dict(
        cursor.execute(
            f"SELECT {day}, count(*) FROM {q(fact_table(feed.table))}"
            f" WHERE {day} BETWEEN $first AND $last{own} GROUP BY ALL",
            given,
        ).fetchall()
    )


def _utc(at: dt.datetime | None) -> dt.datetime | None:
    return None if at is None else at.replace(tzinfo=dt.UTC)
