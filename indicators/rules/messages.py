"""The words of a warning: a rule's text with its figures, in every language of the city."""

from __future__ import annotations

import datetime as dt
import math
from typing import Final

from babel.numbers import format_decimal

from config import City
from config.models import (
    Banded,
    Change,
    Combined,
    Condition,
    CountAnomaly,
    Deadline,
    Incomplete,
    Late,
    LevelAnomaly,
    LevelShift,
    Projection,
    Rule,
    Silent,
    Stale,
    TargetGap,
    Text,
    Unit,
    Volume,
    Worsening,
)
from config.targets import aim_on
from indicators.rules.conditions.change import RELATIVE
from indicators.rules.sightings import Sighting

_PLACEHOLDERS: Final = ("area", "value", "limit", "since")

_NO_DATA: Final = {
    "vi": "{area}: không có số liệu “{name}” từ {since}.",
    "en": "{area}: no figures for “{name}” since {since}.",
}
_NEVER: Final = {
    "vi": "{name}: chưa nhận được số liệu nào (cho phép {limit}).",
    "en": "{name}: nothing was ever received (allowed: {limit}).",
}
_POINTS: Final = {"vi": " điểm phần trăm", "en": " points"}
_PLACES: Final = {"vi": ("{} hạng", "{} hạng"), "en": ("{} place", "{} places")}
_DAYS: Final = {"vi": ("{} ngày", "{} ngày"), "en": ("{} day", "{} days")}
_HOURS: Final = {"vi": ("{} giờ", "{} giờ"), "en": ("{} hour", "{} hours")}
_UNKNOWN: Final = {"vi": "chưa rõ", "en": "of unknown age"}
_MONTHS_EN: Final = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def placeholders(condition: Condition) -> tuple[str, ...]:
    """What the message of a rule with this condition may hold."""
    if isinstance(condition, Banded):
        return (*_PLACEHOLDERS, "band")
    if isinstance(condition, CountAnomaly | LevelAnomaly | LevelShift | Volume):
        return (*_PLACEHOLDERS, "expected")
    return _PLACEHOLDERS


def message(city: City, rule: Rule, area: str, sighting: Sighting, since: dt.datetime) -> dict[str, str]:
    """What people are told when the rule fires. ``since`` must be in the city's zone."""
    if rule.feed is not None and not isinstance(rule.when, Volume) and _endless(sighting.measure):
        return {
            language: _NEVER[language].format(
                name=city.feeds[rule.feed].name.get(language),
                limit=figure(city, rule, sighting.limit, language),
            )
            for language in city.head.languages
        }
    places = of_places(city, rule, area, since.date())
    return {
        language: rule.message.get(language).format(
            area=city.areas[area].name(language),
            value=figure(city, rule, sighting.measure, language, places),
            limit=figure(city, rule, sighting.limit, language, places),
            since=moment(rule, since, language),
            expected=figure(city, rule, sighting.expected, language),
            band=_band(rule.when, sighting.band, language),
        )
        for language in city.head.languages
    }


def _endless(hours: float | None) -> bool:
    """Whether an age has no beginning: no sentence about an age can be made of that."""
    return hours is None or not math.isfinite(hours)


def no_data_message(city: City, rule: Rule, area: str, since: dt.datetime) -> dict[str, str]:
    """What people are told when a series vanishes."""
    watched: Text = city.indicators[rule.indicator].name if rule.indicator else rule.name
    return {
        language: _NO_DATA[language].format(
            area=city.areas[area].name(language),
            name=watched.get(language),
            since=moment(rule, since, language),
        )
        for language in city.head.languages
    }


def of_places(city: City, rule: Rule, area: str, day: dt.date) -> bool:
    """Whether the rule measures the gap to a place that an area is to keep."""
    if not isinstance(rule.when, TargetGap) or None in (rule.indicator, rule.level, rule.period):
        return False
    indicator = city.indicators[str(rule.indicator)]
    aim = aim_on(indicator, str(rule.level), area, str(rule.period), day, city.periods)
    return aim is not None and aim.kind == "rank"


def figure(city: City, rule: Rule, measure: float | None, language: str, places: bool = False) -> str:
    """What a rule measures, with its unit: a value, a change, a distance from target, or an age in hours.

    ``places``: a distance from a target that is a place in a ranking.
    """
    if isinstance(rule.when, Stale | Late | Silent):
        return _age(measure, language)
    if measure is None or not math.isfinite(measure):
        return "–"
    if isinstance(rule.when, Incomplete | Projection):
        return _number(measure, 0, language) + "%"
    if isinstance(rule.when, Worsening | Combined | Deadline) or rule.indicator is None:
        return _number(measure, 0, language)
    unit = city.units[city.indicators[rule.indicator].unit]
    if places or (isinstance(rule.when, Change) and unit.kind == "rank"):
        return _PLACES[language][measure != 1].format(_number(measure, 0, language))
    if isinstance(rule.when, Change) and unit.kind in RELATIVE:
        return _number(measure, 1, language) + "%"
    points = isinstance(rule.when, Change | TargetGap) and unit.symbol.get(language) == "%"
    if points:
        return _number(measure, unit.decimals, language) + _POINTS[language]
    return _with_unit(measure, unit, language)


def _band(condition: Condition, band: int, language: str) -> str:
    return condition.bands[band].name.get(language) if isinstance(condition, Banded) and band >= 0 else "–"


def moment(rule: Rule, at: dt.datetime, language: str) -> str:
    """A day, or for rules that look at more than whole periods a minute."""
    day = f"{at:%d/%m/%Y}" if language == "vi" else f"{at.day} {_MONTHS_EN[at.month - 1]} {at.year}"
    if isinstance(rule.when, Volume) or (rule.indicator is not None and not rule.partial):
        return day
    return f"{at:%H:%M} {day}" if language == "vi" else f"{at:%H:%M}, {day}"


def _with_unit(value: float, unit: Unit, language: str) -> str:
    symbol = unit.beside(value, language)
    gap = "" if symbol in ("%", "×", "") else "\N{NO-BREAK SPACE}"
    return _number(value, unit.decimals, language) + gap + symbol


def _number(value: float, decimals: int, language: str) -> str:
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    return format_decimal(value + 0.0, format=pattern, locale=language)


def _age(hours: float | None, language: str) -> str:
    if hours is None or _endless(hours):
        return _UNKNOWN[language]
    days, rest = divmod(round(hours), 24)
    parts = [
        forms[language][number != 1].format(number)
        for number, forms in ((days, _DAYS), (rest, _HOURS))
        if number or (forms is _HOURS and not days)
    ]
    return " ".join(parts)
