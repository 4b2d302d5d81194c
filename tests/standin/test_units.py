"""The facts of the reference city: units, codes, people. Held against sources that are not in the project."""

from __future__ import annotations

import csv
import datetime as dt
import unicodedata
from collections import defaultdict
from pathlib import Path

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


def test_counts_by_level(city: City) -> None:
    assert [len(city.areas.at(level)) for level in ("city", "district")] == [1, 22]
    assert len(city.areas.at("ward", BEFORE)) == 273
    assert len(city.areas.at("ward", AFTER)) == 102


def test_people_add_up(city: City) -> None:
    districts = city.areas.at("district")
    assert sum(d.population or 0 for d in districts) == city.areas.root.population == 8_993_082
    assert sum(w.population or 0 for w in city.areas.at("ward", AFTER)) == 8_993_082
    for district in districts:
        assert (
            sum(w.population or 0 for w in city.areas.children(district.code, BEFORE)) == district.population
        )


def test_a_reused_code_means_one_unit_on_each_day(city: City) -> None:
    for day in (BEFORE, AFTER):
        codes = [u.official or u.code for u in city.areas.all() if u.valid_on(day)]
        assert len(codes) == len(set(codes))


def test_names_are_composed(city: City) -> None:
    for unit in city.areas.all():
        assert unicodedata.is_normalized("NFC", unit.name_vi)
        assert unit.name_en.isascii()


def test_tiles_do_not_overlap(city: City) -> None:
    tiles = [(d.tile_row, d.tile_col) for d in city.areas.at("district")]
    assert len(set(tiles)) == 22
    assert None not in {part for tile in tiles for part in tile}


def test_old_wards_agree_with_the_published_list(city: City, shared_data: Path) -> None:
    published = {r["ward_code"]: r for r in _rows(shared_data / "geo/hcmc_units_2025-03.csv")}
    ours = {u.official or u.code: u for u in city.areas.at("ward", BEFORE)}
    assert ours.keys() == published.keys()
    for code, row in published.items():
        assert _bare(ours[code].name_vi) == _bare(row["ward_name"])
        assert ours[code].parent == row["district_code"]
        assert _bare(city.areas[ours[code].parent].name_vi) == _bare(row["district_name"])


def test_new_wards_agree_with_the_published_succession(city: City, shared_data: Path) -> None:
    names: dict[str, str] = {}
    districts: dict[str, set[str]] = defaultdict(set)
    for row in _rows(shared_data / "geo/hcmc_ward_mapping_2025.csv"):
        if row["old_province_code"] == "79":
            names[row["new_ward_code"]] = row["new_ward_name"]
            districts[row["new_ward_code"]].add(row["old_district_code"])
    ours = {u.official or u.code: u for u in city.areas.at("ward", AFTER)}
    assert ours.keys() == names.keys()
    for code, unit in ours.items():
        assert _bare(unit.name_vi) == _bare(names[code])
        assert unit.parent in districts[code]


def test_district_populations_are_the_census(city: City, shared_data: Path) -> None:
    census: dict[str, int] = defaultdict(int)
    joined = {"762": "769", "763": "769"}  # the districts that became Thủ Đức
    for row in _rows(shared_data / "economy/hcmc_population_by_district_2009_2019.csv"):
        if row["year"] == "2019":
            census[joined.get(row["district_code"], row["district_code"])] += int(row["population"])
    assert {d.code: d.population for d in city.areas.at("district")} == census


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
