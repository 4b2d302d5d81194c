"""A measure taken apart: what adds up over days and areas, and how the value is put together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from warehouse.expression import Aggregate, Arithmetic, MeasureExpression, Number, RowExpression

RollUp = Literal["sum", "min", "max"]


@dataclass(frozen=True, slots=True)
class Part:
    """An aggregate whose result over a whole follows from its results over the pieces.

    ``sql`` computes it over rows; ``roll_up`` joins the pieces. ``whole`` says that it is a whole number.
    """

    sql: str
    roll_up: RollUp
    whole: bool

    @property
    def empty(self) -> str:
        """What it is where there are no rows: nothing for an extreme, else zero."""
        return "0" if self.roll_up == "sum" else "NULL"


@dataclass(frozen=True, slots=True)
class Own:
    """An aggregate that must be computed at each level and period from the rows themselves."""

    sql: str
    empty: str


Column = Callable[[Part | Own], str]
"""Names the column that holds a part or an own-level aggregate."""


@dataclass(frozen=True, slots=True)
class Assembly:
    """SQL over the columns of a cube. ``value`` is not yet multiplied by the unit's factor.

    ``scale`` × numerator / denominator is the value where both parts are kept.
    """

    value: str
    numerator: str
    denominator: str
    n: str
    scale: float = 1.0

    @property
    def is_ratio(self) -> bool:
        """Whether the value is a quotient whose parts are kept."""
        return self.denominator != "NULL"


def restrict(measure: MeasureExpression, where: RowExpression | None) -> MeasureExpression:
    """The measure over only those rows for which ``where`` holds."""
    if where is None:
        return measure
    match measure:
        case Aggregate():
            return replace(measure, filter=_both(where, measure.filter))
        case Arithmetic():
            return replace(measure, left=restrict(measure.left, where), right=restrict(measure.right, where))
        case Number():
            return measure


def assemble(measure: MeasureExpression, column: Column) -> Assembly:
    """How a value and its parts follow from the columns that ``column`` names."""
    match measure:
        case Arithmetic(operator="/"):
            numerator, denominator = _value(measure.left, column), _value(measure.right, column)
            return Assembly(_ratio(numerator, denominator), numerator, denominator, _n(measure, column))
        case Aggregate(function="avg"):
            total, count = column(_sum(measure)), column(_count(measure))
            return Assembly(_ratio(total, count), total, count, count)
        case Arithmetic(operator="*", left=Number(value=scale), right=inner):
            found = assemble(inner, column)
            if found.is_ratio:
                return replace(found, value=f"{scale!r} * {found.value}", scale=scale * found.scale)
    value = _value(measure, column)
    return Assembly(value, value, "NULL", _n(measure, column))


def columns_of(measure: MeasureExpression) -> tuple[Part | Own, ...]:
    """Every part and own-level aggregate that a value is put together from."""
    found: dict[Part | Own, None] = {}

    def note(column: Part | Own) -> str:
        found.setdefault(column)
        return ""

    assemble(measure, note)
    return tuple(found)


def accumulates(measure: MeasureExpression) -> bool:
    """Whether the values of several periods add up to that of all of them together."""
    match measure:
        case Aggregate():
            return measure.function in ("count", "sum")
        case Arithmetic(operator="+" | "-"):
            return accumulates(measure.left) and accumulates(measure.right)
        case Arithmetic(operator="*"):
            return (isinstance(measure.left, Number) and accumulates(measure.right)) or (
                isinstance(measure.right, Number) and accumulates(measure.left)
            )
        case Arithmetic(operator="/"):
            return isinstance(measure.right, Number) and accumulates(measure.left)
    return False


def count_where(condition: str) -> Part:
    """The number of rows that meet an SQL condition."""
    return Part(f"count(*) FILTER (WHERE {condition})", "sum", True)


def _value(measure: MeasureExpression, column: Column) -> str:
    match measure:
        case Number():
            return f"{measure.value!r}"
        case Aggregate(function="avg"):
            return _ratio(column(_sum(measure)), column(_count(measure)))
        case Aggregate(function="count"):
            return column(_count(measure))
        case Aggregate(function="sum"):
            return column(_sum(measure))
        case Aggregate(function="min" | "max"):
            return column(_extreme(measure))
        case Aggregate():
            return column(_own(measure))
        case Arithmetic(operator="/"):
            return _ratio(_value(measure.left, column), _value(measure.right, column))
    return f"({_value(measure.left, column)} {measure.operator} {_value(measure.right, column)})"


def _n(measure: MeasureExpression, column: Column) -> str:
    """Rows behind a value: those of the denominator, else all that went into it."""
    match measure:
        case Number():
            return "0"
        case Aggregate():
            return column(_count(measure))
    left, right = _n(measure.left, column), _n(measure.right, column)
    if "0" in (left, right):
        return right if left == "0" else left
    if measure.operator in "+-":
        return left if left == right else f"({left} + {right})"
    return right if measure.operator == "/" else left


def _ratio(numerator: str, denominator: str) -> str:
    return f"({numerator} / nullif({denominator}, 0))"


def _count(aggregate: Aggregate) -> Part:
    return Part(_call("count", str(aggregate.argument or "*"), aggregate), "sum", True)


def _sum(aggregate: Aggregate) -> Part:
    return Part(f"CAST({_call('sum', str(aggregate.argument), aggregate)} AS DOUBLE)", "sum", False)


def _extreme(aggregate: Aggregate) -> Part:
    roll_up: RollUp = "min" if aggregate.function == "min" else "max"
    return Part(f"CAST({_call(roll_up, str(aggregate.argument), aggregate)} AS DOUBLE)", roll_up, False)


def _own(aggregate: Aggregate) -> Own:
    argument = str(aggregate.argument)
    if aggregate.function == "distinct":
        return Own(_call("count", f"DISTINCT {argument}", aggregate), "0")
    quantile = 0.5 if aggregate.quantile is None else aggregate.quantile
    return Own(_call("quantile_cont", f"CAST({argument} AS DOUBLE), {quantile!r}", aggregate), "NULL")


def _call(function: str, arguments: str, aggregate: Aggregate) -> str:
    tail = f" FILTER (WHERE {aggregate.filter})" if aggregate.filter else ""
    return f"{function}({arguments}){tail}"


def _both(first: RowExpression, second: RowExpression | None) -> RowExpression:
    if second is None:
        return first
    sql = f"{first.operand} AND {second.operand}"
    return RowExpression(sql, "boolean", first.columns | second.columns, atomic=False)
