"""What an hourly series is explained by: the course of a working day and of a day off, weekdays, holidays.

Hours are judged by the last quarter of a year alone, so that the season is as good as constant; what the
design holds of it are the same regressors as for days, which a short history leaves near zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from indicators.rules.statistics.design import HOLIDAY, SEASON, TREND, WEEKDAY, YEAR, Days, Design, Moving
from indicators.rules.statistics.significance import Floats

Hours = NDArray[np.datetime64]

WEEK: Final = 7 * 24
WINDOW: Final = 13 * WEEK
GAP: Final = 72
MINIMUM: Final = 3 * WEEK
MEMORY: Final = (24, WEEK)
AFTER: Final = (WEEK, 4 * WEEK)
"""Columns, as in `design.Rhythm`; fits are made anew at midnight from Sunday to Monday."""
HARMONICS: Final = 6
"""Of the day: the sixth turns every four hours, sharp enough for the peaks of traffic."""


def of_hours(starts: Hours, *, moving: Sequence[Moving] = (), off: Days | None = None) -> Design:
    """Regressors of the consecutive hours that begin at ``starts`` (T hours of the city's clock).

    ``moving`` and ``off`` as in `design.of_calendar`: a moving holiday is felt from two days before its first
    day to seven after, if it reaches so far; days off follow the course of a Sunday besides a level of their
    own. Raises ValueError where ``starts`` leave an hour out.
    """
    hours = starts.astype("datetime64[h]").astype(np.int64)
    if np.any(np.diff(hours) != 1):
        raise ValueError("the hours of a design must follow each other without a gap")
    day, hour = np.divmod(hours, 24)
    weekday = (day + 3) % 7
    free = np.isin(day, [] if off is None else off.astype("datetime64[D]").astype(np.int64))
    rest = ((weekday >= 5) | free).astype(np.float64)
    years = hours / 24 / YEAR
    names, columns, prior = ["level", "trend"], [np.ones(len(hours)), years], [np.inf, TREND]

    def add(name: str, column: Floats, spread: float) -> None:
        names.append(name)
        columns.append(column)
        prior.append(spread)

    for j, spread in enumerate(SEASON, start=1):
        add(f"cos_{j}", np.cos(2 * np.pi * j * years), spread)
        add(f"sin_{j}", np.sin(2 * np.pi * j * years), spread)
    for number in range(1, 7):
        add(f"weekday_{number}", (weekday == number).astype(np.float64), WEEKDAY)
    turn = 2 * np.pi * hour / 24
    for j in range(1, HARMONICS + 1):
        for kind, course in (("cos", np.cos(j * turn)), ("sin", np.sin(j * turn))):
            add(f"hour_{kind}_{j}", course, WEEKDAY)
            add(f"hour_{kind}_{j}_rest", course * rest, WEEKDAY)
    for h, holiday in enumerate(moving):
        since = day[:, None] - holiday.first.astype("datetime64[D]").astype(np.int64)
        edges = {min(max(edge, -holiday.before), holiday.after) for edge in (-2, 0, 3, 7)}
        for low, high in pairwise(sorted(edges)):
            inside = ((since >= low) & (since < high)).sum(axis=1) > 0
            add(f"moving_{h}_{low}", inside.astype(np.float64), HOLIDAY)
    if off is not None:
        add("off", free.astype(np.float64), HOLIDAY)
    monday = (hours + 3 * 24) // WEEK * WEEK - 3 * 24
    return Design(
        tuple(names),
        np.stack(columns, axis=1),
        np.array(prior),
        monday - GAP - hours[0],
        WINDOW,
        MINIMUM,
        MEMORY,
        AFTER,
    )
