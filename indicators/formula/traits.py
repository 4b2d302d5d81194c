"""What a series is to those that are made of it: how its unit behaves and how its periods are joined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from warehouse.expression import ExpressionError, Operator

Kind = Literal["amount", "rate", "level", "index", "rank"]
Accumulation = Literal["sum", "ratio", "mean"]


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


def quotient(trait: Trait) -> Trait:
    """One series divided by another, of which ``trait`` is the upper one's."""
    return Trait("rate", None, "ratio", descending=trait.descending, share=True)


def scaled(operator: Operator, trait: Trait, by: float) -> Trait:
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


def combined(operator: Operator, first: Trait, second: Trait, names: tuple[str, str]) -> Trait:
    """Two series joined by an operator; ``names`` is how a message calls them.

    Raises ExpressionError for the sum or difference of things that are not alike.
    """
    if operator == "/":
        return quotient(first)
    if operator in "+-":
        if {first.kind, second.kind} in (
            {"amount", "rate"},
            {"level", "rate"},
            {"amount", "rank"},
            {"rate", "rank"},
        ) or (first.unit and second.unit and first.unit != second.unit):
            verb = "added to" if operator == "+" else "taken from"
            raise ExpressionError(
                f"{names[1]} ({_name(second)}) cannot be {verb} {names[0]} ({_name(first)})",
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
