"""What one rule asks of the warehouse, and what it makes of the answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast
from zoneinfo import ZoneInfo

import numpy as np

from config import City
from config.models import Change, Period, Reported, Rule, Statistical, TargetGap
from config.periods import moment_of
from indicators.rules.aims import series_since
from indicators.rules.conditions import Verdict
from indicators.rules.conditions.verdict import Flags
from indicators.rules.grid import Grid, Group, Span
from indicators.rules.history import history
from indicators.rules.levels import levels_of
from indicators.rules.look import Look
from indicators.rules.sightings import EVIDENCE, Course, Times, micros
from warehouse.state import NewLevel

LOOKBACK: Final[dict[Period, int]] = {
    "hour": 14 * 24,
    "day": 120,
    "week": 60,
    "month": 24,
    "quarter": 8,
    "half_year": 6,
    "year": 5,
    "year_to_date": 24,
}
"""Periods that a rule looks back over when it judges a series for the first time, or once more."""


@dataclass(frozen=True)
class Watch:
    """A rule over an indicator, ready to ask for values and to judge them. All times are in the city's
    zone. ``levels``: the shifts of the indicator's series that people confirmed.
    """

    city: City
    rule: Rule
    group: Group
    since: dt.date | None = None
    levels: tuple[NewLevel, ...] = ()

    @classmethod
    def of(
        cls, city: City, rule: Rule, since: dt.date | None = None, levels: Sequence[NewLevel] = ()
    ) -> list[Watch]:
        """The watches of a rule over an indicator: one, or of a statistical rule one for each level."""
        indicator, period = cast(str, rule.indicator), cast(Period, rule.period)
        own = tuple(level for level in levels if level.indicator == indicator)
        groups = [Group(indicator, level, period) for level in levels_of(city, rule)]
        return [cls(city, rule, group, since, own) for group in groups]

    @property
    def published(self) -> bool:
        """Whether its figures are whole as soon as they are out, whatever the clock says."""
        return isinstance(self.city.indicators[self.group.indicator], Reported)

    def start(self, at: dt.datetime) -> dt.date:
        """A start as the store has it, as periods are named."""
        return at if self.city.periods.timed(self.group.period) else at.date()

    def ended(self, start: dt.date, now: dt.datetime) -> bool:
        """Whether the period that begins there is over, and what is reported late has come in."""
        return self.city.periods.over(self.group.period, start, self.city.zone) <= now - self.settle

    @property
    def settle(self) -> dt.timedelta:
        """How long after its end a period is judged."""
        return self.rule.settle or dt.timedelta(0)

    def earliest(self, now: dt.datetime) -> dt.date:
        """Start of the first period that is looked at at all: ``since``, or as far back as rules do."""
        period, periods = self.group.period, self.city.periods
        if self.since is not None:
            return periods.start_of(period, self.since)
        return periods.shift(period, periods.start_of(period, now), -LOOKBACK[periods.like(period)])

    def begin(self, judged: Sequence[dt.datetime | None], now: dt.datetime) -> dt.date:
        """Start of the first period that may hold something new; ``judged`` is how far each series has come.

        A series that stopped long ago does not make every evaluation read back to its end.
        """
        earliest = self.earliest(now)
        if not judged or None in judged:
            return earliest
        newest = min(at for at in judged if at is not None)
        return max(earliest, self.city.periods.start_of(self.group.period, newest))

    def spans(self, begin: dt.date, now: dt.datetime) -> list[Span]:
        """Periods to read: from ``begin`` on, some before it as evidence, and those compared with."""
        period, periods, when = self.group.period, self.city.periods, self.rule.when
        end = periods.next_start(period, periods.start_of(period, now))
        before = max(EVIDENCE, history(when, periods.like(period)))
        first = periods.shift(period, begin, -before)
        if isinstance(when, Statistical):
            # A past that is moved to a new level is moved as a whole, whenever that is done.
            began = [periods.start_of(period, level.began) for level in self.levels]
            moved = [periods.shift(period, start, -before) for start in began if start > first]
            first = min([first, *moved])
        spans = [(first, end)]
        if isinstance(when, Change) and when.against == "last_year":
            spans.append((periods.same_last_year(period, begin), periods.same_last_year(period, end)))
        if isinstance(when, TargetGap):
            past = series_since(periods, self.city.indicators[self.group.indicator], self.group, begin)
            spans += [past] if past is not None else []
        return spans

    def look(self, grid: Grid, begin: dt.date, now: dt.datetime) -> Look:
        """The values of ``grid`` from ``begin`` on, and which of them are whole."""
        kept = grid.select(np.array([begin <= start for start in grid.starts], dtype=bool))
        first = len(grid.starts) - len(kept.starts)
        over, period = self.city.periods.over, self.group.period
        ends = [over(period, start, self.city.zone) for start in grid.starts]
        end_us = np.array([micros(at) for at in ends], dtype=np.int64)
        settled = end_us <= micros(now - self.settle)
        whole: Flags = settled & ((grid.through >= end_us) | self.published)
        return Look(self.city, self.rule, self.group, grid, kept, first, ends, whole, self.levels)

    def times(self, look: Look, now: dt.datetime) -> Times:
        """When there is what to see in ``look``."""
        kept = look.kept
        zone = cast(ZoneInfo, now.tzinfo)
        opens, ends = [moment_of(start, zone) for start in kept.starts], look.ends[look.first :]
        end_us = np.array([micros(at) for at in ends], dtype=np.int64)
        open_us = np.array([micros(at) for at in opens], dtype=np.int64)
        # A ratio over nothing has a row and no value: nothing was seen, and a series of these has vanished.
        valued = kept.present & ~np.isnan(kept.value)
        usable = valued & look.complete
        if self.rule.partial:
            usable = valued & (look.complete | (kept.through > open_us))
        at = np.where(look.complete, end_us, np.minimum(kept.through, micros(now)))
        return Times(opens, ends, usable, look.complete, at)

    def course(self, look: Look, times: Times, verdict: Verdict) -> Course:
        """What is seen in ``look``, as ``verdict`` has it."""
        few: Flags = look.kept.n < look.indicator.min_n
        return Course(look.grid, look.first, times, few, verdict, self.rule.partial)
