"""Reads of values against pandas over the same table, and the scope that bounds them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from types import MappingProxyType, SimpleNamespace
from typing import cast

import numpy as np
import pandas as pd
import pytest

from config import City
from config.areas import AreaTree
from config.models import Area
from config.periods import Periods
from warehouse.areas import sync_areas
from warehouse.reader import Reader, reading
from warehouse.scope import EVERYONE, OutOfScopeError, Scope
from warehouse.store import Store

LEVELS = ["city", "district", "ward"]
UNITS = [
    ("1", "city", ""),
    ("11", "district", "1"),
    ("12", "district", "1"),
    ("111", "ward", "11"),
    ("112", "ward", "11"),
    ("121", "ward", "12"),
]
TREE = AreaTree([Area(code=c, name_vi=c, name_en=c, level=level, parent=p) for c, level, p in UNITS], LEVELS)
CITY = cast(City, SimpleNamespace(areas=TREE, feeds=MappingProxyType({}), periods=Periods()))


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    random = np.random.default_rng(5)
    days = [dt.date(2026, 1, 1) + dt.timedelta(days=k) for k in range(40)]
    rows = [
        (indicator, level, code, "day", day, float(random.normal()))
        for indicator in ("a", "b", "c")
        for code, level, _ in UNITS
        for day in days
        if random.random() > 0.3
    ]
    return pd.DataFrame(rows, columns=["indicator", "level", "area", "period", "start", "value"])


@pytest.fixture(scope="module")
def store(frame: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = Store.open(tmp_path_factory.mktemp("reader") / "warehouse.duckdb", "UTC")
    sync_areas(store, TREE)
    with store.write() as cursor:
        cursor.register("frame", frame)
        cursor.execute(
            "INSERT INTO indicator_value SELECT indicator, level, area, period, start, value, 1, 1, 1, 1, 1, "
            "start::TIMESTAMP, start::TIMESTAMP, 1, 1, start::TIMESTAMP FROM frame"
        )
        cursor.unregister("frame")
    yield store
    store.close()


@pytest.fixture
def reader(store: Store) -> Iterator[Reader]:
    with reading(store, CITY, EVERYONE) as reader:
        yield reader


@pytest.mark.parametrize("day", [dt.date(2026, 1, 3), dt.date(2026, 1, 20), None])
def test_latest(reader: Reader, frame: pd.DataFrame, day: dt.date | None) -> None:
    for area in ("1", "12", "121"):
        here = frame[(frame.area == area) & frame.indicator.isin(["a", "c"])]
        here = here[here.start <= (day or dt.date.max)].sort_values("start").groupby("indicator").last()
        found = reader.latest(["a", "c"], area, "day", day)
        assert {k: (v.start, v.value) for k, v in found.items()} == {
            k: (row.start, row.value) for k, row in here.iterrows()
        }


def test_series_is_ordered_and_leaves_gaps_out(reader: Reader, frame: pd.DataFrame) -> None:
    until = dt.date(2026, 2, 1)
    found = reader.series(["a", "b", "nothing"], "11", "day", 12, until)
    for indicator in ("a", "b"):
        here = frame[(frame.area == "11") & (frame.indicator == indicator) & (frame.start <= until)]
        expected = here.sort_values("start").tail(12)
        assert [(v.start, v.value) for v in found[indicator]] == list(
            zip(expected.start, expected.value, strict=True)
        )
    assert found["nothing"] == []


def test_matrix_at_a_date_and_within_an_area(reader: Reader, frame: pd.DataFrame) -> None:
    day = dt.date(2026, 1, 10)
    here = frame[(frame.level == "ward") & (frame.start == day) & frame.indicator.isin(["a", "b"])]
    found = reader.matrix(["a", "b"], "ward", "day", day)
    assert {(area, k): v.value for area, row in found.items() for k, v in row.items()} == {
        (row.area, row.indicator): row.value for row in here.itertuples()
    }
    assert set(reader.matrix(["a", "b"], "ward", "day", day, within="11")) <= {"111", "112"}


def test_ranking_takes_the_newest_period_of_the_level(reader: Reader, frame: pd.DataFrame) -> None:
    here = frame[(frame.level == "district") & (frame.indicator == "b")]
    newest = here[here.start == here.start.max()]
    found = reader.ranking("b", "district", "day")
    assert {v.area: v.value for v in found} == dict(zip(newest.area, newest.value, strict=True))


def test_a_scope_bounds_every_read(store: Store) -> None:
    with reading(store, CITY, Scope("district", frozenset({"11"}))) as reader:
        assert reader.latest(["a"], "111", "day")
        for outside in ("1", "12", "121"):
            with pytest.raises(OutOfScopeError, match=outside):
                reader.latest(["a"], outside, "day")
            with pytest.raises(OutOfScopeError, match=outside):
                reader.series(["a"], outside, "day", 5)
            with pytest.raises(OutOfScopeError, match=outside):
                reader.facts("x", "true", area=outside, columns=["y"], order="y")
        assert {v.area for v in reader.ranking("a", "ward", "day")} <= {"111", "112"}
        assert set(reader.matrix(["a", "b"], "district", "day", dt.date(2026, 1, 10))) <= {"11"}
