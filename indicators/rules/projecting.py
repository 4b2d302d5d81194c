"""The probability that the target of the year's end will be missed, for every period of a rule's grid."""

from __future__ import annotations

import datetime as dt
from typing import Final, NamedTuple

import numpy as np

from config.models import Projection
from config.models.indicator import Stock
from config.periods import day_of
from config.targets import Aim, aim_on
from indicators.rules.conditions import Verdict
from indicators.rules.conditions.verdict import Floats, Ints, against
from indicators.rules.look import Look
from indicators.rules.statistics.projection import Measure, projection

_PERCENT: Final = 100.0


def projected(look: Look, condition: Projection) -> Verdict:
    """``condition`` on every period to judge. What is measured is a probability in per cent; NaN where no
    target is set for the year, the year ends with the period, or its history is too short.
    """
    turn, calendar = look.turn, _calendar(look)
    shape = (len(turn.value), len(turn.kept))
    measure, median = np.full(shape, np.nan), np.full(shape, np.nan)
    for place, column in enumerate(turn.kept):
        found = _at(look, calendar, int(column))
        if found is not None:
            measure[:, place], median[:, place] = found
    return against(condition, measure)._replace(expected=median)


class _Calendar(NamedTuple):
    """The year of each period, and its place in it from 0 on."""

    year: Ints
    place: Ints


def _calendar(look: Look) -> _Calendar:
    periods, period, starts = look.city.periods, look.group.period, look.turn.starts
    places = [_steps(look, periods.first_of_year(period, start), start) for start in starts]
    return _Calendar(
        np.array([periods.named(period, start).year for start in starts], dtype=np.intp),
        np.array(places, dtype=np.intp),
    )


def _at(look: Look, calendar: _Calendar, column: int) -> tuple[Floats, Floats] | None:
    """Probability in per cent and the median of the year's end for each area, as of the end of one period."""
    years, elapsed = _years(look, calendar, column)
    if not 0 < elapsed < years.shape[2]:
        return None
    probability, median = (np.full(len(years), np.nan) for _ in range(2))
    aims = [_aim(look, area, int(calendar.year[column])) for area in look.grid.areas]
    for side in ("floor", "ceiling"):
        for measure in ("total", "mean", "end"):
            rows = np.flatnonzero(
                [aim is not None and aim.side == side and _measure(look, aim) == measure for aim in aims]
            )
            if len(rows):
                target = np.array([_due(aims[row]) for row in rows])
                found = projection(
                    years[rows], elapsed, target, side, measure=measure, additive=_additive(look)
                )
                probability[rows], median[rows] = _PERCENT * found.probability_missed, found.median
    return probability, median


def _years(look: Look, calendar: _Calendar, column: int) -> tuple[Floats, int]:
    """Areas × years × periods up to the year of a column, and how many periods of that year are over."""
    year, place = calendar.year[: column + 1], calendar.place[: column + 1]
    most = look.city.periods.most_in_year(look.group.period)
    size = min(most, int(place.max()) + 1) if year[0] != year[-1] else most
    out = np.full((len(look.grid.areas), int(year[-1] - year[0]) + 1, size), np.nan)
    within = np.flatnonzero(place < size)
    out[:, year[within] - year[0], place[within]] = look.turn.value[:, within]
    return out, int(place[-1]) + 1


def _steps(look: Look, first: dt.date, start: dt.date) -> int:
    """How many periods lie between two starts of a year."""
    like = look.city.periods.like(look.group.period)
    if like in ("day", "week"):
        return (day_of(start) - day_of(first)).days // (1 if like == "day" else 7)
    months = {"month": 1, "quarter": 3, "half_year": 6}[like]
    return ((start.year - first.year) * 12 + start.month - first.month) // months


def _aim(look: Look, area: str, year: int) -> Aim | None:
    """What is aimed at on the last day of the year: a target for the year, or of the rule's own period."""
    periods = look.city.periods
    last = dt.date(year, 12, 31)
    whole = aim_on(look.indicator, look.group.level, area, "year", last, periods)
    own = aim_on(look.indicator, look.group.level, area, look.group.period, last, periods)
    return next(
        (aim for aim in (whole, own) if aim is not None and aim.kind not in ("rank", "milestone")), None
    )


def _due(aim: Aim | None) -> float:
    """What is due on the year's last day: of a path what it has reached by then, else the whole."""
    assert aim is not None
    return aim.value if aim.whole is None or aim.kind == "path" else aim.whole


def _measure(look: Look, aim: Aim) -> Measure:
    """Amounts add up to the year's figure, stocks end it, rates and levels are its mean.

    A path is held against the value on the day it leads to, whatever the figure: a share of 90 at the end of
    the year is not a mean of 90 over it.
    """
    if isinstance(look.indicator, Stock) or aim.kind == "path":
        return "end"
    return "total" if look.city.units[look.indicator.unit].kind == "amount" else "mean"


def _additive(look: Look) -> bool:
    return look.city.units[look.indicator.unit].kind != "amount"
