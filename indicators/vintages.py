"""What is remembered of values that grew while their period ran: after some days one state of each day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from indicators.sql.prelude import Moment
from warehouse.store import Cursor
from warehouse.vintages import THINNED


def thin(cursor: Cursor, moment: Moment, keep: dt.timedelta) -> None:
    """Drop what no day's end saw of periods that were running, from days that lie ``keep`` back.

    Values as of the end of any day stay exact to the row. Between two ends of days a running period then
    shows what it was at the end before; complete periods keep every state.
    """
    until = moment.today - keep
    row = cursor.execute("SELECT value FROM meta WHERE key = ?", [THINNED]).fetchone()
    if row is not None:
        day = dt.date.fromisoformat(row[0])
    else:
        first = cursor.execute(f"SELECT CAST({moment.local('min(known_until)')} AS DATE) FROM value_past")
        (found,) = first.fetchone() or (None,)
        day = until if found is None else found
    while day < until:
        for statement in _thin_day(day, moment):
            cursor.execute(statement)
        day += dt.timedelta(days=1)
    cursor.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", [THINNED, day.isoformat()])


def _thin_day(day: dt.date, moment: Moment) -> Iterator[str]:
    """What came and went within one day while its period ran goes; what stood before it stands in for it."""
    begin, end = (_midnight(at, moment) for at in (day, day + dt.timedelta(days=1)))
    cell = "indicator, area, period, start"
    yield (
        "CREATE OR REPLACE TEMP TABLE thinned AS\n"
        f"SELECT rowid AS place, {cell}, known_until FROM value_past\n"
        f"WHERE known_until < {end} AND stored_at >= {begin}\n"
        f"    AND period_end(period, start) >= {moment.local('known_until')}"
    )
    same = " AND ".join(f"p.{key} = t.{key}" for key in cell.split(", "))
    yield (
        "UPDATE value_past AS p SET known_until = t.until\n"
        f"FROM (SELECT {cell}, max(known_until) AS until FROM thinned GROUP BY ALL) t\n"
        f"WHERE {same} AND p.stored_at < {begin} AND p.known_until >= {begin} AND p.known_until < {end}"
    )
    yield "DELETE FROM value_past WHERE rowid IN (SELECT place FROM thinned)"


def _midnight(day: dt.date, moment: Moment) -> str:
    at = dt.datetime.combine(day, dt.time(), moment.zone).astimezone(dt.UTC)
    return f"TIMESTAMP '{at:%Y-%m-%d %H:%M:%S}'"
