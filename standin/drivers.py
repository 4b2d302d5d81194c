"""What moves the figures of many departments alike: rain, tides, heat, by day and territory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from standin.models import Driver, Influence
from standin.noise import Floats, Ints
from standin.timeline import DAY, HOUR, month_days, month_of

if TYPE_CHECKING:
    from standin.sources.sensors import SensorSource

_KEPT_MONTHS = 240


class Drivers:
    """Drivers by name. ``stations`` gives the generator of a feed of sensors."""

    def __init__(self, specs: Mapping[str, Driver], stations: Callable[[str], SensorSource]) -> None:
        self._specs = specs
        self._stations = stations
        self._known: dict[tuple[str, int], Floats] = {}

    def factor(self, influences: Sequence[Influence], days: Ints, territories: Sequence[str]) -> Floats:
        """What all ``influences`` make of a rate on consecutive ``days``: shape (days, territories)."""
        factor = np.ones((len(days), len(territories)))
        for one in influences:
            over = max(1, one.over.days)
            first = int(days[0]) - one.lag.days - over + 1
            held = self.daily(one.driver, first, int(days[-1]) - one.lag.days, territories)
            total = np.cumsum(np.vstack([np.zeros((1, len(territories))), held]), axis=0)
            mean = (total[over:] - total[:-over]) / over
            factor *= np.clip(1.0 + one.gain * np.maximum(mean - one.above, 0.0), 0.0, one.most)
        return factor

    def daily(self, name: str, first: int, last: int, territories: Sequence[str]) -> Floats:
        """A driver on the days ``first`` … ``last``: shape (days, territories)."""
        spec = self._specs[name]
        if spec.excess:
            parts = [
                e.each * np.maximum(self.daily(e.driver, first, last, territories) - e.above, 0.0)
                for e in spec.excess
            ]
            return np.asarray(sum(parts, start=np.zeros((last - first + 1, len(territories)))))
        assert spec.feed is not None
        source = self._stations(spec.feed)
        months = range(month_of(first), month_of(last) + 1)
        measured = np.vstack([self._month(name, spec, source, month) for month in months])
        begin = first - int(month_days(months[0])[0])
        measured = measured[begin : begin + last - first + 1]
        inside = np.array([[code in path for path in source.paths] for code in territories], dtype=np.float64)
        # a territory without a station has the weather of the whole city
        inside[inside.sum(axis=1) == 0] = 1.0
        return np.asarray(measured @ (inside / inside.sum(axis=1, keepdims=True)).T)

    def _month(self, name: str, spec: Driver, source: SensorSource, month: int) -> Floats:
        """All stations on all days of a month: shape (days, stations)."""
        if (name, month) not in self._known:
            assert spec.column is not None
            days, stations = month_days(month), np.arange(len(source.ids), dtype=np.int64)
            hours = np.arange(1, 25, dtype=np.int64) * HOUR
            t = (days[:, None, None] * DAY + hours[None, :, None]) + np.zeros_like(stations)
            where = np.broadcast_to(stations, t.shape)
            found = source.signal(spec.column, t.ravel(), where.ravel()).reshape(t.shape)
            if len(self._known) > _KEPT_MONTHS:
                self._known.clear()
            self._known[name, month] = _of_day(found, spec.of)
        return self._known[name, month]


def _of_day(hourly: Floats, of: str) -> Floats:
    """One value a day of hourly ones: shape (days, hours, stations) to (days, stations)."""
    if of == "sum":
        return np.asarray(hourly.sum(axis=1))
    return np.asarray(hourly.max(axis=1) if of == "peak" else hourly.mean(axis=1))
