"""Deliveries that were landed, to be loaded once more: which there are, and which speak of some days."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from config.models import Feed
from pipelines.folder import Delivery
from pipelines.land import landed_path
from warehouse.store import Cursor

_DAY: Final = re.compile(r"(?<!\d)(20\d\d)([-_.]?)(\d\d)\2(\d\d)(?!\d)")
_MONTH: Final = re.compile(r"(?<!\d)(20\d\d)[-_.]?(\d\d)(?!\d)")


@dataclass(frozen=True, slots=True)
class Kept:
    """A delivery whose bytes are kept (``file.path``), and when it was landed, UTC without offset."""

    file: Delivery
    landed_at: dt.datetime


def kept_files(cursor: Cursor, feed: Feed, landing: Path) -> tuple[list[Kept], int]:
    """What was ever landed of the feed, by name and within a name as it came; and how many are kept no more.

    Each has the stamp with which it came: to load it again is no news of the file in the inbox.
    """
    rows = cursor.execute(
        "SELECT path, hash, size, modified_at, landed_at FROM landed WHERE feed = ? AND hash <> '' "
        "ORDER BY path, landed_at, rowid",
        [feed.id],
    ).fetchall()
    kept: list[Kept] = []
    missing = 0
    before = (None, None)
    for name, hash_, size, modified, landed_at in rows:
        if (name, hash_) == before:
            continue
        before = name, hash_
        path = landed_path(landing, hash_)
        if path is None:
            missing += 1
        else:
            kept.append(Kept(Delivery(name, path, size, modified), landed_at))
    return kept, missing


def days_in(name: str) -> tuple[dt.date, dt.date] | None:
    """The first and last day that a file's name speaks of; None where it names none."""
    found = [*_dates(name)]
    return (min(first for first, _ in found), max(last for _, last in found)) if found else None


def speaks_of(kept: Kept, first: dt.date, last: dt.date, zone: dt.tzinfo) -> bool:
    """Whether a file is of some of the days: by its name, else by the day on which it was landed."""
    named = days_in(kept.file.name.rpartition("/")[2])
    if named is None:
        day = kept.landed_at.replace(tzinfo=dt.UTC).astimezone(zone).date()
        named = day, day
    return named[0] <= last and named[1] >= first


def spans(first: dt.date, last: dt.date) -> list[tuple[dt.date, dt.date]]:
    """A range of days (both included) in parts that are fetched one by one, as (first, day after the last).

    Days where there are few, else calendar months.
    """
    end = last + dt.timedelta(days=1)
    found: list[tuple[dt.date, dt.date]] = []
    day = first
    while day < end:
        if (last - first).days < _FEW:
            until = day + dt.timedelta(days=1)
        else:
            until = (day.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
        found.append((day, min(until, end)))
        day = until
    return found


_FEW: Final = 31


def _dates(name: str) -> Iterator[tuple[dt.date, dt.date]]:
    """Days that the name tells; where there are none, months."""
    some = False
    for match in _DAY.finditer(name):
        try:
            day = dt.date(int(match[1]), int(match[3]), int(match[4]))
        except ValueError:
            continue
        some = True
        yield day, day
    if some:
        return
    for match in _MONTH.finditer(name):
        try:
            first = dt.date(int(match[1]), int(match[2]), 1)
        except ValueError:
            continue
        yield first, (first + dt.timedelta(days=32)).replace(day=1) - dt.timedelta(days=1)
