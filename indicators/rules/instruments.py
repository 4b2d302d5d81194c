"""Conditions that look at a moment rather than at periods: how old a feed is, what falls due next."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from config import City
from config.models import Incomplete, Late, Rule, Silent, Stale
from indicators.rules.conditions import Verdict, stale
from indicators.rules.conditions.verdict import Floats
from indicators.rules.machine import Observation, Seen
from indicators.rules.sightings import Sighting, finite
from warehouse.deliveries import Delivered, coverage, delivered
from warehouse.store import Cursor

_HOUR: Final = dt.timedelta(hours=1)


@dataclass(frozen=True)
class Instruments:
    """Readings of the feeds at ``now``."""

    city: City
    cursor: Cursor
    now: dt.datetime

    def readings(self) -> Iterator[tuple[Rule, Sighting]]:
        """What every rule over a feed reads now."""
        rules = [rule for rule in self.city.rules.values() if rule.feed is not None]
        if not rules:
            return
        came = delivered(self.cursor)
        for rule in rules:
            assert rule.feed is not None
            verdict = self._verdict(rule, came.get(rule.feed, Delivered()))
            if verdict is not None:
                seen = Seen.BREACH if verdict.breach[0] else Seen.CLEAR if verdict.clear[0] else Seen.UNJUDGED
                yield (
                    rule,
                    Sighting(
                        Observation(self.now, self.now, seen),
                        finite(verdict.measure[0]),
                        float(verdict.limit[0]),
                    ),
                )

    def _verdict(self, rule: Rule, came: Delivered) -> Verdict | None:
        feed = self.city.feeds[str(rule.feed)]
        match rule.when:
            case Stale(after=after):
                return stale.judge(after, self._age(came.data_through))
            case Late():
                return stale.judge(feed.delivery.every + feed.delivery.grace, self._age(came.accepted_at))
            case Silent(after=after):
                return stale.judge(after, self._age(came.tried_at))
            case Incomplete(below=below):
                share = np.array([coverage(self.cursor, self.city, feed, came.data_through)])
                breach = share < below
                return Verdict(breach, ~breach & ~np.isnan(share), share, np.array([below]))
            case _:
                return None

    def _age(self, at: dt.datetime | None) -> Floats:
        return np.array([np.inf if at is None else (self.now - at) / _HOUR])
