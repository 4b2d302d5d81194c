"""How often rows of a file are dated, from which follows how often it may be expected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

HOUR: Final = 3600.0
DAY: Final = 24 * HOUR


@dataclass(frozen=True)
class Cadence:
    """``every`` and ``grace`` as durations, ``schedule`` as a cron expression; ``word`` for people."""

    every: str
    grace: str
    schedule: str
    word: str


_STEPS: Final = (
    (2 * HOUR, Cadence("1h", "3h", "10 * * * *", "hourly or more often")),
    (3 * DAY, Cadence("1d", "12h", "0 6 * * *", "daily")),
    (10 * DAY, Cadence("7d", "2d", "0 6 * * mon", "weekly")),
    (45 * DAY, Cadence("31d", "10d", "0 6 * * *", "monthly")),
    (120 * DAY, Cadence("92d", "30d", "0 6 * * *", "quarterly")),
)
YEARLY: Final = Cadence("53w", "26w", "0 6 * * mon", "yearly, or less often")
UNKNOWN: Final = Cadence("31d", "10d", "0 6 * * *", "unknown")


def find_cadence(moments: pd.Series[Any]) -> Cadence:
    """The usual step between the different times of the rows."""
    distinct = moments.dropna().drop_duplicates().sort_values()
    if len(distinct) < 3:
        return UNKNOWN
    step = distinct.diff().dropna().dt.total_seconds().median()
    return next((cadence for limit, cadence in _STEPS if step <= limit), YEARLY)


def cadence_of(format: str) -> Cadence:
    """How often files come whose name or title says a day, a month or a year."""
    if "%d" in format:
        return _STEPS[1][1]
    return _STEPS[3][1] if "%m" in format else YEARLY
