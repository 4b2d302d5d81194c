"""From a value back to what it was made of: the rows of a measure or stock, the parts of a formula."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from config import City
from config.models.indicator import Composite, Derived, Formula, Indicator, Measure, Reported, Stock
from indicators.changes import Standing
from indicators.counted import stock_columns
from indicators.datasets import Dataset, datasets
from indicators.formula import inputs_of
from indicators.sql.prelude import Moment
from indicators.sql.reported import given_start
from warehouse.expression import Aggregate, aggregates, parse_condition, parse_measure
from warehouse.reader import Reader, Rows, Value
from warehouse.syntax import literal, quote


def rows_behind(city: City, reader: Reader, value: Value, limit: int = 50, offset: int = 0) -> Rows | None:
    """The fact rows that a value was computed from, newest first: one page of them, and how many there are.

    Of a ratio these are the rows of the denominator and of the numerator together, of a published figure all
    of its prints. None for a formula, which has parts (``parts_behind``), and for what was never computed.
    """
    item = city.indicators.get(value.indicator)
    standing = Standing.read(reader.cursor)
    if item is None or isinstance(item, Derived) or standing.now is None:
        return None
    dataset = datasets(city)[item.dataset]
    where = _where(item, dataset, value, Moment.of(city, standing.now))
    time = item.opens if isinstance(item, Stock) else item.known if isinstance(item, Reported) else item.time
    return reader.facts(
        item.dataset,
        where,
        area=value.area,
        columns=[quote(name) for name in dataset.columns],
        order=f"{quote(time)} DESC, _file, _line",
        limit=limit,
        offset=offset,
    )


def parts_behind(city: City, reader: Reader, value: Value) -> dict[str, Value]:
    """The values that a formula's value was computed from, of the same area and period; one that is missing
    is absent.
    """
    item = city.indicators.get(value.indicator)
    if not isinstance(item, Derived):
        return {}
    found = reader.latest(inputs_of(item), value.area, value.period, value.start)
    return {id_: part for id_, part in found.items() if part.start == value.start}


@dataclass(frozen=True)
class Span:
    """What lies within a value's period, as SQL over the time columns of facts."""

    moment: Moment
    begin: dt.date
    start: str
    end: dt.date

    @classmethod
    def of(cls, value: Value, moment: Moment) -> Span:
        """The span that a value counts."""
        periods = moment.calendar.periods
        begin, end = periods.begin(value.period, value.start), periods.next_start(value.period, value.start)
        return cls(moment, begin, _stamp(value.start), end)

    def since(self, column: str) -> str:
        """SQL: the row's ``column`` does not lie before the span."""
        return f"{self._at(column)} >= {_stamp(self.begin)}"

    def before(self, column: str) -> str:
        """SQL: the row's ``column`` does not lie after the span or at its end."""
        return f"{self._at(column)} < {_stamp(self.end)}"

    def _at(self, column: str) -> str:
        return self.moment.local(quote(column)) if isinstance(self.end, dt.datetime) else f"{column}__day"


def _stamp(at: dt.date) -> str:
    return f"TIMESTAMP '{at}'" if isinstance(at, dt.datetime) else f"DATE '{at}'"


def _where(item: Indicator, dataset: Dataset, value: Value, moment: Moment) -> str:
    """SQL condition that picks the rows behind a value, within its area."""
    span = Span.of(value, moment)
    own = [] if not item_where(item) else [f"({parse_condition(item_where(item), dataset.columns)})"]
    match item:
        case Measure():
            counted = _counted(item, dataset)
            within = f"{span.since(item.time)} AND {span.before(item.time)}"
            return " AND ".join([*own, within, moment.past(dataset, item.time), *counted])
        case Stock():
            opens, closes = stock_columns(item, dataset.columns)
            still = f"NOT ({span.before(item.closes)}) OR NOT ({moment.past(dataset, item.closes)})"
            there = f"({quote(item.closes)} IS NULL OR (({still}) AND {closes} >= {opens}))"
            entered = f"{span.before(item.opens)} AND {moment.past(dataset, item.opens)}"
            return " AND ".join([*own, entered, there])
        case Reported():
            at, start, given = given_start(dataset, item.time, value.period, moment)
            named = f"{start} = {span.start} AND {given} = {at}"
            prints = f"{named} AND {moment.past(dataset, item.known)}"
            return " AND ".join([*own, prints, f"_area = {literal(value.area)}"])
        case Formula() | Composite():
            raise ValueError(f"{item.id} has no rows of its own")


def item_where(item: Indicator) -> str:
    """The condition that an indicator's definition puts on its rows; empty if there is none."""
    return "" if isinstance(item, Derived) else item.where or ""


def _counted(item: Measure, dataset: Dataset) -> list[str]:
    """The rows that any of the measure's aggregates takes in; nothing if one of them takes all."""
    tests = [_taken(aggregate) for aggregate in aggregates(parse_measure(item.measure, dataset.columns))]
    return [] if "" in tests else ["(" + " OR ".join(dict.fromkeys(tests)) + ")"]


def _taken(aggregate: Aggregate) -> str:
    tests = [] if aggregate.filter is None else [aggregate.filter.operand]
    if aggregate.argument is not None:
        tests.append(f"{aggregate.argument.operand} IS NOT NULL")
    return " AND ".join(tests) and f"({' AND '.join(tests)})"
