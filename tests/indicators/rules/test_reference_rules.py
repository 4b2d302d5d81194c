"""Every rule of the reference city: it can fire, says something readable, and ends."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, cast

import pytest

from config import City, load_city
from config.loader import REFERENCE_CITY
from config.models import Change, Limits, Period, Rule, Stale, TargetGap, Threshold
from config.periods import next_start, same_last_year, shift
from config.targets import aim_on
from indicators.rules.conditions.change import RELATIVE
from warehouse.state import Status

if TYPE_CHECKING:
    from tests.indicators.rules.conftest import World

CITY = load_city(REFERENCE_CITY)
HOUR = dt.timedelta(hours=1)
FIRST: dict[Period, dt.date] = {
    "day": dt.date(2026, 3, 2),
    "month": dt.date(2026, 1, 1),
    "quarter": dt.date(2026, 1, 1),
    "year": dt.date(2023, 1, 1),
}
AREAS = {
    "city": "79",
    "district": "760",
    "ward": next(a.code for a in CITY.areas.at("ward") if a.valid_to is None),
}


def measure(rule: Rule, *, bad: bool) -> float:
    """A measure well over the limit, or well clear of it."""
    when = rule.when
    assert isinstance(when, Limits)
    if when.above is not None:
        calm = when.above if when.clear_below is None else when.clear_below
        return when.above + 1 + abs(when.above) / 10 if bad else calm - 0.5 - abs(calm) / 10
    assert when.below is not None
    calm = when.below if when.clear_above is None else when.clear_above
    return when.below - 1 - abs(when.below) / 10 if bad else calm + 0.5 + abs(calm) / 10


class Course:
    """Values of one rule's indicator, period by period, such that its condition measures what is wanted."""

    def __init__(self, city: City, rule: Rule, world: World) -> None:
        self.city, self.rule, self.world = city, rule, world
        self.indicator = city.indicators[cast(str, rule.indicator)]
        self.level, self.period = cast(str, rule.level), cast(Period, rule.period)
        self.area = AREAS[self.level]
        self.start = FIRST[self.period]
        self.last = 100.0
        if isinstance(rule.when, Change):
            self.write(shift(self.period, self.start, -1), 100.0)

    def write(self, start: dt.date, value: float) -> None:
        self.world.put(self.indicator.id, self.level, self.period, {(self.area, start): value})

    def next(self, wanted: float) -> dt.datetime:
        """Write the value of the next period; the moment at which it is evaluated."""
        value = self.value(wanted)
        self.write(self.start, value)
        self.last = value
        self.start = next_start(self.period, self.start)
        return self.world.at(self.start, 3)

    def value(self, wanted: float) -> float:
        match self.rule.when:
            case Change(against=against):
                base = self.last if against == "previous" else 100.0
                if against == "last_year":
                    self.write(same_last_year(self.period, self.start), base)
                unit = self.city.units[self.indicator.unit]
                return base * (1 + wanted / 100) if unit.kind in RELATIVE else base + wanted
            case TargetGap():
                day = next_start(self.period, self.start) - dt.timedelta(days=1)
                aim = aim_on(self.indicator, self.level, self.area, self.period, day)
                assert aim is not None, f"{self.rule.id}: no target holds for {self.level} on {day}"
                return aim.value - wanted if aim.side == "floor" else aim.value + wanted
            case Threshold():
                return wanted
        raise AssertionError("a stale rule has no values")


@pytest.mark.parametrize("rule", [r for r in CITY.rules.values() if r.indicator], ids=lambda r: r.id)
def test_an_indicator_rule_fires_and_recovers(rule: Rule, world: World) -> None:
    course = Course(CITY, rule, world)
    key = (rule.id, course.area)

    def status() -> Status:
        return world.state.load_series()[key].status

    for _ in range(2):
        world.judge(course.next(measure(rule, bad=False)))
    assert status() is Status.NORMAL
    for _ in range(12):
        world.judge(course.next(measure(rule, bad=True)))
        if status() is Status.FIRING:
            break
    (warning,) = [w for w in world.warnings() if w.rule == rule.id]
    assert warning.status is Status.FIRING
    assert set(warning.message) == {"vi", "en"}
    for language, text in warning.message.items():
        assert not re.search(r"[{}]|nan|None", text), text
        assert CITY.areas[course.area].name(language) in text
    for _ in range(12):
        world.judge(course.next(measure(rule, bad=False)))
        if status() is Status.NORMAL:
            break
    (ended,) = [w for w in world.warnings() if w.rule == rule.id]
    assert not ended.open


@pytest.mark.parametrize("rule", [r for r in CITY.rules.values() if r.feed], ids=lambda r: r.id)
def test_a_feed_rule_fires_and_recovers(rule: Rule, world: World) -> None:
    assert isinstance(rule.when, Stale)
    feed, begin = cast(str, rule.feed), world.at(FIRST["day"])
    others = [f for f in CITY.feeds if f != feed]

    def at(now: dt.datetime, newest: dt.datetime) -> Status:
        for other in others:
            world.feed(other, now)
        world.feed(feed, newest)
        world.judge(now)
        stored = world.state.load_series()
        return stored[rule.id, "79"].status if (rule.id, "79") in stored else Status.NORMAL

    assert at(begin, begin) is Status.NORMAL
    late = begin + rule.when.after + HOUR
    assert at(late, begin) in (Status.PENDING, Status.FIRING)
    assert at(late + 2 * HOUR, begin) is Status.FIRING
    (warning,) = world.warnings()
    assert warning.area == "79"
    assert all(not re.search(r"[{}]|nan|None", text) for text in warning.message.values())
    assert at(late + 3 * HOUR, late + 3 * HOUR) is Status.NORMAL
    assert world.warnings(open_only=True) == []


def test_every_feed_is_watched() -> None:
    assert {rule.feed for rule in CITY.rules.values() if rule.feed} == set(CITY.feeds)


def test_rules_cover_the_kinds_of_conditions_the_levels_and_the_domains() -> None:
    rules = list(CITY.rules.values())
    assert {rule.when.type for rule in rules} == {"threshold", "change", "target_gap", "stale"}
    assert {r.when.against for r in rules if isinstance(r.when, Change)} == {"previous", "last_year"}
    assert {rule.level for rule in rules if rule.level} == set(CITY.levels)
    assert {rule.severity for rule in rules} == {"watch", "serious", "critical"}
    watched = {CITY.indicators[rule.indicator].domain for rule in rules if rule.indicator}
    assert len(watched) >= 7


def test_every_rule_says_what_to_do_and_whom_to_tell() -> None:
    for rule in CITY.rules.values():
        assert rule.playbook is not None, rule.id
        assert rule.notify, rule.id
