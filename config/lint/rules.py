"""What a rule says of the indicator, feed, dataset or rules that it watches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from config.lint.place import Place
from config.models import Combined, Deadline, Projection, Rule, TargetGap
from config.problems import Problem

_MOMENTS: Final = ("date", "timestamp")


def lint_rule(place: Place, rule: Rule) -> Iterator[Problem]:
    """Every broken reference of one rule."""
    yield from place.texts(rule)
    for number, name in enumerate(rule.notify):
        yield from place.known(("notify", number), "recipient", name, place.named("recipient"))
    yield from place.repeated(("notify",), "recipient", rule.notify)
    yield from place.serves(rule.serves)
    yield from place.repeated(("inhibited_by",), "rule", rule.inhibited_by)
    if rule.public is not None and place.city.head.publisher is None:
        hint = "say under publisher in city.yaml who warns the public"
        yield place.problem(("public",), "nobody publishes the warnings of this city", hint)
    if rule.feed is not None:
        yield from place.known(("feed",), "feed", rule.feed, place.named("feed"))
    if rule.level is not None:
        yield from place.known(("level",), "level", rule.level, place.city.levels)
    if rule.period is not None:
        yield from place.known(("period",), "period", rule.period, place.city.periods.ids)
    if rule.indicator is not None:
        yield from place.computed(("indicator",), rule.indicator, rule.level, rule.period)
        indicator = place.city.indicators.get(rule.indicator)
        if indicator is not None and isinstance(rule.when, TargetGap | Projection) and not indicator.targets:
            hint = f"give {indicator.id} targets, or use another condition"
            yield place.problem(("when",), f"indicator {indicator.id!r} has no target", hint)
    for index, other in enumerate(rule.inhibited_by):
        yield from _other(place, rule, ("inhibited_by", index), other)
    if isinstance(rule.when, Combined):
        for index, other in enumerate(rule.when.rules):
            yield from _other(place, rule, ("when", "rules", index), other)
    if isinstance(rule.when, Deadline):
        yield from _deadline(place, rule.when)


def _other(place: Place, rule: Rule, keys: tuple[str | int, ...], other: str) -> Iterator[Problem]:
    if other == rule.id:
        yield place.problem(keys, "a rule cannot name itself", "name another rule")
    else:
        yield from place.known(keys, "rule", other, place.named("rule"))


def _deadline(place: Place, when: Deadline) -> Iterator[Problem]:
    feeds = [feed for feed in place.city.feeds.values() if feed.table == when.dataset]
    if not feeds:
        known = {feed.table for feed in place.city.feeds.values()}
        yield from place.known(("when", "dataset"), "dataset", when.dataset, known)
        return
    columns = {column.name: column.type for feed in feeds for column in feed.columns}
    for key in ("due", "done"):
        name = getattr(when, key)
        yield from place.known(("when", key), "column", name, columns)
        if columns.get(name, "timestamp") not in _MOMENTS:
            what = f"column {name!r} is a {columns[name]}, not a moment"
            yield place.problem(("when", key), what, "name a date or timestamp column")
