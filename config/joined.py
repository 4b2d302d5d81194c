"""Ground that came from outside the city: which part of the people of a unit it brought.

A city that is joined with others grows on one day. On the boundaries of before, its figures of after are the
part of those who lived there; on the boundaries of after, its figures of before lack the others.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from typing import Final, Protocol

from config.models.area import Area, AreaChange

Joined = Mapping[dt.date, Mapping[str, float]]
"""By date and unit, which part of the unit's people of that day (0 < part ≤ 1) lives on ground that came."""

_LEAST: Final = 1e-12


class Peopled(Protocol):
    """What has to be known of a tree of areas."""

    levels: tuple[str, ...]

    def at(self, level: str, day: dt.date | None = None) -> list[Area]:
        """Units of one level on a day."""
        ...

    def children(self, code: str, day: dt.date | None = None) -> list[Area]:
        """Units directly below one."""
        ...

    def people(self, code: str, day: dt.date) -> int | None:
        """How many people live in a unit."""
        ...


def joined(
    units: Peopled, changes: Iterable[AreaChange], steps: Mapping[dt.date, Mapping[str, Mapping[str, float]]]
) -> Joined:
    """The parts by date and unit: of units that changes name, and of the units above these.

    A unit that is made of nothing else came as a whole. Of one that got more ground, those people came that
    the units which it is made of did not have; without populations nobody can tell, and none did.
    """
    named: dict[dt.date, set[str]] = {}
    for change in changes:
        if not change.source:
            named.setdefault(change.date, set()).add(change.target)
    return {date: _parts(units, date, codes, steps.get(date, {})) for date, codes in named.items()}


def _parts(
    units: Peopled, date: dt.date, named: Collection[str], rows: Mapping[str, Mapping[str, float]]
) -> dict[str, float]:
    found: dict[str, float] = {}
    for level in reversed(units.levels):
        for area in units.at(level, date):
            part = _own(units, area, date, rows) if area.code in named else _below(units, area, date, found)
            if part > _LEAST:
                found[area.code] = part
    return found


def _own(units: Peopled, area: Area, date: dt.date, rows: Mapping[str, Mapping[str, float]]) -> float:
    before = date - dt.timedelta(days=1)
    made = {source: row[area.code] for source, row in rows.items() if row.get(area.code, 0) > 0}
    if area.valid_on(before) and area.code not in rows:
        made[area.code] = 1.0
    if not made:
        return 1.0
    now = units.people(area.code, date)
    then = [(share, units.people(source, before)) for source, share in made.items()]
    if not now or any(people is None for _, people in then):
        return 0.0
    return max(0.0, 1 - sum(share * (people or 0) for share, people in then) / now)


def _below(units: Peopled, area: Area, date: dt.date, found: Mapping[str, float]) -> float:
    children = units.children(area.code, date)
    if not any(child.code in found for child in children):
        return 0.0
    known = [units.people(child.code, date) for child in children]
    heads = [float(people or 0) if None not in known else 1.0 for people in known]
    came = sum(n * found.get(child.code, 0.0) for child, n in zip(children, heads, strict=True))
    return came / sum(heads) if came else 0.0
