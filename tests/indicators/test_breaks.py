"""Breaks in series: declared ones part what cannot be compared, changed definitions are told in words."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from config import City
from config.models import Break, CityBreak, Formula, Text
from indicators.breaks import breaks_between, breaks_of, compared_across, declared_breaks
from warehouse.vintages import Version, VintageReader

DAY = dt.date(2025, 3, 15)
clock = dt.datetime.fromisoformat
ROOT = {"vi": "Đổi phần mềm", "en": "New software"}


@pytest.fixture
def city(lab: City) -> City:
    """The laboratory with a break in visits, and formulas that look back from them in every way."""
    visits = lab.indicators["visits"].model_copy(update={"breaks": (Break(date=DAY, note=Text(ROOT)),)})
    made = {"visits": visits, "road_cost": lab.indicators["road_cost"]}
    base = next(item for item in lab.indicators.values() if isinstance(item, Formula))
    formulas = {
        "one": "visits + 1", "before": "lag(visits, 2)", "year": "yoy(visits)", "run": "rolling(visits, 3)",
        "sofar": "ytd(visits)", "base": "index(visits, 2024)", "deep": "lag(run, 1)",
        "other": "yoy(road_cost)",
    }  # fmt: skip
    for id_, text in formulas.items():
        made[id_] = base.model_copy(update={"id": id_, "formula": text})
    return replace(lab, indicators=made, identities={})


def month(number: int, year: int = 2025) -> dt.date:
    return dt.date(year, number, 1)


@pytest.mark.parametrize(
    ("indicator", "across", "clear"),
    [
        ("visits", [month(3)], [month(2), month(4)]),
        ("one", [month(3)], [month(2), month(4)]),
        ("before", [month(3), month(5)], [month(2), month(6)]),
        ("year", [month(3), month(12), month(3, 2026)], [month(2), month(4, 2026)]),
        ("run", [month(3), month(5)], [month(2), month(6)]),
        ("deep", [month(3), month(6)], [month(2), month(7)]),
        ("sofar", [month(3), month(12)], [month(2), month(1, 2026)]),
        ("base", [month(3), month(9, 2027)], [month(2)]),
        ("other", [], [month(3), month(4)]),
    ],
)
def test_a_formula_that_looks_back_says_across_what(
    city: City, indicator: str, across: list[dt.date], clear: list[dt.date]
) -> None:
    for start in across:
        assert [item.date for item in compared_across(city, indicator, "month", start)] == [DAY], start
    for start in clear:
        assert compared_across(city, indicator, "month", start) == [], start


def test_breaks_lie_strictly_between(city: City) -> None:
    def found(start: dt.date, end: dt.date) -> list[dt.date]:
        return [item.date for item in breaks_between(city, "deep", start, end)]

    one = dt.timedelta(days=1)
    assert found(DAY - one, DAY + one) == [DAY]
    assert found(DAY, DAY + one) == []
    assert found(DAY - one, DAY) == []
    assert found(clock("2025-03-14T23:00"), clock("2025-03-16T01:00")) == [DAY]
    assert [item.indicator for item in declared_breaks(city, "deep")] == ["visits"]
    assert declared_breaks(city, "deep")[0].note == ROOT


MERGED = dt.date(2025, 7, 1)


def test_a_break_of_the_whole_city_holds_for_what_is_counted_at_its_levels(city: City) -> None:
    merger = CityBreak.model_validate({"date": MERGED, "levels": ["city"], "note": {"vi": "Sáp nhập"}})
    city = replace(city, head=city.head.model_copy(update={"breaks": (merger,)}))
    share = city.indicators["one"].model_copy(update={"id": "part", "formula": "share_of_parent(visits)"})
    city = replace(city, indicators={**city.indicators, "part": share})

    def dates(indicator: str, level: str | None = None) -> list[dt.date]:
        return [item.date for item in declared_breaks(city, indicator, level)]

    assert dates("visits", "city") == dates("visits") == [DAY, MERGED]
    assert dates("visits", "ward") == dates("visits", "district") == [DAY]
    assert dates("deep", "city") == [DAY, MERGED]
    assert [item.indicator for item in declared_breaks(city, "deep", "city")] == ["visits", "deep"]
    # a district's share in the city falls when the city grows; a ward's share in its district does not
    assert (dates("part", "district"), dates("part", "ward")) == ([DAY, MERGED], [DAY])
    assert [b.date for b in compared_across(city, "year", "month", month(4, 2026), "city")] == [MERGED]
    assert compared_across(city, "year", "month", month(4, 2026), "district") == []


def test_published_figures_stand_on_their_own_ground(hcmc: City) -> None:
    """What a publisher reports has the breaks that it declares itself, and no other."""
    found = {
        id_: {item.date for item in declared_breaks(hcmc, id_, hcmc.levels[0])}
        for id_, item in hcmc.indicators.items()
        if hcmc.levels[0] in item.levels
    }
    assert {MERGED} <= found["hotline_received"]
    kinds = {id_: item.kind for id_, item in hcmc.indicators.items()}
    assert all(MERGED not in dates for id_, dates in found.items() if kinds[id_] == "reported")
    assert all(MERGED in dates for id_, dates in found.items() if kinds[id_] in ("measure", "stock"))


def test_a_changed_definition_is_told_field_by_field_with_what_leans_on_it(city: City) -> None:
    # 17:30 UTC is already the next day of the city.
    since = [clock("2025-01-01"), clock("2025-05-01T17:30")]
    bodies: list[dict[str, Any]] = [
        {"measure": "count(*)", "where": None},
        {"measure": "count(*)", "where": "kind = 'road'", "id": 1},
    ]
    versions = [
        Version("visits", k, at, body) for k, (at, body) in enumerate(zip(since, bodies, strict=True), 1)
    ]
    reader = cast(
        VintageReader, SimpleNamespace(versions=lambda id_: versions if id_ == "visits" else versions[:0])
    )
    declared, changed = breaks_of(city, reader, "deep")
    assert (declared.kind, declared.date) == ("declared", DAY)
    assert (changed.kind, changed.date, changed.version) == ("definition", dt.date(2025, 5, 2), 2)
    assert [(c.field, c.before, c.after) for c in changed.changes] == [("where", None, "kind = 'road'")]
    span = dt.date(2025, 4, 1), dt.date(2025, 6, 1)
    assert breaks_between(city, "deep", *span) == []
    assert breaks_between(city, "deep", *span, reader) == [changed]
