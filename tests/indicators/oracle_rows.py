"""SQL expressions over plain rows, for the oracle: parsed by sqlglot, computed in Python."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from sqlglot import exp

Row = dict[str, Any]


class Rows:
    """SQL expressions over one row, by the rules of three-valued logic."""

    def __init__(self, local_day: Callable[[Any], dt.date | None], zone: Any) -> None:
        self.local_day = local_day
        self.zone = zone

    def ask(self, node: exp.Expr, row: Row) -> Any:
        """The value of an expression for one row; None is NULL."""
        match node:
            case exp.Paren():
                return self.ask(node.this, row)
            case exp.Column():
                return row[node.name]
            case exp.Literal():
                return node.this if node.is_string else float(node.this)
            case exp.Null():
                return None
            case exp.Boolean():
                return bool(node.this)
            case exp.And():
                return self._junction(node, row, False)
            case exp.Or():
                return self._junction(node, row, True)
            case exp.Not():
                inner = self.ask(node.this, row)
                return None if inner is None else not inner
            case exp.Is():
                return self.ask(node.this, row) is None
            case exp.In():
                found = self.ask(node.this, row)
                return None if found is None else found in [self.ask(e, row) for e in node.expressions]
            case exp.Anonymous():
                return self._call(str(node.this).lower(), [self.ask(e, row) for e in node.expressions])
        left, right = self._pair(self.ask(node.this, row), self.ask(node.expression, row))
        if left is None or right is None:
            return None
        match node:
            case exp.EQ():
                return left == right
            case exp.NEQ():
                return left != right
            case exp.LT():
                return left < right
            case exp.LTE():
                return left <= right
            case exp.GT():
                return left > right
            case exp.GTE():
                return left >= right
            case exp.Sub():
                return left - right
            case exp.Mul():
                return left * right
        raise NotImplementedError(type(node))

    def _junction(self, node: exp.Expr, row: Row, decisive: bool) -> bool | None:
        sides = [self.ask(node.this, row), self.ask(node.expression, row)]
        if decisive in sides:
            return decisive
        return None if None in sides else not decisive

    def _pair(self, left: Any, right: Any) -> tuple[Any, Any]:
        if isinstance(left, dt.datetime) != isinstance(right, dt.datetime) and None not in (left, right):
            return self.local_day(left), self.local_day(right)
        return left, right

    def _call(self, name: str, arguments: list[Any]) -> Any:
        if None in arguments:
            return None
        first = arguments[0]
        match name:
            case "hours_between":
                return (arguments[1] - first) / dt.timedelta(hours=1)
            case "days_between":
                if all(isinstance(a, dt.datetime) for a in arguments):
                    return (arguments[1] - first) / dt.timedelta(days=1)
                return (self.local_day(arguments[1]) - self.local_day(first)).days  # type: ignore[operator]
            case "day_of":
                return self.local_day(first)
            case "hour_of":
                return first.replace(tzinfo=dt.UTC).astimezone(self.zone).hour
            case "weekday_of":
                return self.local_day(first).isoweekday()  # type: ignore[union-attr]
        raise NotImplementedError(name)

    def weighted(self, node: exp.Expr, weight: exp.Expr, rows: list[Row]) -> tuple[float, float, int]:
        """Of an average with weights: Σ value × weight, Σ weight, and the rows that have both."""
        assert isinstance(node, exp.Avg)
        cells = [(self.ask(node.this, row), self.ask(weight, row)) for row in rows]
        both = [(value, by) for value, by in cells if None not in (value, by)]
        return math.fsum(value * by for value, by in both), math.fsum(by for _, by in both), len(both)

    def total(self, node: exp.Expr, rows: list[Row]) -> tuple[float | None, int]:
        """Value and n of an aggregate expression over rows."""
        match node:
            case exp.Paren():
                return self.total(node.this, rows)
            case exp.Literal():
                return float(node.this), -1
            case exp.Filter():
                return self.total(node.this, [r for r in rows if self.ask(node.expression.this, r) is True])
            case exp.Add() | exp.Sub() | exp.Mul() | exp.Div():
                (left, n_left), (right, n_right) = (
                    self.total(node.this, rows),
                    self.total(node.expression, rows),
                )
                return arithmetic(node, left, right), join_n(node, n_left, n_right)
            case exp.Count(this=exp.Star()):
                return len(rows), len(rows)
        distinct = isinstance(node.this, exp.Distinct)
        arguments = node.expressions if isinstance(node, exp.Anonymous) else [node.this]
        inner = node.this.expressions[0] if distinct else arguments[0]
        cells = [cell for cell in (self.ask(inner, row) for row in rows) if cell is not None]
        if isinstance(node, exp.Count):
            return len(set(cells)) if distinct else len(cells), len(cells)
        if isinstance(node, exp.Sum):
            return math.fsum(cells), len(cells)
        if not cells:
            return None, 0
        match node:
            case exp.Avg():
                return math.fsum(cells) / len(cells), len(cells)
            case exp.Min():
                return min(cells), len(cells)
            case exp.Max():
                return max(cells), len(cells)
            case exp.Median():
                return float(np.quantile(cells, 0.5)), len(cells)
            case exp.Anonymous():
                return float(np.quantile(cells, float(node.expressions[1].this))), len(cells)
        raise NotImplementedError(type(node))


def arithmetic(node: exp.Expr, left: float | None, right: float | None) -> float | None:
    if left is None or right is None:
        return None
    match node:
        case exp.Add():
            return left + right
        case exp.Sub():
            return left - right
        case exp.Mul():
            return left * right
    return None if right == 0 else left / right


def join_n(node: exp.Expr, left: int, right: int) -> int:
    """-1 stands for a number, which has no rows behind it."""
    if -1 in (left, right):
        return max(left, right)
    match node:
        case exp.Add() | exp.Sub():
            return left + right
        case exp.Div():
            return right
    return left
