"""The facts of the reference city: units, codes, people. Held against sources that are not in the project."""

from __future__ import annotations

import csv
import datetime as dt
import json
import re
import unicodedata
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from config import REFERENCE_CITY, City, load_city

BEFORE, AFTER = dt.date(2025, 6, 30), dt.date(2025, 7, 1)


@pytest.fixture(scope="module")
def city() -> City:
    return load_city(REFERENCE_CITY)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def _bare(name: str) -> str:
    """A name without what the sources disagree on: the place of a tone mark, i or y in one commune's name."""
    plain = unicodedata.normalize("NFD", name)
    return "".join(c for c in plain if not unicodedata.combining(c)).replace("Qui ", "Quy ")


@pytest.mark.parametrize(
    ("day", "districts", "wards", "people"),
    [
        ("2019-04-01", 24, 322, 8_993_082),
        ("2020-12-31", 24, 322, 8_993_082),
        ("2021-01-01", 22, 312, 8_993_082),
        ("2024-12-31", 22, 312, 8_993_082),
        ("2025-01-01", 22, 273, 8_993_082),
        ("2025-06-30", 22, 273, 8_993_082),
        ("2025-07-01", 38, 168, 12_567_956),
    ],
)
def test_units_and_people_of_every_time(
    city: City, day: str, districts: int, wards: int, people: int
) -> None:
    """The people are those of the census of 2019, whichever units they are told by."""
    on, tree = dt.date.fromisoformat(day), city.areas
    assert [len(tree.at(level, on)) for level in city.levels] == [1, districts, wards]
    for level in city.levels:
        assert sum(tree.people(a.code, on) or 0 for a in tree.at(level, on)) == people, level


@pytest.mark.parametrize("day", ["2020-12-31", "2024-12-31", "2025-06-30"])
def test_wards_add_up_to_their_district(city: City, day: str) -> None:
    """Not after the merger: some new wards reach across districts."""
    on, tree = dt.date.fromisoformat(day), city.areas
    for district in tree.at("district", on):
        below = sum(tree.people(ward.code, on) or 0 for ward in tree.children(district.code, on))
        assert below == tree.people(district.code, on), district.name_vi


def test_a_reused_code_means_one_unit_on_each_day(city: City) -> None:
    for day in (dt.date(2020, 12, 31), dt.date(2024, 12, 31), BEFORE, AFTER):
        codes = [u.official or u.code for u in city.areas.all() if u.valid_on(day)]
        assert len(codes) == len(set(codes))


def test_names_are_composed(city: City) -> None:
    for unit in city.areas.all():
        assert unicodedata.is_normalized("NFC", unit.name_vi)
        assert unit.name_en.isascii()


def test_tiles_do_not_overlap(city: City) -> None:
    for day in (dt.date(2020, 12, 31), BEFORE, AFTER):
        districts = city.areas.at("district", day)
        tiles = [(d.tile_row, d.tile_col) for d in districts]
        assert len(set(tiles)) == len(districts)
        assert None not in {part for tile in tiles for part in tile}


def _agrees(city: City, day: dt.date, published: dict[str, tuple[str, str, str]]) -> None:
    """The wards of a day have the codes, names and districts (code, name) of a published list."""
    tree = city.areas
    ours = {u.official or u.code: u for u in tree.at("ward", day)}
    assert ours.keys() == published.keys()
    for code, (name, district, district_name) in published.items():
        parent = tree[ours[code].parent]
        assert _number(ours[code].name_vi) == _number(name), code
        assert (parent.official or parent.code) == district, code
        assert _bare(parent.name_vi) == _bare(district_name)


def _number(name: str) -> str:
    """A name without the leading zero that some lists give to a number."""
    return re.sub(r"\b0(?=\d\b)", "", re.sub(r"\s+", " ", _bare(name)))


@pytest.mark.parametrize(
    ("day", "name"),
    [("2024-12-31", "hcmc_units_2024-11.csv"), ("2025-06-30", "hcmc_units_2025-03.csv")],
)
def test_wards_agree_with_the_published_list(city: City, shared_data: Path, day: str, name: str) -> None:
    rows = _rows(shared_data / "geo" / name)
    published = {r["ward_code"]: (r["ward_name"], r["district_code"], r["district_name"]) for r in rows}
    _agrees(city, dt.date.fromisoformat(day), published)


def _shapes(path: Path) -> list[dict[str, str]]:
    """The properties of each shape of a published map."""
    return [shape["properties"] for shape in json.loads(path.read_text(encoding="utf-8"))["features"]]


def test_wards_of_2019_agree_with_the_published_map(city: City, shared_data: Path) -> None:
    shapes = _shapes(shared_data / "geo" / "hcmc_wards_2019.geojson")
    published = {s["code"]: (s["name"], s["district_code"], s["district_name"]) for s in shapes}
    _agrees(city, dt.date(2019, 4, 1), published)


def test_new_wards_agree_with_the_published_map_and_succession(city: City, shared_data: Path) -> None:
    shapes = {s["code"]: s for s in _shapes(shared_data / "geo" / "hcmc_wards_2025.geojson")}
    districts: dict[str, set[str]] = defaultdict(set)
    for row in _rows(shared_data / "geo/hcmc_ward_mapping_2025.csv"):
        districts[row["new_ward_code"]].add(row["old_district_code"])
    ours = {u.code: u for u in city.areas.at("ward", AFTER)}
    assert {u.official or u.code for u in ours.values()} == shapes.keys() == districts.keys()
    kinds = Counter(unit.name_vi.split()[0] for unit in ours.values())
    assert kinds == {"Phường": 113, "Xã": 54, "Đặc": 1}
    for code, unit in ours.items():
        assert _bare(unit.name_vi) == _bare(shapes[unit.official or code]["name"])
        assert unit.parent in districts[unit.official or code]
    assert sum(unit.km2 or 0 for unit in ours.values()) == pytest.approx(6772.59, rel=0.001)


Ring = list[list[float]]


def _rings(shape: dict[str, Any]) -> list[Ring]:
    """The outer rings of a shape."""
    parts = shape["coordinates"]
    return [part[0] for part in parts] if shape["type"] == "MultiPolygon" else [parts[0]]


def _middle(rings: list[Ring]) -> tuple[float, float]:
    """The centre of gravity of the longest ring."""
    ring = max(rings, key=len)
    area = x = y = 0.0
    for (x0, y0), (x1, y1) in pairwise(ring):
        cross = x0 * y1 - x1 * y0
        area, x, y = area + cross, x + (x0 + x1) * cross, y + (y0 + y1) * cross
    return x / (3 * area), y / (3 * area)


def _inside(point: tuple[float, float], rings: list[Ring]) -> bool:
    """Whether a point lies in one of the rings, by counting the borders east of it."""
    x, y = point
    return any(
        sum(
            (y0 > y) != (y1 > y) and x < x0 + (y - y0) / (y1 - y0) * (x1 - x0)
            for (x0, y0), (x1, y1) in pairwise(ring)
        )
        % 2
        for ring in rings
    )


def test_each_ward_of_2019_lies_in_the_wards_that_it_became(city: City, shared_data: Path) -> None:
    """The three reforms put together, on two published maps: its centre lies in a successor."""
    tree, recast = city.areas, city.areas.recast(AFTER)
    maps = [
        {s["properties"]["code"]: _rings(s["geometry"]) for s in json.loads(path.read_bytes())["features"]}
        for path in (shared_data / "geo" / f"hcmc_wards_{year}.geojson" for year in (2019, 2025))
    ]
    astray = []
    for ward in tree.at("ward", dt.date(2019, 4, 1)):
        centre = _middle(maps[0][ward.official or ward.code])
        row = recast.row(ward.code, dt.date(2019, 4, 1))
        assert sum(row.values()) == pytest.approx(1)
        if not any(_inside(centre, maps[1][tree[code].official or code]) for code in row):
            astray.append(ward.name_vi)
    assert len(astray) <= 5, astray


def test_district_populations_are_the_census(city: City, shared_data: Path) -> None:
    census: dict[str, int] = defaultdict(int)
    joined = {"762": "769", "763": "769"}  # the districts that became Thủ Đức
    parts: dict[str, int] = {}
    for row in _rows(shared_data / "economy/hcmc_population_by_district_2009_2019.csv"):
        if row["year"] == "2019":
            parts[row["district_code"]] = int(row["population"])
            census[joined.get(row["district_code"], row["district_code"])] += int(row["population"])
    tree = city.areas
    assert {d.code: d.population for d in tree.at("district", BEFORE)} == census
    assert {d.official or d.code: d.population for d in tree.at("district", dt.date(2020, 1, 1))} == parts


def test_districts_that_joined_have_the_people_of_the_census(city: City, shared_data: Path) -> None:
    """Towns that became cities since, and two districts that were joined, have the same ground."""
    sheet = openpyxl.load_workbook(
        shared_data / "messy/census2019_population_by_ward.xlsx", read_only=True
    ).worksheets[0]
    census: dict[str, int] = {}
    province = ""
    for row in sheet.iter_rows(min_row=4, values_only=True):
        province = str(row[0] or province).strip()
        if province in ("Tỉnh Bình Dương", "Tỉnh Bà Rịa - Vũng Tàu") and "(Tổng số)" in str(row[1]):
            name = str(row[1]).removesuffix(" (Tổng số)").strip()
            census[re.sub("^(Thành phố|Thị xã|Huyện) ", "", name)] = int(str(row[3]))
    census["Long Đất"] = census.pop("Long Điền") + census.pop("Đất Đỏ")
    joined = {d.short: d.population for d in city.areas.at("district", AFTER) if d.valid_from == AFTER}
    # the census was not told by district for the islands: they are what the province has beyond the others
    assert joined.pop("Côn Đảo") == 8_827
    assert joined == census


def test_tet_is_marked_in_every_year(city: City) -> None:
    new_year = {
        2022: (2, 1),
        2023: (1, 22),
        2024: (2, 10),
        2025: (1, 29),
        2026: (2, 17),
        2027: (2, 6),
        2028: (1, 26),
    }
    spans = [h for h in city.head.calendar.holidays if h.tet]
    assert len(spans) == len(new_year)
    for (year, (month, day)), span in zip(new_year.items(), spans, strict=True):
        assert span.start <= dt.date(year, month, day) <= span.end
