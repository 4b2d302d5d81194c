"""What a notice says of a warning: its figures in words, in one language."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from config import City
from config.models import Rule
from indicators.notices.decide import Kind
from indicators.rules.messages import figure, moment, of_places
from warehouse.state import Standing

Links = Callable[[str, int | None], str]
"""Address of a warning's page in a language; of the desk without a warning."""

_MISSING: Final = "–"
_ENDINGS: Final = {"rule_withdrawn": "withdrawn", "area_dissolved": "dissolved", "closed": "closed"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One warning in a message: ``kind`` is what happened, or ``standing``; its texts are ready to show."""

    kind: str
    severity: str
    name: str
    area: str
    message: str
    value: str
    limit: str
    since: str
    ended: str
    ending: str
    playbook: str
    link: str
    detail: Mapping[str, Any]


def entry(
    city: City,
    warning: Standing,
    kind: str,
    severity: str,
    language: str,
    links: Links,
    detail: Mapping[str, Any],
) -> Entry:
    """What is told of a warning: its opening with the figure that opened it, all else with the last."""
    rule = city.rules.get(warning.rule)
    measure = warning.value if kind == Kind.OPENED or warning.last_value is None else warning.last_value
    value = limit = _MISSING
    since = clock(warning.firing_since, city.zone)
    if rule is not None:
        since = moment(rule, warning.firing_since.astimezone(city.zone), language)
        if warning.limit is not None:
            day = warning.firing_since.astimezone(city.zone).date()
            places = of_places(city, rule, warning.area, day)
            value = figure(city, rule, measure, language, places)
            limit = figure(city, rule, warning.limit, language, places)
    return Entry(
        kind=kind,
        severity=severity,
        name=rule.name.get(language) if rule is not None else warning.rule,
        area=city.areas[warning.area].name(language) if warning.area in city.areas else warning.area,
        message=warning.message.get(language) or next(iter(warning.message.values()), ""),
        value=value,
        limit=limit,
        since=since,
        ended=clock(warning.resolved_at, city.zone) if warning.resolved_at else _MISSING,
        ending=_ENDINGS.get(warning.resolution or "", "data" if warning.kind == "no_data" else "normal"),
        playbook=rule.playbook.get(language) if rule is not None and rule.playbook is not None else "",
        link=links(language, warning.id),
        detail=_shown(city, rule, language, detail),
    )


def _shown(city: City, rule: Rule | None, language: str, detail: Mapping[str, Any]) -> dict[str, Any]:
    """What else is told, in words: until when, and which figure was told and which is known since."""
    shown = dict(detail)
    if "until" in detail:
        shown["until"] = clock(dt.datetime.fromisoformat(detail["until"]), city.zone)
    if "known" in detail:
        both = [detail[part].get("value") for part in ("told", "known")]
        figures = [figure(city, rule, value, language) for value in both] if rule is not None else []
        words = [" → ".join(figures)] if None not in both else []
        shown["change"] = "; ".join([*words, *([detail["note"]] if detail["note"] else [])])
    return shown


def clock(at: dt.datetime, zone: ZoneInfo) -> str:
    """A minute by the city's clock, written so that both languages read it alike."""
    return f"{at.astimezone(zone):%H:%M %d/%m/%Y}"
