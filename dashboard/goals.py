"""Where a value stands on the way to its target: what is due, what was attained, how far that is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from config.models import Indicator
from config.periods import day_of
from config.targets import SERIES, Aim, Attained, State, aim_on
from dashboard.drawing.format import local
from indicators.attained import Attainments

if TYPE_CHECKING:
    from dashboard.context import ScreenContext
    from warehouse.reader import Value

_MOST = 1200
"""Periods that a milestone looks back at most."""


@dataclass(frozen=True, slots=True)
class Goal:
    """A target and what there is to show for it at the end of ``day``.

    ``attained`` is None where there is nothing to judge; ``state`` too where gaps do not allow to say.
    """

    aim: Aim
    day: dt.date
    attained: Attained | None
    state: State | None

    @property
    def distance(self) -> float | None:
        """Positive is better than due; in the indicator's unit, of a rank in places."""
        return None if self.attained is None else self.aim.distance(self.attained.value)

    @property
    def attainment(self) -> float | None:
        """Per cent of what is due."""
        return None if self.attained is None else self.aim.attainment(self.attained.value, self.attained.pool)

    @property
    def progress(self) -> float | None:
        """Per cent of the whole way; None for targets without one."""
        return None if self.attained is None else self.aim.progress(self.attained.value)


def goal_of(
    ctx: ScreenContext, indicator: Indicator, value: Value, partial: bool, beside: Sequence[Value] = ()
) -> Goal | None:
    """The target of a value and what was attained; None where none holds.

    ``beside`` are the values of other areas that are asked for as well: what they have in common is read
    once. Totals and milestones of a ``partial`` period are judged as of the last day of its data.
    """
    aim, day = _aim(ctx, indicator, value, partial)
    if aim is None:
        return None
    attained = _attained(ctx, indicator, aim, value, beside)
    if attained is not None and attained.reached is not None and attained.reached > day:
        attained = Attained(attained.value, reached=day)
    return Goal(aim, day, attained, aim.state(attained, day) if attained else None)


def _aim(ctx: ScreenContext, indicator: Indicator, value: Value, partial: bool) -> tuple[Aim | None, dt.date]:
    """The aim of a value and the day as of which it counts: the period's last, or the last of its data."""
    periods = ctx.city.periods
    last = periods.last_day(value.period, value.start)
    aim = aim_on(indicator, value.level, value.area, value.period, last, periods)
    if not partial or not any(target.kind in SERIES for target in indicator.targets):
        return aim, last
    through = local(value.data_through, ctx.city.zone) - dt.timedelta.resolution
    today = max(day_of(value.start), min(last, through.date()))
    running = aim_on(indicator, value.level, value.area, value.period, today, periods)
    if running is not None and running.kind in SERIES:
        return running, today
    return aim, last


def _attained(
    ctx: ScreenContext, indicator: Indicator, aim: Aim, value: Value, beside: Sequence[Value]
) -> Attained | None:
    if aim.kind == "rank":
        areas, table = _level(ctx, indicator, value)
        return table.attained(aim, 0, areas[value.area]) if value.area in areas else None
    if aim.kind not in SERIES:
        return _table(ctx, indicator, [[value]]).attained(aim, 0, 0)
    past = past_of(ctx, indicator, aim, value, beside)
    table = _table(ctx, indicator, [past])
    return table.attained(aim, len(past) - 1, 0)


def _level(ctx: ScreenContext, indicator: Indicator, value: Value) -> tuple[dict[str, int], Attainments]:
    """Every value of the level for the period: a place is one among all of them, whatever is shown."""
    key = ("level", indicator.id, value.level, value.period, value.start)
    if key not in ctx.shelf:
        found = ctx.reader.ranking(indicator.id, value.level, value.period, value.start)
        areas = {v.area: row for row, v in enumerate(found)}
        ctx.shelf[key] = areas, _table(ctx, indicator, [[v] for v in found or [value]])
    level: tuple[dict[str, int], Attainments] = ctx.shelf[key]
    return level


def past_of(
    ctx: ScreenContext, indicator: Indicator, aim: Aim, value: Value, beside: Sequence[Value] = ()
) -> list[Value]:
    """The values of an area that a total or milestone is made of, the given one last."""
    count = _count(ctx, aim, value)
    if count == 1:
        return [value]
    if len(beside) > 1 and ctx.boundaries is None:
        return [*_together(ctx, indicator, value, count, beside).get(value.area, []), value]
    series = ctx.reader.series([indicator.id], value.area, value.period, count, value.start)
    since = aim.since or dt.date.min
    before = [v for v in series[indicator.id] if v.start < value.start]
    return [*(v for v in before if ctx.city.periods.last_day(v.period, v.start) >= since), value]


def _count(ctx: ScreenContext, aim: Aim, value: Value) -> int:
    """How many periods there are from the first day that counts to the value's."""
    periods, since = ctx.city.periods, aim.since or dt.date.min
    if value.period == "year_to_date" and aim.kind == "cumulative":
        return 1
    key = ("reach", value.period, value.start, since)
    if key not in ctx.shelf:  # the same for all areas beside each other
        start, count = value.start, 1
        while count < _MOST and day_of(start) > since:
            start, count = periods.shift(value.period, start, -1), count + 1
        ctx.shelf[key] = count
    reach: int = ctx.shelf[key]
    return reach


def _together(
    ctx: ScreenContext, indicator: Indicator, value: Value, count: int, beside: Sequence[Value]
) -> dict[str, list[Value]]:
    """The earlier values of many areas in one read."""
    key = ("past", indicator.id, value.level, value.period, value.start, count, len(beside))
    if key not in ctx.shelf:
        starts = [ctx.city.periods.shift(value.period, value.start, -k) for k in range(1, count)]
        found = ctx.reader.at(value.period, [(indicator.id, v.area, s) for v in beside for s in starts])
        past: dict[str, list[Value]] = {}
        for earlier in sorted(found.values(), key=lambda v: v.start):
            past.setdefault(earlier.area, []).append(earlier)
        ctx.shelf[key] = past
    together: dict[str, list[Value]] = ctx.shelf[key]
    return together


def _table(ctx: ScreenContext, indicator: Indicator, rows: Sequence[Sequence[Value]]) -> Attainments:
    first = rows[0]
    return Attainments(
        ctx.city.periods,
        indicator,
        first[0].period,
        tuple(v.start for v in first),
        np.array([[np.nan if v.value is None else v.value for v in row] for row in rows], dtype=float),
        np.array([[v.n for v in row] for row in rows], dtype=float),
    )


def totals_of(
    ctx: ScreenContext, indicator: Indicator, aim: Aim, value: Value
) -> list[tuple[dt.date, float | None, float]]:
    """Start, running total and what is due, of every period of a cumulative target up to the value's."""
    past = past_of(ctx, indicator, aim, value)
    assert aim.since is not None
    total, _ = _table(ctx, indicator, [past]).totals(aim.since)
    known = {v.start: float(t) for v, t in zip(past, total[0], strict=True) if not np.isnan(t)}
    periods, start, rows = ctx.city.periods, past[0].start, []
    while start <= value.start:
        last = periods.last_day(value.period, start)
        due = aim_on(indicator, value.level, value.area, value.period, last, periods)
        rows.append((start, known.get(start), due.value if due is not None else aim.value))
        start = periods.next_start(value.period, start)
    return rows
