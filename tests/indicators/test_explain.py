"""What an indicator costs, as text to be read, over a small warehouse whose clock stood still."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from config import City
from indicators.cost import cost_lines, cost_of
from indicators.explain import explain
from indicators.planner import make_plan

if TYPE_CHECKING:
    from tests.indicators.conftest import World, WorldMaker

GOLDEN = Path(__file__).parent / "golden"
SPAN = (dt.date(2025, 5, 10), dt.date(2025, 7, 6))
NOW = dt.datetime(2025, 7, 5, 15, 30, tzinfo=dt.UTC)
SMALL = {"visits": 300, "readings": 120, "illness": 60, "services": 12, "figures": 24}


@pytest.fixture(scope="module")
def world(make_world: WorldMaker, lab: City, fill_world: Callable[..., None]) -> World:
    """A laboratory computed twice, each step of which took as many milliseconds as its name is long."""
    made = make_world(lab)
    fill_world(made, SPAN, SMALL, seed=11)
    made.refresh(NOW)
    later = NOW + dt.timedelta(minutes=5)
    made.put("visits", made.facts["visits"].iloc[:-3], later)
    made.refresh(later)
    with made.store.write() as cursor:
        cursor.execute("UPDATE refresh_step SET seconds = length(step) / 1000.0")
    return made


@pytest.mark.parametrize("indicator", ["backlog", "visits_online", "output"])
def test_what_an_indicator_costs(
    world: World, lab: City, golden: Callable[[Path, str], None], indicator: str
) -> None:
    with world.store.read() as cursor:
        cost = cost_of(cursor, make_plan(lab), indicator)
        rows = {
            t.table: cursor.execute(f"SELECT count(*) FROM {t.table}").fetchall()[0][0] for t in cost.facts
        }
        (values,) = cursor.execute(
            "SELECT count(*) FROM indicator_value WHERE indicator = ?", [indicator]
        ).fetchall()[0]
    assert cost.scanned == sum(rows.values())
    assert cost.values == values
    told = cost_lines(replace(cost, all_values=50 * values))  # other indicators come and go
    golden(GOLDEN / f"cost_{indicator}.txt", "\n".join(told) + "\n")


def test_steps_of_both_kinds_of_refresh_are_kept_apart(world: World) -> None:
    with world.store.read() as cursor:
        kinds = cursor.execute(
            "SELECT step, count(*), count(DISTINCT kind) FROM refresh_step s JOIN refresh r ON r.id = refresh"
            " GROUP BY step"
        ).fetchall()
    assert kinds
    assert all(count == kinds_of for _, count, kinds_of in kinds), "one of each kind and no more"
    assert max(count for _, count, _ in kinds) == 2


def test_the_cost_stands_before_the_plan(world: World, lab: City) -> None:
    with world.store.read() as cursor:
        text = explain(lab, "visits", NOW, cursor)
    assert text.index("made of:") < text.index("\nCost\n") < text.index("\nPlan\n") < text.index("\nSQL\n")
    assert "held to: rest, earlier, children, children_nearly, carried" in text
    assert "\nCost\n" not in explain(lab, "visits", NOW)


def test_what_was_never_computed_costs_nothing_yet(make_world: WorldMaker, lab: City) -> None:
    with make_world(lab).store.read() as cursor:
        lines = cost_lines(cost_of(cursor, make_plan(lab), "closing"))
    assert lines == [
        "rows scanned by a first computation: 0",
        "values: 0 (none yet), about 0.0 MiB",
        "last refresh: never",
    ]
