"""The claims of identities: two sides made of formulas or numbers, with ``=``, ``<=`` or ``>=`` between them.

A side is a formula, a number, or ``sum_of_children(formula)``: the sum over the units one level below that
exist in the period, each of which must have a value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from sqlglot import exp

from config import City
from config.models import Identity, Tolerance
from config.models.indicator import Period
from indicators.formula import (
    Constant,
    Ref,
    Scaled,
    Series,
    ShareOfParent,
    Trait,
    describe,
    operands,
    parse_formula,
    references,
)
from indicators.formula.series import Node
from warehouse.expression import ExpressionError
from warehouse.syntax import guarded, number, refuse_extras, spelling

Comparison = Literal["=", "<=", ">="]

CHILDREN: Final = "sum_of_children"
_COMPARISONS: Final[dict[type[exp.Expr], Comparison]] = {exp.EQ: "=", exp.LTE: "<=", exp.GTE: ">="}
_STRICT: Final[dict[type[exp.Expr], Comparison]] = {exp.LT: "<=", exp.GT: ">="}
_SYNTAX: Final = "write two formulas with =, <= or >= between them"
_APART: Final = frozenset({"amount", "rate", "level", "rank"})
"""Kinds of unit that cannot equal each other; an index is without one and may be anything."""


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a claim; with ``children`` its sum over the units one level below."""

    node: Node
    children: bool = False

    @property
    def inputs(self) -> tuple[str, ...]:
        """The indicators that it names."""
        if isinstance(self.node, Constant):
            return ()
        return tuple(ref.indicator for ref in references(self.node))

    @property
    def trait(self) -> Trait | None:
        """What it is; None for a number."""
        return None if isinstance(self.node, Constant) else self.node.trait

    def levels(self, wanted: tuple[str, ...], ladder: tuple[str, ...]) -> tuple[str, ...]:
        """The levels at which its formula is needed for some levels.

        ``ladder`` is the city's, from the root.
        """
        if not self.children:
            return wanted
        below = {ladder[ladder.index(level) + 1] for level in wanted if level != ladder[-1]}
        return tuple(level for level in ladder if level in below)

    def __str__(self) -> str:
        text = describe(self.node)
        return f"{CHILDREN}({text})" if self.children else text


@dataclass(frozen=True, slots=True)
class Claim:
    """What an identity says, read."""

    left: Side
    comparison: Comparison
    right: Side

    @property
    def inputs(self) -> tuple[str, ...]:
        """The indicators that it names, each once."""
        return tuple(dict.fromkeys(self.left.inputs + self.right.inputs))

    def __str__(self) -> str:
        return f"{self.left} {self.comparison} {self.right}"


@dataclass(frozen=True)
class IdentityCheck:
    """One identity as it is checked at a refresh: where, for which periods and how exactly."""

    identity: str
    claim: Claim
    tolerance: Tolerance
    levels: tuple[str, ...]
    periods: tuple[Period, ...]

    def __str__(self) -> str:
        shape = f"{', '.join(self.levels)} × {', '.join(self.periods)}"
        return f"Identity {self.identity}: {self.claim} for {shape}"

    @property
    def inputs(self) -> tuple[str, ...]:
        """The indicators that it looks at."""
        return self.claim.inputs

    @property
    def fingerprint(self) -> str:
        """A text that differs whenever its outcome might."""
        return f"{self}, {self.tolerance!r}"


def parse_claim(text: str, known: Mapping[str, Trait]) -> Claim:
    """Read a claim over the indicators in ``known``.

    Raises ExpressionError for anything outside the language and for sides that cannot equal each other.
    """
    claim = guarded(text, lambda tree: _claim(tree, known))
    _demand_alike(claim)
    return claim


def lacking(city: City, claim: Claim, levels: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    """What a claim at some levels asks of the data that they do not have: key, message and hint of each."""
    ladder = city.levels
    for side in (claim.left, claim.right):
        if side.children and ladder[-1] in levels:
            yield "levels", f"a {ladder[-1]} has no units below it to add up", f"leave {ladder[-1]} out"
        if isinstance(side.node, Constant):
            continue
        for ref, wanted in _wanted(side.node, side.levels(levels, ladder), ladder):
            source = city.indicators[ref.indicator]
            for level in wanted:
                if level not in source.levels:
                    yield "levels", f"{source.id} is not computed for level {level!r}", _has(source.levels)


def checks_of(city: City, known: Mapping[str, Trait]) -> tuple[IdentityCheck, ...]:
    """Every identity of a city that ``check`` finds no fault with. Raises ExpressionError."""
    return tuple(_check(city, identity, known) for identity in city.identities.values())


def levels_of(city: City, identity: Identity, claim: Claim) -> tuple[str, ...]:
    """The levels given, else every one for which the data have what the claim asks."""
    if identity.levels is not None:
        return tuple(level for level in city.levels if level in identity.levels)
    return tuple(level for level in city.levels if not [*lacking(city, claim, (level,))])


def periods_of(city: City, identity: Identity, claim: Claim) -> tuple[Period, ...]:
    """The periods given, else those that every indicator of the claim has."""
    given = identity.periods or city.periods.ids
    return tuple(
        period
        for period in city.periods.ids
        if period in given
        and (
            identity.periods is not None
            or all(period in city.indicators[name].periods for name in claim.inputs)
        )
    )


def _check(city: City, identity: Identity, known: Mapping[str, Trait]) -> IdentityCheck:
    claim = parse_claim(identity.claim, known)
    return IdentityCheck(
        identity.id,
        claim,
        identity.tolerance,
        levels_of(city, identity, claim),
        periods_of(city, identity, claim),
    )


def _claim(tree: exp.Expr, known: Mapping[str, Trait]) -> Claim:
    comparison = _COMPARISONS.get(type(tree))
    if comparison is None:
        if type(tree) in _STRICT:
            raise ExpressionError("a claim is not strict", f"write {_STRICT[type(tree)]}")
        raise ExpressionError("is no claim", _SYNTAX)
    refuse_extras(tree, "this", "expression")
    claim = Claim(_side(tree.this, known), comparison, _side(tree.expression, known))
    if not claim.inputs:
        raise ExpressionError("the claim names no indicator")
    return claim


def _side(node: exp.Expr, known: Mapping[str, Trait]) -> Side:
    if type(node) in _COMPARISONS:
        raise ExpressionError("compares more than two sides", "make an identity of each pair")
    if isinstance(node, exp.Anonymous) and spelling(node) == CHILDREN:
        if len(node.expressions) != 1:
            raise ExpressionError(f"{CHILDREN} takes 1 argument", f"write {CHILDREN}(a)")
        inner = _side(node.expressions[0], known)
        if inner.children or inner.trait is None:
            raise ExpressionError(f"{CHILDREN} takes an indicator or a formula", f"write {CHILDREN}(a)")
        if inner.trait.kind != "amount":
            raise ExpressionError(f"{inner} ({inner.trait}) does not add up over units", "take an amount")
        return Side(inner.node, children=True)
    for call in node.find_all(exp.Anonymous):
        if spelling(call) == CHILDREN:
            raise ExpressionError(f"{CHILDREN} must be a side by itself", f"write {CHILDREN}(a) = b")
    constant = _constant(node)
    return Side(parse_formula(node.sql(dialect="duckdb"), known) if constant is None else constant)


def _constant(node: exp.Expr) -> Constant | None:
    """A side that is nothing but a number."""
    if isinstance(node, exp.Neg):
        inner = _constant(node.this)
        return None if inner is None else Constant(-inner.value)
    if isinstance(node, exp.Literal) and not node.is_string:
        return Constant(number(node))
    return None


def _demand_alike(claim: Claim) -> None:
    left, right = claim.left.trait, claim.right.trait
    if left is None or right is None:
        return
    said = f"{claim.left} ({left}) is compared with {claim.right} ({right})"
    kinds = {left.kind, right.kind}
    if (left.unit and right.unit and left.unit != right.unit) or (len(kinds) == 2 and kinds <= _APART):
        raise ExpressionError(said, "both sides must have the same unit")
    for plain, other in ((claim.left, right), (claim.right, left)):
        trait = plain.trait
        if trait and trait.share and not other.share and other.unit and not isinstance(plain.node, Scaled):
            raise ExpressionError(
                f"{plain} is a plain quotient, {other.unit} is not", f"make {plain} an indicator of its own"
            )


def _wanted(
    series: Series, levels: tuple[str, ...], ladder: tuple[str, ...]
) -> Iterator[tuple[Ref, tuple[str, ...]]]:
    """Every indicator in a series, with the levels at which it is needed."""
    if isinstance(series, Ref):
        yield series, levels
        return
    if isinstance(series, ShareOfParent):
        above = {ladder[max(ladder.index(level) - 1, 0)] for level in levels}
        levels = tuple(level for level in ladder if level in {*levels, *above})
    for part in operands(series):
        yield from _wanted(part, levels, ladder)


def _has(names: tuple[str, ...]) -> str:
    return f"it has {', '.join(names)}"
