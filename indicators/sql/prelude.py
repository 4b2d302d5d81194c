"""What all statements share: the moment they are made for, and the calendar as SQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from config.models.indicator import Period
from indicators.datasets import Dataset
from warehouse.syntax import quote
from warehouse.syntax import literal

MACROS: Final = """\
-- Periods as whole numbers, so that one can count in periods: 1 is always the next one
CREATE OR REPLACE TEMP MACRO period_index(period, start) AS CASE period
    WHEN 'day' THEN CAST(start AS DATE) - DATE '1970-01-01'
    WHEN 'month' THEN 12 * year(start) + month(start) - 1
    WHEN 'quarter' THEN 4 * year(start) + quarter(start) - 1
    ELSE year(start) END;
CREATE OR REPLACE TEMP MACRO period_start(period, index) AS CASE period
    WHEN 'day' THEN DATE '1970-01-01' + CAST(index AS INTEGER)
    WHEN 'month' THEN make_date(index // 12, index % 12 + 1, 1)
    WHEN 'quarter' THEN make_date(index // 4, 3 * (index % 4) + 1, 1)
    ELSE make_date(index, 1, 1) END;
-- The first day after a period
CREATE OR REPLACE TEMP MACRO period_end(period, start) AS CAST(CASE period
    WHEN 'day' THEN start + INTERVAL 1 DAY
    WHEN 'month' THEN start + INTERVAL 1 MONTH
    WHEN 'quarter' THEN start + INTERVAL 3 MONTH
    ELSE start + INTERVAL 1 YEAR END AS DATE);
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
