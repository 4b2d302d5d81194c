"""What a series is explained by: level, trend, season, weekday, moving holidays, days off.

All of it follows from the calendar alone, so that the same column has the same regressors whoever asks and
whenever. The season is a pair of harmonics of the year, as in Serfling 1963 and Höhle & Paul 2008; holidays
that move (lunar new year) have covariates of their own, because no season of the solar year can hold them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from indicators.rules.statistics.significance import Floats, Ints

Days = NDArray[np.datetime64]
Kind = Literal["day", "week", "month", "quarter", "half_year", "year"]

YEAR = 365.2425
"""Days."""

TREND = 0.15
SEASON = (0.5, 0.25)
WEEKDAY = 1.0
HOLIDAY = 1.0
"""Prior standard deviations of effects on the log of the mean: a year's trend, the two harmonics, a weekday
against the others, a holiday that fills the period. They hold a short history back from absurd fits and cost
a long one next to nothing."""


class Rhythm(NamedTuple):
    """How the periods of one kind are fitted, in columns.

    ``window`` of history is fitted anew ``every`` so many columns, at dates that the calendar fixes. The last
    ``gap`` columns before are left out: an outbreak that has begun must not raise what is expected of it.
    Fewer than ``minimum`` usable columns are too few to judge by. ``memory``: over how many of the latest
    columns the means run by which a level's next value is told, beside the very last one. ``after``: how many
    columns at least, and at most, are looked at to tell a changed level from an event.
    """

    window: int
    every: int
    gap: int
    minimum: int
    memory: tuple[int, int]
    after: tuple[int, int]
    phases: tuple[int, ...]
    """Days from a moving holiday's first day at which its phases begin, and the last one ends."""


RHYTHMS: dict[Kind, Rhythm] = {
    "day": Rhythm(
        1390, 28, 42, 91, (7, 28), (28, 182), (-14, -7, -4, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7, 10, 14)
    ),
    "week": Rhythm(7 * 52, 4, 6, 26, (4, 13), (10, 39), (-7, 0, 7, 14, 21)),
    "month": Rhythm(7 * 12, 1, 1, 12, (3, 12), (4, 15), (-7, 0, 7, 21)),
    "quarter": Rhythm(7 * 4, 1, 1, 8, (2, 4), (3, 6), ()),
    "half_year": Rhythm(7 * 2, 1, 0, 6, (2, 4), (3, 4), ()),
    "year": Rhythm(7, 1, 0, 5, (2, 4), (2, 2), ()),
}


@dataclass(frozen=True)
class Design:
    """Regressors of T columns, and which of them are fitted for which.

    ``matrix`` is T × K: a one, the years, then the rest as ``names`` tells. ``prior`` holds the K prior
    standard deviations (the level's is infinite). Column t is judged by coefficients that were fitted on
    the columns [fit_end[t] − window, fit_end[t]); ``fit_end`` rises with t and is < t.
    """

    names: tuple[str, ...]
    matrix: Floats
    prior: Floats
    fit_end: Ints
    window: int
    minimum: int
    memory: tuple[int, int]
    after: tuple[int, int]

    @property
    def reach(self) -> int:
        """How many columns before the first judged one can matter."""
        return self.window + int(np.max(np.arange(len(self.fit_end)) - self.fit_end, initial=0))


class Moving(NamedTuple):
    """A holiday that moves: its first days in past and future years, and how far it reaches, in days."""

    first: Days
    before: int = 14
    after: int = 21


def of_calendar(
    kind: Kind,
    starts: Days,
    *,
    moving: Sequence[Moving] = (),
    off: Days | None = None,
) -> Design:
    """Regressors of the consecutive periods that begin on ``starts`` (T days, none left out).

    ``moving`` names the moving holidays, ``off`` the days that are public holidays. Raises ValueError where
    ``starts`` leave a period out.
    """
    starts = starts.astype("datetime64[D]")
    number = _number(kind, starts)
    if np.any(np.diff(number) != 1):
        raise ValueError(f"the {kind}s of a design must follow each other without a gap")
    ends = _ends(kind, starts)
    years = (starts.astype(np.int64) + (ends - starts).astype(np.int64) / 2) / YEAR
    names, columns, prior = _course(years, min(2, _harmonics(kind)))
    if kind == "day":
        weekday = (starts.astype(np.int64) + 3) % 7  # 1970-01-01 was a Thursday; Monday is 0
        for day in range(1, 7):
            names.append(f"weekday_{day}")
            columns.append((weekday == day).astype(float))
            prior.append(WEEKDAY)
    for h, holiday in enumerate(moving):
        edges = {min(max(edge, -holiday.before), holiday.after) for edge in RHYTHMS[kind].phases}
        for low, high in pairwise(sorted(edges)):
            names.append(f"moving_{h}_{low}")
            columns.append(_share(starts, ends, holiday.first.astype("datetime64[D]"), low, high))
            prior.append(HOLIDAY)
    if off is not None and kind in ("day", "week", "month"):
        names.append("off")
        columns.append(_share(starts, ends, np.unique(off.astype("datetime64[D]")), 0, 1))
        prior.append(HOLIDAY)
    return _assembled(kind, number, names, columns, prior)


def of_weeks(count: int, per_year: int = 52) -> Design:
    """Regressors of ``count`` numbered weeks in years of so many whole weeks, without a calendar."""
    number = np.arange(count, dtype=np.int64)
    return _assembled("week", number, *_course(number / per_year, 2))


def _course(years: Floats, harmonics: int) -> tuple[list[str], list[Floats], list[float]]:
    names, columns, prior = ["level", "trend"], [np.ones_like(years), years], [np.inf, TREND]
    for j, sd in enumerate(SEASON[:harmonics], start=1):
        names += [f"cos_{j}", f"sin_{j}"]
        columns += [np.cos(2 * np.pi * j * years), np.sin(2 * np.pi * j * years)]
        prior += [sd, sd]
    return names, columns, prior


def _assembled(
    kind: Kind, number: Ints, names: list[str], columns: list[Floats], prior: list[float]
) -> Design:
    rhythm = RHYTHMS[kind]
    fitted_before = number // rhythm.every * rhythm.every - rhythm.gap
    return Design(
        tuple(names),
        np.stack(columns, axis=1),
        np.array(prior),
        fitted_before - number[0],
        rhythm.window,
        rhythm.minimum,
        rhythm.memory,
        rhythm.after,
    )


def _harmonics(kind: Kind) -> int:
    return {"day": 2, "week": 2, "month": 2, "quarter": 1, "half_year": 1, "year": 0}[kind]


def _number(kind: Kind, starts: Days) -> Ints:
    """The running number of each period since the beginning of 1970."""
    if kind == "day":
        return starts.astype(np.int64)
    if kind == "week":
        return (starts.astype(np.int64) + 3) // 7
    months = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}[kind]
    return starts.astype("datetime64[M]").astype(np.int64) // months


def _ends(kind: Kind, starts: Days) -> Days:
    if kind in ("day", "week"):
        return starts + (1 if kind == "day" else 7)
    months = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}[kind]
    month = starts.astype("datetime64[M]")
    ends: Days = (month + months).astype("datetime64[D]") + (starts - month.astype("datetime64[D]"))
    return ends


def _share(starts: Days, ends: Days, dates: Days, low: int, high: int) -> Floats:
    """What share of each period lies from ``low`` to ``high`` days after any of the dates."""
    first = np.maximum(starts[:, None], (dates + low)[None, :])
    last = np.minimum(ends[:, None], (dates + high)[None, :])
    covered = np.maximum((last - first).astype(np.int64), 0).sum(axis=1)
    share: Floats = covered / (ends - starts).astype(np.int64)
    return share
