"""Is a delivery as large as it may be and usually is, and how much of it is rejected?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final
from zoneinfo import ZoneInfo

from config.models import Feed
from config.models.contract import Usual
from pipelines import reasons
from pipelines.errors import SourceError
from pipelines.flags import Told
from warehouse.facts import day_of, q
from warehouse.store import Cursor

SAME_WEEKDAY, ANY_DAY = 4, 3
"""So many earlier deliveries it takes to say what is usual."""


@dataclass(frozen=True, slots=True)
class Size:
    """The rows of one delivery. ``day``: the newest day that it tells of, or else the day when it came."""

    run: int
    received: int
    rejected: int
    day: dt.date


@dataclass(frozen=True, slots=True)
class _Slip:
    reason: str
    value: str
    expected: str


def usual(rule: Usual, before: Sequence[Size], day: dt.date) -> tuple[float, int] | None:
    """The median rows of the deliveries ``before`` (newest last) that one of ``day`` is compared with, and
    how many these are; None while there are too few.
    """
    alike = [size.received for size in before if size.day.weekday() == day.weekday()][-rule.last :]
    if len(alike) < SAME_WEEKDAY:
        alike = [size.received for size in before][-rule.last :]
        if len(alike) < ANY_DAY:
            return None
    return float(median(alike)), len(alike)


def judge(cursor: Cursor, feed: Feed, zone: str, now: dt.datetime, language: str) -> list[Told]:
    """Judge each file of the batch, those before it included in its history; returns what is only told.

    Raises SourceError for a file that is to be stopped.
    """
    if feed.volume is None and feed.rejected is None:
        return []
    sizes = _sizes(cursor, feed, now, zone)
    history = _history(cursor, feed, zone) if feed.volume is not None and feed.volume.against else []
    told: list[Told] = []
    for size in sizes:
        found = (
            [(slip, feed.volume.on_error) for slip in _of_volume(feed, size, history)] if feed.volume else []
        )
        if feed.rejected is not None and (share := _share(size)) > feed.rejected.above:
            slip = _Slip(reasons.REJECTED_SHARE, f"{share:.3g}", f"{feed.rejected.above:g}")
            found.append((slip, feed.rejected.on_error))
        for slip, mode in found:
            detail = reasons.sentence(slip.reason, language).format(value=slip.value, expected=slip.expected)
            if mode == "stop":
                raise SourceError(detail, reasons.words(f"{slip.reason}_hint", language))
            told.append(Told(size.run, slip.reason, slip.value, detail))
        history.append(size)
    if feed.volume is not None and feed.volume.against:
        cursor.executemany(
            "INSERT INTO delivery_day VALUES (?, ?, ?)", [[size.run, feed.id, size.day] for size in sizes]
        )
    return told


def _of_volume(feed: Feed, size: Size, before: Sequence[Size]) -> list[_Slip]:
    assert feed.volume is not None
    rows, against, n = feed.volume.rows, feed.volume.against, size.received
    if rows is not None and ((rows.min or 0) > n or (rows.max is not None and n > rows.max)):
        low, high = ("" if bound is None else str(bound) for bound in (rows.min, rows.max))
        return [_Slip(reasons.VOLUME, str(n), f"{low}…{high}")]
    if against is None or (found := usual(against, before, size.day)) is None:
        return []
    middle, _ = found
    low_at = None if against.below is None else middle * against.below / 100
    high_at = None if against.above is None else middle * against.above / 100
    if (low_at is None or n >= low_at) and (high_at is None or n <= high_at):
        return []
    low, high = ("" if bound is None else f"{bound:.0f}" for bound in (low_at, high_at))
    return [_Slip(reasons.UNUSUAL_VOLUME, str(n), f"{low}…{high}")]


def _share(size: Size) -> float:
    return 100.0 * size.rejected / size.received if size.received else 0.0


def _sizes(cursor: Cursor, feed: Feed, now: dt.datetime, zone: str) -> list[Size]:
    """The files of the batch in the order of their runs."""
    today = now.astimezone(ZoneInfo(zone)).date()
    day = q(day_of(feed.event_time))
    rows = cursor.execute(
        "SELECT f.run, coalesce(p.n, 0) + coalesce(x.n, 0) + coalesce(b.n, 0), "
        "coalesce(p.bad, 0) + coalesce(b.n, 0), coalesce(greatest(p.day, x.day), $today) "
        "FROM batch_file f LEFT JOIN laid x USING (_file_no) LEFT JOIN (SELECT _file_no, count(*) AS n, "
        f"count(*) FILTER (_bad) AS bad, max({day}) FILTER (NOT _bad AND {day} <= $today) AS day "
        "FROM checked GROUP BY _file_no) p USING (_file_no) LEFT JOIN (SELECT _file_no, count(*) AS n "
        "FROM malformed GROUP BY _file_no) b USING (_file_no) ORDER BY f.run",
        {"today": today},
    ).fetchall()
    return [Size(*row) for row in rows]


_LOOK_BACK: Final = 8
"""Deliveries looked at for each that is compared with: of a daily feed one in seven has the same weekday."""


def _history(cursor: Cursor, feed: Feed, zone: str) -> list[Size]:
    """What was accepted of the feed before, newest last."""
    assert feed.volume is not None
    assert feed.volume.against is not None
    rows = cursor.execute(
        "SELECT r.id, r.received, r.rejected, coalesce(d.day, "
        f"timezone('{zone}', timezone('UTC', r.started_at))::DATE) FROM run r "
        "LEFT JOIN delivery_day d ON d.run = r.id WHERE r.feed = ? AND r.status = 'done' AND r.kind = 'load' "
        "ORDER BY r.id DESC LIMIT ?",
        [feed.id, feed.volume.against.last * _LOOK_BACK],
    ).fetchall()
    return [Size(*row) for row in reversed(rows)]
