"""Which target holds where and when."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from config.models import Indicator
from config.targets import Aim, Attained, aim_on

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
            "periods": ["day", "month", "quarter", "year", "year_to_date"],
            "owner": {"en": "o"},
            "source": {"en": "s"},
            "kind": "formula",
            "formula": "x",
            "targets": list(targets),
        }
    )


def value(item: Indicator, day: dt.date = DAY, **where: Any) -> float | None:
    at = {"level": "district", "area": "760", "period": "day"} | where
    found = aim_on(item, at["level"], at["area"], at["period"], day)
    return None if found is None else found.value


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
    for direction, distance in (("up", -4.0), ("down", 4.0)):
        assert aim(indicator(point, direction=direction)).distance(6.0) == distance


def aim(item: Indicator, day: dt.date = DAY, **where: Any) -> Aim:
    at = {"level": "district", "area": "760", "period": "month"} | where
    found = aim_on(item, at["level"], at["area"], at["period"], day)
    assert found is not None
    return found


CABLE = {"kind": "cumulative", "value": 100, "from": "2024-01-01", "date": "2024-12-31"}
POINTS = [{"date": "2024-03-31", "value": 10}, {"date": "2024-09-30", "value": 60}]


@pytest.mark.parametrize(
    ("day", "straight", "along"),
    [
        # 2024 has 366 days, its first quarter 91, the next two together 183, the last 92.
        (dt.date(2023, 12, 31), None, None),
        (dt.date(2024, 1, 1), 100 / 366, 10 / 91),
        (dt.date(2024, 3, 31), 9100 / 366, 10),
        (dt.date(2024, 6, 30), 18200 / 366, 10 + 50 * 91 / 183),
        (dt.date(2024, 9, 30), 27400 / 366, 60),
        (dt.date(2024, 12, 31), 100, 100),
        (dt.date(2025, 1, 1), None, None),
    ],
)
def test_a_total_falls_due_day_by_day(day: dt.date, straight: float | None, along: float | None) -> None:
    for target, due in ((CABLE, straight), ({**CABLE, "points": POINTS}, along)):
        got = value(indicator(target), day, period="month")
        assert got == (None if due is None else pytest.approx(due))


@pytest.mark.parametrize(
    ("start", "periods"),
    [
        ("2024-01-01", {"day", "month", "quarter", "year", "year_to_date"}),
        ("2024-04-01", {"day", "month", "quarter"}),
        ("2024-02-01", {"day", "month"}),
        ("2024-02-02", {"day"}),
    ],
)
def test_only_periods_that_the_span_begins_with_add_up_to_it(start: str, periods: set[str]) -> None:
    item = indicator({**CABLE, "from": start})
    all_of = ("day", "month", "quarter", "year", "year_to_date")
    assert {p for p in all_of if value(item, period=p) is not None} == periods


def test_the_next_milestone_counts_and_after_the_last_that_one() -> None:
    item = indicator(
        {"kind": "milestone", "value": 50, "date": "2024-12-31"},
        {"kind": "milestone", "value": 20, "from": "2024-01-01", "date": "2024-06-30"},
    )
    days = ["2024-06-30", "2024-07-01", "2026-01-01"]
    assert [value(item, dt.date.fromisoformat(day)) for day in days] == [20, 50, 50]


def test_paths_of_other_areas_are_other_paths() -> None:
    item = indicator(
        {"kind": "path", "value": 0, "date": "2024-01-01"},
        {"kind": "path", "value": 10, "date": "2024-12-31"},
        {"kind": "path", "value": 30, "date": "2024-01-01", "areas": ["761"]},
    )
    assert value(item, dt.date(2024, 12, 31)) == 10
    assert value(item, dt.date(2024, 12, 31), area="761") == 30


@pytest.mark.parametrize(
    ("target", "direction", "attained", "pool", "distance", "attainment", "progress"),
    [
        ({"kind": "floor", "value": 80}, "up", 60, None, -20, 75, None),
        ({"kind": "floor", "value": 80}, "up", 90, None, 10, 112.5, None),
        ({"kind": "ceiling", "value": 80}, "down", 100, None, -20, 75, None),
        ({"kind": "ceiling", "value": 80}, "down", 60, None, 20, 125, None),
        ({"kind": "floor", "value": 0}, "up", 3, None, 3, None, None),
        ({"kind": "floor", "value": -10}, "up", -15, None, -5, 50, None),
        ({"kind": "path", "value": 40, "date": "2024-06-30"}, "up", 38, None, -2, 95, None),
        ({"kind": "path", "value": 40, "date": "2024-06-30"}, "down", 38, None, 2, 105, None),
        ({"kind": "rank", "value": 3}, "up", 5, 22, -2, 90, None),
        ({"kind": "rank", "value": 3}, "down", 1, 22, 2, 110, None),
        ({"kind": "rank", "value": 3}, "up", 1, 2, 2, None, None),
        ({"kind": "milestone", "value": 200, "date": "2024-12-31"}, "up", 150, None, -50, 75, None),
        # On 30 June, the 182nd day of 366, half of what is due by then.
        (CABLE, "up", 9100 / 366, None, -9100 / 366, 50, 9100 / 366),
        (CABLE, "down", 9100 / 366, None, 9100 / 366, 150, 9100 / 366),
    ],
)
def test_distance_attainment_and_progress(
    target: dict[str, Any],
    direction: str,
    attained: float,
    pool: int | None,
    distance: float,
    attainment: float | None,
    progress: float | None,
) -> None:
    found = aim(indicator(target, direction=direction))
    assert found.distance(attained) == pytest.approx(distance)
    assert found.attainment(attained, pool) == (None if attainment is None else pytest.approx(attainment))
    assert found.progress(attained) == (None if progress is None else pytest.approx(progress))


def test_the_way_of_a_path_begins_at_its_first_value() -> None:
    item = indicator(
        {"kind": "path", "value": 19, "date": "2022-12-31"},
        {"kind": "path", "value": 25, "date": "2025-12-31"},
    )
    assert aim(item).progress(19) == 0
    assert aim(item).progress(22) == pytest.approx(50)
    assert aim(item).progress(18) == pytest.approx(-100 / 6)


@pytest.mark.parametrize(
    ("reached", "day", "expected"),
    [
        (None, "2024-06-29", "awaited"),
        (None, "2024-06-30", "awaited"),
        (None, "2024-07-01", "missed"),
        ("2024-03-31", "2024-06-29", "ahead"),
        ("2024-03-31", "2024-06-30", "met"),
        ("2024-03-31", "2026-01-01", "met"),
        ("2024-06-30", "2024-06-30", "met"),
        ("2024-07-01", "2024-07-01", "late"),
        ("2024-08-01", "2024-07-15", "missed"),
    ],
)
def test_a_milestone_is_reached_once(reached: str | None, day: str, expected: str) -> None:
    found = aim(indicator({"kind": "milestone", "value": 5, "date": "2024-06-30"}))
    attained = Attained(9, reached=dt.date.fromisoformat(reached) if reached else None)
    assert found.state(attained, dt.date.fromisoformat(day)) == expected


@pytest.mark.parametrize(
    ("direction", "total", "whole", "expected"),
    [
        ("up", 60, True, "met"), ("up", 60, False, "met"),
        ("up", 40, True, "missed"), ("up", 40, False, None),
        ("down", 60, True, "missed"), ("down", 60, False, "missed"),
        ("down", 40, True, "met"), ("down", 40, False, None),
    ],
)  # fmt: skip
def test_a_total_with_gaps_is_judged_only_where_they_cannot_matter(
    direction: str, total: float, whole: bool, expected: str | None
) -> None:
    found = aim(indicator(CABLE, direction=direction))
    assert found.value == pytest.approx(18200 / 366)
    assert found.state(Attained(total, whole), DAY) == expected


NUMBERS = st.floats(-1e6, 1e6).map(lambda x: round(x, 3))
TARGETS = st.one_of(
    NUMBERS.map(lambda v: {"kind": "path", "value": v, "date": "2024-06-30"}),
    NUMBERS.map(lambda v: {"kind": "milestone", "value": v, "date": "2024-06-30"}),
    NUMBERS.map(lambda v: {**CABLE, "value": v}),
)


@given(TARGETS, NUMBERS)
def test_the_sign_follows_the_direction(target: dict[str, Any], attained: float) -> None:
    up, down = (aim(indicator(target, direction=direction)) for direction in ("up", "down"))
    assert up.distance(attained) == -down.distance(attained)
    for one in (up, down):
        share, met = one.attainment(attained), one.distance(attained) >= 0
        assert share is None or (share >= 100) == met or share == pytest.approx(100)


@given(st.one_of(TARGETS, st.integers(1, 20).map(lambda k: {"kind": "rank", "value": k})))
def test_exactly_met_is_no_distance_and_a_hundred_per_cent(target: dict[str, Any]) -> None:
    for direction in ("up", "down"):
        found = aim(indicator(target, direction=direction))
        assert found.distance(found.value) == 0
        assert found.attainment(found.value, 20) in (None, pytest.approx(100))


@given(TARGETS, NUMBERS, NUMBERS)
def test_better_is_never_less(target: dict[str, Any], one: float, other: float) -> None:
    for direction, (worse, better) in (("up", sorted((one, other))), ("down", sorted((one, other))[::-1])):
        found = aim(indicator(target, direction=direction))
        assert found.distance(worse) <= found.distance(better)
        shares = found.attainment(worse), found.attainment(better)
        assert shares == (None, None) or shares[0] <= shares[1]  # type: ignore[operator]
