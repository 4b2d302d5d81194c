"""The volume of a feed: from stored rows to what people are told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import indicators.rules.volumes as module
from config.models import Volume
from indicators.rules.conditions import volume
from indicators.rules.statistics.design import of_calendar
from warehouse.facts import ensure_fact_table

if TYPE_CHECKING:
    from tests.indicators.rules.conftest import World

FIRST = dt.date(2024, 3, 4)
DAY = dt.timedelta(days=1)
RULE: dict[str, Any] = {
    "indicator": None,
    "period": None,
    "level": None,
    "feed": "dossiers",
    "when": {"type": "volume"},
    "message": {"vi": "{value} {expected} {since}", "en": "{value}|{expected}|{limit}|{since}"},
}


def usual(days: int, mean: float = 400.0) -> list[int]:
    """Rows a day of a feed that sleeps on weekends, with more noise than chance alone."""
    rng = np.random.default_rng(11)
    weekday = np.array([1.2, 1.1, 1.0, 1.0, 0.9, 0.3, 0.2])[np.arange(days) % 7]
    return [int(n) for n in rng.negative_binomial(50, 50 / (50 + mean * weekday))]


def deliver(world: World, rows: Sequence[int], *, since: int = 0) -> None:
    """Write so many rows of each day from the day number ``since`` on."""
    with world.store.write() as cursor:
        ensure_fact_table(cursor, world.city.feeds["dossiers"])
        cursor.executemany(
            "INSERT INTO fact_dossiers (dossier_id, submitted_at__day)"
            " SELECT ?::VARCHAR || i, ?::DATE FROM range(?) t(i)",
            [[f"{since + k}-", FIRST + (since + k) * DAY, count] for k, count in enumerate(rows)],
        )


def judge(world: World, days: int) -> None:
    """Evaluate when the feed holds so many whole days and a part of the next."""
    now = world.at(FIRST + days * DAY, 9)
    world.feed("dossiers", now)
    world.judge(now)


def told(world: World) -> list[tuple[str, str, str]]:
    return [(str(t.at), str(t.after), t.reason) for t in world.state.transitions("r", "79")]


def test_a_day_on_which_hardly_anything_came_is_told_once_with_what_was_expected(world: World) -> None:
    world.with_rules(RULE)
    rows = usual(400)
    rows[395] = 20
    deliver(world, [*rows, 5])  # the running day has few rows yet
    judge(world, 400)
    (warning,) = world.warnings()
    measured, expected, limit, since = warning.message["en"].split("|")
    day = FIRST + 395 * DAY
    assert measured == "20"
    assert 250 < int(expected) < 600
    assert 20 < int(limit) < int(expected)
    assert since == f"{day.day} {day:%b} {day.year}"
    assert not warning.open  # the day after was as usual
    assert warning.evidence["p"] < 0.001
    assert len(warning.evidence["seen"]) == 14


def test_day_by_day_is_the_same_as_all_at_once_and_nothing_is_told_twice(pair: tuple[World, World]) -> None:
    rows = usual(420)
    rows[405], rows[411] = 15, 2600
    whole, steps = pair
    for world in pair:
        world.with_rules(RULE)
    deliver(whole, rows)
    judge(whole, 420)
    deliver(steps, rows[:400])
    judge(steps, 400)
    for number in range(400, 420):
        deliver(steps, rows[number : number + 1], since=number)
        judge(steps, number + 1)
        judge(steps, number + 1)
    assert [status for _, status, _ in told(steps)].count("firing") == 2
    assert told(whole) == told(steps)


@pytest.mark.parametrize(("side", "days"), [("both", 2), ("below", 1), ("above", 1)])
def test_sides(world: World, side: str, days: int) -> None:
    world.with_rules(RULE | {"when": {"type": "volume", "side": side}})
    rows = usual(400)
    rows[380], rows[390] = 15, 2600
    deliver(world, rows)
    judge(world, 400)
    assert len(world.warnings()) == days


def test_a_volume_that_moved_and_stayed_stands_with_its_mean_since(world: World) -> None:
    world.with_rules(RULE)
    deliver(world, [*usual(600), *[n * 2 for n in usual(640)[600:]]])
    judge(world, 640)
    (warning,) = world.warnings(open_only=True)
    assert warning.last_value is not None
    assert 500 < warning.last_value < 900  # weekends included: the mean of what came since
    begun = world.at(FIRST + 601 * DAY)
    assert abs(warning.opened_at - begun) < 40 * DAY


def test_days_without_rows_holidays_and_short_histories_say_nothing(make_world: Callable[[], World]) -> None:
    gap = make_world().with_rules(RULE)
    rows = usual(400)
    rows[395] = 0
    deliver(gap, rows)
    judge(gap, 400)
    short = make_world().with_rules(RULE)
    deliver(short, [*usual(60), 4, 300])
    judge(short, 62)
    assert gap.warnings() == short.warnings() == []


def test_a_day_on_which_somebody_worked_on_the_feed_is_not_judged(world: World) -> None:
    world.with_rules(RULE)
    rows = usual(400)
    rows[390] = 15
    deliver(world, rows)
    at = world.at(FIRST + 390 * DAY, 8)
    world.state.maintenance.add(
        feed="dossiers", starts_at=at, ends_at=at + DAY / 4, reason="nâng cấp", who="Lan", now=at, areas=None
    )
    judge(world, 400)
    assert world.warnings() == []


def test_a_feed_without_a_new_day_is_not_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.with_rules(RULE)
    deliver(world, usual(120))
    judge(world, 120)
    asked: list[object] = []

    def nothing(*given: object) -> dict[dt.date, int]:
        asked.append(given)
        return {}

    monkeypatch.setattr(module, "rows_a_day", nothing)
    judge(world, 120)
    world.judge(world.at(FIRST + 125 * DAY))  # time goes by, the feed does not
    assert asked == []
    judge(world, 121)
    assert len(asked) == 1


def test_a_feed_that_never_came_says_nothing(world: World) -> None:
    world.with_rules(RULE)
    world.judge(world.at(FIRST, 9))
    world.feed("dossiers", world.at(FIRST))  # told of, but nothing is stored
    world.judge(world.at(FIRST, 10))
    assert world.warnings() == []


def test_the_limit_of_one_side_is_where_a_day_becomes_a_breach() -> None:
    rng = np.random.default_rng(8)
    rows = rng.poisson(400, (1, 430)).astype(float)
    design = of_calendar("day", np.datetime64("2023-03-01", "D") + np.arange(430))
    condition = Volume(type="volume", side="both")
    sides: tuple[tuple[volume.OneSide, float], ...] = (("above", 1.0), ("below", -1.0))
    for side, step in sides:
        limit = volume.bound(condition, rows, design, 429, side)
        for beyond in (0.0, -step):
            rows[0, 429] = limit[0, 0] + beyond
            assert volume.judge(condition, rows, design, 429).breach[0, 0] == (beyond == 0)
