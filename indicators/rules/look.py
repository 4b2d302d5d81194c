"""The values that a rule judges, together with what it holds them against."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from config import City
from config.models import (
    Banded,
    Change,
    Indicator,
    Rule,
    TargetGap,
    Threshold,
    Worsening,
)
from config.periods import day_of
from indicators.breaks import declared_breaks
from indicators.rules.aims import gaps
from indicators.rules.conditions import Verdict, band, change, target_gap, threshold, worsening
from indicators.rules.conditions.verdict import Flags, Floats, Ints
from indicators.rules.grid import Grid, Group
from indicators.rules.sightings import firm, moment
from warehouse.state import NewLevel


class Turn(NamedTuple):
    """Consecutive periods: their ``starts``, the firm values of whole ones (areas × starts, NaN elsewhere),
    and the places of those to judge.
    """

    starts: tuple[dt.date, ...]
    value: Floats
    kept: Ints


@dataclass(frozen=True)
class Look:
    """One rule's grid: ``kept`` are the columns from ``first`` on, the ones to judge; what lies before them
    is what they are compared with. ``ends`` of the grid's columns; ``whole`` (areas × columns) marks periods
    of which all is there; ``levels`` the shifts of these series that people confirmed, in that order.
    """

    city: City
    rule: Rule
    group: Group
    grid: Grid
    kept: Grid
    first: int
    ends: Sequence[dt.datetime]
    whole: Flags
    levels: Sequence[NewLevel] = ()

    @property
    def complete(self) -> Flags:
        """Which of the kept columns are whole periods."""
        return self.whole[:, self.first :]

    @property
    def indicator(self) -> Indicator:
        """The indicator that the rule watches."""
        return self.city.indicators[self.group.indicator]

    @property
    def values(self) -> Floats:
        """Values to judge that rest on enough cases, areas × kept columns."""
        return firm(self.kept, self.indicator.min_n)

    def verdict(self) -> Verdict:
        """What the rule's condition says of every value to judge. Statistical conditions are told elsewhere:
        they share a budget.
        """
        condition = self.rule.when
        match condition:
            case Threshold():
                return threshold.judge(condition, self.values)
            case Banded():
                return band.judge(condition, self.values)
            case Change():
                unit = self.city.units[self.indicator.unit]
                return change.judge(condition, self.values, self._baseline(condition), unit)
            case TargetGap():
                return target_gap.judge(condition, self._gaps())
            case Worsening():
                return self._worsening(condition)
            case _:
                raise TypeError(f"rule {self.rule.id}: {condition.type} is not judged value by value")

    def _baseline(self, condition: Change) -> Floats:
        """What each value is compared with; nothing where a declared break lies between them."""
        period, periods = self.group.period, self.city.periods
        every = replace(self.grid, value=firm(self.grid, self.indicator.min_n))
        if condition.against == "previous":
            starts = [periods.shift(period, start, -1) for start in self.kept.starts]
        else:
            starts = [periods.same_last_year(period, start) for start in self.kept.starts]
        dates = [item.date for item in declared_breaks(self.city, self.group.indicator, self.group.level)]
        ends = [day_of(periods.next_start(period, start)) for start in self.kept.starts]
        parted = [
            any(day_of(periods.begin(period, first)) < date < end for date in dates)
            for first, end in zip(starts, ends, strict=True)
        ]
        return np.where(parted, np.nan, every.columns(starts))

    @cached_property
    def turn(self) -> Turn:
        """Every period from the first of the grid to the last, those included of which nothing is there."""
        period, periods = self.group.period, self.city.periods
        starts = [self.grid.starts[0]]
        while starts[-1] < self.grid.starts[-1]:
            starts.append(periods.next_start(period, starts[-1]))
        place = {start: index for index, start in enumerate(starts)}
        at = np.array([place[start] for start in self.grid.starts], dtype=np.intp)
        value = np.full((len(self.grid.areas), len(starts)), np.nan)
        value[:, at] = np.where(self.whole, firm(self.grid, self.indicator.min_n), np.nan)
        return Turn(tuple(starts), value, at[self.first :])

    def _worsening(self, condition: Worsening) -> Verdict:
        turn = self.turn
        told = worsening.judge(condition, turn.value, "up" if self.indicator.direction == "up" else "down")
        at = turn.kept
        return Verdict(told.breach[:, at], told.clear[:, at], told.measure[:, at], told.limit[:, at])

    def _gaps(self) -> Floats:
        """The gap of each area and period to its target, as of the period's last day.

        What is due of a running total grows by the day, so that of a period that still runs it is what is due
        as of the last day of its data.
        """
        kept, period, periods = self.kept, self.group.period, self.city.periods
        days = np.empty(kept.value.shape, dtype=object)
        days[:] = [periods.last_day(period, start) for start in kept.starts]
        if self.rule.partial and any(target.kind == "cumulative" for target in self.indicator.targets):
            for row, column in np.argwhere(kept.present & ~self.complete):
                until = moment(int(kept.through[row, column]) - 1, self.city.zone)
                begun = day_of(kept.starts[column])
                days[row, column] = max(begun, min(until.date(), days[row, column]))
        return gaps(periods, self.indicator, self.group, self.grid, self.first, days)
