"""A replay tells what a live run over the same deliveries told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indicators.rules.backtest import backtest
from warehouse.state import Transition

if TYPE_CHECKING:
    from tests.indicators.rules.conftest import World

FIRST = dt.date(2024, 5, 6)
DAY = dt.timedelta(days=1)
AREAS = ("760", "761")
RULE = {
    "when": {"below": 80, "clear_above": 88},
    "for": "2d",
    "keep_firing": "1d",
    "no_data": {"after": "3d"},
}
FEED = {"id": "s", "feed": "hotline_requests", "when": {"type": "stale", "after": "1d"}}
FIELDS = "indicator, level, area, period, start, value, n, data_through, known_from, stored_at"


def deliver(world: World, values: Mapping[tuple[str, int], float], at: dt.datetime) -> None:
    """Store values by area and day as an engine does: what stood before becomes a vintage."""
    now = at.astimezone(dt.UTC).replace(tzinfo=None)
    with world.store.write() as cursor:
        for (area, day), value in values.items():
            start = FIRST + day * DAY
            cell = ["hotline_on_time", "district", area, "day", start]
            cursor.execute(
                f"INSERT INTO value_past ({FIELDS}, known_until) SELECT {FIELDS}, ? FROM indicator_value"
                " WHERE indicator = ? AND level = ? AND area = ? AND period = ? AND start = ?",
                [now, *cell],
            )
            cursor.execute(
                "DELETE FROM indicator_value"
                " WHERE indicator = ? AND level = ? AND area = ? AND period = ? AND start = ?",
                cell,
            )
            through = world.at(start + DAY).replace(tzinfo=None)
            cursor.execute(
                f"INSERT INTO indicator_value ({FIELDS}) VALUES (?, ?, ?, ?, ?, ?, 1000, ?, ?, ?)",
                [*cell, value, through, now, now],
            )


def told(transitions: list[Transition]) -> list[tuple[object, ...]]:
    return sorted(
        (t.at, t.area, str(t.before), str(t.after), t.reason, t.value, t.limit) for t in transitions
    )


VALUE = st.sampled_from([60.0, 75.0, 84.0, 90.0, 95.0])
DELIVERY = st.dictionaries(st.tuples(st.sampled_from(AREAS), st.integers(0, 4)), VALUE, max_size=4)


@pytest.mark.parametrize(("settle", "vanished"), [(None, "3d"), ("1d", "4d"), ("3d", "6d")])
@given(deliveries=st.lists(DELIVERY, min_size=4, max_size=12))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_replay_equals_the_live_run(
    world: World, settle: str | None, vanished: str, deliveries: list[dict[tuple[str, int], float]]
) -> None:
    world.clear()
    with world.store.write() as cursor:
        cursor.execute("DELETE FROM value_past")
    world.with_rules(RULE | {"settle": settle, "no_data": {"after": vanished}})
    for day, found in enumerate(deliveries):
        at = world.at(FIRST + (day + 1) * DAY, 2)
        # days back from the newest one: what comes late, or once more
        values = {(area, day - back): value for (area, back), value in found.items() if back <= day}
        world.judge(at)
        if values:
            deliver(world, values, at)
        world.judge(at)
    end = FIRST + len(deliveries) * DAY
    until = world.at(end, 3)
    world.judge(until)
    replay = backtest(world.city, world.store, world.city.rules["r"], FIRST, end + DAY, until)
    lived = [t for area in AREAS for t in world.state.transitions("r", area)]
    assert told(list(replay.transitions)) == told(lived)
    assert sorted((w.area, w.opened_at, w.resolved_at) for w in replay.warnings) == sorted(
        (w.area, w.opened_at, w.ended_at) for w in world.warnings()
    )


def test_what_was_loaded_in_one_go_is_replayed_as_known_first(world: World) -> None:
    world.with_rules(RULE)
    world.days("760", FIRST, *[95.0] * 5, 70.0, 70.0, 95.0, 95.0, *[95.0] * 40, 60.0, 60.0)
    end = FIRST + 51 * DAY
    replay = backtest(world.city, world.store, world.city.rules["r"], FIRST, end, world.at(end, 2))
    assert [(w.area, w.opened_at) for w in replay.warnings] == [
        ("760", world.at(FIRST + 7 * DAY)),
        ("760", world.at(end)),
    ]
    assert replay.a_week == pytest.approx(2 / 51 * 7)
    assert world.state.load_series() == {}


def test_a_replay_that_cannot_be_made_says_why(world: World) -> None:
    world.with_rules(RULE, FEED | {"indicator": None, "level": None, "period": None})
    now = world.at(FIRST)
    with pytest.raises(ValueError, match="looks at the present moment alone"):
        backtest(world.city, world.store, world.city.rules["s"], FIRST - 9 * DAY, FIRST, now)
    with pytest.raises(ValueError, match="there is nothing between"):
        backtest(world.city, world.store, world.city.rules["r"], FIRST, FIRST, now)
