"""What changed in the weeks before a meeting of the leaders: data alone, to be drawn, printed or sent.

All comes from values that are stored, in a few reads whatever the number of indicators. Days are put together
to the whole span where that is right: counts and sums are added, shares divided anew, stocks taken at the
end. What is told by week is put together likewise; longer periods speak in the span in which they end.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from config import City
from config.models import Indicator, Measure, Period, Review, Stock
from config.targets import Aim, aim_on
from dashboard.routes import day_in
from indicators.counted import measure_of
from indicators.datasets import datasets
from indicators.measures import accumulates
from warehouse.expression import Aggregate, Arithmetic

if TYPE_CHECKING:
    from warehouse.reader import Reader, Value

_ANCHOR: Final = dt.date(2001, 1, 1)
"""A Monday, from which the spans of all meetings are counted."""
_DAYS: Final = {name: n for n, name in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))}
_DAY, _WEEK = dt.timedelta(days=1), dt.timedelta(weeks=1)
_YEAR: Final = 52 * _WEEK
"""So that the same span of last year has the same days of the week."""
_LONG: Final[tuple[Period, ...]] = ("month", "quarter", "half_year", "year")
How = Literal["sum", "share", "stock", "alone"]
"""How days make a span: they are added, divided anew, the last one counts, or each stands by itself."""
_HELD: Final = ("floor", "ceiling", "path")
"""Targets that a value by itself can be held to; running totals and places have screens of their own."""


@dataclass(frozen=True, slots=True)
class Span:
    """The days from ``since`` to before ``until``, the day of the meeting."""

    since: dt.date
    until: dt.date

    @property
    def before(self) -> Span:
        """The span before it."""
        return Span(self.since - (self.until - self.since), self.since)

    @property
    def year_ago(self) -> Span:
        """The same weeks of the year before."""
        return Span(self.since - _YEAR, self.until - _YEAR)

    @property
    def last(self) -> dt.date:
        """Its last day."""
        return self.until - _DAY


@dataclass(frozen=True, slots=True)
class Move:
    """One indicator in a span: ``now``, in the span ``before`` and ``year_ago``; None: not known.

    ``period`` and ``start`` lead to what the page of the indicator shows; ``days``: the values are those of
    the whole span, and not of one such period. ``n`` counts the rows behind ``now``. ``met`` and
    ``met_before`` hold the values against ``aim``, None without one. ``score`` grows with how much the change
    stands out from chance.
    """

    indicator: str
    period: Period
    start: dt.date
    days: bool
    now: float
    before: float | None
    year_ago: float | None
    n: int
    aim: Aim | None
    met: bool | None
    met_before: bool | None
    score: float
    tone: str

    @property
    def missed(self) -> bool:
        """Whether its target is missed now and was met before."""
        return self.met is False and self.met_before is True

    @property
    def regained(self) -> bool:
        """Whether its target is met now and was missed before."""
        return self.met is True and self.met_before is False


def span_of(review: Review, today: dt.date, asked: str = "") -> Span:
    """The newest span that is over on ``today``, or the one that was over on the day that is asked for."""
    day = day_in(asked, today) or today
    first = _ANCHOR + _DAYS[review.on] * _DAY
    until = first + (day - first) // review.every * review.every
    return Span(until - review.every, until)


def moves(city: City, reader: Reader, area: str, span: Span) -> list[Move]:
    """Every indicator that is told for the area and says something of the span, by its id."""
    level = city.areas[area].level
    hows = hows_of(city)
    groups: dict[Period, list[Indicator]] = {}
    for one in city.indicators.values():
        period = _period(one, hows[one.id])
        if level in one.levels and period is not None:
            groups.setdefault(period, []).append(one)
    found: list[Move] = []
    for period, members in groups.items():
        values = _values(city, reader, area, span, period, [one.id for one in members])
        for one in members:
            move = _move(city, one, hows[one.id], area, period, span, values.get(one.id, ()))
            if move is not None:
                found.append(move)
    return sorted(found, key=lambda move: move.indicator)


def hows_of(city: City) -> dict[str, How]:
    """By indicator, how its days make a span."""
    known = datasets(city)
    found: dict[str, How] = {}
    for one in city.indicators.values():
        how: How = "alone"
        if isinstance(one, Stock):
            how = "stock"
        elif isinstance(one, Measure):
            measure = measure_of(one, known[one.dataset])
            if accumulates(measure):
                how = "sum"
            elif isinstance(measure, Arithmetic) and measure.operator == "/":
                how = "share" if accumulates(measure.left) and accumulates(measure.right) else "alone"
            elif isinstance(measure, Aggregate) and measure.function == "avg":
                how = "share"
        found[one.id] = how
    return found


def _period(one: Indicator, how: How) -> Period | None:
    """The period whose values are put together, or looked at one by one."""
    if how != "alone":
        for period in ("day", "week"):
            if period in one.periods:
                return period
    return next((period for period in _LONG if period in one.periods), None)


def _values(
    city: City, reader: Reader, area: str, span: Span, period: Period, ids: Sequence[str]
) -> Mapping[str, Sequence[Value]]:
    if period not in ("day", "week"):
        return reader.series(ids, area, period, city.periods.year(period) + 3, span.last)
    length = 2 * (span.until - span.since) // (_DAY if period == "day" else _WEEK)
    now = reader.series(ids, area, period, length + 1, span.last)
    then = reader.series(ids, area, period, length // 2 + 1, span.year_ago.last)
    return {id_: [*then.get(id_, ()), *now.get(id_, ())] for id_ in ids}


def _move(
    city: City, one: Indicator, how: How, area: str, period: Period, span: Span, values: Sequence[Value]
) -> Move | None:
    days = period in ("day", "week")
    if days:
        spans = (span, span.before, span.year_ago)
        now, before, past = (_together(city, one, how, period, values, part) for part in spans)
        inside = [value for value in values if span.since <= _day(value) < span.until]
        start = inside[-1].start if inside else span.last
    else:
        ended = [value for value in values if _end(city, value) <= span.until]
        newest = ended[-1] if ended else None
        if newest is None or _end(city, newest) <= span.since:
            return None  # none of its periods ended in the span
        start = newest.start
        by_start = {value.start: value for value in values}
        now = _one(one, newest)
        before = _one(one, by_start.get(city.periods.shift(period, start, -1)))
        past = _one(one, by_start.get(city.periods.same_last_year(period, start)))
    if now is None:
        return None
    return _told(city, one, area, period, start, days and how == "sum", days, span, now, before, past)


def _told(
    city: City,
    one: Indicator,
    area: str,
    period: Period,
    start: dt.date,
    summed: bool,
    days: bool,
    span: Span,
    now: tuple[float, int],
    before: tuple[float, int] | None,
    past: tuple[float, int] | None,
) -> Move:
    aim = aim_before = None
    if not summed:  # a day's limit is not one of its sum
        level, periods = city.areas[area].level, city.periods
        aim = aim_on(one, level, area, period, span.last, periods)
        aim_before = aim_on(one, level, area, period, span.before.last, periods)
    met, met_before = _met(aim, now), _met(aim_before, before)
    change = now[0] - before[0] if before is not None else 0.0
    tone = "none"
    if change and one.direction != "none":
        tone = "good" if (change > 0) == (one.direction == "up") else "bad"
    return Move(
        one.id,
        period,
        start,
        days,
        now[0],
        before[0] if before is not None else None,
        past[0] if past is not None else None,
        now[1],
        aim if met is not None else None,
        met,
        met_before,
        _score(city, one, now, before),
        tone,
    )


def _met(aim: Aim | None, told: tuple[float, int] | None) -> bool | None:
    if aim is None or told is None or aim.kind not in _HELD:
        return None
    return aim.distance(told[0]) >= 0


def _score(city: City, one: Indicator, now: tuple[float, int], before: tuple[float, int] | None) -> float:
    """The change by its own size, times the root of how many rows stand behind it."""
    if before is None or now[0] == before[0]:
        return 0.0
    rows = math.sqrt(max(1, min(now[1], before[1])))
    unit = city.units[one.unit]
    if unit.kind == "rate" and unit.factor == 100:
        share = min(0.99, max(0.01, (now[0] + before[0]) / 200))
        return abs(now[0] - before[0]) / 100 / math.sqrt(share * (1 - share)) * rows
    size = (abs(now[0]) + abs(before[0])) / 2
    return abs(now[0] - before[0]) / size * rows


def _together(
    city: City, one: Indicator, how: How, period: Period, values: Iterable[Value], span: Span
) -> tuple[float, int] | None:
    """Value and rows of a span of days or weeks; None where one of them is missing, or there are too few."""
    mine = [value for value in values if span.since <= _day(value) and _end(city, value) <= span.until]
    known = [value for value in mine if value.value is not None]
    length = (span.until - span.since) // (_DAY if period == "day" else _WEEK)
    n = sum(value.n for value in mine)
    if how == "stock":
        last = known[-1] if known else None
        return (last.value, last.n) if last is not None and last.value is not None else None
    if how == "sum":
        if len(known) < length or n < one.min_n:
            return None
        return math.fsum(value.value or 0.0 for value in known), n
    below = math.fsum(value.denominator or 0.0 for value in mine)
    if len(mine) < length or not below or n < one.min_n:
        return None
    above = math.fsum(value.numerator or 0.0 for value in mine)
    return city.units[one.unit].factor * above / below, n


def _one(one: Indicator, value: Value | None) -> tuple[float, int] | None:
    if value is None or value.value is None or value.n < one.min_n:
        return None
    return value.value, value.n


def _day(value: Value) -> dt.date:
    return value.start.date() if isinstance(value.start, dt.datetime) else value.start


def _end(city: City, value: Value) -> dt.date:
    end = city.periods.next_start(value.period, value.start)
    return end.date() if isinstance(end, dt.datetime) else end
