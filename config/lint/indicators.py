"""What an indicator says of domains, units, levels, datasets, their columns, and areas."""

from __future__ import annotations

from collections.abc import Iterator

from config.lint.place import Place
from config.models import Feed, Formula, Indicator, Measure, Reported, Stock, Target
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
    if not isinstance(indicator, Formula):
        feed = city.datasets.get(indicator.dataset)
        if feed is not None:
            yield from _columns(place, indicator, feed)
        else:
            known = {*city.datasets, *place.named("feed")}
            yield from place.known(("dataset",), "dataset", indicator.dataset, known)
    for number, target in enumerate(indicator.targets):
        yield from _target(place, number, target, indicator)


def _target(place: Place, number: int, target: Target, indicator: Indicator) -> Iterator[Problem]:
    levels, keys = place.city.levels, ("targets", number)
    for index, level in enumerate(target.levels or ()):
        yield from place.known((*keys, "levels", index), "level", level, levels)
        if level in levels and level not in indicator.levels:
            message = f"target for level {level!r}, which the indicator does not have"
            yield place.problem((*keys, "levels", index), message, "add it to levels or drop it here")
    for index, period in enumerate(target.periods or ()):
        yield from place.known((*keys, "periods", index), "period", period, place.city.periods.ids)
        if period in place.city.periods.ids and period not in indicator.periods:
            message = f"target by {period}, which the indicator does not have"
            yield place.problem((*keys, "periods", index), message, "add it to periods or drop it here")
    for index, code in enumerate(target.areas or ()):
        yield from place.known((*keys, "areas", index), "area", code, place.named("area"))
    if target.kind == "path" and target.date is None:
        yield place.problem(keys, "a path target needs a date", "give the day on which the value is due")


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
