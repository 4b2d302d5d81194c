"""While a feed or an area is being worked on its data are not missed, and afterwards no sooner for it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from indicators.subjects import subject_of

if TYPE_CHECKING:
    from tests.indicators.rules.conftest import World

FIRST = dt.date(2024, 5, 6)
DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)


def feed_of(world: World) -> str:
    (feed,) = [f.id for f in world.city.feeds.values() if f.table == "hotline_requests"]
    return feed


def work(world: World, start: dt.datetime, end: dt.datetime, **what: str) -> int:
    window = world.state.maintenance.add(
        starts_at=start, ends_at=end, reason="nâng cấp", who="Lan", now=start, areas=None, **what
    )
    return window.id


def delivered(world: World, feed: str, at: dt.datetime) -> None:
    with world.store.write() as cursor:
        cursor.execute(
            "INSERT INTO run (id, feed, started_at, finished_at, status) VALUES (1, ?, ?, ?, 'done')",
            [feed, at.replace(tzinfo=None), at.replace(tzinfo=None)],
        )


def plan(when: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"indicator": None, "level": None, "period": None, "when": when, **more}


@pytest.mark.parametrize("kind", ["stale", "silent"])
def test_the_age_of_a_feed_stands_still_while_it_is_worked_on(world: World, kind: str) -> None:
    feed, begin = feed_of(world), world.at(FIRST)
    world.with_rules(plan({"type": kind, "after": "4h"}, feed=feed))
    world.feed(feed, begin)
    if kind == "silent":
        delivered(world, feed, begin)
    root = world.city.areas.root.code
    work(world, begin + 2 * HOUR, begin + 8 * HOUR, feed=feed)
    for hours in (3, 5, 8, 9.9):
        world.judge(begin + hours * HOUR)
        assert world.told(area=root) == []
    world.judge(begin + 10.1 * HOUR)
    assert world.told(area=root) == [("firing", "limit_crossed")]
    # What stands does not end because somebody begins to work on it.
    work(world, begin + 11 * HOUR, begin + 20 * HOUR, feed=feed)
    world.judge(begin + 12 * HOUR)
    assert len(world.warnings(open_only=True)) == 1


def test_a_feed_that_never_came_is_not_missed_while_it_is_worked_on(world: World) -> None:
    feed, begin = feed_of(world), world.at(FIRST)
    world.with_rules(plan({"type": "stale", "after": "4h"}, feed=feed))
    work(world, begin, begin + 8 * HOUR, feed=feed)
    world.judge(begin + 7 * HOUR)
    assert world.warnings() == []
    world.judge(begin + 8 * HOUR)
    assert len(world.warnings()) == 1


@pytest.mark.parametrize("what", ["feed", "area", "district"])
def test_a_series_is_missed_later_by_what_was_worked_on(world: World, what: str) -> None:
    rule = {"when": {"below": 80}, "no_data": {"after": "2d", "then": "warn"}}
    world.with_rules(rule)
    for area in ("760", "761"):
        world.days(area, FIRST, 90)
    seen = world.at(FIRST + DAY)
    named = {"feed": {"feed": feed_of(world)}, "area": {"area": world.city.areas.root.code}}
    number = work(world, seen + DAY, seen + 4 * DAY, **named.get(what, {"area": "760"}))
    world.judge(seen + 4.9 * DAY)
    assert world.told() == []
    # The district beside is not worked on.
    assert world.told(area="761") == ([("no_data", "vanished")] if what == "district" else [])
    world.judge(seen + 9 * DAY)
    (told,) = world.state.transitions("r", "760")
    assert (told.after, told.at) == ("no_data", seen + 5 * DAY)
    assert number == 1


def test_work_that_is_over_sooner_counts_as_long_as_it_was(world: World) -> None:
    world.with_rules({"when": {"below": 80}, "no_data": {"after": "2d"}})
    world.days("760", FIRST, 90)
    seen = world.at(FIRST + DAY)
    number = work(world, seen + DAY, seen + 9 * DAY, feed=feed_of(world))
    world.state.maintenance.end(number, "Lan", "xong", seen + 2 * DAY, areas=None)
    world.judge(seen + 3.5 * DAY)
    (told,) = world.state.transitions("r", "760")
    assert told.at == seen + 3 * DAY


def test_values_are_judged_while_their_feed_is_worked_on(world: World) -> None:
    world.with_rules({"when": {"below": 80}, "no_data": {"after": "2d"}})
    work(world, world.at(FIRST), world.at(FIRST + 9 * DAY), feed=feed_of(world))
    world.days("760", FIRST, 70)
    world.judge(world.at(FIRST + DAY, 2))
    assert world.told() == [("firing", "limit_crossed")]


def test_a_subject_names_everything_that_can_be_kept_quiet(world: World) -> None:
    world.with_rules({"when": {"below": 80}})
    subject = subject_of(world.city, "r", "760")
    assert subject.areas == set(world.city.areas.path("760").values())
    assert subject.feeds == {feed_of(world)}
    assert subject.domain == world.city.indicators["hotline_on_time"].domain
    assert subject_of(world.city, "gone", "nowhere").areas == {"nowhere"}
