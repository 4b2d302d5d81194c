"""What a warning is about: what silences, maintenance, notices and the desk go by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from config import City
from config.models import Derived, Projection, Rule, TargetGap, Worsening
from indicators.formula import inputs_of
from warehouse.state import Subject


def subject_of(city: City, rule_id: str, area: str) -> Subject:
    """What a warning is about: its rule, the rule's domain and feeds, its area with all above it."""
    rule = city.rules.get(rule_id)
    indicator = city.indicators.get(rule.indicator or "") if rule is not None else None
    above = frozenset(city.areas.path(area).values()) if area in city.areas else frozenset({area})
    feeds = frozenset(_feeds(city, rule)) if rule is not None else frozenset()
    return Subject(rule_id, indicator.domain if indicator is not None else None, above, feeds)


def cause_of(city: City, rule_id: str, missing: bool) -> str:
    """What warnings with one cause have in common: the indicator or feed, and whether it rose, fell or (their
    figures being ``missing``) says nothing.
    """
    rule = city.rules.get(rule_id)
    about = rule_id if rule is None else rule.indicator or rule.feed or rule_id
    return f"{about}:{'missing' if missing else _sense(city, rule)}"


def _sense(city: City, rule: Rule | None) -> str:
    when = rule.when if rule is not None else None
    if rule is not None and isinstance(when, TargetGap | Worsening | Projection):
        indicator = city.indicators.get(rule.indicator or "")
        return "fall" if indicator is not None and indicator.direction == "up" else "rise"
    fell = getattr(when, "below", None) is not None or getattr(when, "side", None) == "below"
    return "fall" if fell else "rise"


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
