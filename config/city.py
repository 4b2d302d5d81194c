"""A city folder, read and checked, as one immutable value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from config.areas import AreaTree
from config.models import (
    CityModel,
    Column,
    Feed,
    Identity,
    Indicator,
    Layer,
    OpenDataset,
    Programme,
    Recipient,
    Report,
    Rule,
    Screen,
    System,
    Text,
    Unit,
)
from config.periods import Periods
from config.problems import Problem
from config.yamlio import Document, Path_

Place = tuple[Document, Path_]
"""Where a definition stands: its file and the path inside it."""


@dataclass(frozen=True)
class City:
    """Everything that one city defines. ``places`` maps (kind, id) to where the definition stands."""

    path: Path
    head: CityModel
    areas: AreaTree
    feeds: Mapping[str, Feed]
    indicators: Mapping[str, Indicator]
    rules: Mapping[str, Rule]
    screens: Mapping[str, Screen]
    places: Mapping[tuple[str, str], Place] = field(repr=False)
    identities: Mapping[str, Identity] = field(default_factory=dict)
    recipients: Mapping[str, Recipient] = field(default_factory=dict)
    systems: Mapping[str, System] = field(default_factory=dict)
    layers: Mapping[str, Layer] = field(default_factory=dict)
    programmes: Mapping[str, Programme] = field(default_factory=dict)
    open_datasets: Mapping[str, OpenDataset] = field(default_factory=dict)
    reports: Mapping[str, Report] = field(default_factory=dict)

    @cached_property
    def units(self) -> dict[str, Unit]:
        """Units of measurement by id."""
        return {unit.id: unit for unit in self.head.units}

    @cached_property
    def levels(self) -> tuple[str, ...]:
        """Area levels from the whole city downwards."""
        return tuple(level.id for level in self.head.levels)

    @cached_property
    def periods(self) -> Periods:
        """The kinds of period that the city knows, and reckoning with them."""
        return Periods(self.head.reporting)

    @property
    def zone(self) -> ZoneInfo:
        """The city's time zone."""
        return self.head.zone

    @cached_property
    def datasets(self) -> dict[str, Feed]:
        """Datasets by name, each with the (first) feed that defines its columns."""
        datasets: dict[str, Feed] = {}
        for feed in self.feeds.values():
            datasets.setdefault(feed.table, feed)
        return datasets

    @cached_property
    def named(self) -> dict[str, list[str]]:
        """Ids of every kind that have a place in the folder, whether or not their definition is sound."""
        found: dict[str, list[str]] = {}
        for kind, id_ in self.places:
            found.setdefault(kind, []).append(id_)
        return found

    def called(self, column: Column, value: str) -> Text | None:
        """What people call a value of a column: its label, or the name of the definition whose id it is."""
        return column.labels.get(value) or self._names.get(column.names or "", {}).get(value)

    @cached_property
    def _names(self) -> dict[str, dict[str, Text]]:
        return {
            "rule": {id: rule.name for id, rule in self.rules.items()},
            "indicator": {id: indicator.name for id, indicator in self.indicators.items()},
            "feed": {id: feed.name for id, feed in self.feeds.items()},
            "domain": {domain.id: domain.name for domain in self.head.domains},
            **self._programme_names,
        }

    @cached_property
    def _programme_names(self) -> dict[str, dict[str, Text]]:
        programmes = self.programmes.values()
        return {
            "programme": {programme.id: programme.name for programme in programmes},
            "criterion": {one.id: one.name for programme in programmes for one in programme.criteria},
            "group": {one.id: one.name for programme in programmes for one in programme.groups},
            "owner": {one.id: one.name for programme in programmes for one in programme.owners},
        }

    def locate(self, kind: str, id: str, *keys: str | int) -> tuple[str, int]:
        """File and line of a definition, or of a key inside it (``kind`` is feed, indicator, rule, screen or
        city).
        """
        document, path = self.places[kind, id]
        return document.file, document.line((*path, *keys))

    def problem(
        self, kind: str, id: str, keys: tuple[str | int, ...], message: str, hint: str = ""
    ) -> Problem:
        """A problem of one definition, placed on the line of ``keys`` inside it."""
        file, line = self.locate(kind, id, *keys)
        where = ".".join(map(str, keys))
        return Problem(file, line, f"{kind} {id}" + (f".{where}" if where else ""), message, hint)
