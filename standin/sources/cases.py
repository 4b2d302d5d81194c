"""Notified cases of a disease: onset, notification some days later, an outcome later still."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from standin.arrivals import arrived, numbered, pick
from standin.models import Cases
from standin.noise import Floats, Ints
from standin.places import Places
from standin.sources.base import BROKEN, UNKNOWN_CODE, Block, Entities, World, dates, texts
from standin.sources.naming import identifiers
from standin.timeline import DAY, month_days

_OUTCOMES = ("recovered", "died")


class CaseSource(Entities):
    """Generator of kind ``cases``; rows arrive by their day of notification."""

    lookback = 40

    def __init__(self, feed: str, spec: Cases, world: World) -> None:
        super().__init__(feed, world)
        self.spec = spec
        self.places = Places(world.tree, spec.level, spec.character, self.noise)

    def block(self, month: int) -> Block:
        """See Entities."""
        spec, noise, world = self.spec, self.noise, self.world
        days = month_days(month)
        rows, _, unit = arrived(world, self.feed, spec, days, self.places, noise)
        day, key = rows.day, rows.key
        steps = np.cumsum(np.array([s.share for s in spec.severity.values()]))
        severity = pick(steps, noise.uniform("severity", day, key))
        fatal = np.array([s.fatal for s in spec.severity.values()])[severity]
        low, high = spec.outcome_days
        decided = day + low + (noise.uniform("outcome day", day, key) * (high - low + 1)).astype(np.int64)
        late = noise.uniform("late", day, key) < spec.late
        lag = noise.uniform("late by", day, key) * spec.late_by.total_seconds()
        appeared = day * DAY + rows.second + np.where(late, lag, 0.0).astype(np.int64)
        order, number_ = numbered(day, rows.second)
        columns = {
            "day": day,
            "appeared": appeared,
            "decided": decided * DAY + rows.second,
            "onset": day
            - 1
            - (-np.log(noise.uniform("lag", day, key)) * (spec.lag_days - 1.0)).astype(np.int64),
            "unit": unit,
            "age": self._ages(noise.uniform("age", day, key), noise.uniform("age in band", day, key)),
            "severity": severity,
            "outcome": (noise.uniform("fatal", day, key) < fatal).astype(np.int64),
            "flaw": noise.uniform("flaw", day, key),
        }
        columns = {name: values[order] for name, values in columns.items()}
        columns["number"] = number_
        events = [columns["appeared"].copy(), np.maximum(columns["appeared"], columns["decided"])]
        return Block(columns, events)

    def render(self, block: Block, rows: Ints, start: int, at: int) -> pa.Table:
        """See Entities."""
        c = {name: values[rows] for name, values in block.columns.items()}
        flaw = c["flaw"] / max(self.spec.bad, 1e-12)
        code = np.where((flaw < 0.6) & (c["appeared"] >= start), len(self.places.units), c["unit"])
        return pa.table(
            {
                "case_id": identifiers(self.spec.id, c["day"], c["number"]),
                "onset_on": dates(c["onset"]),
                "reported_on": dates(c["day"]),
                "ward_code": texts([*self.places.official, UNKNOWN_CODE], code),
                "age": pa.array(c["age"]),
                "severity": texts(list(self.spec.severity), c["severity"]),
                "outcome": texts(_OUTCOMES, c["outcome"], c["decided"] >= at),
                BROKEN: pa.array((flaw >= 0.6) & (flaw < 1.0)),
            }
        )

    def _ages(self, u: Floats, inside: Floats) -> Ints:
        """Ages from bands ``(below, weight)``, even inside a band."""
        below = np.array([0] + [band[0] for band in self.spec.ages])
        band = pick(np.cumsum(np.array([b[1] for b in self.spec.ages])), u)
        return np.asarray((below[band] + inside * (below[band + 1] - below[band])).astype(np.int64))
