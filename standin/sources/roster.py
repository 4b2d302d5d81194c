"""Registers of things that last. Every file is the whole register as it then stands."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from config.models import Feed
from standin.models import Roster
from standin.models.columns import Becomes
from standin.noise import Bools, Floats, Ints, Noise
from standin.places import Places
from standin.sources.base import World, dates, texts
from standin.sources.cells import Cells, Drawing, draw_all
from standin.timeline import DAY, NEVER, day_number

_FURTHER = 6 * 365  # days after the anchor for which entries are there to come
_BEFORE = 15 * 365
_GAP = 90


@dataclass(frozen=True)
class Book:
    """The entries of a roster: key, unit, and the days from which and until which each is there."""

    keys: list[str]
    places: Places
    unit: Ints
    opened: Ints
    closed: Ints
    cells: dict[str, Cells]

    def there(self, day: Ints) -> Bools:
        """Which entries there are on each day: shape (days, entries)."""
        return np.asarray((self.opened[None, :] <= day[:, None]) & (day[:, None] < self.closed[None, :]))

    @cached_property
    def _territory(self) -> tuple[list[str], Ints]:
        """What the city consists of, and in which part each entry lies."""
        parents = [self.places.territory[u] for u in range(len(self.places.units))]
        names = sorted(set(parents))
        return names, np.array([names.index(p) for p in parents], dtype=np.int64)[self.unit]

    def near(self, places: Places, unit: Ints, day: Ints, chance: Floats) -> Ints:
        """An entry for each row of ``unit``: in the same unit, else the same territory, else anywhere."""
        codes = [u.code for u in self.places.units]
        own = np.array([codes[u] for u in self.unit])
        names, territory = self._territory
        found = np.full(len(unit), -1, dtype=np.int64)
        for position in np.unique(unit):
            mine = np.flatnonzero(unit == position)
            here = np.flatnonzero(own == places.units[position].code)
            if not len(here) and places.territory[position] in names:
                here = np.flatnonzero(territory == names.index(places.territory[position]))
            here = here if len(here) else np.arange(len(own))
            open_ = here[(self.opened[here] <= day[mine].min()) & (self.closed[here] > day[mine].max())]
            here = open_ if len(open_) else here
            found[mine] = here[(chance[mine] * len(here)).astype(np.int64)]
        return found


def book(feed: str, spec: Roster, world: World) -> Book:
    """All entries of a roster, past and to come, the same for every run of one seed."""
    noise = Noise(world.seed, feed)
    places = Places(world.tree, spec.level, spec.character, noise)
    since, anchor = day_number(spec.since), day_number(spec.anchor)
    joined = [(day, gains) for day, gains in places.joined if day > since]
    count = round(spec.count / np.prod([1.0 + gains.sum() for day, gains in joined if day <= anchor]))
    early = round(count * spec.early)
    per_day = (count - early) / (anchor - since)
    serial = np.arange(count + round(per_day * _FURTHER), dtype=np.int64)
    u = noise.uniform("opened", serial)
    later = np.where(serial < count, since + u * (anchor - since), anchor + 1 + u * _FURTHER)
    opened = np.where(serial < early, since - u**0.7 * _BEFORE, later).astype(np.int64)
    unit = places.draw(opened, noise.uniform("unit", serial))
    for day, gains in joined:  # the register takes over what is on ground that joins the city
        steps = np.cumsum(gains)
        more = np.arange(round(count * steps[-1]), dtype=np.int64)
        there = np.searchsorted(steps, noise.uniform(f"joined/{day}", more) * steps[-1], side="right")
        opened, unit = np.concatenate([opened, np.full(len(more), day)]), np.concatenate([unit, there])
    serial = np.arange(len(opened), dtype=np.int64)
    lives = NEVER * np.ones(len(serial), dtype=np.int64)
    if spec.closing:
        rate = -np.log1p(-spec.closing) / 365.2425
        lives = (-np.log(noise.uniform("life", serial)) / rate).astype(np.int64)
    closed = np.where(lives < NEVER, np.maximum(opened, since) + lives, NEVER)
    gone = np.flatnonzero(closed < anchor + _FURTHER)
    # what closes is replaced by another, near by
    again = closed[gone] + (noise.uniform("again", gone) * _GAP).astype(np.int64)
    heirs = places.draw(again, noise.uniform("again at", gone))
    opened, closed = np.concatenate([opened, again]), np.concatenate([closed, np.full(len(gone), NEVER)])
    unit = np.concatenate([unit, heirs])
    serial = np.arange(len(opened), dtype=np.int64)
    drawing = Drawing(world, feed, noise, places, opened, unit, (serial,), serial, anchor)
    cells = draw_all(spec.columns, drawing)
    keys = [f"{spec.id}-{n + 1:05d}" for n in serial.tolist()]
    return Book(keys, places, unit, opened, closed, cells)


class RosterSource:
    """Generator of kind ``roster``."""

    def __init__(self, feed: Feed, spec: Roster, world: World) -> None:
        self.spec = spec
        self.world = world
        self._feed = feed
        self._columns = {column.name: column for column in feed.columns}

    def first(self, history: int) -> int:
        """The first file of the history holds everything before it."""
        return history

    def cut(self, start: int, end: int, *, since: int, live: bool) -> pa.Table:  # noqa: ARG002 always the whole
        """See Generator."""
        spec, entries, today = self.spec, self.world.rosters(self._feed.id), end // DAY
        there = entries.opened < today
        if spec.closed is None:
            there &= entries.closed >= today
        rows = np.flatnonzero(there)
        table = {
            spec.key: pa.array(np.array(entries.keys)[rows]),
            spec.area: texts(entries.places.official, entries.unit[rows]),
        }
        if spec.opened is not None:
            table[spec.opened] = dates(entries.opened[rows])
        if spec.closed is not None:
            closed = entries.closed[rows]
            table[spec.closed] = dates(np.where(closed >= today, 0, closed), closed >= today)
        for name, column in spec.columns.items():
            cells = entries.cells[name].taken(rows)
            if isinstance(column, Becomes):
                table[name] = pa.array(cells.data < end)
            else:
                table[name] = cells.written(self._columns[name], end)
        return pa.table(table)
