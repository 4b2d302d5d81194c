"""Which units a directive about an area can go to, and what they are called."""

from __future__ import annotations

import datetime as dt

from config import City
from dashboard.drawing.collate import sort_key
from indicators.notices.offices import Office, office_named


def units_for(city: City, area: str, day: dt.date) -> list[Office]:
    """The offices that can be made responsible for something in ``area``: those of the whole city, its own
    and those above it, and those one level below, in the order of the city's recipients.
    """
    path = city.areas.path(area)
    below = {child.level: [] for child in city.areas.children(area, day)}  # type: dict[str, list[str]]
    for child in sorted(
        city.areas.children(area, day), key=lambda c: sort_key(c.name(city.head.languages[0]))
    ):
        below[child.level].append(child.code)
    found: list[Office] = []
    for recipient in city.recipients.values():
        if recipient.each is None:
            found.append(Office(recipient))
        elif recipient.each in path:
            found.append(Office(recipient, path[recipient.each]))
        else:
            found += [Office(recipient, code) for code in below.get(recipient.each, ())]
    return found


def unit_name(city: City, key: str, language: str) -> str:
    """What a unit is called; its key, when the city's folder no longer knows it."""
    office = office_named(city, key)
    return key if office is None else office.name(city, language)
