"""The tests of statistical rules: the city's calendar and a rule's values brought to the methods."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Final, cast

import numpy as np

from config import City
from config.models import CountAnomaly
from config.periods import day_of
from indicators.breaks import declared_breaks
from indicators.rules.conditions.verdict import Ints
from indicators.rules.look import Look, Turn
from indicators.rules.statistics.counts import count_tests
from indicators.rules.statistics.design import Days, Design, Kind, of_calendar
from indicators.rules.statistics.significance import Tests

LEVEL: Final = 0.01
"""The p-value at which a test is unusual on its own."""


def tests_of(look: Look) -> Tests:
    """The tests of every whole period to judge (areas × kept columns); NaN where there is too little."""
    condition, turn = look.rule.when, look.turn
    design = _design(look.city, cast(Kind, look.city.periods.like(look.group.period)), turn.starts)
    first = int(turn.kept[0]) if len(turn.kept) else len(turn.starts)
    since = _since(look, turn)
    match condition:
        case CountAnomaly():
            found = count_tests(
                turn.value, design, first, since=since, side=condition.side, level=LEVEL, scan=condition.scan
            )
        case _:
            raise TypeError(f"rule {look.rule.id}: {condition.type} is no statistical condition")
    return Tests(*(part[:, turn.kept - first] for part in found))


def _since(look: Look, turn: Turn) -> Ints:
    """The first column after the last break of the series that lies before what is judged."""
    days = [day_of(start) for start in turn.starts]
    last = days[-1] if days else dt.date.max
    breaks = [item.date for item in declared_breaks(look.city, look.group.indicator) if item.date <= last]
    column = sum(day < max(breaks) for day in days) if breaks else 0
    return np.full(len(turn.value), column, dtype=np.intp)


@lru_cache(maxsize=64)
def _design(city: City, kind: Kind, starts: tuple[dt.date, ...]) -> Design:
    calendar = city.head.calendar
    tet = np.array([holiday.start for holiday in calendar.holidays if holiday.tet], dtype="datetime64[D]")
    off = [
        holiday.start + dt.timedelta(days=day)
        for holiday in calendar.holidays
        for day in range((holiday.end - holiday.start).days + 1)
    ]
    days: Days = np.array([day_of(start) for start in starts], dtype="datetime64[D]")
    return of_calendar(kind, days, moving=[tet] if len(tet) else [], off=np.array(off, dtype="datetime64[D]"))
