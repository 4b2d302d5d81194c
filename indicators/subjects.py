"""What a rule and an area are about: what silences, maintenance and notices go by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from config import City
from config.models import Derived, Rule
from indicators.formula import inputs_of
from warehouse.state import Subject


def subject_of(city: City, rule_id: str, area: str) -> Subject:
    """What a warning is about: its rule, the rule's domain and feeds, its area with all above it."""
    rule = city.rules.get(rule_id)
    indicator = city.indicators.get(rule.indicator or "") if rule is not None else None
    above = frozenset(city.areas.path(area).values()) if area in city.areas else frozenset({area})
    feeds = frozenset(_feeds(city, rule)) if rule is not None else frozenset()
    return Subject(rule_id, indicator.domain if indicator is not None else None, above, feeds)


def _feeds(city: City, rule: Rule) -> Iterator[str]:
    """The feeds that a rule hangs on."""
    if rule.feed is not None:
        yield rule.feed
    if rule.indicator is not None:
        yield from _tables(city, _datasets(city, rule.indicator, set()))
    yield from _tables(city, [getattr(rule.when, "dataset", "")])


def _tables(city: City, datasets: Iterable[str]) -> Iterator[str]:
    wanted = set(datasets)
    return (feed.id for feed in city.feeds.values() if feed.table in wanted)


def _datasets(city: City, id_: str, seen: set[str]) -> set[str]:
    indicator = city.indicators.get(id_)
    if indicator is None or id_ in seen:
        return set()
    seen.add(id_)
    if not isinstance(indicator, Derived):
        return {indicator.dataset}
    return {found for part in inputs_of(indicator) for found in _datasets(city, part, seen)}
