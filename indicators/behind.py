"""The fact rows that one value was computed from, as a query that can be paged through."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from config import City
from config.models.indicator import Derived, Indicator, Measure, Period, Reported, Stock
from config.periods import day_of
from indicators.counted import measure_of, stock_columns
from indicators.datasets import Dataset, dataset_of
from indicators.sql.prelude import Moment
from warehouse.expression import Aggregate, aggregates, parse_condition
from warehouse.places import inside
from warehouse.reader import Reader, Rows
from warehouse.syntax import literal, quote

PROVENANCE: Final = ("_run", "_file", "_line", "_hash")
"""What stands behind a row's own columns: the run that loaded it, file and line, and its content's hash."""


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a dimension: the text of the column's cell, None where it is empty."""

    dimension: str
    text: str | None


@dataclass(frozen=True, slots=True)
class RowsQuery:
    """The rows of a dataset that lie in ``area`` and meet ``where`` (SQL), in the order of ``order``.

    With ``day``, rows of units that were gone by then lie where their heirs lie.
    """

    dataset: str
    where: str
    area: str
    columns: tuple[str, ...]
    order: str
    day: dt.date | None = None

    def page(self, reader: Reader, limit: int, offset: int = 0) -> Rows:
        """Some of the rows, each with its provenance behind its own columns, and how many there are."""
        names = [*map(quote, self.columns), "_run", "_file", "_line", "format('{:016x}', _hash) AS _hash"]
        found = reader.facts(
            self.dataset,
            self.where,
            area=self.area,
            columns=names,
            order=self.order,
            limit=limit,
            offset=offset,
            day=self.day,
        )
        return Rows((*self.columns, *PROVENANCE), found.rows, found.total)

    def __str__(self) -> str:
        below = inside(self.day).replace("?", literal(self.area))
        return f"FROM fact_{self.dataset} WHERE ({self.where}) AND {below} ORDER BY {self.order}"


def rows_query(
    city: City,
    item: Indicator,
    area: str,
    period: Period,
    start: dt.date,
    moment: Moment,
    member: Member | None = None,
) -> RowsQuery | None:
    """The rows behind one value of an indicator, newest first, as they were known at ``moment``.

    Of a ratio these are the rows of the denominator and of the numerator together; of a published figure all
    of its prints, of which the first is the one that counts. With ``member`` only the rows of one member of a
    dimension. None for what is computed from other indicators.
    """
    if isinstance(item, Derived) or item.dataset not in city.datasets:
        return None
    dataset = dataset_of(city, item.dataset)
    where = [*_own(item, dataset), *_span(item, dataset, area, period, start, moment), *_of(member)]
    match item:
        case Stock():
            order = f"{quote(item.opens)} DESC, _file, _line"
        case Reported():
            order = f"{quote(item.known)} DESC, _run DESC, _line DESC"
        case _:
            order = f"{quote(item.time)} DESC, _file, _line"
    day = _placed_on(item, dataset, period, start, moment)
    return RowsQuery(item.dataset, " AND ".join(where), area, tuple(dataset.columns), order, day)


def _placed_on(
    item: Measure | Stock | Reported, dataset: Dataset, period: Period, start: dt.date, moment: Moment
) -> dt.date | None:
    """The day on which rows lie where they count; None where the unit of each was there at its time."""
    periods = moment.calendar.periods
    match item:
        case Measure() if dataset.outlives(item.time):
            return day_of(periods.begin(period, start))
        case Stock() if dataset.reformed:
            return min(periods.last_day(period, start), moment.today)
    return None


def _of(member: Member | None) -> list[str]:
    """SQL conditions that keep to one member of a dimension."""
    if member is None:
        return []
    column = quote(member.dimension)
    if member.text is None:
        return [f"{column} IS NULL"]
    return [f"CAST({column} AS VARCHAR) = {literal(member.text)}"]


def _own(item: Measure | Stock | Reported, dataset: Dataset) -> list[str]:
    return [] if not item.where else [f"({parse_condition(item.where, dataset.columns)})"]


def _span(
    item: Measure | Stock | Reported,
    dataset: Dataset,
    area: str,
    period: Period,
    start: dt.date,
    moment: Moment,
) -> list[str]:
    """SQL conditions that keep to the period."""
    periods = moment.calendar.periods
    end = day_of(periods.next_start(period, start))
    match item:
        case Measure():
            tests = [moment.past(dataset, item.time), *_counted(item, dataset)]
            if periods.timed(period):
                slot = moment.calendar.start("hour", moment.local(quote(item.time)))
                held = f"{moment.calendar.start(period, slot)} = TIMESTAMP '{start}'"
                days = f"{item.time}__day BETWEEN DATE '{day_of(start)}' AND DATE '{end}'"
                return [days, held, *tests]
            first = periods.begin(period, start)
            return [f"{item.time}__day >= DATE '{first}' AND {item.time}__day < DATE '{end}'", *tests]
        case Stock():
            opens, closes = stock_columns(item, dataset.columns)
            over = periods.next_start(period, start)
            still = (
                f"{_after(item.closes, dataset, over, moment)} OR NOT ({moment.past(dataset, item.closes)})"
            )
            there = f"({quote(item.closes)} IS NULL OR (({still}) AND {closes} >= {opens}))"
            entered = f"NOT ({_after(item.opens, dataset, over, moment)})"
            return [entered, moment.past(dataset, item.opens), there]
        case Reported():
            prints = f"{item.time}__day = DATE '{day_of(start)}' AND {quote(item.value)} IS NOT NULL"
            return [prints, moment.past(dataset, item.known), f"_area = {literal(area)}"]


def _after(time: str, dataset: Dataset, end: dt.date, moment: Moment) -> str:
    """SQL: whether a time of a row lies behind a period's end, by the city's clock."""
    if isinstance(end, dt.datetime) and dataset.is_moment(time):
        return f"{moment.local(quote(time))} >= TIMESTAMP '{end}'"
    return f"{time}__day >= DATE '{day_of(end)}'"


def _counted(item: Measure, dataset: Dataset) -> list[str]:
    """The rows that any of the measure's aggregates takes in; nothing if one of them takes all."""
    tests = [_taken(aggregate) for aggregate in aggregates(measure_of(item, dataset))]
    return [] if "" in tests else ["(" + " OR ".join(dict.fromkeys(tests)) + ")"]


def _taken(aggregate: Aggregate) -> str:
    tests = [] if aggregate.filter is None else [aggregate.filter.operand]
    if aggregate.argument is not None:
        tests.append(f"{aggregate.argument.operand} IS NOT NULL")
    return " AND ".join(tests) and f"({' AND '.join(tests)})"
