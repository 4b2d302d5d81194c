"""The text of a formula, rebuilt through an allow-list of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlglot import exp

from config.problems import did_you_mean
from indicators.formula.calls import CALLS
from indicators.formula.series import Combined, Constant, Node, Ref, Scaled, Series, describe
from indicators.formula.traits import Trait, combined, quotient, scaled
from warehouse.expression import ExpressionError, Operator
from warehouse.syntax import guarded, number, refuse_extras, spelling, unknown, whole

_MAX_SPAN: Final = 1000
_OPERATORS: Final[dict[type[exp.Expr], Operator]] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/"}


def parse_formula(text: str, known: Mapping[str, Trait]) -> Series:
    """Read a formula over the indicators in ``known``. Raises ExpressionError for anything outside the
    language.
    """
    node = guarded(text, _Reader(known).read)
    if isinstance(node, Constant):
        raise ExpressionError("the formula names no indicator")
    return node


def parse_references(text: str) -> tuple[str, ...]:
    """Names of the indicators that a formula mentions, without judging it. Raises ExpressionError if it
    cannot be read.
    """
    return guarded(text, lambda tree: tuple(dict.fromkeys(c.name for c in tree.find_all(exp.Column))))


class _Reader:
    """Rebuilds a formula through an allow-list of its own."""

    def __init__(self, known: Mapping[str, Trait]) -> None:
        self.known = known

    def read(self, node: exp.Expr) -> Node:
        """Any part of a formula."""
        if isinstance(node, exp.Paren):
            refuse_extras(node, "this")
            return self.read(node.this)
        if isinstance(node, exp.Literal) and not node.is_string:
            return Constant(number(node))
        if isinstance(node, exp.Neg):
            return self._joined("*", Constant(-1), self.read(node.this))
        if isinstance(node, exp.Column):
            refuse_extras(node, "this")
            if node.name not in self.known:
                raise ExpressionError(
                    f"indicator {node.name!r} is unknown", did_you_mean(node.name, self.known)
                )
            return Ref(node.name, self.known[node.name])
        operator = _OPERATORS.get(type(node))
        if operator is not None:
            refuse_extras(node, "this", "expression", "typed", "safe")
            return self._joined(operator, self.read(node.this), self.read(node.expression))
        return self._call(node)

    def _call(self, node: exp.Expr) -> Series:
        name = spelling(node)
        call = CALLS.get(name)
        if call is None:
            raise unknown(node, tuple(CALLS))
        arguments = _arguments(node)
        if len(arguments) not in call.arity:
            raise ExpressionError(f"{name} takes {' or '.join(map(str, call.arity))} arguments", call.example)
        series = self.read(arguments[0])
        if isinstance(series, Constant):
            raise ExpressionError(f"{name} needs an indicator, not a number", call.example)
        if name == "ratio":
            return self._series(self._joined("/", series, self.read(arguments[1])), name)
        count = whole(arguments[1], f"the second argument of {name}") if len(arguments) > 1 else 1
        if not 1 <= count <= _MAX_SPAN and name != "per_capita":
            raise ExpressionError(f"{name} reaches from 1 to {_MAX_SPAN} periods")
        return call.make(series, count)

    def _joined(self, operator: Operator, left: Node, right: Node) -> Node:
        if isinstance(left, Constant) and isinstance(right, Constant):
            return Constant(_fold(operator, left.value, right.value))
        if isinstance(right, Constant):
            assert not isinstance(left, Constant)
            return Scaled(operator, left, right.value, False, scaled(operator, left.trait, right.value))
        if isinstance(left, Constant):
            trait = scaled(operator, right.trait, left.value) if operator != "/" else quotient(right.trait)
            return Scaled(operator, right, left.value, True, trait)
        return Combined(
            operator,
            left,
            right,
            combined(operator, left.trait, right.trait, (describe(left), describe(right))),
        )

    @staticmethod
    def _series(node: Node, name: str) -> Series:
        if isinstance(node, Constant):
            raise ExpressionError(f"{name} needs an indicator, not a number")
        return node


def _arguments(node: exp.Expr) -> list[exp.Expr]:
    """Arguments of a call, for which sqlglot has several places."""
    if isinstance(node, exp.Lag):
        refuse_extras(node, "this", "offset")
        return [part for part in (node.this, node.args.get("offset")) if part is not None]
    if isinstance(node, (exp.Anonymous, exp.Rank)):
        refuse_extras(
            node, *(("this", "expressions") if isinstance(node, exp.Anonymous) else ("expressions",))
        )
        return list(node.expressions)
    raise ExpressionError(f"{spelling(node)} cannot be written like this")


def _fold(operator: Operator, left: float, right: float) -> float:
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
    if right == 0:
        raise ExpressionError("division by zero")
    return left / right
