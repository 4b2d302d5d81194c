"""A city that is joined with another: former boundaries leave the others out, today's miss them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from config import City
from config.areas import AreaTree
from config.models import Area, AreaChange, AreaFigures
from warehouse.reader import Reader, Value, reading
from warehouse.scope import EVERYONE

if TYPE_CHECKING:
    from tests.indicators.conftest import World, WorldMaker

NOW = dt.datetime(2025, 9, 3, 3, 0, tzinfo=dt.UTC)
SPAN = (dt.date(2025, 5, 20), dt.date(2025, 9, 2))
MERGER = dt.date(2025, 7, 1)
BEFORE = dt.date(2025, 6, 30)
JUNE, AUGUST = dt.date(2025, 6, 1), dt.date(2025, 8, 1)
UNITS = [
    ("C", "city", "", None, 300),
    ("D1", "district", "C", None, 100),
    ("D2", "district", "C", None, 200),
    ("D3", "district", "C", MERGER, 600),
    ("W1", "ward", "D1", None, 100),
    ("W2", "ward", "D2", None, 120),
    ("W3", "ward", "D2", None, 80),
    ("W4", "ward", "D2", MERGER, 100),
    ("W5", "ward", "D3", MERGER, 600),
]


def merged(city: City) -> City:
    """The lab joined with a district from outside; one of its own districts gets a ward from there."""
    names = ("code", "level", "parent", "valid_from", "population")
    units = [Area(name_vi=row[0], name_en=row[0], **dict(zip(names, row, strict=True))) for row in UNITS]
    changes = [AreaChange.model_validate({"to": code, "date": MERGER}) for code in ("D3", "W4", "W5")]
    grown = [
        AreaFigures.model_validate({"code": code, "from": MERGER, "population": people})
        for code, people in (("C", 1000), ("D2", 300))
    ]
    return replace(city, areas=AreaTree(units, city.levels, changes, grown))


@pytest.fixture(scope="module")
def world(lab: City, make_world: WorldMaker, fill_world: Callable[..., None]) -> World:
    made = make_world(merged(lab))
    fill_world(made, SPAN, {"visits": 700, "readings": 100}, 5)
    made.refresh(NOW)
    return made


@pytest.fixture(scope="module")
def sides(world: World) -> Iterator[tuple[Reader, Reader, Reader]]:
    """Readers on the boundaries of the time, on former ones and on today's."""
    with (
        reading(world.store, world.city, EVERYONE) as plain,
        reading(world.store, world.city, EVERYONE, boundaries=BEFORE) as former,
        reading(world.store, world.city, EVERYONE, boundaries=MERGER) as today,
    ):
        yield plain, former, today


def of(reader: Reader, id_: str, area: str, start: dt.date, period: str = "month") -> Value:
    level = {"C": "city", "D": "district", "W": "ward"}[area[0]]
    return reader.matrix([id_], level, period, start)[area][id_]


def amount(value: Value) -> float:
    assert value.value is not None
    return value.value


def test_the_part_that_came_is_reckoned_by_people(world: World) -> None:
    assert world.city.areas.joined == {MERGER: {"W4": 1.0, "W5": 1.0, "D2": 100 / 300, "D3": 1.0, "C": 0.7}}


@pytest.mark.parametrize("id_", ["visits", "open"])
def test_former_boundaries_leave_out_what_came_since(sides: tuple[Reader, Reader, Reader], id_: str) -> None:
    plain, former, _ = sides
    city, came = of(plain, id_, "C", AUGUST), [of(plain, id_, code, AUGUST) for code in ("D3", "W4")]
    made = of(former, id_, "C", AUGUST)
    assert made.value == amount(city) - sum(map(amount, came)) < amount(city)
    assert (made.n, made.estimated) == (city.n - sum(v.n for v in came), False)
    assert of(former, id_, "D2", AUGUST).value == amount(of(plain, id_, "D2", AUGUST)) - amount(came[1])
    assert of(former, id_, "D1", AUGUST) == of(plain, id_, "D1", AUGUST)
    assert set(former.matrix([id_], "district", "month", AUGUST)) == {"D1", "D2"}
    assert of(former, id_, "C", JUNE) == of(plain, id_, "C", JUNE)


def test_a_year_with_the_merger_in_it_leaves_out_its_second_half(
    sides: tuple[Reader, Reader, Reader],
) -> None:
    plain, former, _ = sides
    year = dt.date(2025, 1, 1)
    came = sum(amount(of(plain, "visits", code, year, "year")) for code in ("D3", "W4"))
    whole = amount(of(plain, "visits", "C", year, "year"))
    assert of(former, "visits", "C", year, "year").value == whole - came


def test_quotients_are_those_of_what_stays(sides: tuple[Reader, Reader, Reader]) -> None:
    plain, former, _ = sides
    made, city = of(former, "mean_cost", "C", AUGUST), of(plain, "mean_cost", "C", AUGUST)
    came = [of(plain, "mean_cost", code, AUGUST) for code in ("D3", "W4")]
    top = (city.numerator or 0) - sum(v.numerator or 0 for v in came)
    bottom = (city.denominator or 0) - sum(v.denominator or 0 for v in came)
    assert made.value == pytest.approx(top / bottom)


def test_todays_boundaries_say_how_much_of_the_past_is_missing(sides: tuple[Reader, Reader, Reader]) -> None:
    plain, _, today = sides
    then, seen = of(plain, "visits", "C", JUNE), of(today, "visits", "C", JUNE)
    assert seen.value == then.value
    assert (seen.present, seen.expected) == (then.present, round(then.expected / 0.3))
    assert "D3" not in today.matrix(["visits"], "district", "month", JUNE)
    district = of(today, "visits", "D2", JUNE)
    assert district.expected == round(of(plain, "visits", "D2", JUNE).expected * 300 / 200)
    assert of(today, "visits", "C", AUGUST) == of(plain, "visits", "C", AUGUST)


def test_heads_are_those_of_the_time_and_of_the_ground(sides: tuple[Reader, Reader, Reader]) -> None:
    plain, former, today = sides
    heads = {
        (name, start): of(reader, "per_head", "C", start).denominator
        for name, reader in (("plain", plain), ("former", former), ("today", today))
        for start in (JUNE, AUGUST)
    }
    assert heads == {
        ("plain", JUNE): 300, ("plain", AUGUST): 1000,
        ("former", JUNE): 300, ("former", AUGUST): 300,
        ("today", JUNE): pytest.approx(300), ("today", AUGUST): 1000,
    }  # fmt: skip
    left = amount(of(former, "visits", "C", AUGUST))
    assert of(former, "per_head", "C", AUGUST).value == pytest.approx(1000 * left / 300)


def test_what_cannot_be_taken_apart_is_shared_by_people_or_not_told(
    world: World, sides: tuple[Reader, Reader, Reader]
) -> None:
    """Without values of the districts the people decide; a median is not known of a part."""
    plain, former, _ = sides
    assert "handling_hours" not in former.matrix(["handling_hours"], "city", "month", AUGUST).get("C", {})
    alone = world.city.indicators["visits"].model_copy(update={"levels": ("city",)})
    city = replace(world.city, indicators={**world.city.indicators, "visits": alone})
    with reading(world.store, city, EVERYONE, boundaries=BEFORE) as reader:
        made = of(reader, "visits", "C", AUGUST)
    assert made.value == pytest.approx(0.3 * amount(of(plain, "visits", "C", AUGUST)))
    assert made.estimated
