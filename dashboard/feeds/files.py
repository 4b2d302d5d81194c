"""What became of due deliveries, dropped into the inbox for the feeds that ask for it.

From there on they are rows as any others, as the program's warnings are (``warning_files``). The names of the
files say up to which run of the ledger and which moment was told; what stood then is reckoned again, so that
nothing else need remember it. Where files were taken away, all is told again: loading it changes nothing.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Final

from config import City
from config.models import DeliveriesConnector, Feed
from pipelines.obligations import Due, owed
from warehouse.deliveries import Arrival, arrivals, newest_run, units_a_day
from warehouse.store import Cursor, Store

_NAME: Final = re.compile(r"deliveries-(\d+)-(\d{8}T\d{6}\.\d{6})Z\.jsonl")
_CLOCK: Final = "%Y%m%dT%H%M%S.%f"
_NEVER: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_DAY: Final = dt.timedelta(days=1)


def drop(city: City, store: Store, inbox: Path, now: dt.datetime) -> list[Feed]:
    """Write a file of the due deliveries that changed since the last one, one JSON object a line with the
    fields of ``config.models.DELIVERY_FIELDS``; the feeds that have a new one. Times are UTC.
    """
    asked = [feed for feed in city.feeds.values() if isinstance(feed.connector, DeliveriesConnector)]
    if not asked:
        return []
    now = now.astimezone(dt.UTC)
    with store.read() as cursor:
        came, run = arrivals(cursor), newest_run(cursor)
        return [feed for feed in asked if _dropped(city, cursor, came, _folder(feed, inbox), run, now)]


def _folder(feed: Feed, inbox: Path) -> Path:
    assert isinstance(feed.connector, DeliveriesConnector)
    return inbox / PurePosixPath(feed.connector.path).parent


def _dropped(
    city: City,
    cursor: Cursor,
    came: Mapping[str, Sequence[Arrival]],
    folder: Path,
    run: int,
    now: dt.datetime,
) -> bool:
    told_run, told_at = _told(folder)
    lines: list[str] = []
    for feed in city.feeds.values():
        arrived = came.get(feed.id, ())
        before = [one for one in arrived if one.run <= told_run and one.known_at <= told_at]
        then = {one.due_at: one for one in owed(city, feed, before, told_at)}
        changed = [one for one in owed(city, feed, arrived, now) if then.get(one.due_at) != one]
        if changed:
            complete = _completeness(city, cursor, feed, changed)
            lines += [
                json.dumps(fields(city, feed, one, complete.get(one.due_at), now), ensure_ascii=False)
                for one in changed
            ]
    if not lines:
        return False
    folder.mkdir(parents=True, exist_ok=True)
    # Of one delivery the file with the later name wins: runs grow even when the clock is set back.
    path = folder / f"deliveries-{run:012d}-{now.strftime(_CLOCK)}Z.jsonl"
    part = path.with_name(path.name + ".part")
    part.write_text("\n".join(lines) + "\n", encoding="utf-8")
    part.replace(path)
    return True


def _told(folder: Path) -> tuple[int, dt.datetime]:
    """Run and moment of the newest file that is there."""
    found = [name for path in folder.glob("deliveries-*.jsonl") if (name := _NAME.fullmatch(path.name))]
    newest = max(found, key=lambda name: (int(name[1]), name[2]), default=None)
    if newest is None:
        return 0, _NEVER
    return int(newest[1]), dt.datetime.strptime(newest[2], _CLOCK).replace(tzinfo=dt.UTC)


def _completeness(
    city: City, cursor: Cursor, feed: Feed, dues: Sequence[Due]
) -> dict[dt.datetime, float | None]:
    """By due time the share, 0 to 1, of the areas it covers that have a row on the last whole day before.

    Only of a feed that says what silence means (``coverage``).
    """
    if feed.coverage is None:
        return {}
    days = {one.due_at: one.due_at.astimezone(city.zone).date() - _DAY for one in dues}
    present = units_a_day(cursor, feed, min(days.values()))
    expected = {day: len(city.areas.at(feed.coverage, day)) for day in set(days.values())}
    return {at: present.get(day, 0) / expected[day] if expected[day] else None for at, day in days.items()}


def fields(city: City, feed: Feed, due: Due, completeness: float | None, now: dt.datetime) -> dict[str, Any]:
    """What is told of a due delivery; ``agency`` is called as in the city's first language."""
    came = due.arrival
    return {
        "feed": feed.id,
        "agency": feed.owner.get(city.head.languages[0]),
        "automatic": not feed.by_hand,
        "due_at": due.due_at.isoformat(),
        "deadline": due.deadline.isoformat(),
        "delivered_at": None if came is None else came.at.isoformat(),
        "state": due.state,
        "late_hours": None if came is None else round(due.late_by(now) / dt.timedelta(hours=1), 2),
        "received": None if came is None else came.received,
        "accepted": None if came is None else came.accepted,
        "completeness": None if completeness is None else round(completeness, 4),
        "reminders": len(due.reminders),
        "told_at": now.isoformat(),
    }
