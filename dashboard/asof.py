"""Screens as they stood at a moment of the past, which the address names."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from config import City
from config.models import Indicator
from dashboard.routes import FIRST_YEAR, Route

PARAMETER: Final = "as_of"
KINDS: Final = frozenset({"area", "domain", "domains", "indicator", "wall"})
"""Screens of which the past can be told."""

_ADAPTER: Final[TypeAdapter[Indicator]] = TypeAdapter(Indicator)


def chosen(city: City, route: Route, now: dt.datetime) -> dt.datetime | None:
    """The moment that an address asks for: ``2026-05-01T08:00`` by the city's clock, or with an offset.

    None where it names none, one that has not come yet, or one from before there were any figures.
    """
    if route.kind not in KINDS:
        return None
    text = route.params.get(PARAMETER, "")
    try:
        # The plus sign of an offset reads as a blank in an address.
        at = dt.datetime.fromisoformat(re.sub(r"(T\S+) ", r"\1+", text))
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=city.zone)
    return at if at.year >= FIRST_YEAR and at < now else None


def written(at: dt.datetime, city: City) -> str:
    """A moment as an address names it."""
    return at.astimezone(city.zone).replace(tzinfo=None).isoformat()


def city_at(city: City, definitions: Mapping[str, Mapping[str, Any]]) -> City:
    """The city with its indicators as they were defined then: names, targets and formulas.

    An indicator that was not defined yet, or in a way that is not understood any more, is as it is now.
    """
    held = dict(city.indicators)
    for id_, body in definitions.items():
        try:
            item = _ADAPTER.validate_python(body)
        except ValidationError:
            continue
        if item.unit in city.units and item.domain in {domain.id for domain in city.head.domains}:
            held[id_] = item
    return replace(city, indicators=held)
