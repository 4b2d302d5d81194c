"""What all statements share: the moment they are made for, and the calendar as SQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from config.models.indicator import Period
from indicators.datasets import Dataset
from warehouse.syntax import literal, quote

MACROS: Final = """\
-- Periods as whole numbers: the next one is always 1 more
CREATE OR REPLACE TEMP MACRO period_index(period, start) AS CASE period
    WHEN 'day' THEN start - DATE '1970-01-01'
    WHEN 'month' THEN 12 * year(start) + month(start)
    WHEN 'quarter' THEN 4 * year(start) + quarter(start)
    ELSE year(start) END;
-- The start of the period that lies so many periods later
CREATE OR REPLACE TEMP MACRO period_shift(period, start, count) AS CAST(start + CASE period
    WHEN 'day' THEN to_days(CAST(count AS INTEGER))
    WHEN 'month' THEN to_months(CAST(count AS INTEGER))
    WHEN 'quarter' THEN to_months(CAST(3 * count AS INTEGER))
    ELSE to_months(CAST(12 * count AS INTEGER)) END AS DATE);
-- The first day after a period
CREATE OR REPLACE TEMP MACRO period_end(period, start) AS period_shift(period, start, 1);
"""


@dataclass(frozen=True, slots=True)
class Moment:
    """When a refresh takes place. ``now`` is an aware time; days are the city's."""

    now: dt.datetime
    zone: ZoneInfo

    @property
    def today(self) -> dt.date:
        """The city's day."""
        return self.now.astimezone(self.zone).date()

    @property
    def timestamp(self) -> str:
        """``now`` as SQL, in UTC."""
        return f"TIMESTAMP '{self.now.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S.%f}'"

    @property
    def day(self) -> str:
        """``today`` as SQL."""
        return f"DATE '{self.today}'"

    def past(self, dataset: Dataset, column: str) -> str:
        """SQL: the row's ``column`` is not in the future."""
        return f"{quote(column)} <= {self.timestamp if dataset.is_moment(column) else self.day}"

    def utc(self, day: str) -> str:
        """SQL: the moment (UTC) at which a day of the city begins."""
        return f"timezone('UTC', timezone({literal(str(self.zone))}, CAST({day} AS TIMESTAMP)))"


@dataclass(frozen=True, slots=True)
class Dirty:
    """A table of (period, start): periods to be looked at again, of which the first begins on ``first``."""

    table: str
    first: dt.date


def start_of(period: Period, day: str) -> str:
    """SQL: the first day of the period that holds ``day``."""
    return day if period == "day" else f"CAST(date_trunc('{period}', {day}) AS DATE)"


def listing(words: Iterable[str]) -> str:
    """SQL: a list of texts in brackets."""
    return "(" + ", ".join(map(literal, words)) + ")"


def comment(text: object) -> str:
    """``text`` as one line of SQL comment."""
    return "-- " + str(text).replace("\n", " ") + "\n"


def feeds_of(dataset: Dataset) -> str:
    """SQL condition that picks the dataset's feeds out of ``feed_status``."""
    return f"feed IN {listing(dataset.feeds)}"
