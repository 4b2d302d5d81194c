"""What every generator shares: the city around it, and rows that live and change."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pyarrow as pa

from config.areas import AreaTree
from standin.incidents import Timetable
from standin.models import Pace, Source
from standin.noise import Floats, Ints, Noise
from standin.places import Places
from standin.timeline import DAY, NEVER, Workdays, month_of, month_start

if TYPE_CHECKING:
    from standin.drivers import Drivers
    from standin.sources.roster import Book

BROKEN = "__broken"
"""Hidden boolean column: the writer spoils the first time of these rows, if the format lets it."""

UNKNOWN_CODE = "99999"
_KEPT_MONTHS = 8


@dataclass(frozen=True, slots=True)
class World:
    """The city and the run that a generator works in. ``drift`` is in day numbers."""

    folder: Path
    tree: AreaTree
    workdays: Workdays
    timetable: Timetable
    seed: int
    scale: float
    drift: tuple[int, int]
    drivers: Drivers
    rosters: Callable[[str], Book]

    def progress(self, day: Ints) -> Floats:
        """How far each day lies along the drift span, 0…1 inside it."""
        first, last = self.drift
        return (day - first) / (last - first)

    def size(self, source: Source) -> float:
        """The part of a source's rows that comes at the run's scale."""
        return self.scale if self.scale > 1.0 else min(1.0, self.scale / source.full_at)

    def territories(self, places: Places) -> list[str]:
        """The areas that drivers are told of: the parts of the city, or the city where rows have no other."""
        root = self.tree.root.code
        if all(unit.code == root for unit in places.units):
            return [root]
        return [unit.code for unit in self.tree.all() if unit.parent == root]


class Generator(Protocol):
    """Gives what a department has to tell about a span of local seconds, the same whenever it is asked."""

    def first(self, history: int) -> int:
        """Second from which on there is something to tell, when the history begins at ``history``."""
        ...

    def cut(self, start: int, end: int, *, since: int, live: bool) -> pa.Table:
        """Rows that appeared or changed in ``start`` ≤ t < ``end``, as they stood at ``end``.

        ``since`` is where the history begins: what appeared before it is never told.
        """
        ...


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of one month: ``columns`` by name, and the seconds of their ``events``, the appearance first."""

    columns: dict[str, Any]
    events: list[Ints]


class Entities(ABC):
    """Rows that appear in one month and may change for ``lookback`` days after."""

    lookback = 0

    def __init__(self, feed: str, world: World) -> None:
        self.feed = feed
        self.world = world
        self.noise = Noise(world.seed, feed)
        self._blocks: OrderedDict[int, Block] = OrderedDict()

    def first(self, history: int) -> int:
        """Entities are made from the history's start on."""
        return history

    @abstractmethod
    def block(self, month: int) -> Block:
        """All rows that appear in ``month``, with their whole life."""

    @abstractmethod
    def render(self, block: Block, rows: Ints, start: int, at: int) -> pa.Table:
        """The chosen rows of a block as they stood at ``at``, for the file that begins at ``start``."""

    def cut(self, start: int, end: int, *, since: int, live: bool) -> pa.Table:  # noqa: ARG002 a change is a change
        """See Generator."""
        tables = []
        first = max(month_of(start // DAY - self.lookback), month_of(since // DAY))
        for month in range(first, month_of((end - 1) // DAY) + 1):
            block = self._kept(month)
            changed = np.zeros(block.events[0].shape, dtype=np.bool_)
            for event in block.events:
                changed |= (event >= start) & (event < end)
            tables.append(self.render(block, np.flatnonzero(changed & (block.events[0] < end)), start, end))
        return pa.concat_tables(tables)

    def _kept(self, month: int) -> Block:
        if month not in self._blocks:
            self._blocks[month] = self._held_back(month, self.block(month))
            if len(self._blocks) > _KEPT_MONTHS:
                self._blocks.popitem(last=False)
        self._blocks.move_to_end(month)
        return self._blocks[month]

    def _held_back(self, month: int, block: Block) -> Block:
        """Apply ``hold`` incidents: what happened inside one is told when it ends."""
        until = month_start(month + 1) + self.lookback
        for hold in self.world.timetable.during(self.feed, "hold", month_start(month) * DAY, until * DAY):
            for event in block.events:
                event[(event >= hold.start) & (event < hold.end)] = hold.end
        return block


def slowed(
    world: World, feed: str, noise: Noise, pace: Pace, places: Places, day: Ints, key: Ints, unit: Ints
) -> Floats:
    """Share of the allowed time that each row takes: chance, the unit's own pace and ``slow`` incidents."""
    share = pace.median * np.exp(pace.spread * noise.normal("pace", day, key)) * places.pace[unit]
    if not len(day):
        return np.asarray(share)
    for event in world.timetable.during(feed, "slow", int(day.min()) * DAY, (int(day.max()) + 1) * DAY):
        hit = event.strength(day * DAY + DAY // 2)
        hit = hit if event.area is None else hit * places.under(event.area)[unit]
        share = share * (1.0 + (event.spec.amount - 1.0) * hit)
    return np.asarray(share)


def times(seconds: Ints, at: int | None = None) -> pa.Array:
    """Timestamps without zone; NEVER, or later than ``at``, is null."""
    missing = seconds >= (NEVER if at is None else at)
    return pa.array(np.where(missing, 0, seconds), mask=missing).cast(pa.timestamp("s"))


def dates(days: Ints, missing: Any = None) -> pa.Array:
    """Dates; null where ``missing``."""
    return pa.array(days.astype(np.int32), mask=missing).cast(pa.date32())


def texts(values: Any, position: Ints, missing: Any = None) -> pa.Array:
    """``values[position]`` as text, by dictionary; null where ``missing``."""
    index = pa.array(position.astype(np.int32), mask=missing)
    return pa.DictionaryArray.from_arrays(index, pa.array(values, pa.string())).cast(pa.string())
