"""Dossiers: submitted for a procedure of the register, due after working days, finished by then or not."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from standin.arrivals import arrivals, drifted, expected, numbered, pick
from standin.models import Dossiers, Registry
from standin.noise import Bools, Floats, Ints, Noise
from standin.places import Places
from standin.sources.base import UNKNOWN_CODE, Block, Entities, World, slowed, texts, times
from standin.sources.naming import identifiers
from standin.sources.registry import catalogue
from standin.timeline import DAY, HOUR, NEVER, month_days

_OFFICE_END = 17 * HOUR
_OFFICE_START = 7 * HOUR + 1800


class DossierSource(Entities):
    """Generator of kind ``dossiers``."""

    lookback = 150

    def __init__(self, feed: str, spec: Dossiers, world: World, register: Registry) -> None:
        super().__init__(feed, world)
        self.spec = spec
        self.catalogue = catalogue(register, Noise(world.seed, spec.register_of))
        self.places = [Places(world.tree, s.level, spec.character, self.noise) for s in spec.levels.values()]
        self._services = [*register.totals, "none"]
        self._service = np.array([self._services.index(s) for s in self.catalogue.service], dtype=np.int64)
        self._fields = list(register.fields)
        self._field = np.array([self._fields.index(f) for f in self.catalogue.field], dtype=np.int64)

    def block(self, month: int) -> Block:
        """See Entities."""
        spec, noise, world = self.spec, self.noise, self.world
        days = month_days(month)
        mean = expected(days, spec.rhythm, world.size(spec), self.places[0], world.workdays, noise)
        rows = arrivals(days, spec.rhythm, mean, [], noise)
        day, key = rows.day, rows.key
        levels = list(spec.levels.values())
        level = pick(np.cumsum([s.share for s in levels]), noise.uniform("level", day, key))
        u_unit, u_procedure = noise.uniform("unit", day, key), noise.uniform("procedure", day, key)
        unit, procedure = np.zeros_like(day), np.zeros_like(day)
        pace, habit = np.zeros(day.shape), np.zeros(day.shape)
        for number, name in enumerate(spec.levels):
            mine = level == number
            unit[mine] = self.places[number].draw(day[mine], u_unit[mine])
            habit[mine] = self.places[number].digital[unit[mine]]
            weight = np.where(self.catalogue.level == name, self.catalogue.weight, 0.0)
            procedure[mine] = pick(np.cumsum(weight), u_procedure[mine])
            pace[mine] = slowed(
                world,
                self.feed,
                noise,
                levels[number].pace,
                self.places[number],
                day[mine],
                key[mine],
                unit[mine],
            )
        service = np.where(
            self.catalogue.since[procedure] <= day, self._service[procedure], self._services.index("none")
        )
        allowed = self.catalogue.days[procedure]
        due = world.workdays.add(day, allowed) * DAY + _OFFICE_END
        submitted = day * DAY + rows.second
        appeared = submitted + 30 + (noise.uniform("upload", day, key) * 270).astype(np.int64)
        late = noise.uniform("late", day, key) < spec.late
        lag = noise.uniform("late by", day, key) * spec.late_by.total_seconds()
        appeared = appeared + np.where(late, lag, 0.0).astype(np.int64)
        order, number_ = numbered(day, rows.second)
        columns = {
            "day": day,
            "submitted": submitted,
            "due": due,
            "finished": self._finished(day, key, submitted, allowed, pace),
            "appeared": appeared,
            "procedure": procedure,
            "service": service,
            "level": level,
            "online": self._online(day, key, service, habit),
            "digitised": noise.uniform("digitised", day, key)
            < drifted([s.digitised for s in levels], world.progress(day))[np.arange(len(day)), level] + habit,
            "place": unit,
            "flaw": noise.uniform("flaw", day, key),
        }
        columns = {name: values[order] for name, values in columns.items()}
        columns["number"] = number_
        first = columns["appeared"].copy()
        return Block(columns, [first, np.maximum(first, columns["finished"])])

    def render(self, block: Block, rows: Ints, start: int, at: int) -> pa.Table:
        """See Entities."""
        c = {name: values[rows] for name, values in block.columns.items()}
        flaw = c["flaw"] / max(self.spec.bad, 1e-12)
        starts = np.cumsum([0, *(len(p.units) for p in self.places)])
        code = np.where((flaw < 0.6) & (c["appeared"] >= start), starts[-1], starts[c["level"]] + c["place"])
        codes = [*(code for p in self.places for code in p.official), UNKNOWN_CODE]
        wrong = (flaw >= 0.6) & (flaw < 1.0) & (c["finished"] < at)
        return pa.table(
            {
                "dossier_id": identifiers(self.spec.id, c["day"], c["number"]),
                "procedure_code": texts(self.catalogue.code, c["procedure"]),
                "field": texts(self._fields, self._field[c["procedure"]]),
                "service_level": texts(self._services, c["service"]),
                "agency_level": texts(list(self.spec.levels), c["level"]),
                "submitted_at": times(c["submitted"]),
                "due_at": times(c["due"]),
                "finished_at": times(np.where(wrong, c["submitted"] - DAY, c["finished"]), at),
                "online": pa.array(c["online"]),
                "digitised": pa.array(c["digitised"]),
                "area_code": texts(codes, code),
            }
        )

    def _online(self, day: Ints, key: Ints, service: Ints, habit: Floats) -> Bools:
        chances = drifted(
            [self.spec.online.get(s, (0.0, 0.0)) for s in self._services], self.world.progress(day)
        )
        chance = chances[np.arange(len(day)), service]
        chance = np.where(chance > 0, chance + habit, 0.0)
        return np.asarray(self.noise.uniform("online", day, key) < chance)

    def _finished(self, day: Ints, key: Ints, submitted: Ints, allowed: Ints, pace: Floats) -> Ints:
        """Late exactly when ``pace`` is above 1: a working day or more after the due day."""
        taken = np.where(pace > 1.0, np.ceil(pace * allowed), np.floor(pace * allowed)).astype(np.int64)
        in_office = self.noise.uniform("office hour", day, key) * (_OFFICE_END - _OFFICE_START)
        finished = self.world.workdays.add(day, taken) * DAY + _OFFICE_START + in_office.astype(np.int64)
        finished = np.maximum(finished, submitted + 20 * 60)
        return np.where(finished - submitted > (self.lookback - 10) * DAY, NEVER, finished)
