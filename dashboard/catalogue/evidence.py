"""What the rows of what a city runs are held against: what is defined, offered, and in the warehouse."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from config import City
from config.models import NeedFigures, NeedMembers

if TYPE_CHECKING:
    from warehouse.presence import Presence
    from warehouse.reader import FeedStatus, Reader
    from warehouse.reconciliation import IdentityCount


@dataclass(frozen=True)
class Figures:
    """What a warehouse holds: values by indicator, level and period, how feeds and identities stand, how many
    different values a dataset's column has, and at the ``moments`` that are asked for the whole city's value:
    by indicator, period and the day on which it begins.
    """

    values: Mapping[tuple[str, str, str], Presence]
    feeds: Mapping[str, FeedStatus]
    identities: Mapping[str, IdentityCount]
    members: Mapping[tuple[str, str], int]
    moments: Mapping[tuple[str, str, dt.date], float]


@dataclass(frozen=True)
class Evidence:
    """What needs are held against; ``figures`` None: there is no warehouse, definitions alone are judged.

    ``answers`` tells whether the server has an address, ``commands`` are those of the command line.
    """

    city: City
    answers: Callable[[str], bool]
    commands: Collection[str]
    figures: Figures | None = None


def figures_of(city: City, reader: Reader) -> Figures:
    """What a warehouse holds. It is read at once, the members of columns that are asked for among it."""
    asked = {
        (need.dataset, need.column)
        for system in city.systems.values()
        for need in system.needs
        if isinstance(need, NeedMembers)
    }
    counts = {(dataset, column): reader.members(dataset, column) for dataset, column in asked}
    return Figures(
        reader.presences(), reader.feeds(), reader.identities.counts(), counts, dict(_moments(city, reader))
    )


def _moments(city: City, reader: Reader) -> Iterator[tuple[tuple[str, str, dt.date], float]]:
    root = city.areas.root.code
    for need in (need for system in city.systems.values() for need in system.needs):
        if isinstance(need, NeedFigures) and need.start is not None:
            # A reporting period may begin within a day: the one that its end lies in is meant.
            start = city.periods.start_of(need.period, dt.datetime.combine(need.start, dt.time.max))
            found = reader.at(need.period, {(id_, root, start) for id_ in need.values})
            for (id_, _, _), value in found.items():
                if value.value is not None:
                    yield (id_, need.period, need.start), value.value
