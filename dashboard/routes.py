"""Addresses of screens, read and written in one place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal
from urllib.parse import parse_qsl, urlencode

from config import City

ScreenKind = Literal[
    "area",
    "domains",
    "domain",
    "indicator",
    "warnings",
    "warning",
    "silences",
    "rules",
    "rule",
    "health",
    "catalogue",
    "quarantine",
    "directives",
    "directive",
    "programmes",
    "programme",
    "review",
    "rows",
    "wall",
    "open",
    "studio",
    "reports",
    "map",
    "missing",
]


FIRST_YEAR: Final = 1900
"""Earlier moments have no place in UTC, or none a span before them."""


@dataclass(frozen=True)
class Route:
    """One screen: its kind, what it is about (an area's code, an indicator's id), language and parameters."""

    language: str
    kind: ScreenKind
    target: str = ""
    params: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def key(self) -> tuple[str, str, str, tuple[tuple[str, str], ...]]:
        """What tells this screen from every other of the same data version."""
        return self.language, self.kind, self.target, tuple(sorted(self.params.items()))


def href(language: str, kind: ScreenKind, target: str = "", **params: str) -> str:
    """Address of a screen, such as ``/vi/area/760`` or ``/en/indicator/hotline_on_time?area=760``."""
    path = f"/{language}/{kind}" + (f"/{target}" if target else "")
    given = {name: value for name, value in params.items() if value}
    return f"{path}?{urlencode(given)}" if given else path


def parse(city: City, path: str, search: str = "") -> Route:
    """The route of an address; what does not exist in this city is kind ``missing``."""
    parts = [part for part in path.split("/") if part]
    params = MappingProxyType(dict(parse_qsl(search.removeprefix("?"))))
    language: str = city.head.languages[0]
    if parts and parts[0] in city.head.languages:
        language = parts.pop(0)
    match parts:
        case [] | ["city"] | ["area"]:
            return Route(language, "area", city.areas.root.code, params)
        case ["area", code] if code in city.areas:
            return Route(language, "area", code, params)
        case ["indicator", id_] if id_ in city.indicators:
            return Route(language, "indicator", id_, params)
        case ["domain", id_] if any(id_ == domain.id for domain in city.head.domains):
            return Route(language, "domain", id_, params)
        case ["warning", number] if number.isdecimal() and len(number) < 10:
            return Route(language, "warning", number, params)
        case ["directive", number] if number.isdecimal() and len(number) < 10:
            return Route(language, "directive", number, params)
        case ["quarantine", id_] if id_ in city.feeds:
            return Route(language, "quarantine", id_, params)
        case ["rule", id_] if id_ in city.rules:
            return Route(language, "rule", id_, params)
        case ["programme", id_] if id_ in city.programmes:
            return Route(language, "programme", id_, params)
        case ["rows", id_] if id_ in city.datasets:
            return Route(language, "rows", id_, params)
        case ["directives" | "review" as kind]:
            return Route(language, kind, "", params)
        case [
            "domains"
            | "catalogue"
            | "warnings"
            | "silences"
            | "rules"
            | "health"
            | "wall"
            | "open"
            | "studio"
            | "reports"
            | "programmes"
            | "map" as kind
        ]:
            return Route(language, kind, "", params)
        case _:
            return Route(language, "missing", path, params)


def day_in(text: str, today: dt.date) -> dt.date | None:
    """The day that an address names; None: none, or one that nothing can be known of yet or any more."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year >= FIRST_YEAR and day <= today else None
