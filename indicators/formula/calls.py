"""The functions of formulas: what each takes, and the series that it makes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Literal

from config.models.composite import Missing
from indicators.formula.series import (
    Change,
    Combined,
    Index,
    Lagged,
    PerCapita,
    Rank,
    Series,
    ShareOfParent,
    Window,
    describe,
)
from indicators.formula.span import Span
from indicators.formula.traits import Accumulation, Trait, quotient
from warehouse.expression import ExpressionError

MAX_SPAN: Final = 1000
MAX_HEADS: Final = 1_000_000_000
Extra = int | Span | Series | None


@dataclass(frozen=True, slots=True)
class Call:
    """One function: what may stand behind the series, what to write, and what it makes.

    ``second`` is the kind of the second argument: a whole number from 1 to ``most``, another series, or the
    base of an index. It may be left out if it has a ``default``.
    """

    example: str
    make: Callable[[Series, Extra, Missing], Series]
    second: Literal["count", "series", "base"] | None = None
    default: int | None = None
    most: int = MAX_SPAN

    @property
    def arity(self) -> tuple[int, ...]:
        """The numbers of arguments that it can have."""
        if self.second is None:
            return (1,)
        return (2,) if self.default is None else (1, 2)


def _lag(series: Series, count: Extra, _: Missing) -> Series:
    assert isinstance(count, int)
    return Lagged(series, count, series.trait)


def _ratio(series: Series, other: Extra, missing: Missing) -> Series:
    assert not isinstance(other, int | Span | None)
    trait = replace(quotient(series.trait), min_n=max(series.trait.min_n, other.trait.min_n))
    return Combined("/", series, other, trait, missing)


def _share_of(series: Series, whole: Extra, missing: Missing) -> Series:
    assert not isinstance(whole, int | Span | None)
    _refuse_rate(series)
    _refuse_rate(whole)
    part, all_ = series.trait, whole.trait
    if part.kind != all_.kind or (part.unit and all_.unit and part.unit != all_.unit):
        raise ExpressionError(
            f"{describe(series)} ({part}) is no part of {describe(whole)} ({all_})",
            "both must have the same unit; ratio(a, b) divides things that differ",
        )
    return _ratio(series, whole, missing)


def _yoy(series: Series, *_: object) -> Series:
    base = Lagged(series, None, series.trait)
    relative = series.trait.kind not in ("rate", "rank")
    trait = Trait("rate", None, "mean", descending=series.trait.descending, min_n=series.trait.min_n)
    return Change(series, base, relative, trait)


def _diff(series: Series, count: Extra, _: Missing) -> Series:
    assert isinstance(count, int)
    accumulation: Accumulation = "sum" if series.trait.accumulation == "sum" else "mean"
    # the difference of two rates is in points, whatever the rates are in
    unit = None if series.trait.kind == "rate" else series.trait.unit
    trait = replace(series.trait, unit=unit, accumulation=accumulation, scale=1.0)
    return Change(series, Lagged(series, count, series.trait), False, trait)


def _ytd(series: Series, _: Extra, missing: Missing) -> Series:
    if series.trait.accumulation == "mean":
        raise ExpressionError(
            f"{describe(series)} does not add up over the year", "take a count, a sum or a ratio of these"
        )
    return Window(series, None, series.trait, missing)


def _rolling(series: Series, count: Extra, missing: Missing) -> Series:
    assert isinstance(count, int)
    return Window(series, count, series.trait, missing)


def _per_capita(series: Series, heads: Extra, _: Missing) -> Series:
    assert isinstance(heads, int)
    _refuse_rank(series)
    if series.trait.accumulation == "ratio":
        raise ExpressionError(f"{describe(series)} is a rate already", "take its numerator")
    return PerCapita(series, heads, replace(series.trait, kind="rate", unit=None, scale=1.0, share=False))


def _share_of_parent(series: Series, *_: object) -> Series:
    _refuse_rate(series)
    return ShareOfParent(series, quotient(series.trait))


def _rank(series: Series, *_: object) -> Series:
    return Rank(series, Trait("rank", None, "mean", descending=False, min_n=series.trait.min_n))


def _index(series: Series, base: Extra, missing: Missing) -> Series:
    assert isinstance(base, Span)
    _refuse_rank(series)
    trait = Trait("index", None, "mean", descending=series.trait.descending, min_n=series.trait.min_n)
    return Index(series, base, trait, missing)


def _refuse_rate(series: Series) -> None:
    _refuse_rank(series)
    if series.trait.accumulation == "ratio":
        raise ExpressionError(f"{describe(series)} is a rate and no part of a whole")


def _refuse_rank(series: Series) -> None:
    if series.trait.kind == "rank":
        raise ExpressionError(f"{describe(series)} is a place: it cannot be divided")


CALLS: Final[dict[str, Call]] = {
    "ratio": Call("write ratio(a, b)", _ratio, "series"),
    "lag": Call("write lag(a, 12)", _lag, "count", 1),
    "diff": Call("write diff(a, 1)", _diff, "count", 1),
    "yoy": Call("write yoy(a)", _yoy),
    "ytd": Call("write ytd(a)", _ytd),
    "rolling": Call("write rolling(a, 3)", _rolling, "count"),
    "per_capita": Call("write per_capita(a, 100000)", _per_capita, "count", most=MAX_HEADS),
    "share_of_parent": Call("write share_of_parent(a)", _share_of_parent),
    "share_of": Call("write share_of(a, b)", _share_of, "series"),
    "rank": Call("write rank(a)", _rank),
    "index": Call("write index(a, 2020) or index(a, '2020-01')", _index, "base"),
}
