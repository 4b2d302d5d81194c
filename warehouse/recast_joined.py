"""What figures lack or have too much on the boundaries of a day, where ground came from outside."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Final

from config.areas import AreaTree
from config.succession import Recast

_DAY: Final = dt.timedelta(days=1)
Span = tuple[dt.date, dt.date]
"""Days, the first included, the last excluded."""


class Outside:
    """The ground that came from outside, seen from the boundaries of day ``recast.on``."""

    def __init__(self, tree: AreaTree, recast: Recast) -> None:
        self._tree = tree
        self._recast = recast

    def known(self, area: str, span: Span, at_end: bool) -> float:
        """Which part of the people of the chosen day figures of some days tell of: those whose ground was in
        the city then, on average or ``at_end``.
        """
        begin, end = span
        part = 1.0
        for date, came in self._tree.joined.items():
            if area in came and begin < date <= self._recast.on:
                lacking = 1.0 if date >= end else 0.0 if at_end else (date - begin) / (end - begin)
                part *= 1 - came[area] * lacking
        return part

    def people(self, area: str, span: Span) -> float | None:
        """How many of the people of the chosen day figures of some days tell of, at their end."""
        people = self._tree.people(area, self._recast.on)
        return None if people is None else people * self.known(area, span, at_end=True)

    def came(self, area: str, until: dt.date = dt.date.max) -> list[tuple[str, float]]:
        """The units in an area that came from outside after the chosen day and before ``until``, and which
        part of each did; nothing where the area changed in other ways too, or where they are gone again.
        """
        if any(piece.unit != area for piece in self._recast.of(area) if piece.until > self._recast.on):
            return []
        found = [
            unit
            for date, came in self._tree.joined.items()
            if self._recast.on < date < until and 0 < came.get(area, 0) < 1
            for unit in self._within(area, came)
        ]
        last = min(until, dt.date.max) - _DAY
        return found if all(self._tree[code].valid_on(last) for code, _ in found) else []

    def _within(self, area: str, came: Mapping[str, float]) -> Iterator[tuple[str, float]]:
        """The largest units in the area that came as a whole, and the smallest of which a part did."""
        for code, part in came.items():
            parent = self._tree[code].parent
            largest = part == 1 and came.get(parent, 0) < 1
            smallest = part < 1 and not any(self._tree[other].parent == code for other in came)
            if (largest or smallest) and area in self._tree.path(code).values():
                yield code, part
