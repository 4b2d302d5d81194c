"""Where an evaluation gets values from: what is stored now, or what was known at a moment."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from config import City
from config.models import Rule
from indicators.rules.budget import Stored
from indicators.rules.grid import Grid, Group, Span, read_grids
from warehouse.rule_progress import News, news, progress_of, stored_through
from warehouse.rule_tests import made_at
from warehouse.store import Cursor


class Source(Protocol):
    """What rules about indicators are judged on."""

    def grids(self, wanted: Mapping[Group, Sequence[Span]]) -> dict[Group, Grid]:
        """The values of every group in its spans; a group without any value is absent."""
        ...

    def news(self, rule: Rule) -> Mapping[Group, News] | None:
        """What was stored since the rule was last evaluated; None: it never was."""
        ...

    def made_at(self, moments: Sequence[dt.datetime]) -> Stored:
        """Tests of these moments (UTC without offset) that were made before."""
        ...


@dataclass
class Present:
    """What is stored now. ``through`` is when the newest of it was stored, ``known`` the same when each rule
    was last evaluated.
    """

    city: City
    cursor: Cursor
    through: dt.datetime | None = field(init=False)
    known: dict[str, dt.datetime] = field(init=False)

    def __post_init__(self) -> None:
        """Ask once what has come in."""
        self.through, self.known = stored_through(self.cursor), progress_of(self.cursor)
        watched = {
            rule.id: rule.indicator
            for rule in self.city.rules.values()
            if rule.indicator is not None and rule.id in self.known
        }
        since = min((self.known[rule] for rule in watched), default=None)
        found = {} if since is None else news(self.cursor, watched.values(), since)
        by_indicator: dict[str, dict[Group, News]] = defaultdict(dict)
        for series, one in found.items():
            by_indicator[series[0]][Group(*series)] = one
        self._news = {rule: by_indicator[indicator] for rule, indicator in watched.items()}

    def grids(self, wanted: Mapping[Group, Sequence[Span]]) -> dict[Group, Grid]:
        """As `Source`."""
        return read_grids(self.cursor, self.city.periods, wanted)

    def news(self, rule: Rule) -> Mapping[Group, News] | None:
        """As `Source`."""
        return self._news.get(rule.id)

    def made_at(self, moments: Sequence[dt.datetime]) -> Stored:
        """As `Source`."""
        return made_at(self.cursor, moments)
