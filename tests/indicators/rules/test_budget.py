"""Statistical rules over stored values: one card for one cause, and what stood behind it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from warehouse.rule_tests import made_at
from warehouse.state import Status

if TYPE_CHECKING:
    from tests.indicators.rules.conftest import World

DAYS = 430
FIRST = dt.date(2023, 3, 1)
LAST = FIRST + dt.timedelta(days=DAYS - 1)
RULE = {"indicator": "hotline_received", "when": {"type": "count_anomaly"}, "message": {
    "vi": "{area}: {value}, thường {expected}", "en": "{area}: {value}, {expected} expected"}}  # fmt: skip


def fill(world: World, change: Callable[[np.ndarray], None]) -> list[str]:
    """Poisson counts of districts for DAYS days, changed by ``change`` (districts × days), and their sum."""
    districts = districts_of(world)
    rng = np.random.default_rng(4)
    counts = rng.poisson(rng.uniform(8, 40, (len(districts), 1)), (len(districts), DAYS)).astype(float)
    change(counts)
    store(world, "hotline_received", districts, counts, counts.sum(axis=0))
    return districts


def fill_levels(world: World, change: Callable[[np.ndarray], None]) -> list[str]:
    """The same of levels that wander a little; the city's is the mean."""
    districts = districts_of(world)
    rng = np.random.default_rng(5)
    noise = rng.normal(0, 1.5, (len(districts), DAYS)) + rng.normal(0, 1.0, DAYS)
    levels = rng.uniform(20, 40, (len(districts), 1)) + noise
    change(levels)
    store(world, "pm25", districts, levels, levels.mean(axis=0))
    return districts


def districts_of(world: World) -> list[str]:
    return [area.code for area in world.city.areas.at("district", LAST)]


def store(world: World, indicator: str, districts: list[str], values: np.ndarray, whole: np.ndarray) -> None:
    rows = [("district", code, values[i]) for i, code in enumerate(districts)]
    rows.append(("city", world.city.areas.root.code, whole))
    starts = np.array([FIRST + dt.timedelta(days=d) for d in range(DAYS)], dtype="datetime64[us]")
    table = pa.table({
        "level": np.repeat([level for level, _, _ in rows], DAYS),
        "area": np.repeat([area for _, area, _ in rows], DAYS),
        "start": np.tile(starts, len(rows)),
        "value": np.concatenate([values for _, _, values in rows]),
    })  # fmt: skip
    with world.store.write() as cursor:
        cursor.execute("DELETE FROM indicator_value")
        cursor.register("incoming", table)
        cursor.execute(
            "INSERT INTO indicator_value (indicator, level, area, period, start, value, n, data_through,"
            f" stored_at, known_from) SELECT '{indicator}', level, area, 'day', start, value, 1000,"
            " start + INTERVAL 17 HOUR, TIMESTAMP '2020-01-01', TIMESTAMP '2020-01-01' FROM incoming"
        )
        cursor.unregister("incoming")


def evening(world: World, day: dt.date = LAST) -> dt.datetime:
    return world.at(day + dt.timedelta(days=1), 2)


def test_one_district_is_one_warning_of_that_district(world: World) -> None:
    world.with_rules(RULE)
    districts = fill(world, lambda counts: counts.__setitem__((3, slice(-2, None)), 120))
    world.judge(evening(world))
    (told,) = [w for w in world.warnings(open_only=True) if w.opened_at >= world.at(LAST)]
    assert (told.area, told.status) == (districts[3], Status.FIRING)
    expected = told.evidence["expected"]
    assert 5 < expected < 45
    assert f"{expected:,.0f}\N{NO-BREAK SPACE}requests expected" in told.message["en"]
    assert told.evidence["p"] < 1e-6


def test_a_rise_of_the_whole_city_is_one_warning_of_the_city(world: World) -> None:
    world.with_rules(RULE)

    def rise(counts: np.ndarray) -> None:
        counts[:, -2:] = np.round(counts[:, -2:] * 1.8)

    fill(world, rise)
    world.judge(evening(world))
    told = [w.area for w in world.warnings(open_only=True) if w.opened_at >= world.at(LAST)]
    assert told == [world.city.areas.root.code]


@pytest.mark.parametrize("alone", [False, True])
def test_a_level_is_named_beside_the_city_where_it_stands_out_of_it(world: World, alone: bool) -> None:
    world.with_rules(RULE | {"indicator": "pm25", "when": {"type": "level_anomaly", "side": "above"}})

    def rise(levels: np.ndarray) -> None:
        levels[:, -1] *= 1.5
        levels[3, -1] += 30 * alone

    districts = fill_levels(world, rise)
    world.judge(evening(world, LAST - dt.timedelta(days=1)))
    world.judge(evening(world))
    with world.store.read() as cursor:
        kept = made_at(cursor, [world.at(LAST + dt.timedelta(days=1)).replace(tzinfo=None)])
    reasons = dict(zip(kept["area"], kept["reason"], strict=True))
    root, own = world.city.areas.root.code, districts[3]
    assert reasons.pop(root) == "selected"
    assert reasons.pop(own) == ("selected" if alone else "explained_by_whole")
    assert list(reasons.values()).count("explained_by_whole") > 15
    assert "selected" not in reasons.values()


def test_what_was_tested_is_kept_and_a_quiet_month_is_quiet(world: World) -> None:
    world.with_rules(RULE)
    districts = fill(world, lambda _: None)
    world.judge(evening(world))
    with world.store.read() as cursor:
        kept = made_at(cursor, [world.at(LAST + dt.timedelta(days=1)).replace(tzinfo=None)])
    assert set(kept["area"]) == {*districts, world.city.areas.root.code}
    assert set(kept["tests"].tolist()) == {1, len(districts)}
    np.testing.assert_allclose(kept["expected"].sum(), 2 * kept["expected"].max(), rtol=0.1)
    # 120 days × 23 tests at a budget of one in ten: a card or two may be wrong, not dozens
    assert len(world.warnings()) <= 3


def test_judging_day_by_day_equals_judging_all_at_once(pair: tuple[World, World]) -> None:
    def event(counts: np.ndarray) -> None:
        counts[5, -9:-4] += 60
        counts[:, -3:] = np.round(counts[:, -3:] * 1.5)

    once, daily = pair
    for world in pair:
        world.with_rules(RULE)
        fill(world, event)
    once.judge(evening(once))
    for day in range(15, -1, -1):
        daily.judge(evening(daily, LAST - dt.timedelta(days=day)))
    recent = once.at(LAST - dt.timedelta(days=14))
    series = [
        [(t.area, t.at, t.after, t.reason, t.value, pytest.approx(t.limit)) for code in world.city.areas.all()
         for t in world.state.transitions("r", code.code) if t.at > recent]
        for world in pair
    ]  # fmt: skip
    assert series[0]
    assert series[0] == series[1]


def test_what_follows_under_a_standing_warning_of_the_city_is_no_new_card(world: World) -> None:
    world.with_rules(RULE)

    def rise(counts: np.ndarray) -> None:
        counts[:, -4:-2] = np.round(counts[:, -4:-2] * 1.8)
        counts[3, -2:] = 150

    districts = fill(world, rise)
    world.judge(evening(world))
    told = [
        w.area for w in world.warnings(open_only=True) if w.opened_at >= world.at(LAST - dt.timedelta(days=3))
    ]
    assert told == [world.city.areas.root.code]
    assert world.state.load_series()["r", districts[3]].status is Status.FIRING
