"""The map: what an address asks for, what each layer shows, and where its features lie."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dash.development.base_component import Component

from config import REFERENCE_CITY, City, load_city
from dashboard.context import ScreenContext
from dashboard.drawing.compact import markup
from dashboard.maps.api import collection
from dashboard.maps.geometry import Frame, boundaries, layer_shapes
from dashboard.maps.layers import LayerState
from dashboard.maps.mapping import MOST, chosen
from dashboard.screens import render
from warehouse.layers import Places

AT = dt.datetime(2026, 11, 23, 1, 0)  # noqa: DTZ001 -- as the store keeps it: UTC without offset


def html_of(tree: Component) -> str:
    return markup(tree)


def places(city: City, count: int, area: str = "") -> Places:
    """So many places in the units of the finest level, one after the other; every tenth is in trouble."""
    units = [a for a in city.areas.at(city.levels[-1], AT.date()) if not area or area == a.parent]
    own = [units[n % len(units)] for n in range(count)]
    number = np.arange(count)
    return Places(
        np.array([a.lat or 0 for a in own]) + (number % 7) * 1e-3,
        np.array([a.lon or 0 for a in own]) + (number % 5) * 1e-3,
        np.array([a.code for a in own], dtype=object),
        np.array([f"Điểm <{n}>" for n in number], dtype=object),
        number % 10 == 0,
        AT,
    )


def states(city: City, **held: Places) -> Mapping[str, LayerState]:
    found = {}
    for id_, layer in city.layers.items():
        here = held.get(id_)
        count = len(here) if here is not None else 5 if layer.file or layer.level or layer.indicator else 0
        bad = int(here.trouble.sum()) if here is not None else 0
        found[id_] = LayerState(layer, count, bad, AT if here is not None else None, here)
    return found


@pytest.fixture
def shown(city: City, context: Callable[..., ScreenContext]) -> Callable[..., str]:
    def make(lang: str = "vi", held: Mapping[str, Places] | None = None, **params: str) -> str:
        ctx = context("map", "", lang, params)
        return html_of(render(replace(ctx, layers=lambda: states(city, **(held or {})))))

    return make


def test_every_layer_of_the_register_is_told(city: City, shown: Callable[..., str]) -> None:
    for lang, word in (("vi", "chưa có dữ liệu tại đây"), ("en", "Registered, no data here")):
        told = shown(lang)
        assert told.count('class="layer is-empty"') + told.count('class="layer"') == len(city.layers)
        assert word in told
        for group in city.head.layer_groups:
            assert group.name.get(lang) in told.replace("&amp;", "&")


def test_the_choice_is_put_right(city: City, context: Callable[..., ScreenContext]) -> None:
    odd = {"indicator": "nothing", "level": "x", "period": "y", "start": "z", "area": "?", "layers": "a,,b"}
    choice = chosen(context("map", "", "vi", odd))
    assert choice is not None
    assert choice.level in choice.indicator.levels
    assert choice.period in choice.indicator.periods
    assert (choice.start, choice.area, choice.layers) == (None, city.areas.root.code, ())
    for start in ("9999-12-31", "0001-01-01"):
        beyond = chosen(context("map", "", "vi", {"start": start}))
        assert beyond is not None
        assert beyond.start is None
    many = ",".join(city.layers)
    taken = chosen(context("map", "", "vi", {"layers": many + "," + many}))
    assert taken is not None
    assert taken.layers == tuple(city.layers)[:MOST]


def test_tiles_count_what_lies_in_them(city: City, shown: Callable[..., str]) -> None:
    district = next(a for a in city.areas.at(city.levels[1]) if city.areas.children(a.code, AT.date()))
    told = shown(held={"air_stations": places(city, 30, district.code)}, layers="air_stations", view="tiles")
    [marks] = re.findall(r'<span class="map-counts">.*?</span></a>', told)
    assert ">30<" in marks.replace("</i>30", ">30<").replace("30<b>", "30<")
    assert "<b>" in marks
    assert marks.count("lay-0") == 1


def test_ground_draws_each_place_once(city: City, shown: Callable[..., str]) -> None:
    told = shown(held={"air_stations": places(city, 6000)}, layers="air_stations", view="ground")
    [bad] = re.findall(r'class="ground-bad" d="([^"]*)"', told)
    [calm] = re.findall(r'class="ground-dots" d="([^"]*)"', told)
    assert (bad.count("h0"), calm.count("h0")) == (600, 5400)
    # What comes from data is not taken for markup, and a page of six thousand places stays light.
    assert "<0>" not in told
    assert len(told) < 400_000


def test_what_has_too_few_cases_is_hatched(shown: Callable[..., str], context: Any) -> None:
    ctx = context("map", "", "vi", {"view": "ground"}, n=0)
    told = html_of(render(replace(ctx, layers=dict)))
    assert 'class="ground-spot hatch"' in told
    assert "seq-3" not in re.sub(r'class="legend.*', "", told)
    assert 'class="ground-spot seq-' in shown(view="ground")


def test_the_city_draws_its_own_boundaries(tmp_path: Path, shared_data: Path) -> None:
    folder = shutil.copytree(REFERENCE_CITY, tmp_path / "city")
    (folder / "areas" / "boundaries").mkdir()
    for name in ("hcmc_districts_2021", "hcmc_wards_2019", "hcmc_wards_2025"):
        shutil.copy(shared_data / "geo" / f"{name}.geojson", folder / "areas" / "boundaries")
    city = load_city(folder)
    districts = city.areas.at("district", AT.date())
    outlines = boundaries(city, districts)
    assert len(outlines) == 22
    assert set(outlines) < {a.code for a in districts}
    # One code stands for one ward before the reform and for another after it: the file that fits is taken.
    wards = city.areas.at("ward", AT.date())
    found = boundaries(city, wards)
    assert {a.code for a in wards} == set(found)
    assert all("old_ward_codes" in shape.properties for shape in found.values())
    for code, shape in outlines.items():
        ring, area = np.vstack(shape.rings), city.areas[code]
        assert ring[:, 0].min() - 0.03 <= (area.lon or 0) <= ring[:, 0].max() + 0.03
        assert ring[:, 1].min() - 0.03 <= (area.lat or 0) <= ring[:, 1].max() + 0.03


def test_a_frame_keeps_shapes() -> None:
    frame = Frame.around(np.array([[106.0, 10.0], [107.0, 11.0]]), 0.0)
    corners = frame.xy(np.array([[106.0, 11.0], [107.0, 10.0]]))
    assert corners[0].tolist() == [0.0, 0.0]
    assert corners[1].tolist() == pytest.approx([frame.width, frame.height], abs=0.1)
    # A degree of longitude is shorter than one of latitude by the cosine of the latitude.
    assert frame.width / frame.height == pytest.approx(np.cos(np.radians(10.5)))
    assert frame.dots(np.array([[106.0, 11.0]])) == "M0 0h0"
    assert frame.line(np.array([[106.0, 11.0], [107.0, 11.0]]), closed=True) == "M0 0L1000 0Z"


def test_files_of_the_city_become_features(city: City) -> None:
    filed = [layer for layer in city.layers.values() if layer.file]
    assert filed
    for layer in filed:
        drawn = layer_shapes(city, layer.file or "")
        told = collection(city, LayerState(layer, len(drawn)), "en")
        assert len(told["features"]) == len(drawn)
        assert all(f["properties"]["name"] and f["geometry"] for f in told["features"])


def test_holes_of_an_area_stay_holes(tmp_path: Path, city: City) -> None:
    def square(west: float, size: float) -> list[list[float]]:
        return [[west, 10.0], [west + size, 10.0], [west + size, 10.0 + size], [west, 10.0]]

    given = [[square(106.0, 1.0), square(106.2, 0.1)], [square(108.0, 1.0)]]
    feature = {"type": "Feature", "properties": {"name": "x"}, "geometry": None}
    geometry = {"type": "MultiPolygon", "coordinates": given}
    (tmp_path / "layers").mkdir()
    (tmp_path / "layers" / "x.geojson").write_text(
        json.dumps({"features": [feature | {"geometry": geometry}]})
    )
    layer = next(one for one in city.layers.values() if one.file).model_copy(update={"file": "x.geojson"})
    [told] = collection(replace(city, path=tmp_path), LayerState(layer, 1), "vi")["features"]
    assert told["geometry"] == geometry
    [shape] = layer_shapes(replace(city, path=tmp_path), "x.geojson")
    assert [len(ring) for ring in shape.rings] == [4, 4, 4]


def test_places_become_features_with_what_is_wrong(city: City) -> None:
    layer = city.layers["air_stations"]
    held = places(city, 20)
    held.lat[3] = held.lon[3] = np.nan
    told = collection(city, LayerState(layer, 20, 2, AT, held), "vi")["features"]
    wrong = [f["properties"]["trouble"] for f in told]
    assert layer.rows is not None
    assert layer.rows.trouble is not None
    assert wrong == [layer.rows.trouble.word.get("vi") if n % 10 == 0 else None for n in range(20)]
    # One that has no place of its own lies in the middle of its unit.
    unit = city.areas[told[3]["properties"]["area"]]
    assert told[3]["geometry"]["coordinates"] == pytest.approx([unit.lon, unit.lat])
