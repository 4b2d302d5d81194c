"""Data that make a rule of any kind see what is wanted: something bad, or nothing of note."""

from __future__ import annotations

import datetime as dt
import re
from abc import ABC, abstractmethod
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final, cast

import numpy as np

from config import City
from config.models import (
    Banded,
    Change,
    Combined,
    CountAnomaly,
    Deadline,
    Incomplete,
    Late,
    LevelAnomaly,
    LevelShift,
    Limits,
    Period,
    Projection,
    Rule,
    Silent,
    Stale,
    TargetGap,
    Threshold,
    Volume,
    Worsening,
)
from config.periods import moment_of
from config.targets import aim_on
from indicators.rules.conditions.change import RELATIVE
from tests.indicators.rules.conftest import World
from warehouse.areas import sync_areas
from warehouse.facts import day_of, ensure_fact_table, q

DAY: Final = dt.timedelta(days=1)
HOUR: Final = dt.timedelta(hours=1)
FIRST: dict[Period, dt.date] = {
    "hour": dt.datetime(2026, 3, 2),  # noqa: DTZ001 -- starts are of the city's clock
    "day": dt.date(2026, 3, 2),
    "week": dt.date(2026, 3, 2),
    "month": dt.date(2026, 1, 1),
    "quarter": dt.date(2026, 1, 1),
    "year": dt.date(2023, 1, 1),
}


class Play(ABC):
    """One rule in a world of its own. ``next`` goes on by a step and says when it is to be judged."""

    patience = 16
    """Steps within which the rule must have said what it has to say."""
    warm_up = 2
    """Calm steps before anything happens."""

    def __init__(self, rule: Rule, world: World) -> None:
        self.rule, self.world = rule, world
        world.city = replace(world.city, rules=MappingProxyType({rule.id: rule}))

    @property
    def city(self) -> City:
        """The city under this one rule."""
        return self.world.city

    @property
    def area(self) -> str:
        """The area of which the rule is to speak."""
        if self.rule.level is None:
            return self.city.areas.root.code
        return next(area.code for area in self.city.areas.at(self.rule.level) if area.valid_to is None)

    @abstractmethod
    def next(self, *, bad: bool) -> dt.datetime:
        """Write what comes next; the moment at which it is evaluated."""


def measure(rule: Rule, *, bad: bool) -> float:
    """A measure well over the limit, or well clear of it."""
    when = rule.when
    if isinstance(when, Banded):
        first, last, sign = when.bands[0].limit, when.bands[-1].limit, 1 if when.side == "above" else -1
        return last + sign * (1 + abs(last) / 10) if bad else first - sign * (when.clear_by + 1)
    assert isinstance(when, Limits)
    if when.above is not None:
        calm = when.above if when.clear_below is None else when.clear_below
        return when.above + 1 + abs(when.above) / 10 if bad else calm - 0.5 - abs(calm) / 10
    assert when.below is not None
    calm = when.below if when.clear_above is None else when.clear_above
    return when.below - 1 - abs(when.below) / 10 if bad else calm + 0.5 + abs(calm) / 10


class Series(Play):
    """Values of the rule's indicator, period by period, such that its condition measures what is wanted."""

    def __init__(self, rule: Rule, world: World) -> None:
        super().__init__(rule, world)
        self.indicator = self.city.indicators[cast(str, rule.indicator)]
        self.level, self.period = cast(str, rule.level), cast(Period, rule.period)
        self.periods = self.city.periods
        self.start = FIRST[self.period]
        self.last = 100.0
        if isinstance(rule.when, Change) and rule.when.against == "last_year":
            # no break that the city declares may lie between a value and the one that it is compared with
            self.start = self.periods.shift(self.period, self.start, self.periods.year(self.period))
        if isinstance(rule.when, Change):
            self.write({self.periods.shift(self.period, self.start, -1): 100.0})

    def write(self, values: dict[dt.date, float]) -> None:
        self.world.put(
            self.indicator.id, self.level, self.period, {(self.area, at): v for at, v in values.items()}
        )

    def advance(self, *values: float) -> dt.datetime:
        """Write the values of the next periods."""
        told = {}
        for value in values:
            told[self.start] = self.last = value
            self.start = self.periods.next_start(self.period, self.start)
        self.write(told)
        return moment_of(self.start, self.city.zone).astimezone(dt.UTC) + 3 * HOUR

    def next(self, *, bad: bool) -> dt.datetime:
        return self.advance(self._value(bad))

    def _value(self, bad: bool) -> float:
        when = self.rule.when
        if isinstance(when, Worsening):
            step = 1 + when.by / when.periods
            return self.last + step * (1 if bad == (self.indicator.direction == "down") else -1)
        wanted = measure(self.rule, bad=bad)
        match when:
            case Change(against=against):
                base = self.last if against == "previous" else 100.0
                if against == "last_year":
                    self.write({self.periods.same_last_year(self.period, self.start): base})
                unit = self.city.units[self.indicator.unit]
                return base * (1 + wanted / 100) if unit.kind in RELATIVE else base + wanted
            case TargetGap():
                aim = aim_on(self.indicator, self.level, self.area, self.period, self._end(), self.periods)
                assert aim is not None, f"{self.rule.id}: no target holds on {self._end()}"
                return aim.value - wanted if aim.side == "floor" else aim.value + wanted
            case Threshold() | Banded():
                return wanted
        raise AssertionError(f"{when.type} is no condition of single values")

    def _end(self) -> dt.date:
        return self.periods.last_day(self.period, self.start)


HISTORY: dict[Period, tuple[int, int]] = {"day": (200, 125), "week": (70, 65), "month": (45, 26)}
"""Periods with noise and, for as long as a rule looks back, without: nothing in these is unusual."""


class Unusual(Series):
    """Years of the usual, then values far outside it, or shifted for good."""

    patience = 25

    def __init__(self, rule: Rule, world: World) -> None:
        super().__init__(rule, world)
        rng = np.random.default_rng(5)
        noisy, quiet = HISTORY[self.period]
        if isinstance(rule.when, LevelShift):
            noisy, quiet = noisy + quiet, 0
        self.start = self.periods.shift(self.period, self.start, -noisy - quiet)
        self.advance(*np.round(rng.normal(100, 8, noisy)).tolist(), *[100.0] * quiet)

    def next(self, *, bad: bool) -> dt.datetime:
        below = getattr(self.rule.when, "side", "above") == "below"
        value = 100.0 if not bad else 25.0 if below else 400.0
        if not isinstance(self.rule.when, LevelShift):
            return self.advance(value)
        rng = np.random.default_rng(6)
        middle = 100 if not bad else 55 if below else 160
        return self.advance(*np.round(rng.normal(middle, 8, 14)).tolist())


class Aimed(Series):
    """Five good years, then months that go wrong, or very well."""

    patience = 24
    warm_up = 1

    def __init__(self, rule: Rule, world: World) -> None:
        super().__init__(rule, world)
        years = 5 * self.periods.most_in_year(self.period)
        year = dt.date(self.start.year, 12, 31)
        aims = (
            aim_on(self.indicator, self.level, self.area, p, year, self.periods) for p in ("year", "month")
        )
        aim = next(aim for aim in aims if aim is not None)
        self.floor = aim.side == "floor"
        whole = aim.value if aim.whole is None else aim.whole
        total = self.city.units[self.indicator.unit].kind == "amount"
        self.fair = whole / self.periods.most_in_year(self.period) if total else whole
        self.start = self.periods.shift(self.period, self.start, -years)
        good = self.fair * (1.02 if self.floor else 0.8)
        self.advance(*np.random.default_rng(7).normal(good, self.fair / 200, years).tolist())

    def next(self, *, bad: bool) -> dt.datetime:
        if self.floor:
            return self.advance(self.fair * (0.97 if bad else 1.03))
        return self.advance(self.fair * (1.6 if bad else 0.3))


class Parts(Play):
    """A rule made of others: the others watch a number, each for itself as bad as is wanted."""

    def __init__(self, rule: Rule, world: World) -> None:
        super().__init__(rule, world)
        assert isinstance(rule.when, Combined)
        stand_ins = world.with_rules(
            *(
                {"id": part, "level": rule.level, "when": {"below": 50}, "severity": "watch"}
                for part in rule.when.rules
            )
        ).city.rules
        world.city = replace(world.city, rules=MappingProxyType({**stand_ins, rule.id: rule}))
        self.day = FIRST["day"]

    def next(self, *, bad: bool) -> dt.datetime:
        value = 10.0 if bad else 90.0
        self.world.put("hotline_on_time", cast(str, self.rule.level), "day", {(self.area, self.day): value})
        self.day += DAY
        return self.world.at(self.day, 3)


class Rows(Play):
    """Rows of a feed's fact table."""

    def __init__(self, rule: Rule, world: World, table: str) -> None:
        super().__init__(rule, world)
        self.feed = self.city.datasets[table]
        self.now = world.at(FIRST["day"], 9)
        self.made = 0
        sync_areas(world.store, self.city.areas)
        with world.store.write() as cursor:
            ensure_fact_table(cursor, self.feed)

    def insert(self, count: int, row: dict[str, Any]) -> None:
        """So many rows alike, but for their key."""
        key = self.feed.key[0]
        self.made += 1
        names = ", ".join(q(name) for name in (key, *row))
        values = ", ".join(["? || '-' || i", *["?"] * len(row)])
        with self.world.store.write() as cursor:
            cursor.execute(
                f"INSERT INTO {q('fact_' + self.feed.table)} ({names})"
                f" SELECT {values} FROM range({count}) t(i)",
                [str(self.made), *row.values()],
            )

    def clear(self) -> None:
        """No row any more."""
        with self.world.store.write() as cursor:
            cursor.execute(f"DELETE FROM {q('fact_' + self.feed.table)}")


class Due(Rows):
    """Open rows that fall due an hour from now, or none."""

    patience = 24

    def __init__(self, rule: Rule, world: World) -> None:
        assert isinstance(rule.when, Deadline)
        self.when = rule.when
        super().__init__(rule, world, rule.when.dataset)

    def next(self, *, bad: bool) -> dt.datetime:
        self.now += HOUR / 2
        self.clear()
        if bad:
            columns = dict(re.findall(r"(\w+) = '(\w+)'", self.when.where or ""))
            due = (self.now + HOUR).replace(tzinfo=None)
            self.insert(int(self.when.above) + 3, {self.when.due: due, "_area": self.area, **columns})
        self.now += HOUR
        return self.now - HOUR


class Volumes(Rows):
    """Days of a feed with as many rows as ever, or hardly any."""

    def __init__(self, rule: Rule, world: World) -> None:
        super().__init__(rule, world, world.city.feeds[cast(str, rule.feed)].table)
        days = 330
        self.day = FIRST["day"] - days * DAY
        for count in np.random.default_rng(8).poisson(90, days):
            self._day(int(count))

    def next(self, *, bad: bool) -> dt.datetime:
        self._day(2 if bad else 90)
        now = self.world.at(self.day, 9)
        self.world.feed(cast(str, self.rule.feed), now)
        return now

    def _day(self, count: int) -> None:
        self.insert(count, {day_of(self.feed.event_time): self.day})
        self.day += DAY


class Covered(Rows):
    """Days of a feed on which every area has rows, or one alone."""

    def __init__(self, rule: Rule, world: World) -> None:
        super().__init__(rule, world, world.city.feeds[cast(str, rule.feed)].table)
        self.day = FIRST["day"]

    def next(self, *, bad: bool) -> dt.datetime:
        areas = self.city.areas.at(cast(str, self.feed.coverage), self.day)
        for area in areas[: 1 if bad else None]:
            self.insert(1, {day_of(self.feed.event_time): self.day, "_area": area.code})
        self.day += DAY
        now = self.world.at(self.day, 9)
        self.world.feed(cast(str, self.rule.feed), now)
        return now


class Deliveries(Play):
    """A feed that delivers every hour, or has stopped."""

    def __init__(self, rule: Rule, world: World) -> None:
        super().__init__(rule, world)
        self.now = world.at(FIRST["day"])
        self.runs = 0

    def next(self, *, bad: bool) -> dt.datetime:
        feed = self.city.feeds[cast(str, self.rule.feed)]
        match self.rule.when:
            case Stale(after=after) | Silent(after=after):
                limit = after
            case Late():
                limit = feed.delivery.every + feed.delivery.grace
            case _:
                raise AssertionError(self.rule.id)
        if bad:
            self.now += limit + HOUR
            return self.now
        self.now += HOUR
        self.runs += 1
        self.world.feed(feed.id, self.now)
        with self.world.store.write() as cursor:
            at = self.now.replace(tzinfo=None)
            cursor.execute(
                "INSERT INTO run (id, feed, started_at, finished_at, status, received, inserted, updated,"
                " unchanged, rejected) VALUES (?, ?, ?, ?, 'done', 1, 1, 0, 0, 0)",
                [self.runs, feed.id, at, at],
            )
        return self.now


def play_of(rule: Rule, world: World) -> Play:
    """The play for a rule's condition."""
    match rule.when:
        case CountAnomaly() | LevelAnomaly() | LevelShift():
            return Unusual(rule, world)
        case Projection():
            return Aimed(rule, world)
        case Combined():
            return Parts(rule, world)
        case Deadline():
            return Due(rule, world)
        case Volume():
            return Volumes(rule, world)
        case Incomplete():
            return Covered(rule, world)
        case Stale() | Late() | Silent():
            return Deliveries(rule, world)
        case _:
            return Series(rule, world)
