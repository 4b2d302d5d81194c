"""Conditions that look at a moment rather than at periods: how old a feed is, what falls due next."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from config import City
from config.models import Deadline, Incomplete, Late, Rule, Silent, Stale
from indicators.rules.broken import about
from indicators.rules.conditions import Verdict, stale
from indicators.rules.conditions.verdict import Floats
from indicators.rules.deadlines import due_soon
from indicators.rules.machine import Observation, Seen
from indicators.rules.sightings import Sighting, finite
from indicators.subjects import subject_of
from warehouse.deliveries import Delivered, coverage, delivered
from warehouse.state import Maintenance, Subject, quiet_time, silenced
from warehouse.store import Cursor

_HOUR: Final = dt.timedelta(hours=1)


@dataclass(frozen=True)
class Instruments:
    """Readings of the feeds, and of what falls due, at ``now``."""

    city: City
    cursor: Cursor
    now: dt.datetime
    windows: Sequence[Maintenance] = ()
    rules: Mapping[str, Rule] | None = None
    """Those that are read; None: all of the city's."""

    def readings(self) -> Iterator[tuple[Rule, str, Sighting]]:
        """What every rule reads now, with the area that it reads of."""
        came = delivered(self.cursor)
        root = self.city.areas.root.code
        for rule in (self.city.rules if self.rules is None else self.rules).values():
            with about(rule.id):
                found = list(self._read(rule, came, root))
            yield from ((rule, area, sighting) for area, sighting in found)

    def _read(self, rule: Rule, came: Mapping[str, Delivered], root: str) -> Iterator[tuple[str, Sighting]]:
        if isinstance(rule.when, Deadline):
            yield from due_soon(self.city, self.cursor, rule, self.now)
        elif rule.feed is not None:
            subject = subject_of(self.city, rule.id, root)
            verdict = self._verdict(rule, came.get(rule.feed, Delivered()), subject)
            if verdict is not None:
                yield root, self._sighting(verdict)

    def _sighting(self, verdict: Verdict) -> Sighting:
        seen = Seen.BREACH if verdict.breach[0] else Seen.CLEAR if verdict.clear[0] else Seen.UNJUDGED
        now = Observation(self.now, self.now, seen)
        return Sighting(now, finite(verdict.measure[0]), float(verdict.limit[0]))

    def _verdict(self, rule: Rule, came: Delivered, subject: Subject) -> Verdict | None:
        """What the rule says of the feed; None: nothing, as long as what it lacks is being worked on."""
        feed = self.city.feeds[str(rule.feed)]
        worked_on = silenced(self.windows, subject, self.now) is not None
        match rule.when:
            case Stale(after=after):
                limit, newest = after, came.data_through
            case Late():
                limit, newest = feed.delivery.every + feed.delivery.grace, came.accepted_at
            case Silent(after=after):
                limit, newest = after, came.tried_at
            case Incomplete(below=below) if not worked_on:
                share = np.array([coverage(self.cursor, self.city, feed, came.data_through)])
                breach = share < below
                return Verdict(breach, ~breach & ~np.isnan(share), share, np.array([below]))
            case _:
                return None
        if newest is None and worked_on:
            return None
        return stale.judge(limit, self._age(newest, subject))

    def _age(self, at: dt.datetime | None, subject: Subject) -> Floats:
        """Hours since ``at`` in which nobody worked on the feed."""
        if at is None:
            return np.array([np.inf])
        return np.array([(self.now - at - quiet_time(self.windows, subject, at, self.now)) / _HOUR])
