"""What a definition that is not part of the city yet would give, computed from the rows and kept nowhere."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from config import City
from config.models import Indicator
from config.models.indicator import Period
from indicators.explain import statements
from indicators.optimisation import LEVELS
from indicators.planner import make_plan
from indicators.sql.prelude import Moment
from warehouse.store import Cursor

_MADE: Final = re.compile(r"^CREATE TABLE ([a-z_0-9]+) AS", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Draft:
    """One value that a draft would have: in the indicator's unit, with the rows that are counted in it."""

    start: dt.date
    value: float | None
    n: int


def draft_values(
    city: City, item: Indicator, cursor: Cursor, now: dt.datetime, area: str, period: Period, last: int
) -> Sequence[Draft]:
    """The newest ``last`` values of a draft for one area and period, in order of time.

    The cursor must be one whose work is undone (`Store.trial`): tables are made on it.
    """
    narrow = item.model_copy(update={"levels": (city.areas[area].level,), "periods": (period,)})
    city = replace(city, indicators={**city.indicators, item.id: narrow})
    # Conditions of a draft are kept beside no row yet: they are evaluated as the rows are read.
    plan = make_plan(city, LEVELS["shared"])
    *before, told = statements(city, plan.step_of(item.id), item.id, Moment.of(city, now))
    for one in before:
        if one.strip():
            cursor.execute(_MADE.sub(r"CREATE OR REPLACE TEMP TABLE \1 AS", one))
    rows = cursor.execute(
        f"SELECT start, value, n FROM ({told}) WHERE area = ? AND period = ? ORDER BY start DESC LIMIT ?",
        [area, period, last],
    ).fetchall()
    return [
        Draft(start.date(), None if value is None else float(value), n) for start, value, n in reversed(rows)
    ]
