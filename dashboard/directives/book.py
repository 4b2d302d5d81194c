"""What a screen may know of directives: those of the areas that the viewer may see."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import cached_property
from typing import Final

from config import City
from warehouse.state import Areas, Directive, Directives, Event, Phase, UnknownDirectiveError

LISTED: Final = 600
"""Directives that a screen may list: every open one comes first."""


class DirectiveBook:
    """The directives of a city at ``now`` (UTC). Reads when it is asked."""

    def __init__(self, city: City, kept: Directives, areas: Areas, now: dt.datetime) -> None:
        self._city, self._kept, self._areas, self._now = city, kept, areas, now

    @cached_property
    def all(self) -> Sequence[Directive]:
        """Open ones first, by when they are due, then the newest that were closed."""
        return self._kept.all(areas=self._areas, limit=LISTED)

    @cached_property
    def overdue(self) -> int:
        """How many are open past their due time."""
        return self._kept.overdue(self._now, areas=self._areas)

    def phase(self, directive: Directive) -> Phase:
        """Where one stands."""
        return directive.phase(self._now, self._city.head.directives.soon)

    def find(self, number: int) -> Directive | None:
        """One by its number; None: there is none that the viewer may see."""
        try:
            return self._kept.find(number, areas=self._areas)
        except UnknownDirectiveError:
            return None

    def history(self, number: int) -> Sequence[Event]:
        """What was done about one that ``find`` found, oldest first."""
        return self._kept.history(number, areas=self._areas)

    def about(self, *, indicator: str | None = None, warning: int | None = None) -> Sequence[Directive]:
        """Those of an indicator, or of a warning."""
        return self._kept.all(areas=self._areas, indicator=indicator, warning=warning, limit=LISTED)

    def done(self, since: dt.datetime, until: dt.datetime) -> Sequence[tuple[Directive, Event]]:
        """What was done in a span with the directives that the viewer may see, oldest first."""
        deeds = self._kept.deeds(since, until)
        return [(one, deed) for _, one, deed in deeds if self._areas is None or one.order.area in self._areas]
