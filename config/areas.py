"""The administrative units of a city as a tree whose members come and go in time."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property

from config.models.area import Area


class AreaTree:
    """Every unit that the city ever had, each reachable by its code."""

    def __init__(self, areas: Sequence[Area], levels: Sequence[str]) -> None:
        self.levels = tuple(levels)
        self._by_code = {area.code: area for area in areas}
        self._children: dict[str, list[Area]] = defaultdict(list)
        for area in areas:
            self._children[area.parent].append(area)

    @cached_property
    def root(self) -> Area:
        """The whole city."""
        return self._children[""][0]

    def __getitem__(self, code: str) -> Area:
        return self._by_code[code]

    def __contains__(self, code: object) -> bool:
        return code in self._by_code

    def all(self) -> list[Area]:
        """Every unit of every level and time, in the file's order."""
        return list(self._by_code.values())

    def at(self, level: str, day: dt.date | None = None) -> list[Area]:
        """Units of ``level`` in the file's order; with ``day`` only those that exist on it."""
        return [a for a in self.all() if a.level == level and (day is None or a.valid_on(day))]

    def children(self, code: str, day: dt.date | None = None) -> list[Area]:
        """Units directly below ``code``; with ``day`` only those that exist on it."""
        return [a for a in self._children[code] if day is None or a.valid_on(day)]

    def path(self, code: str) -> dict[str, str]:
        """``{level: code}`` from the root down to the unit itself."""
        chain = [self._by_code[code]]
        while chain[-1].parent:
            chain.append(self._by_code[chain[-1].parent])
        return {area.level: area.code for area in reversed(chain)}
