"""Levels, shifts and projections as rules: from stored values to what people are told."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from config.models import Break, Target

if TYPE_CHECKING:
    from tests.indicators.rules.conftest import World

FIRST = dt.date(2023, 3, 1)
DAY = dt.timedelta(days=1)


def judged(world: World, rule: dict[str, Any], values: np.ndarray) -> list[tuple[str, float | None]]:
    """What stands of a daily city series at its end: messages and what was measured."""
    world.with_rules(
        {"level": "city", "message": {"vi": "{area} {value}", "en": "{value}|{expected}"}} | rule
    )
    root = world.city.areas.root.code
    told = {(root, FIRST + i * DAY): float(v) for i, v in enumerate(values) if not np.isnan(v)}
    world.put(rule["indicator"], "city", "day", told)
    world.judge(world.at(FIRST + len(values) * DAY, 2))
    return [(w.message["en"], w.last_value) for w in world.warnings(open_only=True)]


def noisy(days: int) -> np.ndarray:
    rng = np.random.default_rng(3)
    wave = 25 + 6 * np.sin(np.arange(days) * 2 * np.pi / 365.25)
    slow = np.zeros(days)
    for i in range(1, days):
        slow[i] = 0.6 * slow[i - 1] + rng.normal(0, 2)
    values: np.ndarray = wave + slow
    return values


def test_a_level_that_nothing_explains_is_told_with_what_was_expected(world: World) -> None:
    values = noisy(500)
    values[-1] += 60
    ((message, measured),) = judged(world, {"indicator": "pm25", "when": {"type": "level_anomaly"}}, values)
    expected = float(message.split("|")[1].split("\N{NO-BREAK SPACE}")[0])
    assert measured == pytest.approx(values[-1])
    assert abs(expected - values[-2]) < 12


def test_a_quiet_level_and_one_with_gaps_tell_nothing(world: World) -> None:
    values = noisy(500)
    values[100:130] = np.nan
    assert judged(world, {"indicator": "pm25", "when": {"type": "level_anomaly"}}, values) == []


def test_what_came_before_a_declared_break_is_judged_by_its_own_past(world: World) -> None:
    values = np.random.default_rng(8).poisson(np.where(np.arange(320) < 300, 40.0, 120.0)).astype(float)
    values[280] = 90
    broken = Break.model_validate({"date": FIRST + 300 * DAY, "note": {"vi": "hệ mới", "en": "new system"}})
    indicator = world.city.indicators["hotline_received"].model_copy(update={"breaks": (broken,)})
    world.city = replace(
        world.city, indicators=MappingProxyType(dict(world.city.indicators) | {indicator.id: indicator})
    )
    assert judged(world, {"indicator": indicator.id, "when": {"type": "count_anomaly"}}, values) == []
    opened = [w.opened_at for w in world.warnings()]
    assert world.at(FIRST + 281 * DAY) in opened
    assert max(opened) <= world.at(FIRST + 300 * DAY)


def test_a_shift_is_told_once_with_both_levels(world: World) -> None:
    rng = np.random.default_rng(5)
    values = rng.poisson(np.where(np.arange(840) < 780, 40.0, 80.0)).astype(float)
    rule = {"indicator": "hotline_received", "when": {"type": "level_shift"}}
    ((message, measured),) = judged(world, rule, values)
    assert measured == pytest.approx(80, abs=4)
    assert float(message.split("|")[1].split("\N{NO-BREAK SPACE}")[0]) == pytest.approx(40, abs=3)


@pytest.mark.parametrize(("share", "told"), [(0.7, True), (1.3, False)])
def test_a_target_that_will_be_missed_is_told_before_the_year_ends(
    world: World, share: float, told: bool
) -> None:
    rng = np.random.default_rng(6)
    season = 1 + 0.3 * np.sin(np.arange(67) * 2 * np.pi / 12)
    flow = np.round(1000 * season * rng.lognormal(0, 0.05, 67))
    flow[60:] = np.round(flow[60:] * share)
    year = float(flow[48:60].sum())
    floor = {"from": "2024-01-01", "value": year, "kind": "floor", "periods": ["year"]}
    measured = at_risk(world, "hotline_received", floor, flow)
    assert bool(measured) == told
    assert all(value is not None and 80 < value <= 100 for value in measured)


@pytest.mark.parametrize(("due", "told"), [(86, False), (95, True)])
def test_a_path_is_held_against_where_the_year_ends_and_not_against_its_mean(
    world: World, due: float, told: bool
) -> None:
    """A share that gains a point a month ends the year at 89, of which its mean is 83.5."""
    share = 18.0 + np.arange(67) + np.random.default_rng(7).normal(0, 0.2, 67)
    path = {"kind": "path", "value": due, "date": "2024-12-31"}
    assert bool(at_risk(world, "register_digitised_share", path, share)) == told


def at_risk(world: World, id_: str, target: dict[str, Any], values: np.ndarray) -> list[float | None]:
    """What a projection rule measures after 67 months from January 2019 on, where it stands."""
    root = world.city.areas.root.code
    months = [dt.date(2019 + i // 12, i % 12 + 1, 1) for i in range(len(values))]
    indicator = world.city.indicators[id_].model_copy(update={"targets": (Target.model_validate(target),)})
    world.city = replace(
        world.city, indicators=MappingProxyType(dict(world.city.indicators) | {indicator.id: indicator})
    )
    world.with_rules(
        {
            "indicator": indicator.id,
            "level": "city",
            "period": "month",
            "when": {"type": "projection", "above": 80},
        }
    )
    world.put(
        indicator.id, "city", "month", {(root, m): float(v) for m, v in zip(months, values, strict=True)}
    )
    world.judge(world.at(dt.date(2024, 8, 1), 2))
    return [w.last_value for w in world.warnings(open_only=True)]
