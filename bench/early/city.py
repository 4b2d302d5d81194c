"""The measured city: that of the workload with the reference city's holidays, and seventy-five rules.

Twenty of the rules are statistical. Every one watches all wards; statistical ones watch the districts and
the city above them as well.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from bench.workload.facts import workload_city
from config import REFERENCE_CITY, City, load_city
from config.models import Period, Rule
from config.models.indicator import Target

SHARES: Final[list[tuple[int, Period, str, dict[str, Any]]]] = [
    (12, "day", "count", {"above": 45, "clear_below": 35}),
    (10, "day", "level", {"below": 70, "clear_above": 75}),
    (4, "day", "level", {"type": "band", "side": "below"}),
    (3, "day", "level", {"type": "change", "against": "previous", "below": -25}),
    (2, "day", "count", {"type": "change", "against": "last_year", "above": 900}),
    (4, "day", "level", {"type": "target_gap", "above": 18, "clear_below": 12}),
    (3, "day", "level", {"type": "worsening", "periods": 5}),
    (6, "day", "count", {"type": "count_anomaly"}),
    (4, "day", "level", {"type": "level_anomaly"}),
    (4, "week", "count", {"above": 220, "clear_below": 190}),
    (2, "week", "level", {"type": "change", "against": "previous", "below": -15}),
    (1, "week", "level", {"type": "worsening", "periods": 4}),
    (3, "week", "count", {"type": "count_anomaly"}),
    (2, "week", "level", {"type": "level_anomaly"}),
    (1, "week", "count", {"type": "level_shift"}),
    (1, "week", "level", {"type": "level_shift"}),
    (4, "month", "level", {"below": 80, "clear_above": 82}),
    (4, "month", "count", {"type": "change", "against": "last_year", "above": 60}),
    (2, "month", "level", {"type": "target_gap", "above": 8, "clear_below": 6}),
    (1, "month", "count", {"type": "count_anomaly"}),
    (2, "month", "level", {"type": "projection", "above": 80, "clear_below": 60}),
]
"""How many rules of each kind: period, what their indicators are, condition."""

BANDS: Final = [
    {"limit": 75.0, "name": {"vi": "thấp", "en": "low"}},
    {"limit": 68.0, "name": {"vi": "rất thấp", "en": "very low"}, "severity": "serious"},
]
INDICATORS: Final = {"day": 9, "week": 4, "month": 5}
"""How many indicators of each kind the rules over a period share."""
TARGET: Final = 88.0


def early_city() -> City:
    """The city that is measured."""
    city = workload_city()
    calendar = load_city(REFERENCE_CITY).head.calendar
    kinds = {
        "count": [id_ for id_, item in city.indicators.items() if item.unit == "items"],
        "level": [id_ for id_, item in city.indicators.items() if item.unit == "percent"],
    }
    target = Target.model_validate({"kind": "floor", "value": TARGET, "from": dt.date(2018, 1, 1)})
    rules: list[Rule] = []
    used: dict[tuple[str, str], int] = {}
    for count, period, kind, when in SHARES:
        for _ in range(count):
            place = used[kind, period] = used.get((kind, period), -1) + 1
            rules.append(_rule(len(rules), kinds[kind][place % INDICATORS[period]], period, when))
    indicators = {
        id_: item.model_copy(update={"targets": (target,), "direction": "up"})
        if item.unit == "percent"
        else item
        for id_, item in city.indicators.items()
    }
    return replace(
        city,
        head=city.head.model_copy(update={"calendar": calendar}),
        indicators=indicators,
        rules=MappingProxyType({rule.id: rule for rule in rules}),
    )


def _rule(number: int, indicator: str, period: Period, when: dict[str, Any]) -> Rule:
    condition = when | {"bands": BANDS} if when.get("type") == "band" else when
    return Rule.model_validate(
        {
            "id": f"r{number:02d}_{when.get('type', 'threshold')}",
            "name": {"vi": "Đo kiểm", "en": "Measured"},
            "indicator": indicator,
            "level": "ward",
            "period": period,
            "when": condition,
            "severity": ("watch", "serious", "critical")[number % 3],
            "message": {
                "vi": "{area}: {value} ({limit}) từ {since}",
                "en": "{area}: {value} ({limit}) since {since}",
            },
        }
    )
