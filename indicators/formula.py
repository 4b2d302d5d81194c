"""The language of formulas: indicators joined by arithmetic, and functions that look along time or across
areas.

A formula is read into a tree of *series*. Each has a value for every area and period that has one: a gap
stays a gap, since time is counted in periods of the calendar and never in rows.

    a + b   a - b   a * b   a / b   numbers   ( )
    ratio(a, b)         a / b; numerator and denominator are kept
    lag(a, k)           the value k periods before
    diff(a, k)          the change from k periods before (k = 1 if left out)
    yoy(a)              the change from the same period last year: per cent, or points for rates
    ytd(a)              from the start of the year up to and with the period
    rolling(a, k)       the last k periods together; k gaps or one, there is no value
    per_capita(a, k)    per k inhabitants
    share_of_parent(a)  the share in the unit one level up
    rank(a)             the place among the units of a level, 1 is best; the denominator is how many took part
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from sqlglot import exp

from config.models.indicator import Period
from config.problems import did_you_mean
from warehouse.expression import ExpressionError, Operator
from warehouse.syntax import guarded, number, refuse_extras, spelling, unknown, whole

Kind = Literal["amount", "rate", "level", "index", "rank"]
Accumulation = Literal["sum", "ratio", "mean"]

YEAR: Final[dict[Period, int]] = {"day": 364, "month": 12, "quarter": 4, "year": 1}
"""Periods in a year; days are compared with 52 weeks before, so that weekdays match."""
_LONGEST: Final[dict[Period, int]] = {"day": 366, "month": 12, "quarter": 4, "year": 1}
_MAX_SPAN: Final = 1000


@dataclass(frozen=True, slots=True)
class Trait:
    """What a series is: how its unit behaves, and how several periods of it become one.

    ``ratio`` series are joined by their parts, value = ``scale`` × Σ numerator / Σ denominator. ``share``
    says that the value is a plain quotient, which the unit's factor still has to be applied to.
    """

    kind: Kind
    unit: str | None
    accumulation: Accumulation
    scale: float = 1.0
    descending: bool = True
    share: bool = False


@dataclass(frozen=True, slots=True)
class Ref:
    """The values of another indicator."""

    indicator: str
    trait: Trait


@dataclass(frozen=True, slots=True)
class Constant:
    """A number."""

    value: float


@dataclass(frozen=True, slots=True)
class Scaled:
    """A series and a number joined by an operator."""

    operator: Operator
    series: Series
    number: float
    reverse: bool
    trait: Trait


@dataclass(frozen=True, slots=True)
class Combined:
    """Two series of the same area and period joined by an operator."""

    operator: Operator
    left: Series
    right: Series
    trait: Trait


@dataclass(frozen=True, slots=True)
class Lagged:
    """The series ``count`` periods later than it was; None: a year later."""

    series: Series
    count: int | None
    trait: Trait


@dataclass(frozen=True, slots=True)
class Change:
    """How far ``series`` lies above ``base``: in per cent if ``relative``, else the difference."""

    series: Series
    base: Series
    relative: bool
    trait: Trait


@dataclass(frozen=True, slots=True)
class Window:
    """The last ``count`` periods together; None: since the start of the year."""

    series: Series
    count: int | None
    trait: Trait


@dataclass(frozen=True, slots=True)
class PerCapita:
    """The series per ``heads`` inhabitants of the area."""

    series: Series
    heads: int
    trait: Trait


@dataclass(frozen=True, slots=True)
class ShareOfParent:
    """The series as a share of that of the unit one level up."""

    series: Series
    trait: Trait


@dataclass(frozen=True, slots=True)
class Rank:
    """The place of each area among those of its level."""

    series: Series
    trait: Trait


Series = Ref | Scaled | Combined | Lagged | Change | Window | PerCapita | ShareOfParent | Rank
_Node = Series | Constant


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


def references(series: Series) -> tuple[Ref, ...]:
    """Every indicator that a series is made of, each once."""
    return tuple(dict.fromkeys(_references(series)))


def operands(series: Series) -> tuple[Series, ...]:
    """The series directly below one."""
    match series:
        case Ref():
            return ()
        case Combined():
            return (series.left, series.right)
        case Change():
            return (series.series, series.base)
    return (series.series,)


def reach(series: Series, indicator: str, period: Period) -> frozenset[int]:
    """How many periods later a value of ``indicator`` can still show in ``series``: each such distance."""
    match series:
        case Ref():
            return frozenset({0} if series.indicator == indicator else ())
        case Lagged():
            steps = {YEAR[period] if series.count is None else series.count}
        case Window():
            steps = set(range(_LONGEST[period] if series.count is None else series.count))
        case _:
            steps = {0}
    below = frozenset().union(*(reach(part, indicator, period) for part in operands(series)))
    return frozenset(step + distance for step in steps for distance in below)


def describe(series: _Node) -> str:
    """The series in the language of formulas."""
    match series:
        case Ref():
            return series.indicator
        case Constant():
            return f"{series.value:g}"
        case Scaled():
            pair = (describe(series.series), f"{series.number:g}")
            first, second = reversed(pair) if series.reverse else pair
            return f"({first} {series.operator} {second})"
        case Combined():
            return f"({describe(series.left)} {series.operator} {describe(series.right)})"
        case Lagged():
            return f"lag({describe(series.series)}, {'a year' if series.count is None else series.count})"
        case Change():
            word = "change" if series.relative else "difference"
            return f"{word}({describe(series.series)}, {describe(series.base)})"
        case Window():
            inner = describe(series.series)
            return f"ytd({inner})" if series.count is None else f"rolling({inner}, {series.count})"
        case PerCapita():
            return f"per_capita({describe(series.series)}, {series.heads})"
        case ShareOfParent():
            return f"share_of_parent({describe(series.series)})"
        case Rank():
            return f"rank({describe(series.series)})"


def _references(series: Series) -> tuple[Ref, ...]:
    if isinstance(series, Ref):
        return (series,)
    return tuple(ref for part in operands(series) for ref in _references(part))


class _Reader:
    """Rebuilds a formula through an allow-list of its own."""

    def __init__(self, known: Mapping[str, Trait]) -> None:
        self.known = known

    def read(self, node: exp.Expr) -> _Node:
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
        call = _CALLS.get(name)
        if call is None:
            raise unknown(node, tuple(_CALLS))
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

    def _joined(self, operator: Operator, left: _Node, right: _Node) -> _Node:
        if isinstance(left, Constant) and isinstance(right, Constant):
            return Constant(_fold(operator, left.value, right.value))
        if isinstance(right, Constant):
            assert not isinstance(left, Constant)
            return Scaled(operator, left, right.value, False, _scaled(operator, left.trait, right.value))
        if isinstance(left, Constant):
            trait = _scaled(operator, right.trait, left.value) if operator != "/" else _quotient(right.trait)
            return Scaled(operator, right, left.value, True, trait)
        return Combined(operator, left, right, _combined(operator, left, right))

    @staticmethod
    def _series(node: _Node, name: str) -> Series:
        if isinstance(node, Constant):
            raise ExpressionError(f"{name} needs an indicator, not a number")
        return node


@dataclass(frozen=True, slots=True)
class _Call:
    arity: tuple[int, ...]
    example: str
    make: Callable[[Series, int], Series]


def _yoy(series: Series, _: int) -> Series:
    base = Lagged(series, None, series.trait)
    relative = series.trait.kind not in ("rate", "rank")
    return Change(series, base, relative, Trait("rate", None, "mean"))


def _diff(series: Series, count: int) -> Series:
    trait = Trait(
        series.trait.kind, series.trait.unit, "sum" if series.trait.accumulation == "sum" else "mean"
    )
    return Change(series, Lagged(series, count, series.trait), False, trait)


def _ytd(series: Series, _: int) -> Series:
    if series.trait.accumulation == "mean":
        raise ExpressionError(
            f"{describe(series)} does not add up over the year", "take a count, a sum or a ratio of these"
        )
    return Window(series, None, series.trait)


def _per_capita(series: Series, heads: int) -> Series:
    if series.trait.accumulation == "ratio":
        raise ExpressionError(f"{describe(series)} is a rate already", "take its numerator")
    trait = Trait("rate", None, series.trait.accumulation, descending=series.trait.descending)
    return PerCapita(series, heads, trait)


def _share(series: Series, _: int) -> Series:
    if series.trait.accumulation == "ratio":
        raise ExpressionError(f"{describe(series)} is a rate and no part of a whole")
    return ShareOfParent(series, _quotient(series.trait))


def _rank(series: Series, _: int) -> Series:
    return Rank(series, Trait("rank", None, "mean", descending=False))


_CALLS: Final[dict[str, _Call]] = {
    "ratio": _Call((2,), "write ratio(a, b)", lambda series, _: series),
    "lag": _Call((1, 2), "write lag(a, 12)", lambda series, count: Lagged(series, count, series.trait)),
    "diff": _Call((1, 2), "write diff(a, 1)", _diff),
    "yoy": _Call((1,), "write yoy(a)", _yoy),
    "ytd": _Call((1,), "write ytd(a)", _ytd),
    "rolling": _Call((2,), "write rolling(a, 3)", lambda series, count: Window(series, count, series.trait)),
    "per_capita": _Call((2,), "write per_capita(a, 100000)", _per_capita),
    "share_of_parent": _Call((1,), "write share_of_parent(a)", _share),
    "rank": _Call((1,), "write rank(a)", _rank),
}
_OPERATORS: Final[dict[type[exp.Expr], Operator]] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/"}


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


def _quotient(trait: Trait) -> Trait:
    return Trait("rate", None, "ratio", descending=trait.descending, share=True)


def _scaled(operator: Operator, trait: Trait, by: float) -> Trait:
    """A series times or plus a number is what the series was, except that its parts may no longer give its
    value.
    """
    if trait.accumulation == "ratio":
        if operator in "+-":
            return Trait(trait.kind, trait.unit, "mean", descending=trait.descending, share=trait.share)
        scale = trait.scale * by if operator == "*" else trait.scale / by if by else 0.0
        return Trait(trait.kind, trait.unit, "ratio", scale, trait.descending, trait.share)
    accumulation: Accumulation = trait.accumulation if operator in "*/" else "mean"
    return Trait(trait.kind, trait.unit, accumulation, descending=trait.descending, share=trait.share)


def _combined(operator: Operator, left: Series, right: Series) -> Trait:
    first, second = left.trait, right.trait
    if operator == "/":
        return _quotient(first)
    if operator in "+-":
        if {first.kind, second.kind} in (
            {"amount", "rate"},
            {"level", "rate"},
            {"amount", "rank"},
            {"rate", "rank"},
        ) or (first.unit and second.unit and first.unit != second.unit):
            verb = "added to" if operator == "+" else "taken from"
            raise ExpressionError(
                f"{describe(right)} ({_name(second)}) cannot be {verb} {describe(left)} ({_name(first)})",
                "both must have the same unit",
            )
        both = first.accumulation == second.accumulation == "sum"
        share = first.share and second.share
        return Trait(
            first.kind,
            first.unit or second.unit,
            "sum" if both else "mean",
            descending=first.descending,
            share=share,
        )
    return Trait("index", None, "mean", descending=first.descending)


def _name(trait: Trait) -> str:
    return f"{trait.kind} in {trait.unit}" if trait.unit else trait.kind


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
