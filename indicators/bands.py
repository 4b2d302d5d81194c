"""Which uncertainty the figures of an indicator have, and the places among a level that it leaves open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

import numpy as np

from config import City
from config.models import Formula, Indicator, Measure, Stock
from config.models.feed import ColumnType
from indicators.formula import (
    Combined,
    PerCapita,
    Ref,
    Series,
    ShareOfParent,
    Trait,
    Window,
    parse_formula,
    parse_references,
)
from indicators.uncertainty import Floats, Interval, poisson, rank_ranges, wilson
from warehouse.expression import Aggregate, Arithmetic, ExpressionError, parse_measure


class Figure(Protocol):
    """One area's value with its raw parts."""

    @property
    def value(self) -> float | None: ...
    @property
    def numerator(self) -> float | None: ...
    @property
    def denominator(self) -> float | None: ...


@dataclass(frozen=True)
class Method:
    """How the limits of a figure are got: as those of a proportion, of a count, or of a count per head.

    ``scale`` makes the value of what the parts give: of numerator ÷ denominator, or of the count.
    """

    kind: Literal["proportion", "count", "rate"]
    scale: float


class Band(NamedTuple):
    """A figure's 95 % limits, in the indicator's unit, and the places of ``pool`` that it may have."""

    low: float
    high: float
    best: int
    worst: int
    pool: int


def bands(city: City, indicator: Indicator, figures: Sequence[Figure]) -> list[Band | None] | None:
    """The bands of the figures that are ranked with each other (those over too few rows left out before).

    None when nothing is known of the indicator's variance, as of means and percentiles. A figure that has no
    limits by itself has None. Where no direction is better, the first place is the largest.
    """
    how = method_of(city, indicator)
    if how is None or not figures:
        return None
    interval = limits(how, figures)
    best, worst = rank_ranges(interval, up=indicator.direction != "down")
    pool = int(np.count_nonzero(best))
    return [
        Band(float(low), float(high), int(first), int(last), pool) if first else None
        for low, high, first, last in zip(*interval, best, worst, strict=True)
    ]


def limits(how: Method, figures: Sequence[Figure]) -> Interval:
    """The 95 % limits of figures, in the indicator's unit."""
    value = _array([f.value for f in figures])
    upper, lower = _array([f.numerator for f in figures]), _array([f.denominator for f in figures])
    if how.kind == "proportion":
        low, high = wilson(upper, lower)
        return Interval(how.scale * low, how.scale * high)
    if how.kind == "count":
        low, high = poisson(value / how.scale)
        return Interval(how.scale * low, how.scale * high)
    low, high = poisson(upper)
    heads = np.where(lower > 0, lower, np.nan)
    return Interval(how.scale * low / heads, how.scale * high / heads)


def _array(values: Sequence[float | None]) -> Floats:
    return np.array([np.nan if v is None else v for v in values], dtype=float)


def method_of(city: City, indicator: Indicator) -> Method | None:
    """The method for an indicator; None for those whose figures do not tell their variance.

    Counts of rows, shares of rows among others of the same rows, and counts per head have one; means,
    percentiles, sums of amounts, published figures and composites have none. Rows are taken as independent of
    each other; of cases that come in clusters, or readings hour by hour, the true limits are wider.
    """
    factor = city.units[indicator.unit].factor
    match indicator:
        case Measure():
            kind = _measured(city, indicator)
            return Method(kind, factor) if kind else None
        case Stock():
            return Method("count", factor)
        case Formula():
            try:
                names = parse_references(indicator.formula)
                series = parse_formula(indicator.formula, dict.fromkeys(names, _PLAIN))
            except ExpressionError:
                return None
            return _derived(city, series, factor)
        case _:
            return None


_PLAIN = Trait("amount", None, "sum")
"""What is needed to read a formula's shape."""


def _measured(city: City, item: Measure) -> Literal["proportion", "count"] | None:
    feed = city.datasets.get(item.dataset)
    if feed is None or item.weights is not None:
        return None
    columns: dict[str, ColumnType] = {column.name: column.type for column in feed.columns}
    try:
        measure = parse_measure(item.measure, columns)
    except ExpressionError:
        return None
    match measure:
        case Aggregate(function="count"):
            return "count"
        case Arithmetic(operator="/", left=Aggregate(function="count") as part, right=Aggregate() as whole):
            among = whole.function == "count" and whole.filter in (None, part.filter)
            return "proportion" if among else None
        case _:
            return None


def _derived(city: City, series: Series, factor: float) -> Method | None:
    match series:
        case PerCapita(series=below, heads=heads) if _counted(city, below):
            return Method("rate", heads * factor)
        case ShareOfParent(series=below) if _counted(city, below):
            return Method("proportion", factor)
        case Combined(operator="/", left=Ref(indicator=part), right=Ref(indicator=whole)):
            return Method("proportion", factor) if _among(city, part, whole) else None
        case _ if _counted(city, series):
            return Method("count", factor)
        case _:
            return None


def _counted(city: City, series: Series) -> bool:
    """Whether a series counts rows: a count, or several periods of one."""
    if isinstance(series, Window):
        return _counted(city, series.series) and not _stock(city, series.series)
    if not isinstance(series, Ref):
        return False
    found = (
        method_of(city, city.indicators[series.indicator]) if series.indicator in city.indicators else None
    )
    return found is not None and found.kind == "count" and found.scale == 1


def _stock(city: City, series: Series) -> bool:
    return isinstance(series, Ref) and isinstance(city.indicators.get(series.indicator), Stock)


def _among(city: City, part: str, whole: str) -> bool:
    """Whether one indicator counts some of the rows that the other counts."""
    one, all_ = city.indicators.get(part), city.indicators.get(whole)
    if not (_counted(city, Ref(part, _PLAIN)) and _counted(city, Ref(whole, _PLAIN))):
        return False
    match one, all_:
        case Measure(), Measure():
            same = (one.dataset, one.time) == (all_.dataset, all_.time) and all_.measure == "count(*)"
        case Stock(), Stock():
            same = (one.dataset, one.closes) == (all_.dataset, all_.closes)
        case _:
            return False
    return same and all_.where in (None, one.where)
