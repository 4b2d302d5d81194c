"""The register of layers becomes rows: once a day, each as it was registered and as it stands."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from config import REFERENCE_CITY, City, load_city
from config.models import LAYER_FIELDS
from dashboard.maps.files import drop
from warehouse.areas import sync_areas
from warehouse.store import Store

NOW = dt.datetime(2026, 11, 23, 1, 40, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


@pytest.fixture(scope="module")
def city() -> City:
    """The reference city with the layers alone that need no figures."""
    city = load_city(REFERENCE_CITY)
    kept = {id_: layer for id_, layer in city.layers.items() if layer.indicator is None}
    return replace(city, layers=MappingProxyType(kept))


@pytest.fixture(scope="module")
def store(city: City, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = Store.open(tmp_path_factory.mktemp("layers") / "facts.duckdb", city.head.timezone)
    sync_areas(store, city.areas)
    yield store
    store.close()


def told(inbox: Path, day: str) -> list[dict[str, object]]:
    [path] = inbox.glob(f"map_layers/layers-{day}.jsonl")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_each_layer_is_told_once_a_day(city: City, store: Store, tmp_path: Path) -> None:
    assert [feed.id for feed in drop(city, store, tmp_path, NOW)] == ["map_layers"]
    assert drop(city, store, tmp_path, NOW + dt.timedelta(hours=2)) == []
    rows = told(tmp_path, "2026-11-23")
    assert all(tuple(row) == LAYER_FIELDS for row in rows)
    registered = {row["layer"]: row["noted_on"] for row in rows if row["event"] == "registered"}
    assert registered == {id_: layer.registered.isoformat() for id_, layer in city.layers.items()}
    checked = {row["layer"]: row["features"] for row in rows if row["event"] == "checked"}
    drawn = {id_: bool(layer.file or layer.level) for id_, layer in city.layers.items()}
    # Nothing was loaded into this store: only what the folder itself draws has features.
    assert {id_: bool(count) for id_, count in checked.items()} == drawn
    assert checked["boundary_districts"] == len(city.areas.at("district", dt.date(2026, 11, 23)))


def test_a_layer_that_leaves_the_register_is_told(city: City, store: Store, tmp_path: Path) -> None:
    drop(city, store, tmp_path, NOW)
    gone, *rest = city.layers
    left = replace(city, layers=MappingProxyType({id_: city.layers[id_] for id_ in rest}))
    for later in (1, 2):
        drop(left, store, tmp_path, NOW + later * DAY)
        rows = told(tmp_path, f"2026-11-{23 + later}")
        assert {row["layer"] for row in rows if row["event"] == "checked"} == set(rest)
        removed = {row["layer"]: row["removed_on"] for row in rows if row["removed_on"]}
        assert removed == {gone: "2026-11-24"}
