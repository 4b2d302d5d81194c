"""A replay tells what a live run over the same deliveries told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
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


def deliver(
    world: World,
    values: Mapping[tuple[str, int], float],
    at: dt.datetime,
    indicator: str = "hotline_on_time",
) -> None:
    """Store values by area and day as an engine does: what stood before becomes a vintage."""
    now = at.astimezone(dt.UTC).replace(tzinfo=None)
    with world.store.write() as cursor:
        for (area, day), value in values.items():
            start = FIRST + day * DAY
            cell = [indicator, world.city.areas[area].level, area, "day", start]
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


# Without a clock of its own, moments at which nothing but the next periods came are judged together.
UNCLOCKED = {key: RULE[key] for key in ("when", "for", "keep_firing")}
FALLING = {"when": {"type": "change", "against": "previous", "below": -8}}
RULES = [
    RULE,
    RULE | {"settle": "1d", "no_data": {"after": "4d"}},
    RULE | {"settle": "3d", "no_data": {"after": "6d"}},
    UNCLOCKED,
    FALLING,
]
VALUE = st.sampled_from([60.0, 75.0, 84.0, 90.0, 95.0])
DELIVERY = st.dictionaries(st.tuples(st.sampled_from(AREAS), st.integers(0, 4)), VALUE, max_size=4)


@pytest.mark.parametrize("rule", RULES)
@given(deliveries=st.lists(DELIVERY, min_size=4, max_size=12))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_replay_equals_the_live_run(
    world: World, rule: dict[str, object], deliveries: list[dict[tuple[str, int], float]]
) -> None:
    world.clear()
    with world.store.write() as cursor:
        cursor.execute("DELETE FROM value_past")
    world.with_rules(rule)
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


@pytest.mark.parametrize("late", [False, True])
def test_a_replay_of_tests_tells_what_the_live_run_told(pair: tuple[World, World], late: bool) -> None:
    live, once = pair
    root, *districts = [live.city.areas.root.code, "760", "761", "764", "765", "766", "767"]
    counts = np.random.default_rng(7).poisson(30, (len(districts), 426)).astype(float)
    counts[:, 402:404] *= 2  # the whole city, whose card stands for a week
    counts[0, 406] = 75  # one district within that week, another one after it
    counts[1, 418] = 75
    cells = {(area, day): float(counts[i, day]) for i, area in enumerate(districts) for day in range(426)}
    cells |= {(root, day): float(counts[:, day].sum()) for day in range(426)}
    for world in pair:
        world.with_rules({"indicator": "hotline_received", "when": {"type": "count_anomaly"}})

    for world in pair if not late else (live,):
        for level, areas in (("city", [root]), ("district", districts)):
            past = {(a, FIRST + d * DAY): value for (a, d), value in cells.items() if a in areas and d < 400}
            world.put("hotline_received", level, "day", past)

    def came(area: str, day: int) -> int:
        return 421 if late and (area, day) == (districts[1], 418) else day

    for day in range(400, 426):
        at = live.at(FIRST + (day + 1) * DAY, 2)
        found = {key: value for key, value in cells.items() if came(*key) == day}
        deliver(live, found, at, "hotline_received")
        live.judge(at)
    end, until = FIRST + 427 * DAY, live.at(FIRST + 426 * DAY, 3)
    replays = [backtest(live.city, live.store, live.city.rules["r"], FIRST, end, until)]
    if not late:
        deliver(
            once, {key: value for key, value in cells.items() if key[1] >= 400}, until, "hotline_received"
        )
        replays.append(backtest(once.city, once.store, once.city.rules["r"], FIRST, end, until))
    lived = [t for area in (root, *districts) for t in live.state.transitions("r", area)]
    cards = sorted((w.area, w.opened_at, w.ended_at) for w in live.warnings())
    opened = {(area, at) for area, at, _ in cards}
    assert (root, live.at(FIRST + 403 * DAY)) in opened
    spike = districts[0], live.at(FIRST + 407 * DAY)
    assert (*spike, "firing") in {(t.area, t.at, str(t.after)) for t in lived}
    assert spike not in opened  # it is part of the city's, for a week
    assert ((districts[1], live.at(FIRST + 419 * DAY)) in opened) is not late
    for replay in replays:
        assert told(list(replay.transitions)) == told(lived)
        assert sorted((w.area, w.opened_at, w.resolved_at) for w in replay.warnings) == cards


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
