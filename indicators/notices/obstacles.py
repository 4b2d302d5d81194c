"""What keeps a warning quiet for everybody: silences, maintenance, and warnings that explain it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from config import City
from indicators.subjects import subject_of
from warehouse.state import (
    Kind,
    Maintenance,
    Silence,
    Standing,
    State,
    Subject,
    ending_soon,
    heard_since,
    silenced,
    silenced_until,
)

NOTICE: Final = dt.timedelta(hours=1)
"""How long before its end a silence is announced to be ending."""


@dataclass(frozen=True, slots=True)
class Ending:
    """A silence that ends soon, and a warning that will be heard again then."""

    silence: int
    warning: int
    until: dt.datetime
    who: str
    reason: str


class Obstacles(Protocol):
    """What stands in the way of warnings at one moment."""

    def silenced(self, warning: Standing) -> dt.datetime | None:
        """Until when a silence covers it."""

    def maintained(self, warning: Standing) -> dt.datetime | None:
        """Until when its area or feed is being worked on."""

    def inhibited(self, warning: Standing) -> bool:
        """Whether a warning that explains it stands."""

    def ending(self) -> Sequence[Ending]:
        """Silences about to end over warnings that stand."""

    def heard_since(self, warning: Standing) -> dt.datetime:
        """Since when people can have heard of it, its last quiet time being over."""


def hushed(obstacles: Obstacles, warning: Standing) -> bool:
    """Whether nobody is to hear of it for the time being."""
    kept = obstacles.silenced(warning) is not None or obstacles.maintained(warning) is not None
    return kept or obstacles.inhibited(warning)


class Quiet:
    """The obstacles of a moment, from people's state and the warnings that stand."""

    def __init__(
        self,
        city: City,
        standing: Sequence[Standing],
        silences: Sequence[Silence],
        windows: Sequence[Maintenance],
        now: dt.datetime,
    ) -> None:
        self._city, self._now = city, now
        self._silences, self._windows = silences, windows
        self._standing = standing
        # A series that vanished explains nothing.
        self._firing = {(item.rule, item.area) for item in standing if item.kind == Kind.LIMIT}
        self._subjects: dict[tuple[str, str], Subject] = {}

    @classmethod
    def look(cls, city: City, state: State, standing: Sequence[Standing], now: dt.datetime) -> Quiet:
        """As things are at ``now``; silences that ended lately still count for since when one heard."""
        oldest = min((item.recorded_at for item in standing), default=now)
        silences = state.silences.all(until_after=oldest)
        return cls(city, standing, silences, state.maintenance.all(until_after=oldest), now)

    def silenced(self, warning: Standing) -> dt.datetime | None:
        """Until when a silence covers it."""
        return silenced_until(self._silences, self._subject(warning), self._now)

    def maintained(self, warning: Standing) -> dt.datetime | None:
        """Until when its area or feed is being worked on."""
        return silenced_until(self._windows, self._subject(warning), self._now)

    def inhibited(self, warning: Standing) -> bool:
        """Whether a warning that explains it stands, for its area or for one that holds it."""
        rule = self._city.rules.get(warning.rule)
        if rule is None or not rule.inhibited_by or warning.area not in self._city.areas:
            return False
        holding = self._city.areas.path(warning.area).values()
        return any((other, area) in self._firing for other in rule.inhibited_by for area in holding)

    def ending(self) -> Sequence[Ending]:
        """Silences about to end over warnings that stand, where no other goes on."""
        soon = ending_soon(self._silences, self._now, NOTICE)
        return [
            Ending(span.id, warning.id, span.until, span.who, span.reason)
            for warning in self._standing
            for span in soon
            if span == silenced(self._silences, self._subject(warning), self._now)
        ]

    def heard_since(self, warning: Standing) -> dt.datetime:
        """Since when people can have heard of it, its last quiet time being over."""
        spans: list[Silence | Maintenance] = [*self._silences, *self._windows]
        return heard_since(spans, self._subject(warning), warning.recorded_at, self._now)

    def _subject(self, warning: Standing) -> Subject:
        key = (warning.rule, warning.area)
        if key not in self._subjects:
            self._subjects[key] = subject_of(self._city, *key)
        return self._subjects[key]
