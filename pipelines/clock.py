"""The city's clock in SQL: between UTC, which is stored, and local time, which files tell and days go by."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache
from zoneinfo import ZoneInfo

from warehouse.syntax import literal


@dataclass(frozen=True)
class Clock:
    """SQL for one time zone. ``fixed_since``: from that year on the offset (``seconds``) never changes."""

    zone: str
    fixed_since: int | None
    seconds: int

    def to_utc(self, local: str) -> str:
        """UTC TIMESTAMP of a local one.

        An hour that the change of clocks skips is moved on; of one that it repeats, the first is meant.
        """
        slow = f"timezone('UTC', timezone({literal(self.zone)}, {local}))"
        return self._quick(local, f"{local} - INTERVAL {self.seconds} SECOND", slow)

    def to_local(self, utc: str) -> str:
        """Local TIMESTAMP of a UTC one."""
        slow = f"timezone({literal(self.zone)}, timezone('UTC', {utc}))"
        return self._quick(utc, f"{utc} + INTERVAL {self.seconds} SECOND", slow)

    def _quick(self, of: str, quick: str, slow: str) -> str:
        # A calendar look-up for each row costs ten times the subtraction, and most cities keep one offset.
        if self.fixed_since is None:
            return slow
        return f"CASE WHEN {of} >= TIMESTAMP '{self.fixed_since}-01-02' THEN {quick} ELSE {slow} END"


@cache
def clock_of(zone: str) -> Clock:
    """The clock of an IANA time zone."""
    tz = ZoneInfo(zone)
    week, end = dt.timedelta(weeks=1), dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
    moment = dt.datetime(1900, 1, 1, tzinfo=dt.UTC)
    offset, since = moment.astimezone(tz).utcoffset(), moment.year
    while moment < end:
        moment += week
        here = moment.astimezone(tz).utcoffset()
        if here != offset:
            offset, since = here, moment.year + 1
    seconds = int(offset.total_seconds()) if offset is not None else 0
    return Clock(zone, None if since > 2000 else since, seconds)
