"""A value by the members of a dimension: which categories, channels, fields it is made of."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from config import City
from config.models.indicator import Derived, Indicator, Measure, Period, Stock
from indicators.changes import Standing
from indicators.counted import flows_of, measure_of
from indicators.datasets import dataset_of
from indicators.measures import Assembly, Part, accumulates, assemble, columns_of
from indicators.split import Split, is_split, kept_parts, make_splits, split_periods
from indicators.sql.breakdown import Question, Span, from_flows, from_parts, from_rows, member_values
from indicators.sql.prelude import Moment
from warehouse.reader import Reader

TOP: Final = 12
"""How many members are told apart; the smaller ones are put together as the others."""


@dataclass(frozen=True, slots=True)
class Member:
    """What one member of a dimension has in one period.

    ``member`` is the cell's text, None for rows that leave it empty; with ``rest`` it is None and stands for
    all members that are not told apart. ``value`` is in the indicator's unit, ``numerator`` and
    ``denominator`` are its raw parts, ``n`` counts the rows behind it.
    """

    member: str | None
    rest: bool
    start: dt.date
    value: float | None
    numerator: float | None
    denominator: float | None
    n: int


Lines = dict[tuple[str | None, bool], list[Member]]
"""Values of some periods in their order, by ``member`` and ``rest``."""


def dimensions(city: City, item: Indicator) -> tuple[str, ...]:
    """The columns by which an indicator can be broken down."""
    return item.by if is_split(item, city) else ()


def breakdown_period(city: City, item: Indicator, period: Period) -> Period | None:
    """The period for which members can be told: the one asked for, else the indicator's shortest that is made
    of whole months. None where it has none.
    """
    periods = split_periods(city, item)
    return period if period in periods else next(iter(periods), None)


def adds_up(city: City, item: Indicator) -> bool:
    """Whether the members' values add up to the indicator's, so that each has a share of it."""
    if isinstance(item, Stock):
        return True
    if not isinstance(item, Measure):
        return False
    return accumulates(measure_of(item, dataset_of(city, item.dataset)))


def is_kept(city: City, item: Indicator) -> bool:
    """Whether members are put together from kept parts; else each question is answered from the rows."""
    return is_split(item, city) and any(kept_parts(item, dataset_of(city, item.dataset)))


def breakdown(
    city: City,
    reader: Reader,
    indicator: str,
    dimension: str,
    area: str,
    period: Period,
    start: dt.date,
    top: int = TOP,
) -> list[Member]:
    """The members that have anything in one period, largest value first; the others and the empty one last.

    Nothing for a dimension that the indicator is not told by, a period that is not made of whole months, and
    what was never computed.
    """
    found = breakdown_series(city, reader, indicator, dimension, area, period, [start], top)
    members = [line[0] for line in found.values()]
    return sorted(members, key=lambda m: (m.rest, m.member is None, -(m.value or 0.0), m.member or ""))


def breakdown_series(
    city: City,
    reader: Reader,
    indicator: str,
    dimension: str,
    area: str,
    period: Period,
    starts: Sequence[dt.date],
    top: int = TOP,
) -> Lines:
    """By member and ``rest``, its values of some periods in their order; one without rows is absent.

    The members told apart are those with most rows in the last of the periods, then in all of them.
    """
    reader.demand(area)
    item = city.indicators[indicator]
    if not is_split(item, city) or dimension not in item.by or period not in split_periods(city, item):
        return {}
    asked = sorted(starts)
    if not asked:
        return {}
    spans = tuple(
        Span(start, city.periods.begin(period, start), city.periods.next_start(period, start))
        for start in asked
    )
    question = _Asked(city, reader, item, dimension)
    members = question.answer(Question(area, spans))
    weights: dict[str, tuple[int, int]] = {}
    for found in members:
        if found.member is not None:
            last, whole = weights.get(found.member, (0, 0))
            weights[found.member] = (last + found.n * (found.start == asked[-1]), whole + found.n)
    if len(weights) > top:
        largest = sorted(weights, key=lambda name: (*(-n for n in weights[name]), name))[:top]
        members = question.answer(Question(area, spans, tuple(largest)))
    lines: Lines = defaultdict(list)
    for found in sorted(members, key=lambda m: m.start):
        lines[found.member, found.rest].append(found)
    return dict(lines)


class _Asked:
    """How one indicator's members are read."""

    def __init__(self, city: City, reader: Reader, item: Measure | Stock, dimension: str) -> None:
        self.city = city
        self.cursor = reader.cursor
        self.item = item
        self.dataset = dataset_of(city, item.dataset)
        self.dimension = dimension
        self.standing = Standing.read(reader.cursor)
        # Parts are kept for all indicators of a dataset together; those of others have none of these.
        fellows = {
            id_: one
            for id_, one in city.indicators.items()
            if not isinstance(one, Derived) and one.dataset == item.dataset
        }
        self.splits = {
            split.time: split
            for split in make_splits(replace(city, indicators=fellows), {item.dataset: self.dataset})
            if split.dimension == dimension
        }

    def answer(self, question: Question) -> list[Member]:
        """The members' values; none as long as the parts are not kept as the definition now wants them."""
        sql = (
            self._stock(self.item, question)
            if isinstance(self.item, Stock)
            else self._measure(self.item, question)
        )
        if sql is None:
            return []
        rows = self.cursor.execute(sql).fetchall()
        return [
            Member(member, rest, start, value, numerator, denominator, n)
            for start, member, rest, value, numerator, denominator, n in rows
        ]

    def _stock(self, item: Stock, question: Question) -> str | None:
        entered, left = flows_of(item, self.dataset)
        opens, closes = self._kept(item.opens), self._kept(item.closes)
        if opens is None or closes is None:
            return None
        made = from_flows((opens, entered), (closes, left), question)
        return member_values(made, Assembly("stock", "stock", "NULL", "stock"), self._factor)

    def _measure(self, item: Measure, question: Question) -> str | None:
        measure = measure_of(item, self.dataset)
        members = self.dataset.members
        columns = columns_of(measure, members)
        parts = [column for column in columns if isinstance(column, Part)]
        if len(parts) == len(columns):
            split = self._kept(item.time)
            if split is None:
                return None
            made = from_parts(split, parts, question)
            return member_values(
                made, assemble(measure, lambda part: _part(split, part), members), self._factor
            )
        if self.standing.now is None:
            return None
        names = {column: f"c{number}" for number, column in enumerate(columns)}
        by = Split(self.dataset, item.time, self.dimension, ())
        made = from_rows(by, list(names.items()), Moment.of(self.city, self.standing.now), question)
        return member_values(made, assemble(measure, names.__getitem__, members), self._factor)

    def _kept(self, time: str) -> Split | None:
        split = self.splits.get(time)
        return split if split is not None and self.standing.tables.get(split.table) == split.mark else None

    @property
    def _factor(self) -> float:
        return self.city.units[self.item.unit].factor


def _part(split: Split, part: object) -> str:
    assert isinstance(part, Part)
    return split.column(part)
