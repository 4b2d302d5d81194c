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
