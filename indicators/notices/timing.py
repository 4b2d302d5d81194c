"""Hours of the day by the city's clock: when somebody is not to be disturbed, and when a digest is due."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from config.models.recipient import Digest, QuietHours

_DAY = dt.timedelta(days=1)


def quiet_until(quiet: QuietHours | None, now: dt.datetime, zone: ZoneInfo) -> dt.datetime | None:
    """When the quiet hours end that ``now`` lies in (UTC); None outside of them.

    They hold their beginning and not their end, and may pass midnight. ``now`` must be aware.
    """
    if quiet is None:
        return None
    today = now.astimezone(zone).date()
    start, end = dt.time.fromisoformat(quiet.start), dt.time.fromisoformat(quiet.end)
    # Those that began yesterday may still hold.
    for day in (today - _DAY, today):
        begins = _moment(day, start, zone)
        ends = _moment(day if start < end else day + _DAY, end, zone)
        if begins <= now < ends:
            return ends
    return None


def next_digest(digest: Digest, now: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """The first time after ``now`` at which the digest is due (UTC)."""
    today = now.astimezone(zone).date()
    return min(at for at in _times(digest.at, (today, today + _DAY), zone) if at > now)


def last_digest(digest: Digest, now: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """The last time up to ``now`` at which the digest was due (UTC)."""
    today = now.astimezone(zone).date()
    return max(at for at in _times(digest.at, (today - _DAY, today), zone) if at <= now)


def _times(clocks: Iterable[str], days: Iterable[dt.date], zone: ZoneInfo) -> list[dt.datetime]:
    times = [dt.time.fromisoformat(clock) for clock in clocks]
    return [_moment(day, time, zone) for day in days for time in times]


def _moment(day: dt.date, time: dt.time, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(day, time, zone).astimezone(dt.UTC)
