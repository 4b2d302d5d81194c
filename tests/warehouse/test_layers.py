"""Places of map layers, read from facts: the newest of each, in time, in scope, with what is wrong there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType

import pytest

from config import REFERENCE_CITY, City, load_city
from config.models import Feed, LayerRows, Text
from config.models.layer import LayerTrouble
from warehouse.areas import sync_areas
from warehouse.facts import day_of, ensure_fact_table, fact_table, q
from warehouse.layers import read_places
from warehouse.scope import EVERYONE, Scope
from warehouse.store import Cursor, Store

TODAY = dt.date(2026, 11, 23)
WORD = Text({"vi": "hỏng", "en": "broken"})


@pytest.fixture(scope="module")
def city() -> City:
    """The reference city with a register of posts and their checks."""
    city = load_city(REFERENCE_CITY)
    common = {"name": WORD, "owner": WORD, "connector": {"path": "x/*"}, "schedule": "0 6 * * mon"}
    common |= {"area": {"column": "area_code"}, "delivery": {"every": "1d", "grace": "1d"}}
    area = {"name": "area_code", "type": "text", "required": True}
    posts = {"id": "posts", "key": ["post"], "event_time": "since", **common}
    posts["columns"] = [
        {"name": "post", "type": "text", "required": True},
        {"name": "since", "type": "date", "required": True},
        {"name": "gone", "type": "date"},
        {"name": "lat", "type": "number"},
        {"name": "lon", "type": "number"},
        area,
    ]
    checks = {"id": "checks", "key": ["post", "at"], "event_time": "at", **common}
    checks["columns"] = [
        {"name": "post", "type": "text", "required": True},
        {"name": "at", "type": "timestamp", "required": True},
        {"name": "down", "type": "integer"},
        area,
    ]
    feeds = {feed.id: feed for feed in map(Feed.model_validate, (posts, checks))}
    return replace(city, feeds=MappingProxyType(feeds))


@pytest.fixture(scope="module")
def cursor(city: City, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cursor]:
    store = Store.open(tmp_path_factory.mktemp("layers") / "facts.duckdb", city.head.timezone)
    sync_areas(store, city.areas)
    with store.write() as writer:
        for feed in city.feeds.values():
            ensure_fact_table(writer, feed)
        posts = [
            ("A", "2020-01-01", None, 10.7, 106.7, "760"),
            ("B", "2021-01-01", None, 10.8, 106.6, "770"),
            ("C", "2022-01-01", "2025-01-01", 10.9, 106.5, "760"),
            ("D", "2023-01-01", None, None, None, "26743-2020"),
        ]
        checks = [
            ("A", "2026-11-20 03:00", 0, "760"),
            ("A", "2026-11-22 03:00", 90, "760"),
            ("B", "2026-11-21 03:00", 95, "770"),
            ("B", "2026-11-22 03:00", 0, "770"),
            ("D", "2026-11-01 03:00", 400, "760"),
        ]
        for post, since, gone, lat, lon, area in posts:
            _put(writer, "posts", post=post, since=since, gone=gone, lat=lat, lon=lon, _area=area)
        for post, at, down, area in checks:
            _put(writer, "checks", post=post, at=at, down=down, _area=area, **{day_of("at"): at[:10]})
    with store.read() as reader:
        yield reader
    store.close()


def _put(cursor: Cursor, dataset: str, **row: object) -> None:
    names, marks = ", ".join(map(q, row)), ", ".join("?" * len(row))
    cursor.execute(f"INSERT INTO {q(fact_table(dataset))} ({names}) VALUES ({marks})", list(row.values()))


def told(cursor: Cursor, city: City, rows: LayerRows, scope: Scope = EVERYONE) -> dict[str, tuple[str, bool]]:
    found = read_places(cursor, city, scope, rows, TODAY)
    return {
        name: (area, bool(bad)) for name, area, bad in zip(found.name, found.area, found.trouble, strict=True)
    }


def test_rows_are_places_in_the_units_of_today(cursor: Cursor, city: City) -> None:
    rows = LayerRows(dataset="posts", lat="lat", lon="lon", name="post", where="gone is null")
    heir = city.areas.went_to("26743-2020")[-1].unit
    assert told(cursor, city, rows) == {"A": ("760", False), "B": ("770", False), "D": (heir, False)}
    found = read_places(cursor, city, EVERYONE, rows, TODAY)
    assert found.newest == dt.datetime(2023, 1, 1)  # noqa: DTZ001 -- a day of the store
    assert dict(zip(found.name, found.lat, strict=True)) == pytest.approx(
        {"A": 10.7, "B": 10.8, "D": float("nan")}, nan_ok=True
    )


def test_what_another_dataset_last_said_is_trouble(cursor: Cursor, city: City) -> None:
    bad = LayerTrouble(dataset="checks", by="post", when="down > 60", word=WORD)
    rows = LayerRows(dataset="posts", key="post", name="post", trouble=bad)
    found = told(cursor, city, rows)
    # B recovered, and what was said of D is too long ago to be told as of now.
    assert {name for name, (_, wrong) in found.items() if wrong} == {"A"}
    newest = read_places(cursor, city, EVERYONE, rows, TODAY).newest
    assert newest == dt.datetime(2026, 11, 22, 3)  # noqa: DTZ001


def test_the_newest_row_of_each_key_counts_within_some_days(cursor: Cursor, city: City) -> None:
    bad = LayerTrouble(when="down > 60", word=WORD)
    rows = LayerRows(dataset="checks", key="post", name="post", trouble=bad, within=dt.timedelta(days=2))
    assert told(cursor, city, rows) == {"A": ("760", True), "B": ("770", False)}
    every = LayerRows(dataset="checks", name="post", trouble=bad, where="down > 60")
    assert len(read_places(cursor, city, EVERYONE, every, TODAY)) == 3


def test_a_viewer_sees_the_places_of_the_own_areas(cursor: Cursor, city: City) -> None:
    rows = LayerRows(dataset="posts", key="post", name="post")
    assert set(told(cursor, city, rows, Scope("viewer", frozenset({"770"})))) == {"B"}


def test_a_dataset_without_facts_has_no_places(cursor: Cursor, city: City) -> None:
    empty = replace(
        city, feeds=MappingProxyType({"posts": city.feeds["posts"].model_copy(update={"dataset": "none"})})
    )
    found = read_places(cursor, empty, EVERYONE, LayerRows(dataset="none"), TODAY)
    assert (len(found), found.newest) == (0, None)
