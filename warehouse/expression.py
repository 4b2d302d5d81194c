"""The expressions that definitions may contain: a small language with SQL's spelling, under an allow-list.

An expression is parsed with sqlglot, then *rebuilt*: every node must be one of those that the readers know,
is checked for the types of its operands, and is written anew as DuckDB SQL. Nothing of the author's text
reaches the database: no subquery, file, setting or side effect can, and what compiles runs.

``parse_row`` reads what is true or known of one row, ``parse_measure`` what an aggregate computes of many.
Timestamps are UTC; ``day_of``, ``hour_of`` and ``weekday_of``, and a comparison of a timestamp with a date,
go by the city's clock, which is the time zone of the session.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from sqlglot import exp

from config.models.feed import ColumnType
from warehouse.row_expression import ARITHMETIC, NUMERIC, RowExpression, RowReader
from warehouse.syntax import (
    ExpressionError,
    a_kind_of,
    guarded,
    number,
    refuse_extras,
    spelling,
    there,
    unknown,
)

__all__ = [
    "Aggregate",
    "Arithmetic",
    "ExpressionError",
    "MeasureExpression",
    "Number",
    "RowExpression",
    "aggregates",
    "parse_condition",
    "parse_measure",
    "parse_row",
]

AggregateFunction = Literal["count", "distinct", "sum", "avg", "min", "max", "median", "percentile"]
Operator = Literal["+", "-", "*", "/"]


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One aggregate over the rows that ``filter`` lets through; ``argument`` is None for ``count(*)``."""

    function: AggregateFunction
    argument: RowExpression | None = None
    filter: RowExpression | None = None
    quantile: float | None = None


@dataclass(frozen=True, slots=True)
class Number:
    """A constant in a measure."""

    value: float


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Two measures joined by an operator; division by zero gives no value."""

    operator: Operator
    left: MeasureExpression
    right: MeasureExpression


MeasureExpression = Aggregate | Number | Arithmetic


def parse_row(text: str, columns: Mapping[str, ColumnType]) -> RowExpression:
    """Read an expression over one row. ``columns`` are the names it may use, with their types.

    Raises ExpressionError for anything that is not in the language.
    """
    return guarded(text, RowReader(columns).read)


def parse_condition(text: str, columns: Mapping[str, ColumnType]) -> RowExpression:
    """Read an expression over one row that must be true or false. Raises ExpressionError."""
    return guarded(text, RowReader(columns).condition)


def parse_measure(text: str, columns: Mapping[str, ColumnType]) -> MeasureExpression:
    """Read an aggregate expression: aggregates, numbers, and their sums, differences, products and ratios.

    Raises ExpressionError for anything that is not in the language, and for one without an aggregate.
    """
    measure = guarded(text, _MeasureReader(columns).read)
    if not aggregates(measure):
        raise ExpressionError("the measure has no aggregate", "write one such as count(*) or avg(column)")
    return measure


def aggregates(measure: MeasureExpression) -> tuple[Aggregate, ...]:
    """Every aggregate in a measure, from left to right."""
    match measure:
        case Aggregate():
            return (measure,)
        case Arithmetic():
            return aggregates(measure.left) + aggregates(measure.right)
        case Number():
            return ()


_AGGREGATES: Final[dict[type[exp.Expr], AggregateFunction]] = {
    exp.Count: "count",
    exp.Sum: "sum",
    exp.Avg: "avg",
    exp.Min: "min",
    exp.Max: "max",
    exp.Median: "median",
}
_FUNCTIONS: Final = ("avg", "count", "max", "median", "min", "percentile", "sum")


class _MeasureReader:
    """Rebuilds aggregate expressions; what stands inside an aggregate is a row expression."""

    def __init__(self, columns: Mapping[str, ColumnType]) -> None:
        self.rows = RowReader(columns)

    def read(self, node: exp.Expr) -> MeasureExpression:
        """Aggregates, numbers and arithmetic of these."""
        there(node)
        if type(node) in ARITHMETIC:
            refuse_extras(node, "this", "expression", "typed", "safe")
            return Arithmetic(ARITHMETIC[type(node)], self.read(node.this), self.read(node.expression))
        if isinstance(node, exp.Paren):
            refuse_extras(node, "this")
            return self.read(node.this)
        if isinstance(node, exp.Neg):
            return Arithmetic("-", Number(0), self.read(node.this))
        if isinstance(node, exp.Literal) and not node.is_string:
            return Number(number(node))
        if isinstance(node, exp.Filter):
            refuse_extras(node, "this", "expression")
            condition = self.rows.condition(node.expression.this)
            return self._aggregate(node.this, condition)
        if isinstance(node, exp.Column):
            raise ExpressionError(
                f"{node.name} stands outside an aggregate", f"write one such as sum({node.name})"
            )
        return self._aggregate(node, None)

    def _aggregate(self, node: exp.Expr, condition: RowExpression | None) -> Aggregate:
        if isinstance(node, exp.PercentileCont) or spelling(node) == "percentile":
            return self._percentile(node, condition)
        function = _AGGREGATES.get(type(node))
        if function is None:
            raise unknown(node, _FUNCTIONS)
        refuse_extras(node, "this", "big_int")
        inner = node.args.get("this")
        if function == "count" and isinstance(inner, exp.Star):
            refuse_extras(inner)
            return Aggregate("count", None, condition)
        if function == "count" and isinstance(inner, exp.Distinct):
            refuse_extras(inner, "expressions")
            if len(inner.expressions) != 1:
                raise ExpressionError("count(distinct …) takes one column")
            return Aggregate("distinct", self.rows.read(inner.expressions[0]), condition)
        if inner is None:
            raise ExpressionError(f"{function} needs an argument", "count(*) counts rows")
        if function == "count":
            return Aggregate("count", self.rows.read(inner), condition)
        return Aggregate(function, self._numeric(inner, function), condition)

    def _percentile(self, node: exp.Expr, condition: RowExpression | None) -> Aggregate:
        arguments = (
            node.expressions if isinstance(node, exp.Anonymous) else [node.this, node.args.get("expression")]
        )
        if len(arguments) != 2 or not isinstance(arguments[1], exp.Literal) or arguments[1].is_string:
            raise ExpressionError("percentile takes a column and a number", "write percentile(column, 0.9)")
        quantile = number(arguments[1])
        if not 0 <= quantile <= 1:
            raise ExpressionError(f"percentile {quantile:g} is not between 0 and 1", "the 90th is 0.9")
        return Aggregate("percentile", self._numeric(arguments[0], "percentile"), condition, quantile)

    def _numeric(self, node: exp.Expr, function: str) -> RowExpression:
        row = self.rows.read(node)
        if row.type == "boolean":
            raise ExpressionError(
                f"{function} cannot take the condition {row}", "count rows with count(*) filter (where …)"
            )
        if row.type not in NUMERIC:
            raise ExpressionError(f"{function} cannot take {row}, which is {a_kind_of(row.type)}")
        return row
