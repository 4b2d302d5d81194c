"""The city's units as tables: what SQL finds there is what the tree says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import REFERENCE_CITY, City, load_city
from warehouse.areas import sync_areas
from warehouse.places import inside
from warehouse.store import Cursor, Store

REFORM = dt.date(2025, 7, 1)


@pytest.fixture(scope="module")
def city() -> City:
    return load_city(REFERENCE_CITY)


@pytest.fixture(scope="module")
def cursor(city: City, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cursor]:
    path: Path = tmp_path_factory.mktemp("areas") / "warehouse.duckdb"
    store = Store.open(path, city.head.timezone)
    sync_areas(store, city.areas)
    sync_areas(store, city.areas)
    with store.read() as cursor:
        yield cursor
    store.close()


def test_every_unit_lies_somewhere_as_a_whole(cursor: Cursor, city: City) -> None:
    rows = cursor.execute(
        "SELECT boundaries, unit, since, sum(share), bool_and(exact) FROM area_recast GROUP BY ALL"
    ).fetchall()
    assert {row[0] for row in rows} == {dt.date.min, dt.date(2021, 1, 1), dt.date(2025, 1, 1), REFORM}
    came = {code for code, part in city.areas.joined[REFORM].items() if part == 1}
    everything = {area.code for area in city.areas.all()}
    for boundaries in {row[0] for row in rows}:
        here = everything if boundaries == REFORM else everything - came
        assert {row[1] for row in rows if row[0] == boundaries} == here
    root = city.areas.root.code
    for on, unit, since, total, _ in rows:
        left = 8_993_082 / 12_567_956 if unit == root and since == REFORM != on else 1
        assert total == pytest.approx(left), (on, unit, since)
    [[parted]] = cursor.execute(
        "SELECT count(DISTINCT unit) FROM area_recast WHERE level = 'ward' AND NOT exact"
        " AND boundaries = DATE '2025-07-01' AND until = boundaries"
    ).fetchall()
    assert parted == 31
    assert {unit for on, unit, *_, exact in rows if on == REFORM and not exact} & {
        area.code for area in city.areas.at("district")
    } == {"767", "776", "777", "785"}


def test_changes_stand_as_written(cursor: Cursor, city: City) -> None:
    rows = cursor.execute("SELECT source, target, date, share FROM area_change").fetchall()
    assert sorted(rows) == sorted((c.source, c.target, c.date, c.share) for c in city.areas.changes)


def test_people_of_former_wards_live_in_todays(cursor: Cursor) -> None:
    rows = cursor.execute(
        "SELECT r.target, sum(s.population * r.share), any_value(t.population) FROM area_recast r"
        " JOIN area_size s ON s.code = r.unit AND s.since < r.boundaries AND s.until >= r.boundaries"
        " JOIN area a ON a.code = r.unit JOIN area t ON t.code = r.target"
        " WHERE r.level = 'ward' AND r.boundaries = DATE '2025-07-01' AND r.since < r.boundaries"
        " AND a.valid_to = r.boundaries GROUP BY ALL"
    ).fetchall()
    assert len(rows) == 102
    assert all(moved == pytest.approx(people, abs=1) for _, moved, people in rows)


@pytest.mark.parametrize(("day", "found"), [(None, False), (dt.date(2025, 6, 30), False), (REFORM, True)])
def test_rows_of_a_ward_that_is_gone_lie_in_its_heir(
    cursor: Cursor, day: dt.date | None, found: bool
) -> None:
    sql = f"SELECT count(*) FROM (SELECT '26740-2020' AS _area) WHERE {inside(day)}"
    for area, expected in (("26740", found), ("26740-2020", not found), ("760", True), ("79", True)):
        assert cursor.execute(sql, [area]).fetchall() == [(int(expected),)]
