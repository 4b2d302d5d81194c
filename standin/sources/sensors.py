"""Stations that measure every hour: air, water, rain."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa

from standin.incidents import Event
from standin.models import Cyclic, Follow, Rain, Sensors, Signal, Tide
from standin.noise import Bools, Floats, Ints, Noise
from standin.sources.base import UNKNOWN_CODE, World, times
from standin.timeline import DAY, HOUR, day_number, over_year, weekday

_LATEST = 6 * HOUR
_NEW_MOON = 947_182_440  # 2000-01-06 18:14, when the harmonics of sun and moon fall together
_FAULT = -9999.0  # what a broken instrument sends


class SensorSource:
    """Generator of kind ``sensors``; the reading of a moment covers the hour before it."""

    def __init__(self, feed: str, spec: Sensors, world: World) -> None:
        self.feed = feed
        self.spec = spec
        self.world = world
        self.noise = Noise(world.seed, feed)
        units = world.tree.at(spec.one_per) if spec.one_per else []
        self.ids = [s.id for s in spec.stations] + [f"{spec.id}{u.code}" for u in units]
        self.areas = [s.area for s in spec.stations] + [u.code for u in units]
        self.paths = [set(world.tree.path(code).values()) for code in self.areas]
        self._factor = np.array([s.factor for s in spec.stations] + [1.0] * len(units))
        self._lag = np.array([s.lag for s in spec.stations] + [0.0] * len(units))
        self._station = np.arange(len(self.ids), dtype=np.int64)
        held = [world.tree[code] for code in self.areas]
        self._first = np.array([day_number(u.valid_from or dt.date.min) for u in held], dtype=np.int64)
        self._end = np.array([day_number(u.valid_to or dt.date.max) for u in held], dtype=np.int64)

    def first(self, history: int) -> int:
        """Stations measure from the history's start on."""
        return history

    def cut(self, start: int, end: int, *, since: int, live: bool) -> pa.Table:  # noqa: ARG002 stations have no past
        """See Generator. Between the hours only live deliveries have readings, and no sums (rain) in them."""
        every = int(self.spec.live_every.total_seconds()) if live and self.spec.live_every else HOUR
        moments = np.arange((start - _LATEST) // every + 1, end // every + 1, dtype=np.int64) * every
        t = np.repeat(moments, len(self._station))
        station = np.tile(self._station, len(moments))
        late = self.noise.uniform("late", t, station) < self.spec.late
        lag = (self.noise.uniform("late by", t, station) * _LATEST).astype(np.int64)
        arrived = t + np.where(late, lag, 0)
        here = (arrived > start) & (arrived <= end) & ((t % HOUR == 0) | (t > start))
        here &= (self._first[station] <= t // DAY) & (t // DAY < self._end[station])
        here &= ~self._silent(t, station)
        t, station = t[here], station[here]
        flaw = self.noise.uniform("flaw", t, station) / max(self.spec.bad, 1e-12)
        columns: dict[str, Floats] = {}
        ordered = sorted(self.spec.columns.items(), key=lambda item: isinstance(item[1], Follow))
        for name, signal in ordered:
            columns[name] = self._values(name, signal, t, station, columns)
        area = np.where(flaw < 0.5, len(self.areas), station)
        codes = [self.world.tree[code].official or code for code in self.areas]
        table = {
            "station": pa.array(np.array(self.ids)[station]),
            "measured_at": times(t),
            "area_code": pa.array(np.array([*codes, UNKNOWN_CODE])[area]),
        }
        for number, name in enumerate(self.spec.columns):
            values = np.where((flaw >= 0.5) & (flaw < 1.0) & (number == 0), _FAULT, columns[name])
            empty = self.noise.uniform(f"gap/{name}", t, station) < self.spec.gaps
            if isinstance(self.spec.columns[name], Rain):
                empty |= t % HOUR != 0
            table[name] = pa.array(values, mask=empty)
        return pa.table(table)

    def signal(self, name: str, t: Ints, station: Ints) -> Floats:
        """What the stations would measure of column ``name`` at ``t``, without gaps and flaws."""
        return self._values(name, self.spec.columns[name], t, station, {})

    def _silent(self, t: Ints, station: Ints) -> Bools:
        """Days on which a station sent nothing, by chance or by incident."""
        silent = self.noise.uniform("outage", t // DAY, station) < self.spec.outage
        for event in self._events("silent", t):
            silent |= self._strength(event, t, station) > 0
        return np.asarray(silent)

    def _events(self, effect: str, t: Ints) -> list[Event]:
        if not len(t):
            return []
        return self.world.timetable.during(self.feed, effect, int(t.min()), int(t.max()) + 1)

    def _strength(self, event: Event, t: Ints, station: Ints) -> Floats:
        hit = event.strength(t)
        if event.area is not None:
            hit = hit * np.array([event.area in path for path in self.paths])[station]
        return hit

    def _values(
        self,
        name: str,
        signal: Signal,
        t: Ints,
        station: Ints,
        done: dict[str, Floats],
    ) -> Floats:
        if isinstance(signal, Follow):
            wobble = np.exp(signal.noise * self.noise.smooth(name, t, 3 * HOUR, station))
            return np.asarray(np.round(done[signal.column] * signal.factor * wobble, signal.decimals))
        if isinstance(signal, Rain):
            return self._rain(name, signal, t, station)
        values = (
            self._cyclic(name, signal, t, station)
            if isinstance(signal, Cyclic)
            else self._tide(name, signal, t, station)
        )
        for event in self._events("scale", t):
            if event.spec.column == name:
                values = values * (1.0 + (event.spec.amount - 1.0) * self._strength(event, t, station))
        for event in self._events("shift", t):
            if event.spec.column == name:
                values = values + event.spec.amount * self._strength(event, t, station)
        low, high = (signal.low, signal.high) if isinstance(signal, Cyclic) else (-1e9, 1e9)
        return np.asarray(np.round(np.clip(values, low, high), signal.decimals))

    def _wander(self, name: str, t: Ints, station: Ints) -> Floats:
        """Noise of about unit size: weather over the whole city and something of the station's own."""
        return (
            0.75 * self.noise.smooth(f"{name}/days", t, 2 * DAY)
            + 0.45 * self.noise.smooth(f"{name}/hours", t, 6 * HOUR)
            + 0.35 * self.noise.smooth(f"{name}/own", t, 4 * HOUR, station)
        )

    def _cyclic(self, name: str, signal: Cyclic, t: Ints, station: Ints) -> Floats:
        day, hour = t // DAY, (t % DAY) // HOUR
        level = signal.base * over_year(t / DAY, signal.months) * np.asarray(signal.hours)[hour]
        level = level * np.where(weekday(day) >= 5, signal.weekend, 1.0)
        level = level * np.where(self.world.workdays.is_tet(day), signal.tet, 1.0)
        level = level * np.exp(signal.spread * self.noise.normal(f"{name}/station", station))
        if signal.months_add is not None:
            level = level + over_year(t / DAY, signal.months_add)
        if signal.hours_add is not None:
            level = level + np.asarray(signal.hours_add)[hour]
        wander = self._wander(name, t, station)
        return np.asarray(level * np.exp(signal.noise * wander) + signal.noise_add * wander)

    def _tide(self, name: str, signal: Tide, t: Ints, station: Ints) -> Floats:
        hours = (t - _NEW_MOON) / HOUR - self._lag[station]
        swing = sum(
            (c.amplitude * np.cos(2.0 * np.pi * hours / c.hours) for c in signal.constituents),
            start=np.zeros(t.shape),
        )
        level = signal.base + over_year(t / DAY, signal.months_add) + swing * self._factor[station]
        return np.asarray(level + signal.noise_add * self._wander(name, t, station))

    def _rain(self, name: str, signal: Rain, t: Ints, station: Ints) -> Floats:
        """A wet day has one shower of one to three hours, heavier here than there."""
        day = (t - 1) // DAY
        hour = (t - 1) % DAY // HOUR
        wet = self.noise.uniform(f"{name}/wet", day) < over_year(day, signal.chance)
        amount = over_year(day, signal.amount) * -np.log(self.noise.uniform(f"{name}/amount", day))
        amount = amount * np.exp(signal.spread * self.noise.normal(f"{name}/own", day, station))
        steps = np.cumsum(signal.hours)
        begin = np.searchsorted(steps, self.noise.uniform(f"{name}/hour", day) * steps[-1], side="right")
        begin = begin + (self.noise.uniform(f"{name}/drift", day, station) * 2).astype(np.int64)
        length = 1 + (self.noise.uniform(f"{name}/length", day) * 3).astype(np.int64)
        falling = (hour >= begin) & (hour < begin + length)
        rain = np.where(wet & falling, amount / length, 0.0)
        return np.asarray(np.round(np.minimum(rain, 110.0), 1))
