"""References between the definitions of a city folder: every name that one uses must be defined by another.

What needs knowledge of SQL or formulas is checked where that knowledge lives (``pipelines.check``,
``indicators.check``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from config.city import City
from config.models import (
    AreaScreen,
    Feed,
    Formula,
    Indicator,
    Measure,
    Model,
    Panel,
    Reported,
    Rule,
    Screen,
    Stock,
    Text,
    WallScreen,
    WarningList,
)
from config.problems import Problem, did_you_mean

Keys = tuple[str | int, ...]


def lint(city: City) -> list[Problem]:
    """Every broken reference of the folder."""
    problems = [*_head(city)]
    for feed in city.feeds.values():
        problems += _feed(city, feed)
    for indicator in city.indicators.values():
        problems += _indicator(city, indicator)
    for rule in city.rules.values():
        problems += _rule(city, rule)
    for screen in city.screens.values():
        problems += _screen(city, screen)
    return problems


def _head(city: City) -> Iterator[Problem]:
    kind, id_ = "city", city.head.id
    yield from _texts(city, kind, id_, city.head, ())
    for group in ("levels", "domains", "units"):
        seen: set[str] = set()
        for index, item in enumerate(getattr(city.head, group)):
            if item.id in seen:
                yield city.problem(
                    kind, id_, (group, index), f"id {item.id!r} is used twice", "rename one of them"
                )
            seen.add(item.id)


def _feed(city: City, feed: Feed) -> Iterator[Problem]:
    yield from _texts(city, "feed", feed.id, feed, ())
    columns = [column.name for column in feed.columns]
    for index, name in enumerate(columns):
        if name in columns[:index]:
            yield city.problem(
                "feed", feed.id, ("columns", index), f"column {name!r} is given twice", "rename one of them"
            )
    for index, name in enumerate(feed.key):
        yield from _known(city, "feed", feed.id, ("key", index), "column", name, columns)
    yield from _known(city, "feed", feed.id, ("event_time",), "column", feed.event_time, columns)
    if feed.event_time in columns and feed.event_time not in feed.time_columns:
        hint = "its type must be date or timestamp"
        yield city.problem("feed", feed.id, ("event_time",), f"{feed.event_time!r} is not a time", hint)
    if feed.area.column is not None:
        yield from _known(city, "feed", feed.id, ("area", "column"), "column", feed.area.column, columns)
    for index, name in enumerate(feed.area.otherwise):
        yield from _known(city, "feed", feed.id, ("area", "otherwise", index), "column", name, columns)
    if feed.area.constant is not None:
        codes = _delivered_codes(city)
        yield from _known(city, "feed", feed.id, ("area", "constant"), "area", feed.area.constant, codes)
    if feed.area.match == "code":
        for source, code in feed.area.codes.items():
            here = ("area", "codes", source)
            yield from _known(city, "feed", feed.id, here, "area", code, _delivered_codes(city))
    if feed.coverage is not None:
        yield from _known(city, "feed", feed.id, ("coverage",), "level", feed.coverage, city.levels)


def _indicator(city: City, indicator: Indicator) -> Iterator[Problem]:
    kind, id_ = "indicator", indicator.id
    yield from _texts(city, kind, id_, indicator, ())
    yield from _known(
        city, kind, id_, ("domain",), "domain", indicator.domain, [d.id for d in city.head.domains]
    )
    yield from _known(city, kind, id_, ("unit",), "unit", indicator.unit, city.units)
    for index, level in enumerate(indicator.levels):
        yield from _known(city, kind, id_, ("levels", index), "level", level, city.levels)
    if not isinstance(indicator, Formula):
        yield from _known(city, kind, id_, ("dataset",), "dataset", indicator.dataset, city.datasets)
        feed = city.datasets.get(indicator.dataset)
        if feed is not None:
            yield from _dataset_columns(city, indicator, feed)
    for index, target in enumerate(indicator.targets):
        keys: Keys = ("targets", index)
        for level in target.levels or ():
            yield from _known(city, kind, id_, (*keys, "levels"), "level", level, city.levels)
            if level in city.levels and level not in indicator.levels:
                message = f"target for level {level!r}, which the indicator does not have"
                yield city.problem(kind, id_, (*keys, "levels"), message, "add it to levels or drop it here")
        for code in target.areas or ():
            yield from _known(city, kind, id_, (*keys, "areas"), "area", code, _named(city, "area"))
        if target.kind == "path" and target.date is None:
            yield city.problem(
                kind, id_, keys, "a path target needs a date", "give the day on which the value is due"
            )


def _dataset_columns(city: City, indicator: Measure | Stock | Reported, feed: Feed) -> Iterator[Problem]:
    columns = [column.name for column in feed.columns]
    times = list(feed.time_columns)
    match indicator:
        case Measure():
            named = {"time": times, **{f"by.{i}": columns for i in range(len(indicator.by))}}
        case Stock():
            named = {
                "opens": times,
                "closes": times,
                **{f"by.{i}": columns for i in range(len(indicator.by))},
            }
        case Reported():
            named = {"time": times, "known": times, "value": columns}
    for key, allowed in named.items():
        name, _, index = key.partition(".")
        value = getattr(indicator, name)
        keys: Keys = (name, int(index)) if index else (name,)
        column = value[int(index)] if index else value
        what = "time column" if allowed is times else "column"
        yield from _known(city, "indicator", indicator.id, keys, what, column, allowed)


def _rule(city: City, rule: Rule) -> Iterator[Problem]:
    yield from _texts(city, "rule", rule.id, rule, ())
    if rule.feed is not None:
        yield from _known(city, "rule", rule.id, ("feed",), "feed", rule.feed, city.feeds)
    if rule.indicator is None:
        return
    yield from _known(
        city, "rule", rule.id, ("indicator",), "indicator", rule.indicator, _named(city, "indicator")
    )
    indicator = city.indicators.get(rule.indicator)
    if indicator is not None:
        yield from _given(city, "rule", rule.id, (), indicator, rule.level, rule.period)
        if rule.when.type == "target_gap" and not indicator.targets:
            hint = f"give {indicator.id} targets, or use another condition"
            yield city.problem("rule", rule.id, ("when",), f"indicator {indicator.id!r} has no target", hint)


def _screen(city: City, screen: Screen) -> Iterator[Problem]:
    yield from _texts(city, "screen", screen.id, screen, ())
    if isinstance(screen, AreaScreen):
        yield from _known(city, "screen", screen.id, ("level",), "level", screen.level, city.levels)
        for index, panel in enumerate(screen.panels):
            yield from _panel(city, screen, ("panels", index), panel, screen.level)
    elif isinstance(screen, WallScreen):
        for number, page in enumerate(screen.pages):
            level: str | None = city.levels[0]
            if page.area is not None:
                codes = _named(city, "area")
                yield from _known(
                    city, "screen", screen.id, ("pages", number, "area"), "area", page.area, codes
                )
                level = city.areas[page.area].level if page.area in city.areas else None
            for index, panel in enumerate(page.panels):
                yield from _panel(city, screen, ("pages", number, "panels", index), panel, level)


def _panel(city: City, screen: Screen, keys: Keys, panel: Panel, level: str | None) -> Iterator[Problem]:
    if isinstance(panel, WarningList):
        return
    own = getattr(panel, "level", None)
    if own is not None:
        yield from _known(city, "screen", screen.id, (*keys, "level"), "level", own, city.levels)
    ids = panel.indicators if hasattr(panel, "indicators") else (panel.indicator,)
    for index, id_ in enumerate(ids):
        where = (*keys, "indicators", index) if hasattr(panel, "indicators") else (*keys, "indicator")
        yield from _known(city, "screen", screen.id, where, "indicator", id_, _named(city, "indicator"))
        if id_ in city.indicators:
            yield from _given(
                city, "screen", screen.id, where, city.indicators[id_], own or level, panel.period
            )


def _given(
    city: City, kind: str, id_: str, keys: Keys, indicator: Indicator, level: str | None, period: str | None
) -> Iterator[Problem]:
    """Whether the indicator is computed for that level and period at all."""
    if level is not None and level in city.levels and level not in indicator.levels:
        message = f"indicator {indicator.id!r} is not computed for level {level!r}"
        yield city.problem(kind, id_, keys or ("level",), message, f"it has {', '.join(indicator.levels)}")
    if period is not None and period not in indicator.periods:
        message = f"indicator {indicator.id!r} is not computed by {period}"
        yield city.problem(kind, id_, keys or ("period",), message, f"it has {', '.join(indicator.periods)}")


def _delivered_codes(city: City) -> list[str]:
    """What feeds may call a unit: its official code, or its own where it has no other."""
    return [*{area.official or area.code for area in city.areas.all()}, *_named(city, "area")]


def _named(city: City, kind: str) -> list[str]:
    """Ids that are defined, whether or not their definition is sound."""
    return [id_ for k, id_ in city.places if k == kind]


def _known(
    city: City,
    kind: str,
    id_: str,
    keys: Keys,
    what: str,
    name: str,
    known: Iterable[str] | Mapping[str, object],
) -> Iterator[Problem]:
    names = list(known)
    if name not in names:
        yield city.problem(kind, id_, keys, f"{what} {name!r} is unknown", did_you_mean(name, names))


def _texts(city: City, kind: str, id_: str, model: Model, keys: Keys) -> Iterator[Problem]:
    """Texts that lack one of the city's languages."""
    for name in type(model).model_fields:
        value = getattr(model, name)
        items = enumerate(value) if isinstance(value, tuple) else [(None, value)]
        for index, item in items:
            here: Keys = (*keys, name) if index is None else (*keys, name, index)
            if isinstance(item, Text):
                for language in city.head.languages:
                    if not item.root.get(language, "").strip():
                        hint = "the city speaks " + ", ".join(city.head.languages)
                        yield city.problem(kind, id_, here, f"has no text for language {language!r}", hint)
            elif isinstance(item, Model):
                yield from _texts(city, kind, id_, item, here)
