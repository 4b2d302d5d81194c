"""A confirmed shift: tests go on at the new level, from the confirmation on, live and in a replay alike."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from indicators.rules.backtest import backtest
from warehouse.state import Earlier, NewLevel, Outcome, Warning

if TYPE_CHECKING:
    from tests.indicators.rules.conftest import World

FIRST, DAY = dt.date(2022, 6, 6), dt.timedelta(days=1)
STEP, LAST = 500, 600
"""Days of history before the level doubles, and up to the last one."""

SHIFT = {"id": "shift", "when": {"type": "level_shift"}}
COUNT = {"id": "count", "when": {"type": "count_anomaly"}}
LEVEL = {"id": "level", "when": {"type": "level_anomaly"}}


def counts() -> np.ndarray:
    rng = np.random.default_rng(11)
    weekly = 1 + 0.2 * np.sin(np.arange(LAST) * 2 * np.pi / 7)
    values: np.ndarray = rng.poisson(40 * weekly * np.where(np.arange(LAST) < STEP, 1, 2)).astype(float)
    return values


def rules(world: World, *wanted: dict[str, Any]) -> None:
    plain = {
        "indicator": "hotline_received",
        "level": "city",
        "message": {"vi": "{area} {value}", "en": "{value} instead of {expected}"},
    }
    world.with_rules(*(plain | rule for rule in wanted))


def live(world: World, values: np.ndarray, first: int, last: int) -> None:
    """Deliver and judge day by day."""
    root = world.city.areas.root.code
    for day in range(first, last):
        world.put("hotline_received", "city", "day", {(root, FIRST + day * DAY): float(values[day])})
        world.judge(world.at(FIRST + (day + 1) * DAY, 2))


def begin(world: World, values: np.ndarray, until: int) -> None:
    """All days up to one at once, and one evaluation."""
    root = world.city.areas.root.code
    told = {(root, FIRST + day * DAY): float(values[day]) for day in range(until)}
    world.put("hotline_received", "city", "day", told)
    world.judge(world.at(FIRST + until * DAY, 2))


def told_of(world: World, rule: str, day: int) -> list[Warning]:
    """Warnings of a rule that opened or were seen after a day."""
    since = world.at(FIRST + day * DAY)
    return [w for w in world.warnings() if w.rule == rule and w.opened_at > since]


def confirm(world: World, day: int, earlier: Earlier) -> NewLevel:
    """What a person does who read the warning of the shift."""
    (warning,) = [w for w in world.warnings(open_only=True) if w.rule == "shift"]
    began = dt.datetime.fromisoformat(str(warning.evidence["began"]))
    assert abs((began.date() - FIRST).days - STEP) <= 3
    now = world.at(FIRST + day * DAY, 3)
    made = world.state.new_levels.confirm(
        warning.id, "hotline_received", began, earlier, "Lan", "sổ mới", now, areas=None
    )
    world.state.conclude(warning.id, Outcome.TRUE, "Lan", "sổ mới", now, areas=None)
    return made


@pytest.mark.parametrize("earlier", list(Earlier))
@pytest.mark.parametrize("rule", [COUNT, LEVEL])
def test_alarms_end_with_the_confirmation(world: World, rule: dict[str, Any], earlier: Earlier) -> None:
    values = counts()
    rules(world, SHIFT, rule)
    begin(world, values, 545)
    standing = {w.rule for w in world.warnings(open_only=True)}
    assert "shift" in standing
    confirm(world, 545, earlier)
    live(world, values, 545, LAST)
    assert told_of(world, "shift", 546) == []
    assert told_of(world, rule["id"], 546) == []
    left = {w.rule for w in world.warnings(open_only=True)}
    # Where the past is cut off there is nothing to judge by yet, and what is not known ends no warning.
    assert left == (set() if earlier is Earlier.MOVED else standing - {"shift"})


def test_without_it_the_new_level_goes_on_alarming(world: World) -> None:
    values = counts()
    rules(world, SHIFT, COUNT)
    begin(world, values, 545)
    live(world, values, 545, LAST)
    assert {w.rule for w in world.warnings(open_only=True)} == {"shift", "count"}


def test_what_is_unusual_at_the_new_level_is_told(world: World) -> None:
    values = counts()
    values[570:573] = 130.0
    rules(world, SHIFT, COUNT)
    begin(world, values, 545)
    confirm(world, 545, Earlier.MOVED)
    live(world, values, 545, 573)
    (warning,) = told_of(world, "count", 555)
    assert warning.opened_at == world.at(FIRST + 571 * DAY)
    assert 70 < float(warning.message["en"].split(" instead of ")[1].split("\N{NO-BREAK SPACE}")[0]) < 95


def test_taken_back_the_past_is_as_it_was(world: World) -> None:
    values = counts()
    rules(world, SHIFT, COUNT)
    begin(world, values, 545)
    made = confirm(world, 545, Earlier.MOVED)
    live(world, values, 545, 570)
    assert not [w for w in world.warnings() if w.standing]
    now = world.at(FIRST + 570 * DAY, 3)
    world.state.new_levels.withdraw(made.warning, "Minh", "chỉ là một đợt", now, areas=None)
    live(world, values, 570, 580)
    assert "count" in {w.rule for w in world.warnings(open_only=True)}


def test_a_replay_equals_the_live_run(world: World) -> None:
    values = counts()
    values[560:562] = 150.0
    rules(world, SHIFT, COUNT)
    begin(world, values, 545)
    made = confirm(world, 545, Earlier.MOVED)
    live(world, values, 545, 590)
    since = FIRST + 546 * DAY
    until = world.at(FIRST + 590 * DAY, 2)
    replay = backtest(
        world.city, world.store, world.city.rules["count"], since, FIRST + 590 * DAY, until, [made]
    )
    lived = told_of(world, "count", 546)
    assert len(lived) == 1
    assert [(w.opened_at, w.value, w.message) for w in replay.warnings] == [
        (w.opened_at, w.value, w.message) for w in lived
    ]
    without = backtest(world.city, world.store, world.city.rules["count"], since, FIRST + 590 * DAY, until)
    assert [w.opened_at for w in without.warnings] != [w.opened_at for w in replay.warnings]
