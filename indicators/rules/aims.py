"""How far each value of a rule's grid is on the wrong side of the target that holds for it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from config.models import Indicator
from config.periods import Periods
from config.targets import EVER, SERIES, Aim, aim_on
from indicators.attained import Attainments, Held
from indicators.rules.conditions.verdict import Floats
from indicators.rules.grid import Grid, Group, Span


def series_since(periods: Periods, indicator: Indicator, group: Group, begin: dt.date) -> Span | None:
    """The periods before ``begin`` that running totals and milestones look back on; None: none."""
    since = [
        target.start or EVER
        for target in indicator.targets
        if target.kind in SERIES
        and (target.levels is None or group.level in target.levels)
        and (target.periods is None or group.period in target.periods)
        and (target.kind == "milestone" or target.date is None or target.date >= begin)
    ]
    first = periods.start_of(group.period, min(since)) if since else begin
    return (first, begin) if first < begin else None


def gaps(
    periods: Periods, indicator: Indicator, group: Group, grid: Grid, first: int, days: NDArray[np.object_]
) -> Floats:
    """The gap of every area at the columns from ``first`` on: positive where the target is missed.

    NaN where no target holds, nothing can be said, or a milestone's day has not passed yet. ``days`` (areas ×
    those columns) is the day as of which each value is held against what is due.
    """
    table = Attainments(periods, indicator, group.period, grid.starts, grid.value, grid.n)
    named = {area for target in indicator.targets for area in target.areas or ()}
    out = np.full(days.shape, np.nan)
    for offset in range(days.shape[1]):
        rows_of: dict[tuple[str, dt.date], list[int]] = defaultdict(list)
        for row, area in enumerate(grid.areas):
            rows_of[area if area in named else "", days[row, offset]].append(row)
        for (area, day), rows in rows_of.items():
            aim = aim_on(indicator, group.level, area, group.period, day, periods)
            if aim is not None:
                held = table.held(aim, first + offset)
                out[rows, offset] = _gap(aim, held, day)[rows]
    return out


def _gap(aim: Aim, held: Held, day: dt.date) -> Floats:
    short: Floats = aim.value - held.value if aim.side == "floor" else held.value - aim.value
    if aim.kind == "milestone" and aim.by is not None and day <= aim.by:
        return np.where(held.reached < 0, np.nan, short)
    if aim.kind == "cumulative":
        open_ = ~held.whole & ((short > 0) == (aim.side == "floor"))
        return np.where(open_, np.nan, short)
    return short
