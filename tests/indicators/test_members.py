"""Different values of a column whose values the contract lists, counted out of bits: against pandas."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from config import City
from indicators.measures import Part
from indicators.planner import make_plan

if TYPE_CHECKING:
    from tests.indicators.conftest import World, WorldMaker

SPAN = (dt.date(2025, 3, 1), dt.date(2025, 7, 8))
NOW = dt.datetime(2025, 7, 8, 3, 30, tzinfo=dt.UTC)
LEAST, MOST = 2, 6
STARTS: dict[str, Callable[[pd.Timestamp], pd.Timestamp]] = {
    "day": lambda at: at,
    "month": lambda at: at.replace(day=1),
    "quarter": lambda at: at.replace(month=3 * ((at.month - 1) // 3) + 1, day=1),
    "year": lambda at: at.replace(month=1, day=1),
}


@pytest.fixture(scope="module")
def city(lab: City) -> City:
    """The laboratory, where rooms are between two bounds by the contract, and are counted when open."""
    feed = lab.feeds["visits"]
    columns = tuple(
        column.model_copy(update={"min": LEAST, "max": MOST}) if column.name == "rooms" else column
        for column in feed.columns
    )
    kinds = lab.indicators["kinds"]
    told = {"id": "sizes", "measure": "count(distinct rooms) filter (where online)"}
    sizes = type(kinds).model_validate({**kinds.model_dump(by_alias=True), **told})
    feeds = {**lab.feeds, "visits": feed.model_copy(update={"columns": columns})}
    return replace(lab, feeds=feeds, indicators={"kinds": kinds, "sizes": sizes}, identities={})


@pytest.fixture(scope="module")
def world(make_world: WorldMaker, city: City, fill_world: Callable[..., None]) -> World:
    """Half of the rows computed, then the others, some of them from before the contract was narrowed."""
    made = make_world(city)
    fill_world(made, SPAN, {"visits": 900}, 77)
    rows = made.facts["visits"].copy()
    odd: Any = pd.Series(range(len(rows)), rows.index)
    rows["rooms"] = [r if i % 9 else (MOST + 1 + i % 3) for i, r in zip(odd, rows.rooms, strict=True)]
    rows["rooms"] = [r if i % 11 else LEAST - 1 for i, r in zip(odd, rows.rooms, strict=True)]
    rows["kind"] = [k if i % 10 else "forest" for i, k in zip(odd, rows.kind, strict=True)]
    rows["kind"] = [k if i % 13 else None for i, k in zip(odd, rows.kind, strict=True)]
    loaded = dt.datetime.combine(SPAN[1], dt.time(3))
    made.put("visits", rows[odd % 2 == 0], loaded)
    made.refresh(NOW)
    made.put("visits", rows, loaded)
    made.refresh(NOW)
    return made


def test_they_are_kept_as_bits(city: City) -> None:
    (cube,) = make_plan(city).cubes
    assert cube.own is None
    assert [part.size for part in cube.scan.parts if part.function == "members"] == [3, MOST - LEAST + 1]
    assert all(isinstance(part, Part) for part in cube.scan.parts)


@pytest.mark.parametrize(
    ("id_", "column", "listed"),
    [("kinds", "kind", ("road", "water", "noise")), ("sizes", "rooms", tuple(range(LEAST, MOST + 1)))],
)
def test_what_the_contract_lists_is_counted_and_nothing_else(
    world: World, id_: str, column: str, listed: tuple[object, ...]
) -> None:
    rows = world.facts["visits"]
    rows = rows[rows.opened_at.le(NOW.replace(tzinfo=None))]
    if id_ == "sizes":
        rows = rows[rows.online.eq(True)]
    assert rows[column].isna().any()
    assert (~rows[column].isin(listed) & rows[column].notna()).any()
    rows = rows.assign(day=[pd.Timestamp(str(world.local_day(at))) for at in rows.opened_at])
    rows[column] = rows[column].where(rows[column].isin(listed))
    values = world.values()
    found = values[values.indicator == id_].set_index(["area", "period", "start"]).value
    checked = 0
    for period, start in STARTS.items():
        at = rows.assign(start=rows.day.map(start))
        for level in world.city.levels:
            above = [world.city.areas.path(code).get(level, "") for code in at._area]
            expected = at.assign(above=above).groupby(["above", "start"])[column].nunique().reset_index()
            for _, row in expected.iterrows():
                value = found.get((row.above, period, row.start))
                if value is not None:
                    checked += 1
                    assert value == row[column], row
    assert checked > 500
