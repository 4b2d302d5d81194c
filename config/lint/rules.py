"""What a rule says of the indicator or feed that it watches."""

from __future__ import annotations

from collections.abc import Iterator

from config.lint.place import Place
from config.models import Rule, TargetGap
from config.problems import Problem


def lint_rule(place: Place, rule: Rule) -> Iterator[Problem]:
    """Every broken reference of one rule."""
    yield from place.texts(rule)
    for number, name in enumerate(rule.notify):
        yield from place.known(("notify", number), "recipient", name, place.named("recipient"))
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
        if indicator is not None and isinstance(rule.when, TargetGap) and not indicator.targets:
            hint = f"give {indicator.id} targets, or use another condition"
            yield place.problem(("when",), f"indicator {indicator.id!r} has no target", hint)
