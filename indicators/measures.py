"""A measure taken apart: what adds up over days and areas, and how the value is put together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from warehouse.expression import Aggregate, Arithmetic, MeasureExpression, Number, RowExpression

Fold = Literal["sum", "min", "max", "bit_or"]
Naming = Callable[[RowExpression], str]
"""Gives the SQL by which an expression over one row is read: itself, or a column that holds it."""


def itself(expression: RowExpression) -> str:
    """An expression as it is written."""
    return expression.sql


@dataclass(frozen=True, slots=True)
class Part:
    """An aggregate whose result over a whole follows from its results over the pieces.

    ``function`` is count, sum, min, max or members (as bits, which of the numbers below ``size`` occur).
    ``argument`` is None where rows are counted: those that meet ``filter``.
    """

    function: Literal["count", "sum", "min", "max", "members"]
    argument: RowExpression | None = None
    filter: RowExpression | None = None
    size: int = 0

    @property
    def fold(self) -> Fold:
        """What joins the pieces."""
        match self.function:
            case "min" | "max":
                return self.function
            case "members":
                return "bit_or"
        return "sum"

    @property
    def whole(self) -> bool:
        """Whether it is a whole number."""
        return self.function == "count"

    @property
    def type(self) -> str:
        """The SQL type of its result."""
        if self.function == "members":
            return "BIT"
        return "BIGINT" if self.whole else "DOUBLE"

    @property
    def empty(self) -> str:
        """What it is where there are no rows: nothing for an extreme, else zero."""
        return "0" if self.fold == "sum" else "NULL"

    @property
    def rows(self) -> tuple[RowExpression, ...]:
        """The expressions that must be known of each row."""
        return tuple(part for part in (self.filter, self.argument) if part is not None)

    @property
    def sql(self) -> str:
        """The aggregate over rows as they are."""
        return self.over(itself)

    def over(self, naming: Naming) -> str:
        """The aggregate over rows whose expressions are read as ``naming`` says."""
        if self.function == "count" and self.argument is None:
            # a sixth cheaper than a filter, for the same answer
            return "count(*)" if self.filter is None else f"count_if({naming(self.filter)})"
        assert self.argument is not None
        if self.function == "members":
            place = naming(self.argument)
            known = f"CASE WHEN {place} BETWEEN 0 AND {self.size - 1} THEN {place} END"
            return f"bitstring_agg({known}, 0, {self.size - 1})"
        call = f"{self.function}({naming(self.argument)})"
        return call if self.function == "count" else f"CAST({call} AS DOUBLE)"


@dataclass(frozen=True, slots=True)
class Own:
    """An aggregate that must be computed at each level and period from the rows themselves."""

    function: Literal["distinct", "percentile"]
    argument: RowExpression
    quantile: float = 0.5

    @property
    def type(self) -> str:
        """The SQL type of its result."""
        return "BIGINT" if self.function == "distinct" else "DOUBLE"

    @property
    def empty(self) -> str:
        """What it is where there are no rows."""
        return "0" if self.function == "distinct" else "NULL"

    @property
    def rows(self) -> tuple[RowExpression, ...]:
        """The expressions that must be known of each row."""
        return (self.argument,)

    @property
    def sql(self) -> str:
        """The aggregate over rows as they are."""
        return self.over(itself)

    def over(self, naming: Naming, quantiles: Sequence[float] = ()) -> str:
        """The aggregate over rows whose expressions are read as ``naming`` says; with ``quantiles``, a list
        of all of these.
        """
        if self.function == "distinct":
            return f"count(DISTINCT {naming(self.argument)})"
        argument = f"CAST({naming(self.argument)} AS DOUBLE)"
        wanted = f"[{', '.join(map(repr, quantiles))}]" if quantiles else repr(self.quantile)
        return f"quantile_cont({argument}, {wanted})"


Family = Sequence[Part | Own]
"""Percentiles of the same rows, which share one sorting; or one other aggregate."""


def families(aggregates: Sequence[Part | Own]) -> list[Family]:
    """Put together what can be computed together."""
    found: dict[object, list[Part | Own]] = {}
    for one in aggregates:
        found.setdefault(one.argument if is_percentile([one]) else one, []).append(one)
    return list(found.values())


def is_percentile(family: Family) -> bool:
    """Whether a family is of percentiles."""
    return isinstance(family[0], Own) and family[0].function == "percentile"


def over(family: Family, naming: Naming) -> str:
    """SQL of one aggregate for a whole family: a list, if there are several."""
    first = family[0]
    if isinstance(first, Part):
        return first.over(naming)
    points = [one.quantile for one in family if isinstance(one, Own)]
    return first.over(naming, points if len(points) > 1 else ())


def members(family: Family, column: str) -> Iterator[tuple[Part | Own, str]]:
    """Each of a family, and how it is read from the column that holds what `over` gives."""
    for place, one in enumerate(family, start=1):
        yield one, f"{column}[{place}]" if len(family) > 1 else column


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


@dataclass(frozen=True, slots=True)
class Domain:
    """A column that has few values: the ``place`` of a row's value among them, from 0 to below ``count``."""

    place: RowExpression
    count: int


Members = Mapping[str, Domain]
"""By the SQL of a column: what it may hold."""
_NONE: Members = {}


def assemble(measure: MeasureExpression, column: Column, members: Members = _NONE) -> Assembly:
    """How a value and its parts follow from the columns that ``column`` names.

    Different values of the columns in ``members`` are counted by parts, of others at each level.
    """
    match measure:
        case Arithmetic(operator="/"):
            numerator = _value(measure.left, column, members)
            denominator = _value(measure.right, column, members)
            return Assembly(_ratio(numerator, denominator), numerator, denominator, _n(measure, column))
        case Aggregate(function="avg"):
            total, count = column(_sum(measure)), column(_count(measure))
            return Assembly(_ratio(total, count), total, count, count)
        case Arithmetic(operator="*", left=Number(value=scale), right=inner):
            found = assemble(inner, column, members)
            if found.is_ratio:
                return replace(found, value=f"{scale!r} * {found.value}", scale=scale * found.scale)
    value = _value(measure, column, members)
    return Assembly(value, value, "NULL", _n(measure, column))


def columns_of(measure: MeasureExpression, members: Members = _NONE) -> tuple[Part | Own, ...]:
    """Every part and own-level aggregate that a value is put together from."""
    found: dict[Part | Own, None] = {}

    def note(column: Part | Own) -> str:
        found.setdefault(column)
        return ""

    assemble(measure, note, members)
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


def count_where(condition: RowExpression) -> Part:
    """The number of rows that meet a condition."""
    return Part("count", None, condition)


def _value(measure: MeasureExpression, column: Column, members: Members) -> str:
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
        case Aggregate(function="distinct"):
            found = _distinct(measure, members)
            return f"coalesce(bit_count({column(found)}), 0)" if isinstance(found, Part) else column(found)
        case Aggregate():
            return column(_percentile(measure))
    left, right = _value(measure.left, column, members), _value(measure.right, column, members)
    return _ratio(left, right) if measure.operator == "/" else f"({left} {measure.operator} {right})"


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
    if aggregate.argument is None:
        return Part("count", None, aggregate.filter)
    return Part("count", _within(aggregate))


def _sum(aggregate: Aggregate) -> Part:
    return Part("sum", _within(aggregate))


def _extreme(aggregate: Aggregate) -> Part:
    return Part("min" if aggregate.function == "min" else "max", _within(aggregate))


def _percentile(aggregate: Aggregate) -> Own:
    quantile = 0.5 if aggregate.quantile is None else aggregate.quantile
    return Own("percentile", _within(aggregate), quantile)


def _distinct(aggregate: Aggregate, members: Members) -> Part | Own:
    assert aggregate.argument is not None
    known = members.get(aggregate.argument.sql)
    if known is None:
        return Own("distinct", _within(aggregate))
    return Part("members", _within(replace(aggregate, argument=known.place)), None, known.count)


def _within(aggregate: Aggregate) -> RowExpression:
    """The argument where the filter lets a row through, else nothing: aggregates pass over what is nothing.

    Kept with the facts, it spares them a filter of their own, which costs as much as they do.
    """
    argument, condition = aggregate.argument, aggregate.filter
    assert argument is not None
    if condition is None:
        return argument
    columns = argument.columns | condition.columns
    return RowExpression(f"CASE WHEN {condition} THEN {argument} END", argument.type, columns)


def _both(first: RowExpression, second: RowExpression | None) -> RowExpression:
    if second is None:
        return first
    sql = f"{first.operand} AND {second.operand}"
    return RowExpression(sql, "boolean", first.columns | second.columns, atomic=False)
