"""Requests to a hotline: received, handled by an agency in time or not, closed, sometimes rated or moved."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pyarrow as pa

from standin.arrivals import arrived, drifted, numbered, pick, wet_share
from standin.models import Tickets
from standin.noise import Bools, Floats, Ints
from standin.places import Places
from standin.sources.base import BROKEN, UNKNOWN_CODE, Block, Entities, World, slowed, texts, times
from standin.sources.naming import identifiers
from standin.timeline import DAY, HOUR, NEVER, month_days

_OFFICE_END = 17 * HOUR
_UNCLOSED_AFTER = 100 * DAY


class TicketSource(Entities):
    """Generator of kind ``tickets``."""

    lookback = 120

    def __init__(self, feed: str, spec: Tickets, world: World) -> None:
        super().__init__(feed, world)
        self.spec = spec
        self.places = Places(world.tree, spec.level, spec.character, self.noise)
        self._categories = list(spec.categories)
        self._due_days = np.array([c.days for c in spec.categories.values()], dtype=np.int64)

    def block(self, month: int) -> Block:
        """See Entities."""
        spec, noise, world = self.spec, self.noise, self.world
        days = month_days(month)
        rows, more, unit = arrived(world, self.feed, spec, days, self.places, noise, self._part)
        day, key = rows.day, rows.key
        received = day * DAY + rows.second

        shares = self._shares(wet_share(day, spec.wet_months))
        for number in np.unique(rows.event[rows.event >= 0]):
            shares[rows.event == number] *= self._among(more[int(number)].categories)
        category = pick(np.cumsum(shares, axis=1), noise.uniform("category", day, key))
        channel = pick(
            np.cumsum(drifted(list(spec.channels.values()), world.progress(day)), axis=1),
            noise.uniform("channel", day, key),
        )

        due = world.workdays.add(day, self._due_days[category]) * DAY + _OFFICE_END
        pace = slowed(world, self.feed, noise, spec.pace, self.places, day, key, unit)
        closed = self._closed(received, due, pace, noise.uniform("unclosed", day, key))
        rated = np.where(
            noise.uniform("rated", day, key) < spec.rated,
            closed + HOUR + (noise.uniform("rated after", day, key) * 4 * DAY).astype(np.int64),
            NEVER,
        )
        rated[closed == NEVER] = NEVER
        appeared = received + 30 + (noise.uniform("upload", day, key) * 270).astype(np.int64)
        late = noise.uniform("late", day, key) < spec.late
        lag = noise.uniform("late by", day, key) * spec.late_by.total_seconds()
        appeared = appeared + np.where(late, lag, 0.0).astype(np.int64)
        moved = np.where(noise.uniform("moved", day, key) < spec.moved, appeared + DAY + 5 * HOUR, NEVER)

        order, number_ = numbered(day, rows.second)
        columns = {
            "day": day,
            "received": received,
            "due": due,
            "closed": closed,
            "rated": rated,
            "moved": moved,
            "appeared": appeared,
            "unit": unit,
            "first_unit": self.places.draw(day, noise.uniform("first unit", day, key)),
            "category": category,
            "channel": channel,
            "stars": self._stars(pace, noise.normal("stars", day, key)),
            "flaw": noise.uniform("flaw", day, key),
        }
        columns = {name: values[order] for name, values in columns.items()}
        columns["number"] = number_
        events = [columns[name].copy() for name in ("appeared", "closed", "rated", "moved")]
        events = [np.where(e == NEVER, NEVER, np.maximum(e, events[0])) for e in events]
        return Block(columns, events)

    def render(self, block: Block, rows: Ints, start: int, at: int) -> pa.Table:
        """See Entities."""
        c = {name: values[rows] for name, values in block.columns.items()}
        flaw = c["flaw"] / max(self.spec.bad, 1e-12)
        # the department mends a wrong code or date when it tells of the row again
        fresh = c["appeared"] >= start
        unit = np.where((c["moved"] < NEVER) & (c["moved"] >= at), c["first_unit"], c["unit"])
        code = np.where((flaw < 0.5) & fresh, len(self.places.units), unit)
        closed = np.where((flaw >= 0.8) & (flaw < 1.0) & (c["closed"] < at), c["received"] - DAY, c["closed"])
        open_ = c["closed"] >= at
        status = np.where(open_, np.where(c["received"] >= at - 4 * HOUR, 0, 1), 2)
        agency = np.where(self._by_area[c["category"]], len(self._categories) + unit, c["category"])
        return pa.table(
            {
                "ticket_id": identifiers(self.spec.id, c["day"], c["number"]),
                "received_at": times(c["received"]),
                "due_at": times(c["due"]),
                "closed_at": times(closed, at),
                "status": texts(["new", "processing", "closed"], status),
                "category": texts(self._categories, c["category"]),
                "channel": texts(list(self.spec.channels), c["channel"]),
                "agency": texts(self._agencies, agency),
                "ward_code": texts([*self.places.official, UNKNOWN_CODE], code),
                "satisfaction": pa.array(c["stars"], mask=c["rated"] >= at),
                BROKEN: pa.array((flaw >= 0.5) & (flaw < 0.8) & fresh),
            }
        )

    def _among(self, categories: tuple[str, ...]) -> Bools:
        return np.isin(self._categories, categories or self._categories)

    def _part(self, categories: tuple[str, ...]) -> float:
        """The share of ``categories`` among requests in dry weather."""
        return float(self._shares(np.zeros(1))[0][self._among(categories)].sum())

    def _shares(self, wet: Floats) -> Floats:
        """Shares of the categories for each row: (rows, categories), each row adding up to 1."""
        dry = np.array([c.share for c in self.spec.categories.values()])
        more = np.array([c.wet - 1.0 for c in self.spec.categories.values()])
        shares = dry * (1.0 + more * wet[:, None])
        return np.asarray(shares / shares.sum(axis=1, keepdims=True))

    def _closed(self, received: Ints, due: Ints, pace: Floats, unclosed: Floats) -> Ints:
        """Closing times, pressed into the waking hours; NEVER for those that drag on past all patience."""
        closed = received + np.maximum((due - received) * pace, 20 * 60).astype(np.int64)
        second = closed % DAY
        closed = closed - second + 7 * HOUR + second * 12 // 24
        closed = np.maximum(closed, received + 20 * 60)
        never = (unclosed < self.spec.unclosed) | (closed - received > _UNCLOSED_AFTER)
        return np.where(never, NEVER, closed)

    @staticmethod
    def _stars(pace: Floats, chance: Floats) -> Ints:
        """1–5: content when handled in good time, annoyed when late."""
        return np.clip(np.rint(4.5 - 1.1 * np.clip(pace, 0, 2) + 0.8 * chance), 1, 5).astype(np.int64)

    @cached_property
    def _by_area(self) -> Bools:
        return np.array([c.agency == "area" for c in self.spec.categories.values()], dtype=np.bool_)

    @cached_property
    def _agencies(self) -> list[str]:
        offices = [f"{self.spec.office} {name}" for name in self.places.names]
        return [c.agency for c in self.spec.categories.values()] + offices
