"""The base of an index: a year, or a shorter span of time within one."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Final

from config.models.indicator import Period
from config.periods import Periods, next_start
from warehouse.expression import ExpressionError

_FORMS: Final[tuple[tuple[Period, re.Pattern[str]], ...]] = (
    ("year", re.compile(r"(\d{4})")),
    ("half_year", re.compile(r"(\d{4})-H([12])")),
    ("quarter", re.compile(r"(\d{4})-Q([1-4])")),
    ("month", re.compile(r"(\d{4})-(\d{2})")),
    ("day", re.compile(r"(\d{4})-(\d{2})-(\d{2})")),
)
_MONTHS: Final[dict[Period, int]] = {"half_year": 6, "quarter": 3}
_YEARS: Final = range(1900, 2101)


@dataclass(frozen=True, slots=True)
class Span:
    """The days from ``start`` up to but without ``end``, as the author wrote them."""

    text: str
    start: dt.date
    end: dt.date

    def __str__(self) -> str:
        return self.text

    @classmethod
    def parse(cls, text: str) -> Span:
        """A span written as 2020, 2020-H1, 2020-Q1, 2020-01 or 2020-01-31. Raises ExpressionError."""
        for period, form in _FORMS:
            found = form.fullmatch(text)
            if found is None:
                continue
            year, *rest = map(int, found.groups())
            if len(rest) == 1:
                rest = [(rest[0] - 1) * _MONTHS.get(period, 1) + 1]
            try:
                start = dt.date(year, *[*rest, 1, 1][:2])
            except ValueError:
                break
            if year in _YEARS:
                return cls(text, start, next_start(period, start))
        raise ExpressionError(
            f"{text!r} is no base",
            "write a year such as 2020, or '2020-H1', '2020-Q1', '2020-01', '2020-01-31'",
        )

    def within(self, period: Period, periods: Periods) -> tuple[dt.date, dt.date]:
        """Starts of the first and the last period of a kind that make up the base.

        These are the ones from that which holds the base's first day to the last that has ended by its end;
        of a kind that is longer than the base, the one that holds its first day.
        """
        first = periods.start_of(period, self.start)
        last = periods.start_of(period, self.end - dt.timedelta(days=1))
        if periods.next_start(period, last) > _like(last, self.end):
            last = periods.shift(period, last, -1)
        return first, max(first, last)


def _like(at: dt.date, day: dt.date) -> dt.date:
    """A day as a date or, if ``at`` is one, as the moment of its midnight."""
    return dt.datetime.combine(day, dt.time()) if isinstance(at, dt.datetime) else day
