"""Which values a value of a formula is computed from: of which indicators, units and periods."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import NamedTuple

from config.areas import AreaTree
from config.models.indicator import Period
from config.periods import Periods, day_of
from indicators.formula import Index, Lagged, Normalised, Rank, Ref, Series, ShareOfParent, Window, operands


class Read(NamedTuple):
    """One value that is looked at; of the same kind of period as the value that is computed."""

    indicator: str
    area: str
    start: dt.date


def reads(
    series: Series, area: str, period: Period, start: dt.date, areas: AreaTree, periods: Periods
) -> tuple[Read, ...]:
    """Every value that a series looks at for one unit and period, each once, whether or not it exists.

    Among units of a level (places, scores) that is the value of each one that exists in the period.
    """
    return tuple(dict.fromkeys(_Reads(period, areas, periods).of(series, area, start)))


class _Reads:
    def __init__(self, period: Period, areas: AreaTree, periods: Periods) -> None:
        self.period = period
        self.areas = areas
        self.periods = periods

    def of(self, series: Series, area: str, start: dt.date) -> Iterator[Read]:
        match series:
            case Ref():
                yield Read(series.indicator, area, start)
                return
            case Lagged():
                back = self.periods.year(self.period) if series.count is None else series.count
                starts, units = [self._before(start, back)], [area]
            case Window():
                starts, units = self._window(series, start), [area]
            case Index():
                starts, units = [*self._base(series), start], [area]
            case ShareOfParent():
                starts, units = [start], [area, *self._parent(area)]
            case Rank() | Normalised():
                starts, units = [start], self._level(area, start)
            case _:
                starts, units = [start], [area]
        for below in operands(series):
            for unit in units:
                for at in starts:
                    yield from self.of(below, unit, at)

    def _before(self, start: dt.date, count: int) -> dt.date:
        return self.periods.shift(self.period, start, -count)

    def _window(self, series: Window, start: dt.date) -> list[dt.date]:
        if series.count is not None:
            return [self._before(start, back) for back in range(series.count)]
        starts, first = [start], self.periods.first_of_year(self.period, start)
        while starts[-1] > first:
            starts.append(self._before(starts[-1], 1))
        return starts

    def _base(self, series: Index) -> list[dt.date]:
        first, last = series.base.within(self.period, self.periods)
        starts = [first]
        while starts[-1] < last:
            starts.append(self.periods.next_start(self.period, starts[-1]))
        return starts

    def _parent(self, area: str) -> list[str]:
        parent = self.areas[area].parent
        return [parent] if parent else []

    def _level(self, area: str, start: dt.date) -> list[str]:
        first, end = day_of(start), day_of(self.periods.next_start(self.period, start))
        return [
            unit.code
            for unit in self.areas.all()
            if unit.level == self.areas[area].level
            and (unit.valid_from is None or unit.valid_from < max(end, first + dt.timedelta(days=1)))
            and (unit.valid_to is None or unit.valid_to > first)
        ]
