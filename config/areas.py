"""The administrative units of a city as a tree whose members come and go in time."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from config.joined import Joined, joined
from config.models.area import Area, AreaChange, AreaFigures
from config.succession import Heir, Recast, Rows, compose, heirs, steps


class AreaTree:
    """Every unit that the city ever had, each reachable by its code."""

    def __init__(
        self,
        areas: Sequence[Area],
        levels: Sequence[str],
        changes: Sequence[AreaChange] = (),
        populations: Sequence[AreaFigures] = (),
    ) -> None:
        self.levels = tuple(levels)
        self.changes = tuple(changes)
        self._recasts: dict[dt.date, Recast] = {}
        self._by_code = {area.code: area for area in areas}
        self._children: dict[str, list[Area]] = defaultdict(list)
        for area in areas:
            self._children[area.parent].append(area)
        self._sizes = {a.code: [Size(dt.date.min, a.population, a.km2)] for a in areas}
        for line in sorted(populations, key=lambda line: line.since):
            sizes = self._sizes[line.code]
            people = sizes[-1].people if line.population is None else line.population
            sizes.append(Size(line.since, people, line.km2 or sizes[-1].km2))

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

    def sizes(self, code: str) -> Sequence[Size]:
        """The people and the ground of a unit, each line from its day on; the first from ever."""
        return self._sizes[code]

    def size(self, code: str, day: dt.date) -> Size:
        """The people and the ground of a unit on a day; of one that is gone, those of its last."""
        return next(size for size in reversed(self._sizes[code]) if size.since <= day)

    def people(self, code: str, day: dt.date) -> int | None:
        """How many people live in a unit on a day, as far as is known."""
        return self.size(code, day).people

    def path(self, code: str) -> dict[str, str]:
        """``{level: code}`` from the root down to the unit itself."""
        chain = [self._by_code[code]]
        while chain[-1].parent:
            chain.append(self._by_code[chain[-1].parent])
        return {area.level: area.code for area in reversed(chain)}

    @cached_property
    def steps(self) -> dict[dt.date, Rows]:
        """By date on which boundaries move, the parts of every unit of the day before that they touch."""
        return steps(self, self.changes)

    @cached_property
    def joined(self) -> Joined:
        """By date the units that got ground from outside the city, and the part of their people there."""
        return joined(self, self.changes, self.steps)

    @cached_property
    def heirs(self) -> list[Heir]:
        """For each unit that is gone, the unit that late news of it counts for."""
        return heirs(self, self.steps)

    @cached_property
    def reforms(self) -> tuple[dt.date, ...]:
        """The dates in ``changes.csv``, oldest first."""
        return tuple(sorted({change.date for change in self.changes}))

    def recast(self, on: dt.date) -> Recast:
        """Every unit of every time on the boundaries of day ``on``."""
        since = max((date for date in self.steps if date <= on), default=dt.date.min)
        if since not in self._recasts:
            self._recasts[since] = compose(self, self.steps, since, self.joined)
        return self._recasts[since]

    def came_from(self, code: str) -> list[Move]:
        """Ground that a unit was given, oldest first: when, by which unit, and which share of that unit."""
        return [
            Move(date, source, row[code])
            for date, rows in self.steps.items()
            for source, row in rows.items()
            if code in row and source != code
        ]

    def went_to(self, code: str) -> list[Move]:
        """Ground that a unit gave away, oldest first: when, to which unit, and which share of it."""
        return [
            Move(date, target, share)
            for date, rows in self.steps.items()
            for target, share in rows.get(code, {}).items()
            if target != code
        ]


@dataclass(frozen=True, slots=True)
class Size:
    """The ``people`` and the ``km2`` of a unit from the day ``since`` on; None: not known."""

    since: dt.date
    people: int | None
    km2: float | None


@dataclass(frozen=True, slots=True)
class Move:
    """Ground that changed hands on a day: the unit on the other side and the ``share`` of the giving one."""

    date: dt.date
    unit: str
    share: float
