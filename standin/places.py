"""Where rows happen: the units of one level, weighted by people and character, as they stood on each day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from config.areas import AreaTree
from standin.models import Character
from standin.noise import Bools, Floats, Ints, Noise
from standin.timeline import date_of, day_number


class Places:
    """Units of ``level`` as positions 0…n-1; arrays here are indexed by position."""

    def __init__(self, tree: AreaTree, level: str, character: Character, noise: Noise) -> None:
        self.units = tree.at(level)
        self.official: NDArray[np.str_] = np.array([u.official or u.code for u in self.units])
        self.names: NDArray[np.str_] = np.array([u.name_vi for u in self.units])
        self.latitude = np.array([np.nan if u.lat is None else u.lat for u in self.units], dtype=np.float64)
        self.longitude = np.array([np.nan if u.lon is None else u.lon for u in self.units], dtype=np.float64)
        self.territory = [_territory(tree, u.code) for u in self.units]
        self._tree = tree
        self._paths = [set(tree.path(u.code).values()) for u in self.units]
        chance = np.array([_number(u.code) for u in self.units], dtype=np.int64)
        volume = self._inherited(character.volume)
        volume = volume * np.exp(character.volume_spread * noise.normal(f"volume/{level}", chance))
        people = np.array([u.population or 0 for u in self.units], dtype=np.float64)
        self.people_share = people / people[people > 0].mean() if people.any() else np.ones(len(people))
        self._volume, self._counted = volume, all(u.population is not None for u in self.units)
        self.pace: Floats = self._inherited(character.pace) * np.exp(
            character.pace_spread * noise.normal(f"pace/{level}", chance)
        )
        habit = noise.normal("digital", np.array([_number(u.code) for u in tree.all()], dtype=np.int64))
        own = dict(zip((u.code for u in tree.all()), habit, strict=True))
        self.digital: Floats = character.digital_spread * np.array(
            [sum(own[code] for code in path if code != tree.root.code) for path in self._paths]
        )
        self.starts: Ints = np.array(
            [day_number(u.valid_from) if u.valid_from else -(10**6) for u in self.units]
        )
        self.ends: Ints = np.array([day_number(u.valid_to) if u.valid_to else 10**6 for u in self.units])

    @cached_property
    def _epochs(self) -> tuple[Ints, list[Floats]]:
        """Days on which the set of units changes, and the weights from each of them on."""
        first = np.unique(np.concatenate([self.starts, self.ends[self.ends < 10**6]]))
        there = [(self.starts <= d) & (d < self.ends) for d in first]
        return first, [np.where(t, self._weight(int(d)), 0.0) for t, d in zip(there, first, strict=True)]

    def _weight(self, day: int) -> Floats:
        """The weight of each unit by its people on a day; all alike where they are not known of each."""
        if not self._counted:
            return self._volume
        date = date_of(max(day, day_number(dt.date.min)))
        people = [self._tree.people(unit.code, date) or 0 for unit in self.units]
        return np.array(people, dtype=np.float64) * self._volume

    def people(self, day: Ints) -> Floats:
        """The weight of all units that there are on each day, in people."""
        first, weights = self._epochs
        total = np.array([weight.sum() for weight in weights])
        return np.asarray(total[np.maximum(np.searchsorted(first, day, side="right") - 1, 0)])

    def draw(self, day: Ints, u: Floats, within: str | None = None) -> Ints:
        """A unit for each row, valid on its day; ``within`` keeps to the units under that area."""
        first, weights = self._epochs
        epoch = np.searchsorted(first, day, side="right") - 1
        chosen = np.zeros(day.shape, dtype=np.int64)
        for number in np.unique(epoch):
            weight = weights[number] if within is None else weights[number] * self.under(within)
            steps = np.cumsum(weight)
            rows = epoch == number
            chosen[rows] = np.searchsorted(steps, u[rows] * steps[-1], side="right")
        return chosen

    def among(self, territories: Sequence[str]) -> Ints:
        """Which of the ``territories`` each unit lies in; of none of them: the first."""
        return np.array(
            [territories.index(t) if t in territories else 0 for t in self.territory], dtype=np.int64
        )

    def share(self, within: str, day: int) -> float:
        """The part of all rows that falls to the area ``within`` on ``day``."""
        first, weights = self._epochs
        weight = weights[int(np.searchsorted(first, day, side="right")) - 1]
        return float((weight * self.under(within)).sum() / weight.sum())

    @cached_property
    def joined(self) -> list[tuple[int, Floats]]:
        """Days on which ground joins the city, and how much each unit thereby gains of all that was there."""
        position, first, weights = {u.code: n for n, u in enumerate(self.units)}, *self._epochs
        found = []
        for date, parts in sorted(self._tree.joined.items()):
            day, part = day_number(date), np.zeros(len(self.units))
            mine = [code for code in parts if code in position]
            part[[position[code] for code in mine]] = [parts[code] for code in mine]
            weight = weights[int(np.searchsorted(first, day, side="right")) - 1]
            found.append((day, weight * part / (weight * (1.0 - part)).sum()))
        return found

    def under(self, area: str) -> Bools:
        """Which units lie in ``area`` (or are it)."""
        return np.array([area in path for path in self._paths], dtype=np.bool_)

    def heir(self, unit: Ints, day: Ints) -> Ints:
        """The unit in which each row of ``unit`` lies on its day: itself, or what took its largest part."""
        first, table = self._heirs
        return np.asarray(table[np.searchsorted(first, day, side="right"), unit])

    @cached_property
    def _heirs(self) -> tuple[Ints, Ints]:
        """Days on which heirs change, and from each of them on the place of every unit: (days + 1, units)."""
        position = {u.code: n for n, u in enumerate(self.units)}
        known = [h for h in self._tree.heirs if h.unit in position and h.heir in position]
        first = np.array(sorted({day_number(h.since) for h in known}), dtype=np.int64)
        table = np.tile(np.arange(len(self.units), dtype=np.int64), (len(first) + 1, 1))
        for one in known:
            begin, end = np.searchsorted(first, [day_number(one.since), day_number(one.until)])
            table[begin + 1 : end + 1, position[one.unit]] = position[one.heir]
        return first, table

    def _inherited(self, factors: dict[str, float]) -> Floats:
        return np.array(
            [np.prod([factors.get(code, 1.0) for code in path]) for path in self._paths], dtype=np.float64
        )


def _territory(tree: AreaTree, code: str) -> str:
    """The part of the city that a unit lies in: the ancestor right below the whole, or the whole."""
    root = tree.root.code
    return next((c for c in tree.path(code).values() if tree[c].parent == root), root)


def _number(code: str) -> int:
    return int.from_bytes(code.encode()[:7], "little")
