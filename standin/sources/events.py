"""Rows that happen: at a moment, in a unit, with what becomes of them later."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from config.models import Feed
from standin.arrivals import arrived, numbered
from standin.models import Events
from standin.models.columns import Choice
from standin.noise import Bools, Ints
from standin.places import Places
from standin.sources.base import BROKEN, UNKNOWN_CODE, Block, Entities, World, texts
from standin.sources.cells import Cells, Drawing, draw_all
from standin.sources.naming import identifiers
from standin.timeline import DAY, NEVER, day_number, month_days


class EventSource(Entities):
    """Generator of kind ``events``."""

    def __init__(self, feed: Feed, spec: Events, world: World) -> None:
        super().__init__(feed.id, world)
        self.spec = spec
        self.lookback = spec.lookback.days
        self.places = Places(world.tree, spec.level, spec.character, self.noise)
        self._columns = {column.name: column for column in feed.columns}
        first = next((c for c in spec.columns.values() if isinstance(c, Choice) and c.by is None), None)
        self._subjects = list(first.of) if first else []
        weights = [w if isinstance(w, float) else w[0] for w in first.of.values()] if first else []  # type: ignore[index]
        self._weights = np.array(weights, dtype=np.float64)

    def block(self, month: int) -> Block:
        """See Entities."""
        spec, noise, world = self.spec, self.noise, self.world
        days = month_days(month)
        rows, more, unit = arrived(world, self.feed, spec, days, self.places, noise, self._part)
        kept = self._kept_rows(days, rows.day, rows.key, unit)
        order, number = numbered(rows.day[kept], rows.second[kept])
        rows_ = [a[kept][order] for a in (rows.day, rows.key, rows.event, rows.second, unit)]
        day, key, event, second, unit = rows_
        begun = day * DAY + second
        drawing = Drawing(
            world,
            self.feed,
            noise,
            self.places,
            day,
            unit,
            (day, key),
            number,
            day_number(spec.rhythm.anchor),
        )
        drawing.latest = begun + (self.lookback - 5) * DAY
        if self._subjects and more:
            allowed = np.array([self._among(one.categories) for one in more] + [self._among(())])
            drawing.only = allowed[event]
        drawing.made[spec.time] = Cells(begun, moment=True)
        cells = draw_all(spec.columns, drawing)
        late = noise.uniform("late", day, key) < spec.late
        lag = noise.uniform("late by", day, key) * spec.late_by.total_seconds()
        appeared = begun + 60 + np.where(late, lag, 0.0).astype(np.int64)
        happened = [cells[name].data for name in self._happenings(cells)]
        events = [appeared, *(np.where(h >= NEVER, NEVER, np.maximum(h, appeared)) for h in happened)]
        columns = {"day": day, "number": number, "unit": unit, "appeared": appeared.copy(), "cells": cells}
        columns["flaw"] = noise.uniform("flaw", day, key)
        return Block(columns, events)

    def render(self, block: Block, rows: Ints, start: int, at: int) -> pa.Table:
        """See Entities."""
        c, spec = block.columns, self.spec
        flaw = c["flaw"][rows] / max(spec.bad, 1e-12)
        # the department mends a wrong code or date when it tells of the row again
        fresh = c["appeared"][rows] >= start
        unit = np.where((flaw < 0.6) & fresh, len(self.places.units), c["unit"][rows])
        table = {
            spec.key: identifiers(spec.id, c["day"][rows], c["number"][rows]),
            spec.area: texts([*self.places.official, UNKNOWN_CODE], unit),
            BROKEN: pa.array((flaw >= 0.6) & (flaw < 1.0) & fresh),
        }
        for name, cells in c["cells"].items():
            # a deadline is known from the beginning, though it lies ahead
            known = NEVER if name in self._plans else at
            table[name] = cells.taken(rows).written(self._columns[name], known)
        return pa.table(table)

    @property
    def _plans(self) -> set[str]:
        return {name for name, column in self.spec.columns.items() if column.type == "deadline"}

    def _happenings(self, cells: dict[str, Cells]) -> list[str]:
        """Columns of moments that come after the row's own."""
        own = {self.spec.time, *self._plans}
        return [name for name, cell in cells.items() if cell.moment and name not in own]

    def _among(self, categories: tuple[str, ...]) -> Bools:
        return np.isin(self._subjects, categories or self._subjects)

    def _part(self, categories: tuple[str, ...]) -> float:
        if not categories or not self._subjects:
            return 1.0
        return float(self._weights[self._among(categories)].sum() / self._weights.sum())

    def _kept_rows(self, days: Ints, day: Ints, key: Ints, unit: Ints) -> Ints:
        """What drivers with a negative gain leave of the rows."""
        less = [one for one in self.spec.follows if one.gain < 0]
        if not less:
            return np.arange(len(day), dtype=np.int64)
        territories = self.world.territories(self.places)
        factor = self.world.drivers.factor(less, days, territories)
        share = factor[day - days[0], self.places.among(territories)[unit]]
        return np.flatnonzero(self.noise.uniform("kept", day, key) < share)
