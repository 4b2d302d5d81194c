"""What the engine needs to know of a dataset: its columns, its dates and which days it covers."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from config import City
from config.models.contract import CellRule
from config.models.feed import ColumnType, Feed
from config.modes import cell_mode
from indicators.measures import Domain, Members
from warehouse.expression import RowExpression
from warehouse.syntax import literal, quote

WEEK: Final = 7
_FEW: Final = 4096
"""Values of a column up to which a set of them is kept as bits."""


@dataclass(frozen=True)
class Dataset:
    """A fact table and the feeds that fill it.

    ``coverage`` is the area level whose cells (day × area) count as delivered or missing; ``cadence`` is the
    number of days between two deliveries that are owed. ``members`` are the columns of which the contract
    says that they have few values. ``reformed`` says that units of the city gave way to others, so that a row
    may be told of a unit that is gone.
    """

    name: str
    feeds: tuple[str, ...]
    columns: Mapping[str, ColumnType] = field(hash=False, repr=False)
    event_time: str
    coverage: str
    cadence: int
    members: Members = field(default_factory=dict, hash=False, repr=False, compare=False)
    reformed: bool = False

    @property
    def table(self) -> str:
        """Name of the fact table."""
        return f"fact_{self.name}"

    @property
    def presence(self) -> str:
        """Name of the table of days × areas that have rows."""
        return f"part_{self.name}__presence"

    @property
    def presence_by_hour(self) -> str:
        """Name of the table of hours × areas that have rows, if any value is by the hour."""
        return f"{self.presence}_by_hour"

    def is_moment(self, column: str) -> bool:
        """Whether a time column holds moments (True) or whole days (False)."""
        return self.columns[column] == "timestamp"

    def outlives(self, time: str) -> bool:
        """Whether ``time`` may date a row after the end of its unit; its unit was there at the event."""
        return self.reformed and time != self.event_time

    def back(self, time: str) -> int:
        """How many days an event of the feed covers, counted backwards from its own.

        A weekly report speaks for the week before it. Of a slower feed whose rows carry the period's first
        day nothing can be said for other days than those.
        """
        return self.cadence if self.cadence <= WEEK or time != self.event_time else 1

    @property
    def register(self) -> bool:
        """Whether quiet days are normal: a feed owed less often than weekly, where silence does not mean a
        gap.
        """
        return self.cadence > WEEK


def datasets(city: City) -> dict[str, Dataset]:
    """Every dataset of the city by name."""
    feeds: dict[str, list[Feed]] = {}
    for feed in city.feeds.values():
        feeds.setdefault(feed.table, []).append(feed)
    return {name: _dataset(name, group, city) for name, group in feeds.items()}


def dataset_of(city: City, name: str) -> Dataset:
    """One dataset of the city. Raises KeyError for a name that no feed has."""
    feeds = [feed for feed in city.feeds.values() if feed.table == name]
    if not feeds:
        raise KeyError(name)
    return _dataset(name, feeds, city)


def _dataset(name: str, feeds: list[Feed], city: City) -> Dataset:
    first = feeds[0]
    return Dataset(
        name=name,
        feeds=tuple(feed.id for feed in feeds),
        columns={column.name: column.type for column in first.columns},
        event_time=first.event_time,
        coverage=first.coverage or city.levels[0],
        cadence=max(1, first.delivery.every // dt.timedelta(days=1)),
        members=dict(_few(feeds)),
        reformed=bool(city.areas.heirs),
    )


def _few(feeds: Sequence[Feed]) -> Iterator[tuple[str, Domain]]:
    """Columns of few values, by their SQL, where all contracts of a dataset agree on them.

    A column whose other values are only flagged may hold any.
    """
    for column in feeds[0].columns:
        if any(column not in feed.columns for feed in feeds[1:]):
            continue
        rule: CellRule = "value" if column.type == "text" else "range"
        if any(cell_mode(feed, column, rule) == "flag" for feed in feeds):
            continue
        name, columns = quote(column.name), frozenset({column.name})
        if column.type == "text" and column.values and len(column.values) <= _FEW:
            values = ", ".join(literal(str(value)) for value in column.values)
            place = f"list_position([{values}], {name}) - 1"
            yield name, Domain(RowExpression(place, "integer", columns, atomic=False), len(column.values))
        low, high = column.min, column.max
        if column.type == "integer" and isinstance(low, int | float) and isinstance(high, int | float):
            first, count = math.ceil(low), math.floor(high) - math.ceil(low) + 1
            if 0 < count <= _FEW:
                place = f"TRY_CAST({name} - {first} AS INTEGER)"
                yield name, Domain(RowExpression(place, "integer", columns), count)
