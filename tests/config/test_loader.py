"""A sound city loads into one value; an unsound one says everything that is wrong with it at once."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from config import REFERENCE_CITY, CityError, load_city
from config.loader import read_city


def test_the_tiny_city_loads(tiny: Path) -> None:
    city = load_city(tiny)
    assert list(city.feeds) == ["figures", "requests"]
    assert list(city.indicators) == ["received", "on_time", "open", "growth", "received_change"]
    assert city.levels == ("city", "district")
    assert city.datasets["requests"].key == ("number",)
    assert city.rules["late"].when.type == "threshold"
    assert city.feeds["requests"].delivery.every == dt.timedelta(days=7)


def test_every_definition_knows_its_line(tiny: Path) -> None:
    city = load_city(tiny)
    assert city.locate("feed", "requests") == ("feeds/requests.yaml", 1)
    assert city.locate("indicator", "on_time", "measure") == ("indicators/requests.yaml", 20)
    assert city.locate("rule", "silent", "when", "after") == ("rules/requests.yaml", 13)
    assert city.locate("area", "T2", "T2") == ("areas/units.csv", 4)


def test_units_come_and_go(tiny: Path) -> None:
    areas = load_city(tiny).areas
    assert areas.root.code == "T"
    assert [a.code for a in areas.at("district", dt.date(1994, 12, 31))] == ["T2", "T3"]
    assert [a.code for a in areas.at("district", dt.date(1995, 1, 1))] == ["T1", "T2"]
    assert areas.path("T2") == {"city": "T", "district": "T2"}
    assert [a.code for a in areas.children("T")] == ["T1", "T2", "T3"]


def test_the_reference_city_is_sound() -> None:
    city = load_city(REFERENCE_CITY)
    assert len(city.areas.at(city.levels[1], dt.date(2025, 6, 1))) == 22
    assert len(city.indicators) >= 40
    assert len({i.domain for i in city.indicators.values()}) >= 6
    assert len(city.rules) >= 15


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CityError) as caught:
        load_city(tmp_path / "nowhere")
    assert str(caught.value) == (
        f"{tmp_path}/nowhere/city.yaml:1: city: there is no such file "
        "(a city is a folder with city.yaml, areas/units.csv, feeds/, indicators/, rules/ and screens/)"
    )


def test_a_city_without_units(tiny: Path) -> None:
    (tiny / "areas" / "units.csv").unlink()
    with pytest.raises(CityError) as caught:
        load_city(tiny)
    first = caught.value.problems[0]
    assert (
        str(first)
        == "areas/units.csv:1: units: there is no such file (list the city's units in it, one a line)"
    )


def test_units_in_another_encoding(tiny: Path) -> None:
    (tiny / "areas" / "units.csv").write_text(
        "code,name_vi\nT,Đà Nẵng\n", encoding="cp1258", errors="replace"
    )
    told = [str(p) for p in read_city(tiny)[1]]
    assert "areas/units.csv:1: units: is not UTF-8 at byte 15 (save it as UTF-8)" in told


def test_what_is_sound_is_read_though_the_rest_is_not(broken: Callable[[str], Path]) -> None:
    city, problems = read_city(broken("hysteresis_crossing"))
    assert city is not None
    assert set(city.rules) == {"late", "silent"}
    assert len(problems) == 2


def test_a_broken_definition_is_still_a_name_for_others(tiny: Path) -> None:
    file = tiny / "indicators" / "requests.yaml"
    file.write_text(
        file.read_text(encoding="utf-8").replace("direction: up", "direction: upp", 1), encoding="utf-8"
    )
    problems = read_city(tiny)[1]
    assert [p.object for p in problems] == ["indicator on_time.direction"], (
        "rules and screens that use it are silent"
    )


def test_problems_come_in_the_order_of_files_and_lines(tiny: Path) -> None:
    for case in ("feed_references", "rule_references", "units_tree"):
        shutil.copytree(Path(__file__).parent / "broken" / case, tiny, dirs_exist_ok=True)
    (tiny / "expected.txt").unlink()
    with pytest.raises(CityError) as caught:
        load_city(tiny)
    places = [(p.file, p.line) for p in caught.value.problems]
    assert places == sorted(places)
    assert {file for file, _ in places} >= {"areas/units.csv", "feeds/bad.yaml", "rules/bad.yaml"}
