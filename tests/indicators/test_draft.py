"""What a draft would give is what it gives once it is part of the city."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from config import City, load_city
from indicators.draft import Draft, draft_values
from tests.indicators.conftest import LAB

if TYPE_CHECKING:
    from tests.indicators.conftest import World, WorldMaker

SPAN = (dt.date(2024, 6, 25), dt.date(2025, 3, 20))
NOW = dt.datetime(2025, 3, 20, 3, 30, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def world(make_world: WorldMaker, lab: City, fill_world: Callable[..., None]) -> World:
    made = make_world(lab)
    fill_world(made, SPAN, {}, seed=5)
    made.refresh(NOW)
    return made


@pytest.mark.parametrize("id_", sorted(load_city(LAB).indicators))
def test_a_draft_gives_what_the_definition_gives(world: World, id_: str) -> None:
    city, item = world.city, world.city.indicators[id_]
    area = next(a for level in item.levels for a in city.areas.at(level))
    period = next(p for p in ("month", *item.periods) if p in item.periods)
    draft = item.model_copy(update={"id": "draft"})
    with world.store.read() as cursor:
        stored = cursor.execute(
            "SELECT start, value, n FROM indicator_value WHERE indicator = ? AND area = ? AND period = ?"
            " ORDER BY start DESC LIMIT 5",
            [id_, area.code, period],
        ).fetchall()
        before = cursor.execute("SELECT count(*) FROM indicator_value").fetchone()
    with world.store.trial() as cursor:
        made = draft_values(city, draft, cursor, NOW, area.code, period, 5)
    assert [(one.start, one.n) for one in made] == [(start.date(), n) for start, _, n in reversed(stored)]
    for one, (_, value, _n) in zip(made, reversed(stored), strict=True):
        assert (one.value is None) == (value is None)
        assert one.value is None or one.value == pytest.approx(value)
    with world.store.read() as cursor:
        assert cursor.execute("SELECT count(*) FROM indicator_value").fetchone() == before
        temporary = cursor.execute("SELECT count(*) FROM duckdb_tables() WHERE temporary").fetchone()
    assert temporary == (0,)


def test_drafts_are_told_of_something(world: World) -> None:
    item = world.city.indicators["visits"].model_copy(update={"id": "draft"})
    with world.store.trial() as cursor:
        root = world.city.areas.root.code
        made = draft_values(world.city, item, cursor, NOW, root, "month", 3)
    assert len(made) == 3
    assert all(isinstance(one, Draft) and one.n > 0 for one in made)
