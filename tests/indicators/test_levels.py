"""However hard the engine tries, it says the same: counts to the bit, fractions but for their rounding."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from config import City
from indicators import own, portions, upkeep
from indicators.engine import Engine
from indicators.measures import Own, Part
from indicators.optimisation import BEST, LEVELS
from indicators.plan import Plan
from indicators.planner import make_plan
from indicators.sql import nearby, scan
from indicators.sql.nearby import Nearby
from warehouse.derived import MARK, declare, derived_columns
from warehouse.facts import fact_table
from warehouse.store import Cursor

if TYPE_CHECKING:
    from tests.indicators.conftest import World, WorldMaker

SPAN = (dt.date(2024, 11, 20), dt.date(2025, 7, 6))
NOW = dt.datetime(2025, 7, 4, 15, 30, tzinfo=dt.UTC)
SIZES = {"visits": 900, "readings": 700, "illness": 200, "services": 15, "figures": 60}
KEYS = ["indicator", "level", "area", "period", "start"]
WHOLE = ["n", "present", "expected"]
PARTS = ["value", "numerator", "denominator"]


@pytest.fixture(scope="module")
def facts(lab: City, make_world: WorldMaker, fill_world: Callable[..., None]) -> World:
    """Random facts of the laboratory."""
    world = make_world(lab)
    fill_world(world, SPAN, SIZES, 20250704)
    return world


def computed(world: World, make_world: WorldMaker, level: str) -> pd.DataFrame:
    """The values of the same facts in a store of their own, at one level."""
    other = make_world(world.city)
    for name, frame in world.facts.items():
        other.put(name, frame, NOW)
    Engine(world.city, other.store, LEVELS[level]).refresh(NOW)
    values = other.values()
    other.store.close()
    return values


@pytest.fixture(scope="module")
def best(facts: World, make_world: WorldMaker) -> pd.DataFrame:
    """The values at the level that is used."""
    return computed(facts, make_world, "stored")


def counts(plan: Plan, city: City) -> set[str]:
    """Indicators that nothing but rows is counted for."""
    whole = {value.indicator for step in plan.balances for value in step.values}
    for cube in plan.cubes:
        every: dict[str, Part | Own] = {cube.scan.column(part): part for part in cube.scan.parts}
        if cube.own is not None:
            every |= {cube.own.column(own): own for own, _ in cube.own.aggregates}
        for value in cube.values:
            used = [known for name, known in every.items() if name in value.assembly.numerator.split()]
            plain = value.assembly.numerator in every and not value.assembly.is_ratio
            if plain and all(isinstance(known, Part) and known.whole for known in used):
                whole.add(value.indicator)
    assert whole <= set(city.indicators)
    return whole


@pytest.mark.parametrize("level", [name for name in LEVELS if LEVELS[name] != BEST])
def test_every_level_gives_the_same_values(
    facts: World, make_world: WorldMaker, best: pd.DataFrame, level: str
) -> None:
    agree(computed(facts, make_world, level), best, facts)


def test_a_long_history_is_taken_in_year_by_year(
    facts: World, make_world: WorldMaker, best: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portions, "AT_ONCE", 1)
    made: list[int] = []

    def rebuild(table: str, *rows: str) -> list[str]:
        made.append(len(rows))
        return scan.rebuild(table, *rows)

    monkeypatch.setattr(upkeep, "rebuild", rebuild)
    agree(computed(facts, make_world, "stored"), best, facts)
    assert max(made) == 2


def agree(found: pd.DataFrame, best: pd.DataFrame, facts: World) -> None:
    assert len(found) == len(best) > 10_000
    pd.testing.assert_frame_equal(found[KEYS + WHOLE], best[KEYS + WHOLE])
    exact = best["indicator"].isin(counts(make_plan(facts.city), facts.city)).to_numpy()
    assert exact.sum() > 1_000
    # a difference of two great sums is as exact as these, not as itself
    largest = best.groupby("indicator")[PARTS].transform(lambda found: found.abs().max())
    differs = best["indicator"].isin(differences(make_plan(facts.city)))
    size = best[PARTS].abs().mask(differs, largest)
    for column in PARTS:
        left, right = found[column].to_numpy(float), best[column].to_numpy(float)
        assert np.array_equal(np.isnan(left), np.isnan(right)), column
        assert np.array_equal(left[exact], right[exact], equal_nan=True), column
        apart = np.abs(left - right) > 1e-12 * np.maximum(np.abs(left), size[column].to_numpy(float))
        assert not apart.any(), found[KEYS][apart].head()


def differences(plan: Plan) -> set[str]:
    """Indicators that take one sum from another."""
    return {value.indicator for cube in plan.cubes for value in cube.values if " - " in value.assembly.value}


def owned(plan: Plan) -> list[Part | Own]:
    """What is computed from the rows at every level and period."""
    return [own for cube in plan.cubes if cube.own for own, _ in cube.own.aggregates]


def test_levels_differ_in_what_they_say_they_do(lab: City) -> None:
    plans = {name: make_plan(lab, optimisation) for name, optimisation in LEVELS.items()}
    assert len(plans["naive"].scans) > len(plans["fused"].scans) == len(plans["stored"].scans)
    assert any(isinstance(own, Part) for own in owned(plans["fused"]))
    assert not any(isinstance(own, Part) for own in owned(plans["rolled"]))
    assert not any(scan.shared for scan in plans["rolled"].scans)
    assert any(scan.shared for scan in plans["shared"].scans)
    assert not any(scan.stored for scan in plans["shared"].scans)
    assert all(scan.stored for scan in plans["stored"].scans if scan.shared)


@pytest.mark.parametrize("margin", [0.0, 0.02, 0.5])
def test_percentiles_from_the_rows_near_those_of_the_units_within(
    facts: World, make_world: WorldMaker, monkeypatch: pytest.MonkeyPatch, margin: float
) -> None:
    """However near is looked, the value is the right one: where that is too near, all rows are looked at."""
    item = facts.city.indicators["handling_hours_p90"]
    item = item.model_copy(update={"periods": ("month",), "levels": facts.city.levels})
    world = replace(facts, city=replace(facts.city, indicators={item.id: item}, identities={}))
    assert any(scan.kept for scan in make_plan(world.city).scans)
    expected = computed(world, make_world, "shared")
    monkeypatch.setattr(nearby, "_MARGIN", margin)
    asked: set[str] = set()

    def is_worth(cursor: Cursor, found: Nearby) -> bool:
        asked.add(found.level)
        cursor.execute(found.bounds())
        return True

    monkeypatch.setattr(own, "_is_worth", is_worth)
    found = computed(world, make_world, "stored")
    assert asked == {"city", "district"}
    pd.testing.assert_frame_equal(found[KEYS + WHOLE], expected[KEYS + WHOLE])
    pd.testing.assert_frame_equal(found[PARTS], expected[PARTS], rtol=1e-12, atol=0)


def test_a_pass_is_as_coarse_as_its_periods_allow(lab: City) -> None:
    def monthly(city: City) -> City:
        kept = {
            id_: item.model_copy(update={"periods": ("month", "year")})
            for id_, item in city.indicators.items()
            if item.kind == "measure"
        }
        return replace(city, indicators=kept)

    assert {scan.grain for scan in make_plan(monthly(lab)).scans} == {"month"}
    assert "day" in {scan.grain for scan in make_plan(lab).scans}


def test_derived_columns_follow_definitions_and_rows(facts: World, make_world: WorldMaker, lab: City) -> None:
    """Kept expressions of rows that came without them are computed, and what nobody asks for goes."""
    other = make_world(lab)
    other.put("visits", facts.facts["visits"], NOW)
    Engine(lab, other.store).prepare()
    with other.store.write() as cursor:
        table, columns = fact_table("visits"), derived_columns(cursor, "visits")
        assert MARK in {column.name for column in columns}
        cursor.execute(f"UPDATE {table} SET {MARK} = NULL, {columns[1].name} = NULL WHERE rowid % 3 = 0")
    other.refresh(NOW)
    with other.store.write() as cursor:
        for column in columns:
            wrong = cursor.execute(
                f"SELECT count(*) FROM {table} WHERE {column.name} IS DISTINCT FROM ({column.sql})"
            ).fetchone()
            assert wrong == (0,), column
        declare(cursor, {})
        left = cursor.execute(
            "SELECT count(*) FROM duckdb_columns() WHERE table_name = ? AND starts_with(column_name, '_')"
            " AND column_name NOT IN ('_area', '_run', '_file', '_line', '_hash')",
            [table],
        ).fetchone()
        assert left == (0,)
