"""What a row of ``systems.yaml`` says it needs.

A need may name a definition that is not there yet: that is a gap of the coverage, not a mistake.
What the city's head defines is known for good.
"""

from __future__ import annotations

from collections.abc import Iterator

from config.lint.place import Keys, Place
from config.models import Chosen, NeedAreas, NeedFigures, NeedIndicators, NeedScreens, System
from config.problems import Problem


def lint_system(place: Place, system: System) -> Iterator[Problem]:
    """Every broken reference of one row."""
    yield from place.texts(system)
    head = place.city.head
    domains, groups = [d.id for d in head.domains], [g.id for g in head.groups]
    for number, need in enumerate(system.needs):
        keys: Keys = ("needs", number)
        if isinstance(need, Chosen):
            ways = [bool(need.ids), need.serving]
            if isinstance(need, NeedIndicators):
                ways += [need.domain is not None, need.group is not None]
            if sum(ways) != 1:
                hint = "name them in ids, or say serving: true"
                yield place.problem(keys, "must choose definitions in exactly one way", hint)
        if isinstance(need, (NeedIndicators, NeedScreens)):
            for index, level in enumerate(need.levels):
                yield from place.known((*keys, "levels", index), "level", level, place.city.levels)
        if isinstance(need, (NeedIndicators, NeedFigures)) and need.period is not None:
            yield from place.known((*keys, "period"), "period", need.period, place.city.periods.ids)
        match need:
            case NeedIndicators(domain=str(domain)):
                yield from place.known((*keys, "domain"), "domain", domain, domains)
            case NeedIndicators(group=str(group)):
                yield from place.known((*keys, "group"), "group", group, groups)
            case NeedScreens():
                for index, domain in enumerate(need.domains):
                    yield from place.known((*keys, "domains", index), "domain", domain, domains)
            case NeedAreas():
                yield from place.known((*keys, "level"), "level", need.level, place.city.levels)
            case _:
                pass
