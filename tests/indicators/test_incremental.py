"""After any sequence of loads, corrections, deletions and days gone by, the store equals one made anew."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config import City
from indicators.planner import make_plan

if TYPE_CHECKING:
    from tests.indicators.conftest import World, WorldMaker

SPAN = (dt.date(2025, 5, 10), dt.date(2025, 7, 6))
START = dt.datetime(2025, 7, 4, 15, 30, tzinfo=dt.UTC)
KEYS = ["indicator", "level", "area", "period", "start"]
RESULT = ["value", "numerator", "denominator", "n", "present", "expected", "data_through"]
SMALL = {"visits": 160, "readings": 120, "illness": 60, "services": 12, "figures": 24}

RandomRows = Callable[..., pd.DataFrame]


@pytest.fixture(scope="module")
def random_rows(fill_world: Callable[..., None]) -> RandomRows:
    """The maker of random rows that the worlds are filled by."""
    found: RandomRows = fill_world.__globals__["random_rows"]
    return found


def same(left: pd.DataFrame, right: pd.DataFrame) -> None:
    """Two stores hold the same values: counts to the last digit, fractions but for the order of adding."""
    columns = [*KEYS, *RESULT]
    pd.testing.assert_frame_equal(
        left[columns].reset_index(drop=True), right[columns].reset_index(drop=True), rtol=1e-9, atol=1e-9
    )


def anew(make_world: WorldMaker, world: World, now: dt.datetime) -> pd.DataFrame:
    """The values of a new store over the same facts."""
    other = make_world(world.city)
    for name, frame in world.facts.items():
        other.put(name, frame, now)
    with world.store.read() as cursor:
        status = cursor.execute("SELECT * FROM feed_status").fetchall()
    with other.store.write() as cursor:
        cursor.execute("DELETE FROM feed_status")
        cursor.executemany("INSERT INTO feed_status VALUES (?, ?, ?, ?, ?)", status)
    other.refresh(now)
    values = other.values()
    other.store.close()
    return values


def disturb(world: World, now: dt.datetime, rng: np.random.Generator, random_rows: RandomRows) -> None:
    """One load: new rows, rows corrected in any column and moved in time or place, rows gone."""
    name = str(rng.choice(sorted(world.city.datasets)))
    feed = world.city.datasets[name]
    frame = world.facts[name].copy()
    news = random_rows(
        world.city, feed, int(rng.integers(1, 12)), (SPAN[0], now.date() + dt.timedelta(1)), rng
    )
    if len(frame) and rng.random() < 0.7:
        changed = rng.integers(0, len(frame), 4)
        others = random_rows(world.city, feed, 4, SPAN, rng)
        columns = rng.choice(frame.columns, 3, replace=False)
        for place, other in zip(changed, range(4), strict=True):
            for column in columns:
                frame.at[place, column] = others[column].iloc[other]
    if len(frame) and rng.random() < 0.5:
        frame = frame.drop(index=list({int(i) for i in rng.integers(0, len(frame), 3)}))
    world.put(name, pd.concat([frame, news], ignore_index=True), now)


@settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**31))
def test_incremental_equals_full(
    make_world: WorldMaker, lab: City, fill_world: Callable[..., None], random_rows: RandomRows, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    world, now = make_world(lab), START
    fill_world(world, SPAN, SMALL, seed=seed % 1000)
    world.refresh(now)
    for _ in range(5):
        now += dt.timedelta(hours=float(rng.choice([0.01, 3, 30])))
        for _ in range(int(rng.integers(0, 3))):
            disturb(world, now, rng, random_rows)
        world.refresh(now)
    same(world.values(), anew(make_world, world, now))
    world.store.close()


def test_percentiles_kept_with_the_parts_follow_what_changes(
    make_world: WorldMaker, lab: City, fill_world: Callable[..., None], random_rows: RandomRows
) -> None:
    """Rows may change so that all that adds up stays as it is: the percentiles must not."""
    shape = {"periods": ("month", "year"), "levels": lab.levels}
    chosen = [
        lab.indicators[id_].model_copy(update=shape) for id_ in ("handling_hours", "handling_hours_p90")
    ]
    world = make_world(replace(lab, indicators={item.id: item for item in chosen}, identities={}))
    assert any(scan.kept for scan in make_plan(world.city).scans)
    rng, now = np.random.default_rng(3), START
    fill_world(world, SPAN, SMALL, seed=3)
    world.refresh(now)
    for _ in range(4):
        now += dt.timedelta(hours=3)
        frame = world.facts["visits"].copy()
        frame.loc[rng.integers(0, len(frame), 5), "opened_at"] -= pd.Timedelta(hours=7)
        world.put("visits", frame, now)
        assert world.refresh(now).kind == "incremental"
        disturb(world, now, rng, random_rows)
        world.refresh(now)
    same(world.values(), anew(make_world, world, now))
    world.store.close()


@pytest.fixture
def settled(make_world: WorldMaker, lab: City, fill_world: Callable[..., None]) -> Iterator[World]:
    """A laboratory computed once."""
    world = make_world(lab)
    fill_world(world, SPAN, SMALL, seed=5)
    world.refresh(START)
    yield world
    world.store.close()


def test_nothing_new_changes_nothing(settled: World) -> None:
    before, version = settled.values(), settled.store.data_version
    report = settled.refresh(START)
    assert (report.kind, report.rows, report.indicators) == ("incremental", 0, 0)
    assert settled.store.data_version == version
    pd.testing.assert_frame_equal(before, settled.values())


def test_a_new_day_without_rows_is_as_if_computed_anew(make_world: WorldMaker, settled: World) -> None:
    now = START + dt.timedelta(days=40)
    settled.refresh(now)
    same(settled.values(), anew(make_world, settled, now))


def test_what_stays_the_same_keeps_when_it_was_known(settled: World) -> None:
    before = settled.values().set_index(KEYS)
    frame = settled.facts["visits"]
    later = START + dt.timedelta(minutes=5)
    settled.put("visits", pd.concat([frame, frame.tail(1).assign(id="new")], ignore_index=True), later)
    report = settled.refresh(later)
    after = settled.values().set_index(KEYS)
    both = before.join(after, lsuffix="_old", rsuffix="_new", how="inner")
    changed = ~((both.value_old == both.value_new) | (both.value_old.isna() & both.value_new.isna())) | (
        both.n_old != both.n_new
    )
    assert changed.any()
    assert (both.known_from_new[changed] == later.replace(tzinfo=None)).all()
    parts = both.numerator_old.eq(both.numerator_new) | both.numerator_old.isna()
    still = ~changed & parts
    assert (both.known_from_new[still] == START.replace(tzinfo=None)).sum() > len(both) * 0.8
    assert report.rows < len(both) / 5


def redefined(city: City, id_: str, **change: Any) -> City:
    """The city with one definition changed."""
    item = city.indicators[id_].model_copy(update=change)
    return replace(city, indicators={**city.indicators, id_: item})


def test_a_changed_definition_is_a_new_version_and_takes_what_leans_on_it_along(
    make_world: WorldMaker, settled: World
) -> None:
    before = settled.values()
    settled.city = redefined(settled.city, "visits", where="kind = 'road'")
    report = settled.refresh(START)
    assert (report.kind, report.message) == ("full", "changed definitions: visits")
    after = settled.values()
    versions = dict(after.groupby("indicator").version.max())
    assert versions["visits"] == 2
    assert {id_ for id_, version in versions.items() if version == 2} == {"visits"}
    same(after, anew(make_world, settled, START))
    untouched = "road_cost"
    pd.testing.assert_frame_equal(before[before.indicator == untouched], after[after.indicator == untouched])
    with settled.store.read() as cursor:
        bodies = cursor.execute(
            "SELECT version, body LIKE '%road%' FROM definition WHERE indicator = 'visits' ORDER BY 1"
        ).fetchall()
    assert bodies == [(1, False), (2, True)]


def test_a_new_name_is_no_new_definition(settled: World) -> None:
    text = settled.city.indicators["visits"].name.model_copy(update={"root": {"en": "Callers"}})
    settled.city = redefined(settled.city, "visits", name=text, min_n=7)
    assert settled.refresh(START).indicators == 0


def test_other_levels_or_periods_are_no_new_definition(make_world: WorldMaker, settled: World) -> None:
    """There are more values or fewer, but no break: those that stay are what they were."""
    periods = settled.city.indicators["visits"].periods
    settled.city = redefined(settled.city, "visits", periods=(*periods, "week"))
    assert settled.refresh(START).kind == "full"
    values = settled.values()
    assert set(values[values.indicator == "visits"].version) == {1}
    assert "week" in set(values[values.indicator == "visits"].period)
    same(values, anew(make_world, settled, START))


def test_an_indicator_that_is_dropped_leaves_no_values(settled: World) -> None:
    left = {id_: item for id_, item in settled.city.indicators.items() if id_ != "odd"}
    settled.city = replace(settled.city, indicators=left)
    settled.refresh(START)
    assert "odd" not in set(settled.values().indicator)


def test_changed_areas_make_everything_anew(make_world: WorldMaker, settled: World) -> None:
    with settled.store.write() as cursor:
        cursor.execute("UPDATE area_size SET population = 2 * population")
    report = settled.refresh(START)
    assert report.kind == "full"
    values = settled.values()
    half = anew(make_world, settled, START)
    same(values[values.indicator != "per_head"], half[half.indicator != "per_head"])
    column = values[values.indicator == "per_head"].value.to_numpy()
    np.testing.assert_allclose(2 * column, half[half.indicator == "per_head"].value.to_numpy())
