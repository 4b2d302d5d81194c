"""What an indicator says of domains, units, levels, datasets, their columns, and areas."""

from __future__ import annotations

from collections.abc import Iterator

from config.lint.place import Place
from config.lint.targets import lint_targets
from config.models import Composite, Derived, Feed, Indicator, Measure, Reported, Stock
from config.problems import Problem


def lint_indicator(place: Place, indicator: Indicator) -> Iterator[Problem]:
    """Every broken reference of one indicator; expressions are checked where SQL is known."""
    city = place.city
    yield from place.texts(indicator)
    yield from place.known(("domain",), "domain", indicator.domain, [d.id for d in city.head.domains])
    yield from place.known(("unit",), "unit", indicator.unit, city.units)
    for number, level in enumerate(indicator.levels):
        yield from place.known(("levels", number), "level", level, city.levels)
    for number, period in enumerate(indicator.periods):
        yield from place.known(("periods", number), "period", period, city.periods.ids)
    if isinstance(indicator, Composite):
        yield from _components(place, indicator)
    elif not isinstance(indicator, Derived):
        feed = city.datasets.get(indicator.dataset)
        if feed is not None:
            yield from _columns(place, indicator, feed)
        else:
            known = {*city.datasets, *place.named("feed")}
            yield from place.known(("dataset",), "dataset", indicator.dataset, known)
    yield from place.serves(indicator.serves)
    yield from lint_targets(place, indicator)


def _columns(place: Place, indicator: Measure | Stock | Reported, feed: Feed) -> Iterator[Problem]:
    columns = [column.name for column in feed.columns]
    times: dict[str, str] = {}
    others: dict[str, str] = {}
    match indicator:
        case Measure():
            times = {"time": indicator.time}
        case Stock():
            times = {"opens": indicator.opens, "closes": indicator.closes}
        case Reported():
            times = {"time": indicator.time, "known": indicator.known}
            others = {"value": indicator.value}
    for key, column in times.items():
        yield from place.known((key,), "column", column, columns)
        if column in columns and column not in feed.time_columns:
            hint = "known: " + ", ".join(feed.time_columns)
            yield place.problem((key,), f"column {column!r} is not a time", hint)
    for key, column in others.items():
        yield from place.known((key,), "column", column, columns)
    if not isinstance(indicator, Reported):
        for number, column in enumerate(indicator.by):
            yield from place.known(("by", number), "column", column, columns)


def _components(place: Place, indicator: Composite) -> Iterator[Problem]:
    known = {*place.city.indicators, *place.named("indicator")}
    for number, part in enumerate(indicator.components):
        keys = ("components", number)
        yield from place.known((*keys, "indicator"), "indicator", part.indicator, known)
        if indicator.normalise == "goalposts" and part.goalposts is None:
            yield place.problem(
                keys, f"{part.indicator} has no goalposts", "write goalposts: {min: 0, max: 100}"
            )
        if indicator.normalise != "goalposts" and part.goalposts is not None:
            message = f"goalposts mean nothing to {indicator.normalise}"
            yield place.problem((*keys, "goalposts"), message, "drop them, or write normalise: goalposts")
    names = [part.indicator for part in indicator.components]
    yield from place.repeated(("components",), "indicator", names)
