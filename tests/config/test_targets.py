"""Which target holds where and when."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from pydantic import TypeAdapter

from config.models import Indicator
from config.targets import Aim, aim_on

DAY = dt.date(2024, 6, 30)
ADAPTER: TypeAdapter[Indicator] = TypeAdapter(Indicator)


def indicator(*targets: dict[str, Any], direction: str = "up") -> Indicator:
    return ADAPTER.validate_python(
        {
            "id": "i",
            "name": {"en": "i"},
            "domain": "d",
            "unit": "u",
            "direction": direction,
            "levels": ["city", "district"],
            "periods": ["day", "year"],
            "owner": {"en": "o"},
            "source": {"en": "s"},
            "kind": "formula",
            "formula": "x",
            "targets": list(targets),
        }
    )


def value(item: Indicator, day: dt.date = DAY, **where: Any) -> float | None:
    at = {"level": "district", "area": "760", "period": "day"} | where
    aim = aim_on(item, at["level"], at["area"], at["period"], day)
    return None if aim is None else aim.value


def test_without_targets_nothing_is_aimed_at() -> None:
    assert value(indicator()) is None


def test_a_target_holds_from_its_first_day_until_the_next_begins() -> None:
    item = indicator(
        {"kind": "floor", "value": 50, "from": "2024-01-01"},
        {"kind": "floor", "value": 60, "from": "2024-07-01"},
    )
    days = [dt.date(2023, 12, 31), dt.date(2024, 1, 1), dt.date(2024, 6, 30), dt.date(2024, 7, 1)]
    assert [value(item, day) for day in days] == [None, 50, 50, 60]


def test_the_narrower_target_wins_whenever_it_began() -> None:
    item = indicator(
        {"kind": "floor", "value": 1, "from": "2024-06-01"},
        {"kind": "floor", "value": 2, "levels": ["district"], "from": "2024-01-01"},
        {"kind": "floor", "value": 3, "areas": ["761"]},
        {"kind": "floor", "value": 4, "levels": ["district"], "periods": ["year"]},
    )
    assert value(item) == 2
    assert value(item, level="city", area="79") == 1
    assert value(item, area="761") == 3
    assert value(item, period="year") == 4


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (dt.date(2022, 12, 30), None),
        (dt.date(2022, 12, 31), 19),
        (dt.date(2024, 7, 1), 22),
        (dt.date(2025, 12, 31), 25),
        (dt.date(2028, 7, 1), 32.5),
        (dt.date(2030, 12, 31), 40),
        (dt.date(2035, 1, 1), 40),
    ],
)
def test_a_path_is_straight_between_its_points(day: dt.date, expected: float | None) -> None:
    item = indicator(
        {"kind": "path", "value": 40, "date": "2030-12-31"},
        {"kind": "path", "value": 19, "date": "2022-12-31"},
        {"kind": "path", "value": 25, "date": "2025-12-31"},
    )
    assert value(item, day) == (None if expected is None else pytest.approx(expected, abs=0.01))


def test_the_wrong_side_of_a_path_follows_the_direction() -> None:
    point = {"kind": "path", "value": 10, "date": "2024-01-01"}
    for direction, gap in (("up", 4.0), ("down", -4.0)):
        aim = aim_on(indicator(point, direction=direction), "city", "79", "year", DAY)
        assert aim is not None
        assert aim.gap(6.0) == gap


def test_gaps_are_positive_on_the_wrong_side() -> None:
    assert Aim("floor", 95, "").gap(90) == 5
    assert Aim("ceiling", 15, "").gap(20) == 5
    assert Aim("ceiling", 15, "").gap(10) == -5
