"""Values by the members of a dimension: they add up, and are what pandas finds in the same rows."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from config import City
from config.models.indicator import Measure, Stock
from indicators.breakdown import Member, adds_up, breakdown, breakdown_period, breakdown_series, dimensions
from indicators.planner import make_plan
from warehouse.reader import Reader, Value, reading
from warehouse.scope import EVERYONE, OutOfScopeError, Scope

if TYPE_CHECKING:
    from tests.indicators.conftest import World, WorldMaker

SPAN = (dt.date(2024, 11, 20), dt.date(2025, 7, 6))
NOW = dt.datetime(2025, 7, 5, 15, 30, tzinfo=dt.UTC)
BY = {
    "visits": ("kind", "online"),
    "road_cost": ("kind", "online"),
    "net_cost": ("kind", "rooms"),
    "visits_online": ("kind",),
    "mean_cost": ("kind", "online"),
    "least_cost": ("online",),
    "handling_hours": ("kind", "online"),
    "kinds": ("online",),
    "cost_per_kind": ("online",),
    "open": ("kind", "online"),
    "overdue": ("kind",),
    "stations": ("station",),
}
PERIODS = ("month", "quarter", "half_year", "year", "year_to_date")


@pytest.fixture(scope="module")
def parted(lab: City) -> City:
    """The laboratory with dimensions, and with every period that members are told for."""
    given = {
        id_: item.model_copy(update={"by": BY[id_], "periods": ("day", *PERIODS)})
        for id_, item in lab.indicators.items()
        if id_ in BY
    }
    return replace(lab, indicators=given, identities={})


@pytest.fixture(scope="module")
def world(make_world: WorldMaker, parted: City, fill_world: Callable[..., None]) -> World:
    """The laboratory computed once."""
    made = make_world(parted)
    fill_world(made, SPAN, {"visits": 500, "readings": 150}, seed=23)
    made.refresh(NOW)
    return made


@pytest.fixture
def reader(world: World) -> Iterator[Reader]:
    """A reader who may see everything."""
    with reading(world.store, world.city, EVERYONE) as found:
        yield found


def values(reader: Reader, id_: str) -> Iterator[Value]:
    """Every value of an indicator that can be broken down."""
    item = reader_city(reader).indicators[id_]
    for area in reader_city(reader).areas.all():
        if area.level in item.levels:
            for period in PERIODS:
                yield from reader.series([id_], area.code, period, 99)[id_]


def reader_city(reader: Reader) -> City:
    """The city that a reader reads."""
    city: City = reader._city
    return city


@pytest.mark.parametrize("id_", ["visits", "road_cost", "net_cost", "open", "overdue"])
def test_members_add_up_to_the_value_of_every_area_and_period(reader: Reader, id_: str) -> None:
    city = reader_city(reader)
    item = city.indicators[id_]
    assert adds_up(city, item)
    seen = 0
    for dimension in dimensions(city, item):
        for value in values(reader, id_):
            members = breakdown(city, reader, id_, dimension, value.area, value.period, value.start, top=99)
            whole = math.fsum(member.value or 0.0 for member in members)
            assert math.isclose(whole, value.value or 0.0, rel_tol=1e-12, abs_tol=1e-9)
            assert sum(member.n for member in members) == value.n
            seen += len(members)
    assert seen > 200


@pytest.mark.parametrize("id_", sorted(set(BY) - {"stations"}))
def test_members_are_what_pandas_finds(world: World, reader: Reader, id_: str) -> None:
    city = world.city
    item = city.indicators[id_]
    assert isinstance(item, Measure | Stock)
    seen = 0
    for dimension in item.by:
        for area in ("C", "D1", "W1"):
            for period in PERIODS if city.areas[area].level in item.levels else ():
                starts = [value.start for value in reader.series([id_], area, period, 4)[id_]]
                lines = breakdown_series(city, reader, id_, dimension, area, period, starts, top=99)
                got = {(m.member, m.start): (m.value, m.n) for line in lines.values() for m in line}
                wanted = {
                    (name, start): told
                    for start in starts
                    for name, told in expected(world, id_, dimension, area, period, start).items()
                    if told[1]
                }
                assert got.keys() == wanted.keys()
                for key, (value, n) in got.items():
                    assert value == pytest.approx(wanted[key][0], rel=1e-12, abs=1e-9)
                    assert n == wanted[key][1]
                seen += len(got)
    assert seen > 20


def expected(
    world: World, id_: str, dimension: str, area: str, period: str, start: dt.date
) -> dict[str | None, tuple[float | None, int]]:
    """Value and n of each member, counted by hand."""
    city, frame = world.city, world.facts["visits"]
    since, until = city.periods.begin(period, start), city.periods.next_start(period, start)
    now = NOW.replace(tzinfo=None)
    below = frame[[area in city.areas.path(code).values() for code in frame["_area"]]]
    item = city.indicators[id_]

    def before(at: Any) -> bool:
        day = world.local_day(at) if at == at and at is not None and at <= now else None
        return day is not None and day < until

    if isinstance(item, Stock):
        opens, closes = below[item.opens], below[item.closes]
        gone = [before(at) for at in closes]
        odd = [c == c and c is not None and c < o for o, c in zip(opens, closes, strict=True)]
        there = [before(at) for at in opens]
        rows = below[[t and not g and not o for t, g, o in zip(there, gone, odd, strict=True)]]
    else:
        assert isinstance(item, Measure)
        days = [
            None if at != at or at is None or at > now else world.local_day(at) for at in below[item.time]
        ]
        rows = below[[day is not None and since <= day < until for day in days]]
    names = [None if cell is None or cell != cell else str(cell).lower() for cell in rows[dimension]]
    return {name: TOLD[id_](rows[[n == name for n in names]]) for name in set(names)}


def _sum(cells: pd.Series[Any]) -> tuple[float, int]:
    known = [cell for cell in cells if cell is not None and cell == cell]
    return math.fsum(known), len(known)


def _mean(cells: pd.Series[Any]) -> tuple[float | None, int]:
    total, n = _sum(cells)
    return (total / n if n else None), n


def _hours(rows: pd.DataFrame) -> tuple[float | None, int]:
    spans = [(c - o) / dt.timedelta(hours=1) for o, c in zip(rows.opened_at, rows.closed_at, strict=True)]
    return (float(pd.Series(spans).quantile(0.5)) if spans else None), len(spans)


def _net(rows: pd.DataFrame) -> tuple[float, int]:
    online, not_online = (_sum(rows.cost[[cell is flag for cell in rows.online]]) for flag in (True, False))
    return online[0] - not_online[0], online[1] + not_online[1]


def _per_kind(rows: pd.DataFrame) -> tuple[float | None, int]:
    return _sum(rows.cost)[0] / rows.kind.nunique(), len(rows)


TOLD: dict[str, Callable[[pd.DataFrame], tuple[float | None, int]]] = {
    "visits": lambda rows: (len(rows), len(rows)),
    "road_cost": lambda rows: _sum(rows.cost[rows.kind == "road"]),
    "net_cost": _net,
    "visits_online": lambda rows: (100 * sum(cell is True for cell in rows.online) / len(rows), len(rows)),
    "mean_cost": lambda rows: _mean(rows.cost),
    "least_cost": lambda rows: (
        min((c for c in rows.cost if c == c and c is not None), default=None),
        _sum(rows.cost)[1],
    ),
    "handling_hours": _hours,
    "kinds": lambda rows: (rows.kind.nunique(), len(rows)),
    "cost_per_kind": _per_kind,
    "open": lambda rows: (len(rows), len(rows)),
    "overdue": lambda rows: (sum(rows.kind != "noise"), sum(rows.kind != "noise")),
}


def test_an_empty_cell_is_a_member_of_its_own_and_stands_last(world: World, reader: Reader) -> None:
    members = breakdown(world.city, reader, "visits", "online", "C", "year", dt.date(2025, 1, 1))
    assert [m.member for m in members[-1:]] == [None]
    assert {m.member for m in members} == {"true", "false", None}
    told = [m.value or 0.0 for m in members[:-1]]
    assert told == sorted(told, reverse=True)


def test_small_members_are_put_together(world: World, reader: Reader) -> None:
    every = breakdown(world.city, reader, "net_cost", "rooms", "C", "year", dt.date(2025, 1, 1), top=99)
    some = breakdown(world.city, reader, "net_cost", "rooms", "C", "year", dt.date(2025, 1, 1), top=3)
    assert len(every) > 8
    assert [(m.rest, m.member is None) for m in some] == [(False, False)] * 3 + [(False, True), (True, True)]
    assert math.fsum(m.value or 0 for m in some) == pytest.approx(math.fsum(m.value or 0 for m in every))
    largest = sorted((m for m in every if m.member), key=lambda m: -m.n)[:3]
    assert {m.member for m in some if m.member} == {m.member for m in largest}


def test_series_of_members_keep_their_members_over_time(world: World, reader: Reader) -> None:
    starts = [dt.date(2025, month, 1) for month in range(1, 8)]
    lines = breakdown_series(world.city, reader, "visits", "kind", "C", "month", starts)
    assert set(lines) == {("road", False), ("water", False), ("noise", False)}
    for (name, _), line in lines.items():
        assert [m.start for m in line] == [s for s in starts if s in {m.start for m in line}]
        for found in line:
            members = breakdown(world.city, reader, "visits", "kind", "C", "month", found.start)
            assert found in [m for m in members if m.member == name]


def test_what_is_not_kept_by_month_gives_nothing(world: World, reader: Reader) -> None:
    day = dt.date(2025, 7, 1)
    assert breakdown(world.city, reader, "visits", "kind", "C", "day", day) == []
    assert breakdown(world.city, reader, "visits", "rooms", "C", "month", day) == []
    visits = world.city.indicators["visits"]
    assert breakdown_period(world.city, visits, "day") == "month"
    assert breakdown_period(world.city, visits, "quarter") == "quarter"
    only = visits.model_copy(update={"periods": ("day", "week")})
    assert dimensions(world.city, only) == ()


def test_parts_that_the_definition_no_longer_wants_are_not_shown(world: World, reader: Reader) -> None:
    item = world.city.indicators["visits"].model_copy(update={"measure": "sum(cost)", "by": ("rooms",)})
    city = replace(world.city, indicators={"visits": item})
    assert breakdown(city, reader, "visits", "rooms", "C", "month", dt.date(2025, 6, 1)) == []


def test_nobody_sees_members_of_an_area_that_is_closed_to_them(world: World) -> None:
    scope = Scope("office", frozenset({"D1"}))
    with reading(world.store, world.city, scope) as reader:
        found = breakdown(world.city, reader, "visits", "kind", "D1", "year", dt.date(2025, 1, 1))
        assert all(isinstance(member, Member) for member in found)
        assert found
        with pytest.raises(OutOfScopeError):
            breakdown(world.city, reader, "visits", "kind", "D2", "year", dt.date(2025, 1, 1))


def test_one_pass_for_each_dataset_time_and_dimension(parted: City) -> None:
    splits = make_plan(parted).splits
    assert len({(split.dataset.name, split.time, split.dimension) for split in splits}) == len(splits)
    assert sorted(split.table for split in splits) == [
        "part_visits__closed_at__by_kind",
        "part_visits__closed_at__by_online",
        "part_visits__due_at__by_kind",
        "part_visits__opened_at__by_kind",
        "part_visits__opened_at__by_online",
        "part_visits__opened_at__by_rooms",
    ]
