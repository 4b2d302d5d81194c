"""What goes wrong, when and where: a fixed timetable that depends on the seed and the calendar alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from config.areas import AreaTree
from standin.models import Incident
from standin.noise import Floats, Ints, Noise
from standin.timeline import DAY, date_of


@dataclass(frozen=True, slots=True)
class Event:
    """One occurrence of an incident: ``start`` ≤ t < ``end`` in local seconds, in ``area`` (None: all)."""

    spec: Incident
    number: int
    start: int
    end: int
    area: str | None

    def strength(self, seconds: Ints) -> Floats:
        """0 outside the span, up to 1 inside it, by the incident's shape."""
        inside = (seconds >= self.start) & (seconds < self.end)
        if self.spec.shape == "flat":
            return inside.astype(np.float64)
        return np.where(inside, np.sin(np.pi * (seconds - self.start) / (self.end - self.start)) ** 2, 0.0)


class Timetable:
    """All occurrences of all incidents, found by feed, effect and span."""

    def __init__(self, specs: Sequence[Incident], tree: AreaTree, seed: int) -> None:
        self._specs = specs
        self._tree = tree
        self._noise = Noise(seed, "incidents")
        self._known: dict[tuple[str, int], Event | None] = {}

    def during(self, feed: str, effect: str, start: int, end: int) -> list[Event]:
        """Occurrences of ``effect`` on ``feed`` that overlap ``start`` ≤ t < ``end`` (local seconds)."""
        wanted = [s for s in self._specs if s.feed == feed and s.effect == effect]
        return [e for s in wanted for e in self._of(s, start, end)]

    def all(self, start: int, end: int) -> list[Event]:
        """Every occurrence that begins in ``start`` ≤ t < ``end``, in order of time."""
        events = [e for s in self._specs for e in self._of(s, start, end) if start <= e.start < end]
        return sorted(events, key=lambda e: (e.start, e.spec.id))

    def _of(self, spec: Incident, start: int, end: int) -> list[Event]:
        every = int(spec.every.total_seconds())
        found = (self._at(spec, k) for k in range(start // every - 1, end // every + 1))
        return [e for e in found if e is not None and e.start < end and e.end > start]

    def _at(self, spec: Incident, number: int) -> Event | None:
        key = spec.id, number
        if key not in self._known:
            self._known[key] = self._make(spec, number)
        return self._known[key]

    def _make(self, spec: Incident, number: int) -> Event | None:
        every, lasts = int(spec.every.total_seconds()), int(spec.lasts.total_seconds())
        k = np.array([number], dtype=np.int64)
        free = max(0, every - lasts)
        start = number * every + int(self._noise.uniform(f"{spec.id}/start", k)[0] * free)
        # long incidents begin at midnight, so that daily figures show them whole
        start = start // DAY * DAY if lasts >= DAY else start // 3600 * 3600
        if date_of(start // DAY).month not in spec.months:
            return None
        area = None
        if spec.level is not None:
            units = self._tree.at(spec.level, date_of(start // DAY))
            area = units[int(self._noise.uniform(f"{spec.id}/area", k)[0] * len(units))].code
        return Event(spec, number, start, start + lasts, area)
