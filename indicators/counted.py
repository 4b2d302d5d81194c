"""What an indicator counts: its measure over the rows that it takes in, or the flows of its stock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from config.models.feed import ColumnType
from config.models.indicator import Measure, Stock
from indicators.datasets import Dataset
from indicators.measures import Part, count_where, restrict
from indicators.weighting import parse_weights, weighted
from warehouse.expression import (
    MeasureExpression,
    RowExpression,
    parse_condition,
    parse_measure,
)
from warehouse.syntax import quote


def measure_of(item: Measure, dataset: Dataset) -> MeasureExpression:
    """The measure with its weights, over the rows that its ``where`` lets through. Raises ExpressionError."""
    return _read(item.measure, item.weights, item.where, tuple(dataset.columns.items()))


@lru_cache(maxsize=4096)
def _read(
    text: str, weights: str | None, where: str | None, contract: tuple[tuple[str, ColumnType], ...]
) -> MeasureExpression:
    """Reading is most of what planning takes, and each measure is asked for several times."""
    columns = dict(contract)
    condition = None if where is None else _condition(where, contract)
    measure = _measure(text, contract)
    if weights is not None:
        measure = weighted(measure, parse_weights(weights, columns))
    return restrict(measure, condition)


@lru_cache(maxsize=4096)
def _measure(text: str, contract: tuple[tuple[str, ColumnType], ...]) -> MeasureExpression:
    """The same measure is often told of several kinds of rows."""
    return parse_measure(text, dict(contract))


@lru_cache(maxsize=4096)
def _condition(text: str, contract: tuple[tuple[str, ColumnType], ...]) -> RowExpression:
    """The same rows are often what several measures are told of."""
    return parse_condition(text, dict(contract))


def flows_of(stock: Stock, dataset: Dataset) -> tuple[Part, Part]:
    """What enters a stock and what leaves it, each counted on its own day. Raises ExpressionError.

    A row that closed before it opened was never there, so it is left out of both.
    """
    opens, closes = stock_columns(stock, dataset.columns)
    where, used = "", frozenset(name.strip('"') for name in (opens, closes))
    if stock.where is not None:
        condition = parse_condition(stock.where, dataset.columns)
        where, used = f"{condition.operand} AND ", used | condition.columns
    entered = f"{where}({closes} IS NULL OR {closes} >= {opens})"
    left = f"{where}{closes} >= {opens}"
    return count_where(_of_row(entered, used)), count_where(_of_row(left, used))


def stock_columns(stock: Stock, columns: Mapping[str, ColumnType]) -> tuple[str, str]:
    """SQL of a stock's two times as they can be compared: a moment and a whole day by their days."""
    if columns[stock.opens] == columns[stock.closes]:
        return quote(stock.opens), quote(stock.closes)
    return f"{stock.opens}__day", f"{stock.closes}__day"


def _of_row(sql: str, columns: Iterable[str]) -> RowExpression:
    return RowExpression(sql, "boolean", frozenset(columns), atomic=False)
