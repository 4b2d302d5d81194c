"""What a series is to those that are made of it: how its unit behaves and how its periods are joined."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from warehouse.expression import ExpressionError, Operator

Kind = Literal["amount", "rate", "level", "index", "rank"]
Accumulation = Literal["sum", "ratio", "mean"]


@dataclass(frozen=True, slots=True)
class Trait:
    """What a series is: how its unit behaves, and how several periods of it become one.

    ``ratio`` series are joined by their parts, value = ``scale`` × Σ numerator / Σ denominator.
    ``descending`` says that more is better, ``share`` that the value is a plain quotient, which the unit's
    factor still has to be applied to. A value that rests on fewer than ``min_n`` rows is too thin to be
    compared with others.
    """

    kind: Kind
    unit: str | None
    accumulation: Accumulation
    scale: float = 1.0
    descending: bool = True
    share: bool = False
    min_n: int = field(default=0, repr=False)

    def __str__(self) -> str:
        return f"{self.kind} in {self.unit}" if self.unit else self.kind


def quotient(trait: Trait) -> Trait:
    """One series divided by another, of which ``trait`` is the upper one's."""
    return Trait("rate", None, "ratio", descending=trait.descending, share=True, min_n=trait.min_n)


def scaled(operator: Operator, trait: Trait, by: float, reverse: bool = False) -> Trait:
    """A series and a number: what the series was, except that its parts may no longer give its value and that
    it is no longer counted in its unit. In ``reverse`` the number stands on the left.
    """
    opposed = (operator in "*/" and by < 0) != (reverse and operator in "-/")
    trait = replace(trait, descending=trait.descending != opposed)
    if operator == "/" and reverse:
        return quotient(trait)
    if operator in "+-":
        return replace(trait, accumulation="mean", scale=1.0)
    unit = trait.unit if abs(by) == 1 else None
    if trait.accumulation != "ratio":
        return replace(trait, unit=unit)
    return replace(
        trait, unit=unit, scale=trait.scale * by if operator == "*" else trait.scale / by if by else 0.0
    )


def combined(operator: Operator, first: Trait, second: Trait, names: tuple[str, str]) -> Trait:
    """Two series joined by an operator; ``names`` is how a message calls them.

    Raises ExpressionError for the sum or difference of things that are not alike.
    """
    min_n = max(first.min_n, second.min_n)
    if operator == "/":
        return replace(quotient(first), min_n=min_n)
    if operator == "*":
        return Trait("index", None, "mean", descending=first.descending, min_n=min_n)
    _alike(operator, first, second, names)
    both = first.accumulation == second.accumulation == "sum"
    return Trait(
        first.kind,
        first.unit or second.unit,
        "sum" if both else "mean",
        descending=first.descending,
        share=first.share and second.share,
        min_n=min_n,
    )


def _alike(operator: Operator, first: Trait, second: Trait, names: tuple[str, str]) -> None:
    """Refuse to add what is not of one kind and unit."""
    verb = "added to" if operator == "+" else "taken from"
    said = f"{names[1]} ({second}) cannot be {verb} {names[0]} ({first})"
    kinds = {first.kind, second.kind}
    if "rank" in kinds:
        raise ExpressionError(said, "places do not add up; diff(a) is the change of a place")
    if kinds in ({"amount", "rate"}, {"level", "rate"}) or (
        first.unit and second.unit and first.unit != second.unit
    ):
        raise ExpressionError(said, "both must have the same unit")
    if kinds == {"rate"} and first.share != second.share:
        plain, other = names if first.share else names[::-1]
        raise ExpressionError(
            f"{plain} is a plain quotient, {other} is not", f"make {plain} an indicator of its own"
        )
