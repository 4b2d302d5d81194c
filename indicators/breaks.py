"""Breaks in series: days from which on figures mean something else, as declared or as definitions changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, Final, Literal

from config import City
from config.models.indicator import Derived, Formula, Measure, Period, Stock
from config.periods import day_of
from indicators.formula import Index, Lagged, Ref, Series, Window, inputs_of, operands, series_of
from indicators.planner import traits
from warehouse.vintages import Version, VintageReader

COMPUTING: Final = (
    "kind", "dataset", "time", "measure", "where", "weights", "missing", "opens", "closes", "known", "value",
    "formula", "components", "normalise", "aggregate", "scale", "unit", "levels", "periods",
)  # fmt: skip
"""The fields of a definition that may change its values, in the order in which they are told."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field of a definition before and after, as it was written; None: it was not there."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class SeriesBreak:
    """One break.

    A *declared* one parts figures that cannot be compared, one indicator's or those of a whole level of the
    city: ``note`` says why, by language. A *definition*
    one says when the computation changed; all of history was then computed anew, so the figures that stand
    are alike, and those that stood before ``since`` (UTC) are read with ``as_of``. ``indicator`` is the one
    whose break it is: that of a formula's part is the formula's as well.
    """

    date: dt.date
    kind: Literal["declared", "definition"]
    indicator: str
    note: Mapping[str, str]
    version: int | None = None
    since: dt.datetime | None = None
    changes: tuple[FieldChange, ...] = ()


def breaks_of(
    city: City, reader: VintageReader, indicator: str, level: str | None = None
) -> list[SeriesBreak]:
    """Every break of an indicator at a level and of what it is made of, oldest first."""
    found = declared_breaks(city, indicator, level)
    for id_ in _family(city, indicator):
        versions = reader.versions(id_)
        found += [
            SeriesBreak(
                later.since.replace(tzinfo=dt.UTC).astimezone(city.zone).date(),
                "definition",
                id_,
                {},
                later.version,
                later.since,
                difference(earlier, later),
            )
            for earlier, later in pairwise(versions)
        ]
    return sorted(found, key=lambda item: (item.date, item.indicator, item.kind))


def declared_breaks(city: City, indicator: str, level: str | None = None) -> list[SeriesBreak]:
    """The breaks that the city declares of an indicator at a level (None: at any that it has) and of what it
    is made of, oldest first.
    """
    family = [city.indicators[id_] for id_ in _family(city, indicator)]
    found = [
        SeriesBreak(item.date, "declared", part.id, item.note.root) for part in family for item in part.breaks
    ]
    if any(isinstance(part, (Measure, Stock)) for part in family):
        levels = set(city.indicators[indicator].levels if level is None else [level])
        if any(isinstance(part, Formula) and "share_of_parent" in part.formula for part in family):
            levels |= {city.levels[max(city.levels.index(name) - 1, 0)] for name in levels}
        found += [
            SeriesBreak(item.date, "declared", indicator, item.note.root)
            for item in city.head.breaks
            if levels.intersection(item.levels)
        ]
    return sorted(found, key=lambda item: (item.date, item.indicator))


def breaks_between(
    city: City,
    indicator: str,
    start: dt.date,
    end: dt.date,
    reader: VintageReader | None = None,
    level: str | None = None,
) -> list[SeriesBreak]:
    """The breaks after the beginning and before the end of ``[start, end)``: what lies on both sides of one
    of them cannot be compared. With ``reader`` changes of definitions are among them.
    """
    if reader is None:
        known = declared_breaks(city, indicator, level)
    else:
        known = breaks_of(city, reader, indicator, level)
    first, last = day_of(start), day_of(end)
    return [item for item in known if first < item.date < last]


def compared_across(
    city: City, indicator: str, period: Period, start: dt.date, level: str | None = None
) -> list[SeriesBreak]:
    """The declared breaks that a value looks across: within its period, and for a formula that looks along
    time (lag, diff, yoy, ytd, rolling, index) within all that it looks at.
    """
    if not declared_breaks(city, indicator, level):
        return []
    known = _trees(city) if isinstance(city.indicators[indicator], Derived) else {}
    first = _begin(city, known, indicator, period, start)
    end = city.periods.next_start(period, start)
    return breaks_between(city, indicator, first, end, level=level)


def difference(earlier: Version, later: Version) -> tuple[FieldChange, ...]:
    """What computes and differs between two versions; nothing where the engine itself changed."""
    return tuple(
        FieldChange(name, earlier.body.get(name), later.body.get(name))
        for name in COMPUTING
        if earlier.body.get(name) != later.body.get(name)
    )


def _family(city: City, indicator: str) -> list[str]:
    """An indicator and all that it is made of, each once."""
    found: dict[str, None] = {}
    waiting = [indicator]
    while waiting:
        id_ = waiting.pop()
        item = city.indicators.get(id_)
        if item is None or id_ in found:
            continue
        found[id_] = None
        if isinstance(item, Derived):
            waiting += inputs_of(item)
    return list(found)


def _trees(city: City) -> Mapping[str, Series]:
    """The series of everything that is made of other indicators."""
    known = traits(city)
    return {id_: series_of(item, known) for id_, item in city.indicators.items() if isinstance(item, Derived)}


def _begin(
    city: City, trees: Mapping[str, Series], indicator: str, period: Period, start: dt.date
) -> dt.date:
    """The first moment of what a value is made of."""
    periods = city.periods
    if indicator not in trees:
        return periods.begin(period, start)

    @cache
    def first(id_: str, at: dt.date) -> dt.date:
        return look(trees[id_], at) if id_ in trees else periods.begin(period, at)

    def look(series: Series, at: dt.date) -> dt.date:
        match series:
            case Ref():
                return first(series.indicator, at)
            case Lagged():
                back = periods.year(period) if series.count is None else series.count
                return look(series.series, periods.shift(period, at, -back))
            case Window(count=None):
                return min(look(series.series, at), look(series.series, periods.first_of_year(period, at)))
            case Window():
                back = (series.count or 1) - 1
                return look(series.series, periods.shift(period, at, -back))
            case Index():
                base, _ = series.base.within(period, periods)
                return min(look(series.series, at), look(series.series, base))
        parts: Sequence[Series] = operands(series)
        return min((look(part, at) for part in parts), default=at)

    return first(indicator, start)
