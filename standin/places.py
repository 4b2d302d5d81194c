"""Where rows happen: the units of one level, weighted by people and character, as they stood on each day."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from config.areas import AreaTree
from standin.models import Character
from standin.noise import Bools, Floats, Ints, Noise
from standin.timeline import day_number


class Places:
    """Units of ``level`` as positions 0…n-1; arrays here are indexed by position."""

    def __init__(self, tree: AreaTree, level: str, character: Character, noise: Noise) -> None:
        self.units = tree.at(level)
        self.official: NDArray[np.str_] = np.array([u.official or u.code for u in self.units])
        self.names: NDArray[np.str_] = np.array([u.name_vi for u in self.units])
        self._paths = [set(tree.path(u.code).values()) for u in self.units]
        chance = np.array([_number(u.code) for u in self.units], dtype=np.int64)
        volume = self._inherited(character.volume)
        volume = volume * np.exp(character.volume_spread * noise.normal(f"volume/{level}", chance))
        people = np.array([u.population or 0 for u in self.units], dtype=np.float64)
        self._weight = (people if people.all() else np.ones(len(people))) * volume
        self.pace: Floats = self._inherited(character.pace) * np.exp(
            character.pace_spread * noise.normal(f"pace/{level}", chance)
        )
        habit = noise.normal("digital", np.array([_number(u.code) for u in tree.all()], dtype=np.int64))
        own = dict(zip((u.code for u in tree.all()), habit, strict=True))
        self.digital: Floats = character.digital_spread * np.array(
            [sum(own[code] for code in path if code != tree.root.code) for path in self._paths]
        )
        self._start = np.array([day_number(u.valid_from) if u.valid_from else -(10**6) for u in self.units])
        self._end = np.array([day_number(u.valid_to) if u.valid_to else 10**6 for u in self.units])

    @cached_property
    def _epochs(self) -> tuple[Ints, list[Floats]]:
        """Days on which the set of units changes, and the weights from each of them on."""
        first = np.unique(np.concatenate([self._start, self._end[self._end < 10**6]]))
        return first, [np.where((self._start <= d) & (d < self._end), self._weight, 0.0) for d in first]

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

    def share(self, within: str, day: int) -> float:
        """The part of all rows that falls to the area ``within`` on ``day``."""
        first, weights = self._epochs
        weight = weights[int(np.searchsorted(first, day, side="right")) - 1]
        return float((weight * self.under(within)).sum() / weight.sum())

    def under(self, area: str) -> Bools:
        """Which units lie in ``area`` (or are it)."""
        return np.array([area in path for path in self._paths], dtype=np.bool_)

    def _inherited(self, factors: dict[str, float]) -> Floats:
        return np.array(
            [np.prod([factors.get(code, 1.0) for code in path]) for path in self._paths], dtype=np.float64
        )


def _number(code: str) -> int:
    return int.from_bytes(code.encode()[:7], "little")
