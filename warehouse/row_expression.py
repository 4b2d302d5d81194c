"""Row expressions: what is true or known of one row, rebuilt through the allow-list."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from sqlglot import exp

from config.models.feed import ColumnType
from config.problems import did_you_mean
from warehouse.syntax import (
    ExpressionError,
    a_kind_of,
    literal,
    number,
    quote,
    refuse_extras,
    spelling,
    there,
    unknown,
    whole,
)

ValueType = ColumnType | Literal["null"]


@dataclass(frozen=True, slots=True)
class RowExpression:
    """What one row gives: ``sql`` over the bare ``columns`` it names, of ``type``."""

    sql: str
    type: ValueType
    columns: frozenset[str] = frozenset()
    atomic: bool = True

    def __str__(self) -> str:
        return self.sql

    @property
    def operand(self) -> str:
        """The SQL, in brackets where it must be to stand beside an operator."""
        return self.sql if self.atomic else f"({self.sql})"


_COMPARISONS: Final[dict[type[exp.Expr], str]] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
ARITHMETIC: Final[dict[type[exp.Expr], Literal["+", "-", "*", "/"]]] = {
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
}
_INTERVALS: Final = ("minute", "hour", "day", "week", "month", "year")
_LONGEST_YEARS: Final = 1000
_TIMES: Final = ("date", "timestamp")
NUMERIC: Final = ("integer", "number")
_FUNCTIONS: Final = (
    "abs",
    "coalesce",
    "day_of",
    "days_between",
    "greatest",
    "hour_of",
    "hours_between",
    "least",
    "lower",
    "round",
    "weekday_of",
)


class RowReader:
    """Rebuilds row expressions over one set of columns."""

    def __init__(self, columns: Mapping[str, ColumnType]) -> None:
        self.columns = columns

    def condition(self, node: exp.Expr) -> RowExpression:
        """An expression that must be true or false."""
        row = self.read(node)
        if row.type != "boolean":
            raise ExpressionError(
                f"{row} is {a_kind_of(row.type)}, not a condition", "compare it with something"
            )
        return row

    def read(self, node: exp.Expr) -> RowExpression:
        """Any expression of one row."""
        there(node)
        if type(node) in _COMPARISONS:
            return self._comparison(node)
        if type(node) in ARITHMETIC:
            return self._arithmetic(node)
        if isinstance(node, (exp.AggFunc, exp.Filter)):
            raise ExpressionError(f"{spelling(node)} is an aggregate, this is about one row")
        reader = self._READERS.get(type(node))
        if reader is None:
            raise unknown(node, _FUNCTIONS)
        return reader(self, node)

    def _paren(self, node: exp.Expr) -> RowExpression:
        refuse_extras(node, "this")
        return self.read(node.this)

    def _column(self, node: exp.Expr) -> RowExpression:
        refuse_extras(node, "this")
        if not isinstance(node.this, exp.Identifier):
            raise ExpressionError(f"{node.this} stands where a column should")
        name = node.this.name
        if name not in self.columns:
            raise ExpressionError(f"column {name!r} is unknown", did_you_mean(name, self.columns))
        return RowExpression(quote(name), self.columns[name], frozenset({name}))

    def _literal(self, node: exp.Expr) -> RowExpression:
        if node.args["is_string"]:
            return RowExpression(literal(node.this), "text")
        value = number(node)
        if value.is_integer() and abs(value) <= 2**53:
            return RowExpression(str(int(value)), "integer")
        # An exponent makes it a DOUBLE: DuckDB reads 0.5 as a DECIMAL, whose arithmetic may overflow.
        return RowExpression(repr(value) if "e" in repr(value) else f"{value!r}e0", "number")

    def _boolean(self, node: exp.Expr) -> RowExpression:
        return RowExpression("TRUE" if node.this else "FALSE", "boolean")

    def _null(self, _: exp.Expr) -> RowExpression:
        return RowExpression("NULL", "null")

    def _date(self, node: exp.Expr) -> RowExpression:
        refuse_extras(node, "this", "to")
        text = node.this
        if not (isinstance(text, exp.Literal) and text.is_string and node.args["to"].this == exp.DType.DATE):
            raise ExpressionError("types cannot be cast here", "a date is written date '2024-12-31'")
        return _date_literal(text.this)

    def _all_of(self, node: exp.Expr) -> RowExpression:
        refuse_extras(node, "this", "expression")
        parts = [self.condition(part) for part in node.flatten()]
        word = " AND " if isinstance(node, exp.And) else " OR "
        return _join(word.join(part.operand for part in parts), "boolean", parts)

    def _negation(self, node: exp.Expr) -> RowExpression:
        refuse_extras(node, "this")
        if isinstance(node.this, exp.Is) and isinstance(node.this.expression, exp.Null):
            row = self.read(node.this.this)
            return _join(f"{row.operand} IS NOT NULL", "boolean", [row])
        row = self.condition(node.this)
        return _join(f"NOT {row.operand}", "boolean", [row])

    def _is_null(self, node: exp.Expr) -> RowExpression:
        refuse_extras(node, "this", "expression")
        if not isinstance(node.expression, exp.Null):
            raise ExpressionError("IS is for null only", "write column = value, or column is null")
        row = self.read(node.this)
        return _join(f"{row.operand} IS NULL", "boolean", [row])

    def _comparison(self, node: exp.Expr) -> RowExpression:
        refuse_extras(node, "this", "expression")
        left, right = _alike([self.read(node.this), self.read(node.expression)])
        return _join(f"{left.operand} {_COMPARISONS[type(node)]} {right.operand}", "boolean", [left, right])

    def _between(self, node: exp.Expr) -> RowExpression:
        refuse_extras(node, "this", "low", "high")
        rows = _alike([self.read(node.args[part]) for part in ("this", "low", "high")])
        value, low, high = (row.operand for row in rows)
        return _join(f"{value} BETWEEN {low} AND {high}", "boolean", rows)

    def _in(self, node: exp.Expr) -> RowExpression:
        refuse_extras(node, "this", "expressions")
        members = [self.read(member) for member in node.expressions]
        if not members or any(member.columns for member in members):
            raise ExpressionError("IN needs a list of fixed values", "write column in ('a', 'b')")
        value, *rest = _alike([self.read(node.this), *members])
        listing = ", ".join(member.sql for member in rest)
        return _join(f"{value.operand} IN ({listing})", "boolean", [value])

    def _like(self, node: exp.Expr) -> RowExpression:
        refuse_extras(node, "this", "expression")
        row = self._typed(node.this, ("text",), "LIKE")
        pattern = node.expression
        if not (isinstance(pattern, exp.Literal) and pattern.is_string):
            raise ExpressionError("the pattern of LIKE must be fixed text", "write column like 'abc%'")
        word = "ILIKE" if isinstance(node, exp.ILike) else "LIKE"
        return _join(f"{row.operand} {word} {literal(pattern.this)}", "boolean", [row])

    def _case(self, node: exp.Expr) -> RowExpression:
        refuse_extras(node, "ifs", "default")
        tests = [self.condition(branch.this) for branch in node.args["ifs"]]
        results = [self.read(branch.args["true"]) for branch in node.args["ifs"]]
        if node.args.get("default") is not None:
            results.append(self.read(node.args["default"]))
        results = _alike(results, keep_null=True)
        whens = " ".join(f"WHEN {test} THEN {result}" for test, result in zip(tests, results, strict=False))
        default = f" ELSE {results[-1]}" if len(results) > len(tests) else ""
        return _join(f"CASE {whens}{default} END", _common(results), [*tests, *results], atomic=True)

    def _arithmetic(self, node: exp.Expr) -> RowExpression:
        refuse_extras(node, "this", "expression", "typed", "safe")
        if isinstance(node.expression, exp.Interval):
            return self._shifted(node)
        left = self._typed(node.this, NUMERIC, "arithmetic")
        right = self._typed(node.expression, NUMERIC, "arithmetic")
        operator = ARITHMETIC[type(node)]
        divisor = f"nullif({right}, 0)" if operator == "/" else right.operand
        return _join(f"{_double(left)} {operator} {divisor}", "number", [left, right])

    def _shifted(self, node: exp.Expr) -> RowExpression:
        """A date or time moved by a fixed interval."""
        if not isinstance(node, (exp.Add, exp.Sub)):
            raise ExpressionError("an interval can be added or taken away, nothing else")
        row = self._typed(node.this, _TIMES, "an interval")
        interval = node.expression
        refuse_extras(interval, "this", "unit")
        amount, unit = interval.this, str(interval.args.get("unit") or "").lower().removesuffix("s")
        if unit not in _INTERVALS or not isinstance(amount, exp.Literal) or not amount.this.isdecimal():
            raise ExpressionError(
                "the interval cannot be read", "write interval 3 day, with a unit of " + ", ".join(_INTERVALS)
            )
        if row.type == "date" and unit in ("minute", "hour"):
            raise ExpressionError(f"{row} is a date and has no hours", "use day or longer")
        if int(amount.this) > (_LONGEST_YEARS if unit == "year" else 10_000):
            raise ExpressionError(
                "the interval is too long", f"10000 at most, {_LONGEST_YEARS} years at most"
            )
        sql = f"{row.operand} {ARITHMETIC[type(node)]} INTERVAL {int(amount.this)} {unit.upper()}"
        return (
            _join(f"CAST({sql} AS DATE)", "date", [row], atomic=True)
            if row.type == "date"
            else _join(sql, row.type, [row])
        )

    def _minus(self, node: exp.Expr) -> RowExpression:
        refuse_extras(node, "this")
        row = self._typed(node.this, NUMERIC, "arithmetic")
        return _join(f"-{_wide(row)}", row.type, [row])

    def _choice(self, node: exp.Expr) -> RowExpression:
        """coalesce, least and greatest: one of several values of one type."""
        refuse_extras(node, "this", "expressions", "ignore_nulls")
        rows = _alike([self.read(part) for part in (node.this, *node.expressions)], keep_null=True)
        return _call(spelling(node), _common(rows), rows)

    def _lower(self, node: exp.Expr) -> RowExpression:
        refuse_extras(node, "this")
        return _call("lower", "text", [self._typed(node.this, ("text",), "lower")])

    def _abs(self, node: exp.Expr) -> RowExpression:
        refuse_extras(node, "this")
        row = self._typed(node.this, NUMERIC, "abs")
        return _join(f"abs({_wide(row)})", row.type, [row], atomic=True)

    def _round(self, node: exp.Expr) -> RowExpression:
        refuse_extras(node, "this", "decimals")
        row = self._typed(node.this, NUMERIC, "round")
        digits = node.args.get("decimals")
        places = 0 if digits is None else whole(digits, "the number of decimals")
        return _join(f"round({_double(row)}, {places})", "number", [row], atomic=True)

    def _function(self, node: exp.Expr) -> RowExpression:
        """The functions of this language that SQL does not have."""
        name = str(node.this).lower()
        if name not in ("day_of", "hour_of", "weekday_of", "hours_between", "days_between"):
            raise unknown(node, _FUNCTIONS)
        wanted = 2 if name.endswith("between") else 1
        if len(node.expressions) != wanted:
            raise ExpressionError(f"{name} takes {wanted} argument" + "s" * (wanted > 1))
        if name == "day_of":
            return _day(self._typed(node.expressions[0], _TIMES, name))
        if name == "hour_of":
            row = self._typed(node.expressions[0], ("timestamp",), name)
            return _join(f"hour({row.operand} AT TIME ZONE 'UTC')", "integer", [row], atomic=True)
        if name == "weekday_of":
            row = _day(self._typed(node.expressions[0], _TIMES, name))
            return _join(f"isodow({row})", "integer", [row], atomic=True)
        if name == "hours_between":
            first, last = (self._typed(part, ("timestamp",), name) for part in node.expressions)
            return _join(f"(epoch({last}) - epoch({first})) / 3600", "number", [first, last])
        first, last = (self._typed(part, _TIMES, name) for part in node.expressions)
        if first.type == last.type == "timestamp":
            return _join(f"(epoch({last}) - epoch({first})) / 86400", "number", [first, last])
        return _join(f"{_day(last).operand} - {_day(first).operand}", "integer", [first, last])

    def _typed(self, node: exp.Expr, allowed: Sequence[str], what: str) -> RowExpression:
        row = self.read(node)
        if row.type not in allowed:
            hint = ""
            if row.type in _TIMES and "number" in allowed:
                hint = "use hours_between(from, to) or days_between(from, to)"
            raise ExpressionError(
                f"{row} is {a_kind_of(row.type)}; {what} takes {' or '.join(map(a_kind_of, allowed))}", hint
            )
        return row

    _READERS: Final[dict[type[exp.Expr], Callable[[RowReader, exp.Expr], RowExpression]]] = {
        exp.Paren: _paren,
        exp.Column: _column,
        exp.Literal: _literal,
        exp.Boolean: _boolean,
        exp.Null: _null,
        exp.Cast: _date,
        exp.And: _all_of,
        exp.Or: _all_of,
        exp.Not: _negation,
        exp.Is: _is_null,
        exp.Between: _between,
        exp.In: _in,
        exp.Like: _like,
        exp.ILike: _like,
        exp.Case: _case,
        exp.Neg: _minus,
        exp.Coalesce: _choice,
        exp.Least: _choice,
        exp.Greatest: _choice,
        exp.Lower: _lower,
        exp.Abs: _abs,
        exp.Round: _round,
        exp.Anonymous: _function,
    }


def both(first: RowExpression, second: RowExpression) -> RowExpression:
    """Two conditions, both of which must hold."""
    return _join(f"{first.operand} AND {second.operand}", "boolean", [first, second])


def present(row: RowExpression) -> RowExpression:
    """The condition that a row has a value here."""
    return _join(f"{row.operand} IS NOT NULL", "boolean", [row])


def product(first: RowExpression, second: RowExpression) -> RowExpression:
    """Two numbers multiplied, as arithmetic in an expression does it."""
    return _join(f"{_double(first)} * {_double(second)}", "number", [first, second])


def _join(
    sql: str, type: ValueType, parts: Sequence[RowExpression], *, atomic: bool = False
) -> RowExpression:
    return RowExpression(sql, type, frozenset().union(*(part.columns for part in parts)), atomic)


def _call(name: str, type: ValueType, arguments: Sequence[RowExpression]) -> RowExpression:
    return _join(f"{name}({', '.join(map(str, arguments))})", type, arguments, atomic=True)


def _double(row: RowExpression) -> str:
    """A number as DOUBLE, so that arithmetic on whole numbers cannot overflow."""
    return row.operand if row.type == "number" else f"CAST({row} AS DOUBLE)"


def _wide(row: RowExpression) -> str:
    """A number whose sign can be turned: the least BIGINT has no opposite."""
    return f"CAST({row} AS HUGEINT)" if row.type == "integer" and row.columns else row.operand


def _day(row: RowExpression) -> RowExpression:
    """The city's day of a moment; a date is its own."""
    if row.type == "date":
        return row
    return _join(f"CAST({row.operand} AT TIME ZONE 'UTC' AS DATE)", "date", [row], atomic=True)


def _date_literal(text: str) -> RowExpression:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError as error:
        raise ExpressionError(f"{text!r} is not a date", "write it as 2024-12-31") from error
    return RowExpression(f"DATE '{day}'", "date")


def _alike(rows: Sequence[RowExpression], *, keep_null: bool = False) -> list[RowExpression]:
    """The rows made comparable: fixed text beside a date is read as one, moments beside dates become days."""
    types = {row.type for row in rows}
    if "null" in types and not keep_null:
        raise ExpressionError("nothing is equal to null", "write column is null")
    types.discard("null")
    if types & {"date", "timestamp"} and "text" in types:
        rows = [
            _date_literal(_unquoted(row)) if row.type == "text" and not row.columns else row for row in rows
        ]
        types = {row.type for row in rows} - {"null"}
    if types == {"date", "timestamp"}:
        return [_day(row) if row.type == "timestamp" else row for row in rows]
    if len(types) > 1 and not types <= {"integer", "number"}:
        first, second = sorted(types)[:2]
        raise ExpressionError(
            f"{a_kind_of(first)} and {a_kind_of(second)} do not go together in {', '.join(map(str, rows))}"
        )
    return list(rows)


def _common(rows: Sequence[RowExpression]) -> ValueType:
    types = {row.type for row in rows} - {"null"}
    if not types:
        raise ExpressionError("every branch is null", "give at least one value")
    return "number" if types == {"integer", "number"} else next(iter(types))


def _unquoted(row: RowExpression) -> str:
    return row.sql[1:-1].replace("''", "'") if row.sql.startswith("'") else row.sql
