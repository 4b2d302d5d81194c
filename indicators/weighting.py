"""Weighted averages: ``avg`` of a measure that has weights, written as a ratio whose parts add up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from config.models.feed import ColumnType
from warehouse.expression import (
    Aggregate,
    Arithmetic,
    ExpressionError,
    MeasureExpression,
    aggregates,
    parse_row,
)
from warehouse.row_expression import NUMERIC, RowExpression, both, present, product
from warehouse.syntax import a_kind_of


def parse_weights(text: str, columns: Mapping[str, ColumnType]) -> RowExpression:
    """Read the weight of one row. Raises ExpressionError unless it is a number."""
    weight = parse_row(text, columns)
    if weight.type not in NUMERIC:
        raise ExpressionError(f"{weight} is {a_kind_of(weight.type)}, not a number", "weights are numbers")
    return weight


def weighted(measure: MeasureExpression, weight: RowExpression) -> MeasureExpression:
    """Every ``avg(x)`` as Σ x·w / Σ w over rows that have both. Raises ExpressionError without any avg."""
    if not any(aggregate.function == "avg" for aggregate in aggregates(measure)):
        raise ExpressionError(
            "the measure has no avg to be weighted", "leave weights out, or write avg(column)"
        )
    return _weighted(measure, weight)


def _weighted(measure: MeasureExpression, weight: RowExpression) -> MeasureExpression:
    match measure:
        case Aggregate(function="avg", argument=RowExpression() as argument):
            there = present(argument)
            condition = there if measure.filter is None else both(measure.filter, there)
            total = Aggregate("sum", product(argument, weight), measure.filter)
            return Arithmetic("/", total, Aggregate("sum", weight, condition))
        case Arithmetic():
            left, right = _weighted(measure.left, weight), _weighted(measure.right, weight)
            return replace(measure, left=left, right=right)
    return measure
