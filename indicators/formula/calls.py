"""The functions of formulas: how many arguments each takes, and the series that it makes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from indicators.formula.series import (
    Change,
    Lagged,
    PerCapita,
    Rank,
    Series,
    ShareOfParent,
    Window,
    describe,
)
from indicators.formula.traits import Trait, quotient
from warehouse.expression import ExpressionError


@dataclass(frozen=True, slots=True)
class Call:
    """One function: the numbers of arguments it can have, what to write, and what it makes."""

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
    return ShareOfParent(series, quotient(series.trait))


def _rank(series: Series, _: int) -> Series:
    return Rank(series, Trait("rank", None, "mean", descending=False))


CALLS: Final[dict[str, Call]] = {
    "ratio": Call((2,), "write ratio(a, b)", lambda series, _: series),
    "lag": Call((1, 2), "write lag(a, 12)", lambda series, count: Lagged(series, count, series.trait)),
    "diff": Call((1, 2), "write diff(a, 1)", _diff),
    "yoy": Call((1,), "write yoy(a)", _yoy),
    "ytd": Call((1,), "write ytd(a)", _ytd),
    "rolling": Call((2,), "write rolling(a, 3)", lambda series, count: Window(series, count, series.trait)),
    "per_capita": Call((2,), "write per_capita(a, 100000)", _per_capita),
    "share_of_parent": Call((1,), "write share_of_parent(a)", _share),
    "rank": Call((1,), "write rank(a)", _rank),
}
