"""What can be wrong with a rule beyond names that do not exist: texts, targets and spans that cannot work."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import pairwise
from string import Formatter
from typing import Final

from config import City, Problem
from config.models import (
    GRAVITY,
    Banded,
    Change,
    Combined,
    CountAnomaly,
    Deadline,
    LevelAnomaly,
    LevelShift,
    Period,
    Projection,
    Rule,
    TargetGap,
    Worsening,
)
from config.problems import did_you_mean
from config.targets import fitting
from indicators.datasets import datasets
from indicators.rules.anomalies import counts
from indicators.rules.messages import placeholders
from warehouse.expression import ExpressionError, parse_condition

_SHORTEST: Final[dict[Period, dt.timedelta]] = {
    "hour": dt.timedelta(hours=1),
    "day": dt.timedelta(days=1),
    "week": dt.timedelta(days=7),
    "month": dt.timedelta(days=28),
    "quarter": dt.timedelta(days=90),
    "half_year": dt.timedelta(days=181),
    "year": dt.timedelta(days=365),
    "year_to_date": dt.timedelta(days=28),
}
_YEARLY: Final[frozenset[Period]] = frozenset({"year", "year_to_date"})
_JUDGED: Final[dict[type, frozenset[Period]]] = {
    CountAnomaly: frozenset(_SHORTEST) - {"year_to_date"},
    LevelAnomaly: frozenset({"hour", "day", "week", "month"}),
    LevelShift: frozenset(_SHORTEST) - {"year_to_date"},
    Projection: frozenset(_SHORTEST) - _YEARLY - {"hour"},
}
"""The built-in periods that a method can judge; the others can judge all."""


def check(city: City) -> list[Problem]:
    """Every problem of the city's rules."""
    told = [problem for rule in city.rules.values() for problem in _problems(city, rule)]
    return told + [problem for rule in city.rules.values() for problem in _circles(city, rule)]


def _circles(city: City, rule: Rule) -> Iterator[Problem]:
    """A combined rule that is, through others, made of itself."""
    ahead, seen = list(_parts(city, rule.id)), set[str]()
    while ahead:
        other = ahead.pop()
        if other == rule.id:
            yield city.problem("rule", rule.id, ("when", "rules"), "is made of itself", "break the circle")
            return
        if other not in seen:
            seen.add(other)
            ahead += _parts(city, other)


def _parts(city: City, rule: str) -> tuple[str, ...]:
    when = city.rules[rule].when if rule in city.rules else None
    return when.rules if isinstance(when, Combined) else ()


def _problems(city: City, rule: Rule) -> Iterator[Problem]:
    yield from _placeholders(city, rule)
    if isinstance(rule.when, Deadline):
        yield from _deadline(city, rule, rule.when)
    if isinstance(rule.when, Banded):
        yield from _bands(city, rule, rule.when)
    if rule.indicator is None or rule.level is None or rule.period is None:
        return
    if rule.indicator not in city.indicators or rule.level not in city.levels:
        return  # told by the folder's lint
    yield from _method(city, rule, rule.indicator, rule.period)
    if isinstance(rule.when, Change) and rule.partial:
        hint = "leave out partial, or use a threshold"
        what = "compares a running period with a whole one, which is always behind"
        yield city.problem("rule", rule.id, ("partial",), what, hint)
    if isinstance(rule.when, Worsening) and city.indicators[rule.indicator].direction == "none":
        what = f"{rule.indicator!r} has no direction in which it could worsen"
        yield city.problem("rule", rule.id, ("when",), what, "give the indicator a direction, up or down")
    if isinstance(rule.when, TargetGap | Projection):
        indicator = city.indicators[rule.indicator]
        areas = [area.code for area in city.areas.at(rule.level)]
        if not any(fitting(indicator, rule.level, area, rule.period, city.periods) for area in areas):
            what = f"no target of {indicator.id!r} is for {rule.level} and {rule.period}"
            hint = "widen the levels or periods of a target"
            yield city.problem("rule", rule.id, ("when",), what, hint)
    if rule.partial:
        return
    least = _SHORTEST[city.periods.like(rule.period)]
    if rule.hold is not None and rule.hold < least:
        hint = f"leave it out, or give more than one {rule.period}"
        yield city.problem("rule", rule.id, ("for",), f"is over when the first {rule.period} is", hint)
    if rule.no_data is not None:
        least += rule.settle or dt.timedelta(0)
        if rule.no_data.after < least:
            hint = f"give at least {least.days}d" if least.days else "give at least 1h"
            what = f"is missed before the next {rule.period} can be there"
            yield city.problem("rule", rule.id, ("no_data", "after"), what, hint)


def _method(city: City, rule: Rule, indicator: str, period: Period) -> Iterator[Problem]:
    """A method that cannot judge such periods, or such figures."""
    judged = _JUDGED.get(type(rule.when))
    if judged is not None and city.periods.like(period) not in judged:
        hint = f"it judges {', '.join(each for each in _SHORTEST if each in judged)}"
        what = f"a {rule.when.type} rule cannot judge by {period}"
        yield city.problem("rule", rule.id, ("period",), what, hint)
    if isinstance(rule.when, CountAnomaly) and not counts(city.units[city.indicators[indicator].unit]):
        hint = "use level_anomaly, or an indicator whose unit is a whole amount"
        what = f"{indicator!r} counts nothing: its values are no whole numbers"
        yield city.problem("rule", rule.id, ("when",), what, hint)


def _bands(city: City, rule: Rule, when: Banded) -> Iterator[Problem]:
    graver = [band.severity or rule.severity for band in when.bands]
    for number, (before, severity) in enumerate(pairwise(graver), start=1):
        if GRAVITY[severity] < GRAVITY[before]:
            what = f"{severity} is milder than the {before} of the band before"
            where = ("when", "bands", number)
            yield city.problem("rule", rule.id, where, what, "severities must rise with the bands")


def _deadline(city: City, rule: Rule, when: Deadline) -> Iterator[Problem]:
    dataset = datasets(city).get(when.dataset)
    if when.where is None or dataset is None:  # an unknown dataset is told by the folder's lint
        return
    try:
        parse_condition(when.where, dataset.columns)
    except ExpressionError as error:
        yield city.problem("rule", rule.id, ("when", "where"), error.message, error.hint)


def _placeholders(city: City, rule: Rule) -> Iterator[Problem]:
    for language, text in rule.message.root.items():
        where = ("message", language)
        try:
            fields = [field[1:] for field in Formatter().parse(text) if field[1] is not None]
        except ValueError as error:
            hint = "write {{ and }} for braces that are meant as such"
            yield city.problem("rule", rule.id, where, f"cannot be read: {error}", hint)
            continue
        for name, form, conversion in fields:
            known = placeholders(rule.when)
            if name not in known:
                what = f"placeholder {name!r} is unknown"
                yield city.problem("rule", rule.id, where, what, did_you_mean(str(name), known))
            elif form or conversion:
                what = f"placeholder {name!r} takes no form of its own"
                yield city.problem("rule", rule.id, where, what, f"write {{{name}}}")
