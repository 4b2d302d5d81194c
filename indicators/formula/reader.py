"""The text of a formula, rebuilt through an allow-list of its own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from math import isfinite
from typing import Final

from sqlglot import exp

from config.models.composite import Missing
from config.problems import did_you_mean
from indicators.formula.calls import CALLS, Call, Extra
from indicators.formula.series import Combined, Constant, Node, Ref, Scaled, Series, describe
from indicators.formula.span import Span
from indicators.formula.traits import Trait, combined, scaled
from warehouse.expression import ExpressionError, Operator
from warehouse.syntax import guarded, number, refuse_extras, spelling, there, unknown, whole

_OPERATORS: Final[dict[type[exp.Expr], Operator]] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/"}


def parse_formula(text: str, known: Mapping[str, Trait], missing: Missing = "any") -> Series:
    """Read a formula over the indicators in ``known``; ``missing`` goes for all that it joins.

    Raises ExpressionError for anything outside the language.
    """
    node = guarded(text, _Reader(known, missing).read)
    if isinstance(node, Constant):
        raise ExpressionError("the formula names no indicator")
    return node


@lru_cache(maxsize=4096)  # a page asks for those of every identity
def parse_references(text: str) -> tuple[str, ...]:
    """Names of the indicators that a formula mentions, without judging it. Raises ExpressionError if it
    cannot be read.
    """
    return guarded(text, lambda tree: tuple(dict.fromkeys(c.name for c in tree.find_all(exp.Column))))


class _Reader:
    """Rebuilds a formula through an allow-list of its own."""

    def __init__(self, known: Mapping[str, Trait], missing: Missing) -> None:
        self.known = known
        self.missing = missing

    def read(self, node: exp.Expr) -> Node:
        """Any part of a formula."""
        there(node)
        if isinstance(node, exp.Paren):
            refuse_extras(node, "this")
            return self.read(node.this)
        if isinstance(node, exp.Literal) and not node.is_string:
            return Constant(number(node))
        if isinstance(node, exp.Neg):
            return self._joined("*", Constant(-1), self.read(node.this))
        if isinstance(node, exp.Column):
            return self._ref(node)
        operator = _OPERATORS.get(type(node))
        if operator is not None:
            refuse_extras(node, "this", "expression", "typed", "safe")
            return self._joined(operator, self.read(node.this), self.read(node.expression))
        return self._call(node)

    def _ref(self, node: exp.Column) -> Ref:
        refuse_extras(node, "this")
        if not isinstance(node.this, exp.Identifier):
            raise ExpressionError(f"{node.this} stands where an indicator should")
        if node.name not in self.known:
            raise ExpressionError(f"indicator {node.name!r} is unknown", did_you_mean(node.name, self.known))
        return Ref(node.name, self.known[node.name])

    def _call(self, node: exp.Expr) -> Series:
        name = spelling(node)
        call = CALLS.get(name)
        if call is None:
            raise unknown(node, tuple(CALLS))
        arguments = _arguments(node)
        if len(arguments) not in call.arity:
            counts = " or ".join(map(str, call.arity))
            raise ExpressionError(f"{name} takes {counts} argument" + "s" * (counts != "1"), call.example)
        series = self._series(arguments[0], name, call)
        return call.make(series, self._second(arguments[1:], name, call), self.missing)

    def _second(self, given: list[exp.Expr], name: str, call: Call) -> Extra:
        """What stands behind the series."""
        if not given:
            return call.default
        (node,) = given
        if call.second == "series":
            return self._series(node, name, call)
        if call.second == "base":
            if not isinstance(node, exp.Literal):
                raise ExpressionError(f"the base of {name} must be fixed", call.example)
            return Span.parse(str(node.this))
        count = whole(node, f"the second argument of {name}")
        if not 1 <= count <= call.most:
            what = "people" if name == "per_capita" else "periods"
            raise ExpressionError(f"{name} reaches from 1 to {call.most} {what}")
        return count

    def _series(self, node: exp.Expr, name: str, call: Call) -> Series:
        found = self.read(node)
        if isinstance(found, Constant):
            raise ExpressionError(f"{name} needs an indicator, not a number", call.example)
        return found

    def _joined(self, operator: Operator, left: Node, right: Node) -> Node:
        if isinstance(left, Constant) and isinstance(right, Constant):
            return Constant(_fold(operator, left.value, right.value))
        if isinstance(right, Constant):
            assert not isinstance(left, Constant)
            return Scaled(operator, left, right.value, False, scaled(operator, left.trait, right.value))
        if isinstance(left, Constant):
            trait = scaled(operator, right.trait, left.value, reverse=True)
            return Scaled(operator, right, left.value, True, trait)
        trait = combined(operator, left.trait, right.trait, (describe(left), describe(right)))
        return Combined(operator, left, right, trait, self.missing)


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
    """Two numbers joined, as long as they give one."""
    if operator == "/" and right == 0:
        raise ExpressionError("division by zero")
    match operator:
        case "+":
            value = left + right
        case "-":
            value = left - right
        case "*":
            value = left * right
        case "/":
            value = left / right
    if not isfinite(value):
        raise ExpressionError(f"{left:g} {operator} {right:g} is too large")
    return value
