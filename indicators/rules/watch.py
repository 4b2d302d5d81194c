"""One rule over its indicator: which periods it has to look at, and what each of their values says."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, cast
from zoneinfo import ZoneInfo

import numpy as np

from config import City
from config.models import Change, Period, Reported, Rule, Stale, TargetGap
from config.periods import day_of, moment_of
from indicators.rules.aims import gaps, series_since
from indicators.rules.conditions import Verdict, change, target_gap, threshold
from indicators.rules.conditions.verdict import Flags, Floats
from indicators.rules.grid import Grid, Group, Span
from indicators.rules.machine import Observation, Seen

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
"""Periods that a rule looks back over when it judges a series for the first time."""
EVIDENCE: Final = 14
"""Values up to a transition that are kept as evidence."""

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Sighting:
    """One value as a rule sees it. ``measure`` is what was held against ``limit`` (None: not judged)."""

    observation: Observation
    measure: float | None
    limit: float
    grid: Grid | None = None
    row: int = 0
    column: int = 0

    def evidence(self) -> list[tuple[str, float | None]]:
        """The values up to this one, oldest first, each with the start of its period."""
        if self.grid is None:
            return []
        columns = range(max(0, self.column - EVIDENCE + 1), self.column + 1)
        return [
            (self.grid.starts[c].isoformat(), finite(self.grid.value[self.row, c]))
            for c in columns
            if self.grid.present[self.row, c]
        ]


@dataclass(frozen=True)
class Watch:
    """A rule over an indicator, ready to ask for values and to judge them. All times are in the city's
    zone.
    """

    city: City
    rule: Rule
    group: Group

    @classmethod
    def of(cls, city: City, rule: Rule) -> Watch:
        """The watch of a rule that is not about a feed."""
        return cls(
            city, rule, Group(cast(str, rule.indicator), cast(str, rule.level), cast(Period, rule.period))
        )

    def begin(self, judged: Sequence[dt.datetime | None], now: dt.datetime) -> dt.date:
        """Start of the first period that may hold something new; ``judged`` is how far each series has come.

        A series that stopped long ago does not make every evaluation read back to its end.
        """
        period, periods = self.group.period, self.city.periods
        earliest = periods.shift(period, periods.start_of(period, now), -LOOKBACK[periods.like(period)])
        if not judged or None in judged:
            return earliest
        return max(earliest, periods.start_of(period, min(at for at in judged if at is not None)))

    def spans(self, begin: dt.date, now: dt.datetime) -> list[Span]:
        """Periods to read: from ``begin`` on, some before it as evidence, and those compared with."""
        period, periods = self.group.period, self.city.periods
        end = periods.next_start(period, periods.start_of(period, now))
        spans = [(periods.shift(period, begin, -EVIDENCE), end)]
        if isinstance(self.rule.when, Change) and self.rule.when.against == "last_year":
            spans.append((periods.same_last_year(period, begin), periods.same_last_year(period, end)))
        if isinstance(self.rule.when, TargetGap):
            past = series_since(periods, self.city.indicators[self.group.indicator], self.group, begin)
            spans += [past] if past is not None else []
        return spans

    def sightings(
        self, grid: Grid, begin: dt.date, judged: Mapping[str, dt.datetime | None], now: dt.datetime
    ) -> dict[str, list[Sighting]]:
        """What is new in ``grid`` for each area, oldest first.

        ``judged`` says up to when each area has been judged. A period is seen at its end, or, by a rule
        that takes partial ones, at the time up to which its data go.
        """
        kept = grid.select(np.array([begin <= start for start in grid.starts]))
        zone = cast(ZoneInfo, now.tzinfo)
        periods = self.city.periods
        opened = [moment_of(start, zone) for start in grid.starts]
        ended = [moment_of(periods.next_start(self.group.period, start), zone) for start in grid.starts]
        first = len(grid.starts) - len(kept.starts)
        end_us = np.array([_micros(at) for at in ended], dtype=np.int64)[first:]
        open_us = np.array([_micros(at) for at in opened], dtype=np.int64)[first:]
        now_us = _micros(now)
        complete = (kept.through >= end_us) & (end_us <= now_us)
        if isinstance(self.city.indicators[self.group.indicator], Reported):
            # A published figure is whole as soon as it is out.
            complete = np.broadcast_to(end_us <= now_us, kept.present.shape)
        # A ratio over nothing has a row and no value: nothing was seen, and a series of these has vanished.
        valued = kept.present & ~np.isnan(kept.value)
        usable = valued & complete
        if self.rule.partial:
            usable = valued & (complete | (kept.through > open_us))
        at_us = np.where(complete, end_us, np.minimum(kept.through, now_us))
        done = np.array(
            [_micros(at) if (at := judged.get(area)) else np.iinfo(np.int64).min for area in kept.areas],
            dtype=np.int64,
        )
        verdict = self._judge(grid, kept, complete)
        too_few = kept.n < self.city.indicators[self.group.indicator].min_n
        new = usable & (at_us > done[:, None])
        found: dict[str, list[Sighting]] = defaultdict(list)
        for row, column in np.argwhere(new):
            at = (
                ended[first + column]
                if complete[row, column]
                else (_EPOCH + int(at_us[row, column]) * _MICROSECOND).astimezone(zone)
            )
            # A value that still grows is a reading: it says nothing of how long the breach has lasted.
            start = at if self.rule.partial else opened[first + column]
            found[kept.areas[row]].append(
                Sighting(
                    Observation(at, start, _seen(verdict, too_few, row, column)),
                    finite(verdict.measure[row, column]),
                    verdict.limit,
                    grid,
                    int(row),
                    int(first + column),
                )
            )
        return found

    def _judge(self, grid: Grid, kept: Grid, complete: Flags) -> Verdict:
        indicator = self.city.indicators[self.group.indicator]
        values = _firm(kept, indicator.min_n)
        condition = self.rule.when
        match condition:
            case Change():
                baseline = self._baseline(grid, kept, condition)
                return change.judge(condition, values, baseline, self.city.units[indicator.unit])
            case TargetGap():
                return target_gap.judge(condition, self._gaps(grid, kept, complete))
            case Stale():
                raise TypeError(f"rule {self.rule.id} watches a feed, not an indicator")
            case _:
                return threshold.judge(condition, values)

    def _baseline(self, grid: Grid, kept: Grid, condition: Change) -> Floats:
        period, periods = self.group.period, self.city.periods
        firm = replace(grid, value=_firm(grid, self.city.indicators[self.group.indicator].min_n))
        if condition.against == "previous":
            return firm.columns([periods.shift(period, start, -1) for start in kept.starts])
        return firm.columns([periods.same_last_year(period, start) for start in kept.starts])

    def _gaps(self, grid: Grid, kept: Grid, complete: Flags) -> Floats:
        """The gap of each area and period to its target, as of the period's last day.

        What is due of a running total grows by the day, so that of a period that still runs it is what is due
        as of the last day of its data.
        """
        indicator, period, periods = (
            self.city.indicators[self.group.indicator],
            self.group.period,
            self.city.periods,
        )
        days = np.empty(kept.value.shape, dtype=object)
        days[:] = [periods.last_day(period, start) for start in kept.starts]
        if self.rule.partial and any(target.kind == "cumulative" for target in indicator.targets):
            for row, column in np.argwhere(kept.present & ~complete):
                until = _EPOCH + (int(kept.through[row, column]) - 1) * _MICROSECOND
                days[row, column] = max(
                    day_of(kept.starts[column]),
                    min(until.astimezone(self.city.zone).date(), days[row, column]),
                )
        return gaps(periods, indicator, self.group, grid, len(grid.starts) - len(kept.starts), days)


def _firm(grid: Grid, min_n: int) -> Floats:
    """The values that rest on enough rows."""
    return np.where(grid.n < min_n, np.nan, grid.value)


def finite(value: float) -> float | None:
    """A number that can be stored and shown, or None."""
    return float(value) if np.isfinite(value) else None


def _seen(verdict: Verdict, too_few: Flags, row: int, column: int) -> Seen:
    if np.isnan(verdict.measure[row, column]):
        return Seen.TOO_FEW if too_few[row, column] else Seen.UNJUDGED
    if verdict.breach[row, column]:
        return Seen.BREACH
    return Seen.CLEAR if verdict.clear[row, column] else Seen.BETWEEN


def _micros(at: dt.datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND
