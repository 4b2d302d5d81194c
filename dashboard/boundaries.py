"""On which boundaries a screen tells its figures: on those of their time, or on those of a chosen day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from config import City
from dashboard.routes import Route

PARAMETER = "boundaries"
KINDS = frozenset({"area", "domain", "indicator"})
"""Screens that can be told on other boundaries than those of the time."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A day whose boundaries may be chosen (None: each figure's own), and what to call it.

    ``word`` names the text: ``time``, ``now``, or ``until`` for the last day of a unit that is gone.
    """

    on: dt.date | None
    word: str


def chosen(city: City, route: Route) -> dt.date | None:
    """The day that an address asks for; None where it names none, or the city has never changed."""
    if route.kind not in KINDS or not city.areas.reforms:
        return None
    try:
        return dt.date.fromisoformat(route.params.get(PARAMETER, ""))
    except ValueError:
        return None


def choices(city: City, area: str, today: dt.date) -> list[Choice]:
    """What there is to choose for an area; nothing where its ground has always been the same."""
    unit = city.areas[area]
    if unit.valid_to is not None and unit.valid_to <= today:
        choice = Choice(unit.valid_to - dt.timedelta(days=1), "until")
    else:
        past = [date for date in city.areas.reforms if date <= today]
        choice = Choice(past[-1] if past else today, "now")
        grown = [
            date for date, came in city.areas.joined.items() if 0 < came.get(area, 0) < 1 and date <= today
        ]
        if grown:
            return [Choice(None, "time"), choice, Choice(max(grown) - dt.timedelta(days=1), "until")]
    assert choice.on is not None
    if all(piece.unit == area for piece in city.areas.recast(choice.on).of(area)):
        return []
    return [Choice(None, "time"), choice]
