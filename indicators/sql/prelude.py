"""What all statements share: the moment they are made for, and how they are written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from config import City
from config.models.indicator import Period
from indicators.calendar import Calendar
from indicators.datasets import Dataset
from warehouse.syntax import literal, quote


@dataclass(frozen=True, slots=True)
class Moment:
    """When a refresh takes place. ``now`` is an aware time; days and ``calendar`` are the city's."""

    now: dt.datetime
    zone: ZoneInfo
    calendar: Calendar

    @classmethod
    def of(cls, city: City, now: dt.datetime) -> Moment:
        """A moment in a city's life."""
        used = frozenset(period for item in city.indicators.values() for period in item.periods)
        return cls(now, city.zone, Calendar(city.periods, used))

    @property
    def today(self) -> dt.date:
        """The city's day."""
        return self.now.astimezone(self.zone).date()

    @property
    def wall(self) -> dt.datetime:
        """What the city's clock shows, without its offset."""
        return self.now.astimezone(self.zone).replace(tzinfo=None)

    @property
    def reckoning(self) -> str:
        """The city's zone and reporting calendars: changes whenever any period may begin at another time."""
        own = (f"{c.id} {c.every} {c.day} {c.at}" for c in self.calendar.periods.reporting)
        return "; ".join([str(self.zone), *own])

    @property
    def timestamp(self) -> str:
        """``now`` as SQL, in UTC."""
        return f"TIMESTAMP '{self.now.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S.%f}'"

    @property
    def day(self) -> str:
        """``today`` as SQL."""
        return f"DATE '{self.today}'"

    def has_begun(self, periods: Iterable[Period], since: dt.datetime | None) -> bool:
        """Whether a day has begun since another moment (None: this one), or any of ``periods`` in mid-day."""
        before, now = ((at or self.now).astimezone(self.zone) for at in (since, self.now))
        known = self.calendar.periods
        timed = [period for period in periods if known.timed(period)]
        return any(known.start_of(period, before) < known.start_of(period, now) for period in ("day", *timed))

    def past(self, dataset: Dataset, column: str) -> str:
        """SQL: the row's ``column`` is not in the future."""
        return f"{quote(column)} <= {self.timestamp if dataset.is_moment(column) else self.day}"

    def ahead(self, dataset: Dataset, column: str) -> str:
        """SQL query: a row whose ``column`` is in the future, if there is one."""
        now = self.timestamp if dataset.is_moment(column) else self.day
        return f"SELECT 1 FROM {dataset.table} WHERE {quote(column)} > {now} LIMIT 1"

    @property
    def clock(self) -> str:
        """``now`` as SQL, by the city's clock."""
        return f"TIMESTAMP '{self.now.astimezone(self.zone):%Y-%m-%d %H:%M:%S.%f}'"

    def utc(self, at: str) -> str:
        """SQL: the moment (UTC) at which a day of the city begins, or its clock shows ``at``."""
        return f"timezone('UTC', timezone({literal(str(self.zone))}, CAST({at} AS TIMESTAMP)))"

    def local(self, at: str) -> str:
        """SQL: what the city's clock shows at a moment (UTC)."""
        return f"timezone({literal(str(self.zone))}, timezone('UTC', {at}))"


def listing(words: Iterable[str]) -> str:
    """SQL: a list of texts in brackets."""
    return "(" + ", ".join(map(literal, words)) + ")"


def heirs(area: str, day: str) -> str:
    """SQL join that adds ``_heir``: of a unit that was gone by ``day`` the one that then stood for it."""
    names = "unit AS _unit, since AS _since, until AS _until, heir AS _heir"  # not those of a fact's column
    return (
        f"LEFT JOIN (SELECT {names} FROM area_heir) ON _unit = {area} AND _since <= {day} AND {day} < _until"
    )


def comment(text: object) -> str:
    """``text`` as one line of SQL comment."""
    return "-- " + str(text).replace("\n", " ") + "\n"


def feeds_of(dataset: Dataset) -> str:
    """SQL condition that picks the dataset's feeds out of ``feed_status``."""
    return f"feed IN {listing(dataset.feeds)}"
