"""Figures of each member and period: entries of a register, units of a level, or members by name."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from config.models import Feed
from config.periods import MONTHS
from standin.models import Influence, Panel
from standin.models.columns import Attribute, Following, Level, Part
from standin.noise import Floats, Ints, Noise
from standin.places import Places
from standin.sources.base import BROKEN, UNKNOWN_CODE, World, texts, times
from standin.sources.cells import Cells, Drawing, draw_all, rounded
from standin.timeline import (
    DAY,
    HOUR,
    day_number,
    month_of,
    month_start,
    over_year,
    weekday,
)

_SHORTEST = 60  # days that even the smallest scale tells of a large panel


@dataclass(frozen=True)
class _Rows:
    """Rows of a file: period (its beginning and end, local seconds), member, and the member's unit."""

    start: Ints
    end: Ints
    member: Ints
    unit: Ints

    def taken(self, rows: Any) -> _Rows:
        return _Rows(self.start[rows], self.end[rows], self.member[rows], self.unit[rows])


class PanelSource:
    """Generator of kind ``panel``."""

    def __init__(self, feed: Feed, spec: Panel, world: World, years: int) -> None:
        self.feed = feed
        self.spec = spec
        self.world = world
        self.years = years
        self.noise = Noise(world.seed, feed.id)
        self._columns = {column.name: column for column in feed.columns}
        level = world.tree.levels[-1] if spec.of.level is None else spec.of.level
        self.places = Places(world.tree, level, spec.character, self.noise)
        self._prepared = False

    def first(self, history: int) -> int:
        """From the history's start on, or, of a large panel, for the part of it that the scale allows."""
        if self.spec.begins is not None:
            history = max(history, day_number(self.spec.begins) * DAY)
        if self.spec.span == "whole":
            return history
        days = self.years * 365
        kept = max(_SHORTEST, int(days * min(1.0, self.world.scale)))
        return month_start(month_of(history // DAY + days - kept)) * DAY

    def cut(self, start: int, end: int, *, since: int, live: bool) -> pa.Table:  # noqa: ARG002 told when it is over
        """See Generator."""
        self._prepare()
        spec, noise = self.spec, self.noise
        delay, latest = int(spec.delay.total_seconds()), int(spec.late_by.total_seconds())
        begin, finish = self._periods(start - delay - (latest if spec.late else 0), end - delay)
        rows = self._members(begin, finish)
        keys = rows.start // HOUR, rows.member
        late = noise.uniform("late", *keys) < spec.late
        lag = np.where(late, noise.uniform("late by", *keys) * latest, 0.0).astype(np.int64)
        told = rows.end + delay + lag
        here = (told > start) & (told <= end) & (rows.end > since)
        here &= noise.uniform("outage", rows.start // DAY, rows.member) >= spec.outage
        for event in self._events("silent", rows):
            here &= ~(self._strength(event, rows) > 0)
        rows = rows.taken(here)
        drawing = Drawing(
            self.world,
            self.feed.id,
            noise,
            self.places,
            rows.start // DAY,
            rows.unit,
            (rows.start // HOUR, rows.member),
            rows.member,
            day_number(spec.anchor),
        )
        for name, values in spec.of.each.items():
            drawing.made[name] = Cells(rows.member % len(values), list(values))
        for name, column in spec.columns.items():
            if isinstance(column, Level):
                drawing.made[name] = Cells(self._level(name, column, rows, drawing))
            elif isinstance(column, Part):
                drawing.made[name] = Cells(self._part(name, column, rows, drawing))
            elif isinstance(column, Following):
                drawing.made[name] = Cells(self._following(name, column, rows, drawing))
            elif isinstance(column, Attribute):
                drawing.made[name] = self._attribute(column, rows)
            else:
                draw_all({name: column}, drawing)
        return self._table(rows, drawing)

    # Which rows there are

    def _prepare(self) -> None:
        """Members and their units, once they are asked for: a roster may be made by a later source."""
        if self._prepared:
            return
        of, tree = self.spec.of, self.world.tree
        if of.roster is not None:
            entries = self.world.rosters(of.roster)
            self.keys = entries.keys
            self.opened, self.closed = entries.opened, entries.closed
            codes = [entries.places.units[u].code for u in entries.unit]
            self.places = entries.places
            home = entries.unit
        else:
            codes = list(of.members.values()) or [u.code for u in self.places.units]
            self.keys = list(of.members) or codes
            if of.members:
                level = tree[codes[0]].level
                self.places = Places(tree, level, self.spec.character, self.noise)
            position = {u.code: i for i, u in enumerate(self.places.units)}
            home = np.array([position[code] for code in codes], dtype=np.int64)
            self.opened = self.places.starts[home]
            self.closed = self.places.ends[home]
        for values in of.each.values():
            self.keys = [key for key in self.keys for _ in values]
            home, self.opened, self.closed = (
                np.repeat(part, len(values)) for part in (home, self.opened, self.closed)
            )
        self.home = home
        self._later = of.roster is not None or bool(of.members)
        self._prepared = True

    def _periods(self, first: int, last: int) -> tuple[Ints, Ints]:
        """Beginnings and ends of the periods that end after ``first`` and not after ``last``."""
        every = self.spec.every
        if every in MONTHS:
            step = MONTHS[every]
            months = range(month_of(first // DAY) // step * step - step, month_of(last // DAY) + 1, step)
            bounds = np.array([month_start(m) * DAY for m in [*months, months[-1] + step]], dtype=np.int64)
        else:
            size = {"hour": HOUR, "day": DAY, "week": 7 * DAY}[every]
            zero = 4 * DAY if every == "week" else 0  # 1970-01-05 was a Monday
            bounds = (
                np.arange((first - zero) // size, (last - zero) // size + 2, dtype=np.int64) * size + zero
            )
        start, end = bounds[:-1], bounds[1:]
        kept = (end > first) & (end <= last)
        return start[kept], end[kept]

    def _members(self, begin: Ints, finish: Ints) -> _Rows:
        """Every member that is there as each period begins, in the unit that it then lies in."""
        days = begin // DAY
        there = (self.opened[None, :] <= days[:, None]) & (days[:, None] < self.closed[None, :])
        if self._later:  # what outlives its unit lies in the heir of it
            there = (self.opened[None, :] <= days[:, None]) & (self._ends[None, :] > days[:, None])
        period, member = np.nonzero(there)
        unit = self.home[member]
        if self._later:
            unit = self.places.heir(unit, days[period])
        return _Rows(begin[period], finish[period], member, unit)

    @property
    def _ends(self) -> Ints:
        return self.closed if self.spec.of.roster is not None else np.full(len(self.keys), 10**6)

    # What their cells hold

    def _level(self, name: str, spec: Level, rows: _Rows, d: Drawing) -> Any:
        noise = self.noise
        level = d.by(name, spec.by, spec.bases, spec.base) * np.exp(
            spec.sd * noise.normal(f"{name}/member", rows.member)
        )
        if spec.size == "population":
            level = level * self.places.people_share[rows.unit]
        if spec.by_member:
            factor = np.array([spec.by_member.get(key, 1.0) for key in self.keys])
            level = level * factor[rows.member]
        middle = (rows.start + rows.end) // 2
        years = (middle / DAY - day_number(self.spec.anchor)) / 365.2425
        level = level * (1.0 + spec.growth) ** years
        first, last = spec.drift
        level = level * (first + (last - first) * np.clip(self.world.progress(middle // DAY), 0.0, 1.0))
        level = level * self._rhythm(spec, rows) * self._driven(spec.follows, rows)
        return self._finished(name, level, rows, spec.noise, spec.add, (spec.low, spec.high), spec.decimals)

    def _part(self, name: str, spec: Part, rows: _Rows, d: Drawing) -> Any:
        whole = np.asarray(d.known(spec.of, name).data, dtype=np.float64)
        share = d.shares([spec.share])[:, 0]
        if spec.by is not None:
            every = d.shares(list(spec.shares.values()))
            column = d.by(name, spec.by, {key: n for n, key in enumerate(spec.shares)}, 0)
            share = every[np.arange(len(column)), column]
        share = share * np.exp(spec.sd * self.noise.normal(f"{name}/member", rows.member))
        months = (rows.start // DAY).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12
        share = share * np.asarray(spec.months)[months]
        share = share * np.exp(spec.noise * self._wander(name, rows)) * self._driven(spec.follows, rows)
        for event in self._events("scale", rows):
            if event.spec.column == name:
                share = share * (1.0 + (event.spec.amount - 1.0) * self._strength(event, rows))
        share = np.clip(share, 0.0, 1.0)
        if spec.decimals:
            return np.round(whole * share, spec.decimals)
        spread = np.sqrt(whole * share * (1.0 - share)) * d.normal(f"{name}/drawn")
        return np.clip(np.rint(whole * share + spread), 0, whole).astype(np.int64)

    def _following(self, name: str, spec: Following, rows: _Rows, d: Drawing) -> Any:
        values = spec.factor * np.asarray(d.known(spec.column, name).data, dtype=np.float64)
        limits = spec.low, spec.high
        return self._finished(name, values, rows, spec.noise, spec.add, limits, spec.decimals)

    def _finished(
        self,
        name: str,
        values: Floats,
        rows: _Rows,
        noise: float,
        add: float,
        limits: tuple[float, float],
        decimals: int,
    ) -> Any:
        values = values * np.exp(noise * self._wander(name, rows)) if noise else values
        values = values + add
        for effect in ("scale", "shift"):
            for event in self._events(effect, rows):
                if event.spec.column == name:
                    hit = self._strength(event, rows)
                    amount = event.spec.amount
                    values = values + amount * hit if effect == "shift" else values * (1 + (amount - 1) * hit)
        return rounded(np.clip(values, *limits), decimals)

    def _attribute(self, spec: Attribute, rows: _Rows) -> Cells:
        assert self.spec.of.roster is not None
        entry = rows.member // math.prod(map(len, self.spec.of.each.values()))
        return self.world.rosters(self.spec.of.roster).cells[spec.column].taken(entry)

    def _wander(self, name: str, rows: _Rows) -> Floats:
        """About normal: partly the whole city's, partly the member's own; by the hour it moves smoothly."""
        if self.spec.every == "hour":
            city = self.noise.smooth(f"{name}/days", rows.start, DAY)
            own = self.noise.smooth(f"{name}/own", rows.start, 4 * HOUR, rows.member)
        else:
            city = self.noise.normal(f"{name}/city", rows.start // DAY)
            own = self.noise.normal(f"{name}/own", rows.start // DAY, rows.member)
        return np.asarray(0.6 * city + 0.8 * own)

    def _rhythm(self, spec: Level, rows: _Rows) -> Floats:
        """Year, week, holidays and hours; of periods longer than a day the mean over their days."""
        periods, place = np.unique(rows.start, return_inverse=True)
        if self.spec.every == "hour":
            hours = np.asarray(spec.hours)[periods % DAY // HOUR]
            return np.asarray((self._of_days(spec, periods // DAY) * hours)[place])
        ends = np.zeros_like(periods)
        ends[place] = rows.end
        return self._mean_of_days(periods, ends, lambda days: self._of_days(spec, days))[place]

    def _of_days(self, spec: Level, days: Ints) -> Floats:
        work = self.world.workdays
        factor = np.asarray(spec.weekdays)[weekday(days)]
        factor = np.where(work.is_holiday(days), spec.holiday, factor)
        factor = np.where(work.is_tet(days), spec.tet, factor)
        return np.asarray(factor * over_year(days, spec.months))

    def _driven(self, follows: Sequence[Influence], rows: _Rows) -> Any:
        """What drivers do in each row's territory; of periods longer than a day the mean over their days."""
        if not follows or not len(rows.start):
            return 1.0
        territories = self.world.territories(self.places)
        place = self.places.among(territories)[rows.unit]
        first, last = int(rows.start.min()) // DAY, int(rows.end.max() - 1) // DAY
        daily = self.world.drivers.factor(follows, np.arange(first, last + 1), territories)
        if self.spec.every in ("hour", "day"):
            return np.asarray(daily[rows.start // DAY - first, place])
        total = np.cumsum(np.vstack([np.zeros((1, len(territories))), daily]), axis=0)
        begin, end = rows.start // DAY - first, rows.end // DAY - first
        return np.asarray((total[end, place] - total[begin, place]) / (end - begin))

    def _mean_of_days(self, starts: Ints, ends: Ints, of: Any) -> Floats:
        if not len(starts):
            return np.ones(0)
        first, last = int(starts.min()) // DAY, int(ends.max()) // DAY
        total = np.concatenate([[0.0], np.cumsum(of(np.arange(first, last, dtype=np.int64)))])
        begin, end = starts // DAY - first, ends // DAY - first
        return np.asarray((total[end] - total[begin]) / (end - begin))

    def _events(self, effect: str, rows: _Rows) -> list[Any]:
        if not len(rows.start):
            return []
        span = int(rows.start.min()), int(rows.end.max())
        return list(self.world.timetable.during(self.feed.id, effect, *span))

    def _strength(self, event: Any, rows: _Rows) -> Floats:
        """How far each row lies in an incident; of long periods the part of their days that do."""
        if self.spec.every in ("hour", "day"):
            hit = event.strength((rows.start + rows.end) // 2)
        else:
            noon = lambda days: event.strength(days * DAY + DAY // 2)  # noqa: E731 a mean of it is taken
            periods, place = np.unique(rows.start, return_inverse=True)
            ends = np.zeros_like(periods)
            ends[place] = rows.end
            hit = self._mean_of_days(periods, ends, noon)[place]
        if event.area is not None:
            hit = hit * self.places.under(event.area)[rows.unit]
        return np.asarray(hit)

    # The file

    def _table(self, rows: _Rows, drawing: Drawing) -> pa.Table:
        spec = self.spec
        flaw = self.noise.uniform("flaw", rows.start // HOUR, rows.member) / max(spec.bad, 1e-12)
        unit = np.where(flaw < 0.6, len(self.places.units), rows.unit)
        column = self._columns[spec.time]
        table = {
            spec.area: texts([*self.places.official, UNKNOWN_CODE], unit),
            BROKEN: pa.array((flaw >= 0.6) & (flaw < 1.0)),
            spec.time: Cells(rows.start, moment=True).written(column, 2**61)
            if column.type == "date"
            else times(rows.start),
        }
        if spec.until is not None:
            last = Cells(rows.end - DAY, moment=True)
            table[spec.until] = last.written(self._columns[spec.until], 2**61)
        if spec.member is not None:
            table[spec.member] = texts(self.keys, rows.member)
        for name, cells in drawing.made.items():
            table[name] = cells.written(self._columns[name], 2**61)
        return pa.table(table)
