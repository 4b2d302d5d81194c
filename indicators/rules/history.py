"""How far back a condition must see to judge a period."""

from __future__ import annotations

from typing import Final

from config.models import Condition, CountAnomaly, LevelAnomaly, LevelShift, Period, Projection, Worsening

_YEAR: Final[dict[Period, int]] = {
    "hour": 24 * 366,
    "day": 366,
    "week": 53,
    "month": 12,
    "quarter": 4,
    "half_year": 2,
    "year": 1,
    "year_to_date": 12,
}
_YEARS: Final[dict[Period, float]] = {"hour": 0.25, "day": 4}
_ALL: Final = 7.5
"""Years that a regression looks back over, and what it leaves out at the end."""


def history(condition: Condition, period: Period) -> int:
    """Periods (of a built-in kind) before the first one judged that the condition needs; 0: none."""
    match condition:
        case CountAnomaly() | LevelAnomaly() | LevelShift() | Projection():
            return round(_YEARS.get(period, _ALL) * _YEAR[period])
        case Worsening():
            return max(60, condition.periods + 1)
        case _:
            return 0
