"""The engine's own values on other boundaries: sums add up to the same, quotients are those of sums."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from config import City
from config.areas import AreaTree
from config.models import Area, AreaChange
from indicators.behind import rows_query
from indicators.breakdown import breakdown
from indicators.engine import Engine
from indicators.recast import recast_rules
from indicators.sql.prelude import Moment
from warehouse.reader import Reader, Value, reading
from warehouse.recast_rule import Rule, read_rules
from warehouse.scope import EVERYONE

if TYPE_CHECKING:
    from tests.indicators.conftest import World, WorldMaker

REFORM = dt.date(2025, 7, 1)
BEFORE = dt.date(2025, 6, 30)
NOW = dt.datetime(2025, 10, 3, 3, tzinfo=dt.UTC)
SPAN = (dt.date(2025, 4, 1), dt.date(2025, 10, 3))
UNITS = [
    ("C", "city", "", None, None, 1000),
    ("D1", "district", "C", None, None, 600),
    ("D2", "district", "C", None, None, 400),
    ("W1", "ward", "D1", None, REFORM, 200),
    ("W2", "ward", "D1", None, REFORM, 150),
    ("W3", "ward", "D1", None, REFORM, 250),
    ("W4", "ward", "D2", None, REFORM, 300),
    ("W5", "ward", "D2", None, None, 100),
    ("N1", "ward", "D1", REFORM, None, 60),
    ("N2", "ward", "D2", REFORM, None, 165),
    ("N3", "ward", "D1", REFORM, None, 400),
    ("N4", "ward", "D2", REFORM, None, 300),
]
BY_KIND = ("visits_closed", "open", "handling_hours")
CHANGES = [
    ("W1", "N1", 0.3),
    ("W1", "N2", 0.7),
    ("W2", "N3", 1),
    ("W3", "N3", 1),
    ("W4", "N4", 1),
    ("W5", "N2", 0.25),
]


def reformed(city: City) -> City:
    """The lab with a merge, a split, a renaming and a part handed over."""
    names = ("code", "level", "parent", "valid_from", "valid_to", "population")
    units = [Area(name_vi=row[0], name_en=row[0], **dict(zip(names, row, strict=True))) for row in UNITS]
    changes = [
        AreaChange.model_validate({"from": source, "to": target, "date": REFORM, "share": share})
        for source, target, share in CHANGES
    ]
    split = {
        id_: item.model_copy(update={"by": ("kind",)}) if id_ in BY_KIND else item
        for id_, item in city.indicators.items()
    }
    return replace(city, areas=AreaTree(units, city.levels, changes), indicators=split)


@pytest.fixture(scope="module")
def world(lab: City, make_world: WorldMaker, fill_world: Callable[..., None]) -> World:
    made = make_world(reformed(lab))
    fill_world(made, SPAN, {"visits": 3000, "readings": 800}, 11)
    made.refresh(NOW)
    return made


@pytest.fixture(scope="module")
def rules(world: World) -> dict[str, Rule]:
    with world.store.read() as cursor:
        return read_rules(cursor)


@pytest.fixture(params=[REFORM, BEFORE], ids=["today's", "former"])
def sides(request: pytest.FixtureRequest, world: World) -> Iterator[tuple[Reader, Reader, dt.date]]:
    """A reader of the time's boundaries, one of the chosen day's, and that day."""
    with (
        reading(world.store, world.city, EVERYONE) as plain,
        reading(world.store, world.city, EVERYONE, boundaries=request.param) as recast,
    ):
        yield plain, recast, request.param


STARTS = {
    "day": [dt.date(2025, 6, 30), dt.date(2025, 7, 1), dt.date(2025, 5, 5)],
    "month": [dt.date(2025, m, 1) for m in (4, 6, 7, 9)],
    "quarter": [dt.date(2025, 4, 1), dt.date(2025, 7, 1)],
    "year": [dt.date(2025, 1, 1)],
}


def test_every_indicator_has_a_rule(world: World, rules: dict[str, Rule]) -> None:
    engine = Engine(world.city, world.store)
    assert rules == recast_rules(world.city, engine.plan)
    assert set(rules) == set(world.city.indicators)
    told = {
        how: sorted(id_ for id_, rule in rules.items() if rule.how == how)
        for how in ("ratio", "whole", "stock")
    }
    assert told["whole"] == ["cost_per_kind", "handling_hours", "handling_hours_p90", "kinds", "stations"]
    assert "mean_cost" in told["ratio"]
    assert {"open", "overdue"} <= set(told["stock"])


@pytest.mark.parametrize("level", ["city", "district", "ward"])
def test_totals_are_the_same_on_any_boundaries(
    world: World, rules: dict[str, Rule], sides: tuple[Reader, Reader, dt.date], level: str
) -> None:
    plain, recast, on = sides
    additive = [id_ for id_, rule in rules.items() if rule.how in ("sum", "stock")]
    units = {area.code for area in world.city.areas.at(level, on)}
    seen = 0
    for period, starts in STARTS.items():
        ids = [id_ for id_ in additive if period in world.city.indicators[id_].periods]
        for start in starts:
            before, after = plain.matrix(ids, level, period, start), recast.matrix(ids, level, period, start)
            assert set(after) <= units
            for id_ in ids:
                left, right = _column(before, id_), _column(after, id_)
                assert _sum(right) == pytest.approx(_sum(left), rel=1e-9, abs=1e-9), (id_, period, start)
                seen += bool(left)
    assert seen >= 80


def test_quotients_are_sums_divided(rules: dict[str, Rule], sides: tuple[Reader, Reader, dt.date]) -> None:
    plain, recast, _ = sides
    ids = [id_ for id_, rule in rules.items() if rule.how == "ratio"]
    for period, starts in STARTS.items():
        for start in starts:
            before, after = (
                plain.matrix(ids, "ward", period, start),
                recast.matrix(ids, "ward", period, start),
            )
            for id_ in ids:
                left, right = _column(before, id_), _column(after, id_)
                for part in ("numerator", "denominator"):
                    assert sum(getattr(v, part) or 0 for v in right) == pytest.approx(
                        sum(getattr(v, part) or 0 for v in left), rel=1e-9
                    ), (id_, period, start)
                for v in right:
                    assert v.value == pytest.approx(
                        rules[id_].scale * (v.numerator or 0) / v.denominator if v.denominator else None
                    )


def test_a_merge_is_exact_and_a_part_is_an_estimate(world: World) -> None:
    june = dt.date(2025, 6, 1)
    with (
        reading(world.store, world.city, EVERYONE) as plain,
        reading(world.store, world.city, EVERYONE, boundaries=REFORM) as recast,
    ):
        old = plain.matrix(["visits", "least_cost", "handling_hours", "mean_cost"], "ward", "month", june)
        new = recast.matrix(["visits", "least_cost", "handling_hours", "mean_cost"], "ward", "month", june)
        series = recast.series(["visits", "visits_3", "visits_before", "per_head"], "N3", "month", 5)
        year = recast.latest(["visits", "per_head"], "N3", "year")
        halves = {code: plain.latest(["visits"], code, "year")["visits"] for code in ("W2", "W3", "N3")}
    assert new["N3"]["visits"].value == old["W2"]["visits"].value + old["W3"]["visits"].value  # type: ignore[operator]
    assert not new["N3"]["visits"].estimated
    assert new["N3"]["least_cost"].value == min(old[c]["least_cost"].value for c in ("W2", "W3"))  # type: ignore[type-var]
    assert "handling_hours" not in new["N3"], "the median of two wards is not known from theirs"
    assert new["N4"]["handling_hours"].value == old["W4"]["handling_hours"].value
    assert not new["N4"]["visits"].estimated
    assert new["N2"]["visits"].value == pytest.approx(
        0.7 * (old["W1"]["visits"].value or 0) + 0.25 * (old["W5"]["visits"].value or 0)
    )
    assert new["N2"]["visits"].estimated
    assert new["N2"]["mean_cost"].estimated
    assert "least_cost" not in new["N2"]
    # the run of months knows no break, and what looks back looks at the predecessors
    visits = {v.start: v for v in series["visits"]}
    assert sorted(visits) == [dt.date(2025, m, 1) for m in (6, 7, 8, 9, 10)]
    three = {v.start: v.value for v in series["visits_3"]}
    assert three[dt.date(2025, 8, 1)] == sum(visits[dt.date(2025, m, 1)].value or 0 for m in (6, 7, 8))
    lagged = {v.start: v.value for v in series["visits_before"]}
    assert lagged[dt.date(2025, 9, 1)] == visits[june].value
    assert series["per_head"][0].denominator == 400
    assert series["per_head"][0].value == pytest.approx(1000 * (visits[june].value or 0) / 400)
    # a year that holds the reform has each unit's part of it
    assert year["visits"].value == sum(v.value or 0 for v in halves.values())
    assert year["per_head"].denominator == 400
    assert (year["visits"].present, year["visits"].expected) == (
        sum(v.present for v in halves.values()),
        sum(v.expected for v in halves.values()),
    )


def test_on_their_own_boundaries_values_are_as_they_stand(world: World) -> None:
    ids = list(world.city.indicators)
    for on, start in ((REFORM, dt.date(2025, 8, 1)), (BEFORE, dt.date(2025, 5, 1))):
        with (
            reading(world.store, world.city, EVERYONE) as plain,
            reading(world.store, world.city, EVERYONE, boundaries=on) as recast,
        ):
            stored, shown = (
                plain.matrix(ids, "ward", "month", start),
                recast.matrix(ids, "ward", "month", start),
            )
        for area, row in stored.items():
            for id_, value in row.items():
                assert shown[area][id_] == value


def test_values_of_their_time_tell_each_unit_over_its_own_days(world: World) -> None:
    """The default: a ward that ended has its half of the year, and is expected for no more than that."""
    with reading(world.store, world.city, EVERYONE) as reader:
        year = reader.matrix(["visits"], "ward", "year", dt.date(2025, 1, 1))
        july = reader.matrix(["visits"], "ward", "month", dt.date(2025, 7, 1))
        june = reader.matrix(["visits"], "ward", "month", dt.date(2025, 6, 1))
    assert set(june) == {"W1", "W2", "W3", "W4", "W5"}
    assert set(july) == {"N1", "N2", "N3", "N4", "W5"}
    assert set(year) == {"W1", "W2", "W3", "W4", "W5", "N1", "N2", "N3", "N4"}
    facts = world.facts["visits"]
    for code in ("W2", "N3"):
        assert year[code]["visits"].value == (facts["_area"] == code).sum()
    first = world.local_day(facts["opened_at"].min())
    assert first is not None
    assert year["W2"]["visits"].expected == (REFORM - dt.date(2025, 1, 1)).days
    assert year["N3"]["visits"].expected <= (dt.date(2025, 10, 4) - REFORM).days


@pytest.mark.parametrize("id_", BY_KIND)
@pytest.mark.parametrize("start", [dt.date(2025, 6, 1), dt.date(2025, 7, 1), dt.date(2025, 8, 1)])
def test_rows_and_members_are_those_of_the_value(world: World, id_: str, start: dt.date) -> None:
    moment = Moment.of(world.city, NOW)
    counted = 0
    with reading(world.store, world.city, EVERYONE) as reader:
        for level in world.city.levels:
            for area, row in reader.matrix([id_], level, "month", start).items():
                query = rows_query(world.city, world.city.indicators[id_], area, "month", start, moment)
                assert query is not None
                assert query.page(reader, 1).total == row[id_].n, (area, row)
                members = breakdown(world.city, reader, id_, "kind", area, "month", start)
                assert sum(member.n for member in members) == row[id_].n, (area, row)
                counted += row[id_].n
    assert counted > 100


def _column(table: dict[str, dict[str, Value]], id_: str) -> list[Value]:
    return [row[id_] for row in table.values() if id_ in row]


def _sum(values: list[Value]) -> float:
    return sum(v.value or 0 for v in values)


def test_late_news_of_a_unit_that_is_gone_counts_for_its_heir(world: World) -> None:
    """A case of a ward that ended is closed in, and until then open in, the ward that took most of it."""
    heirs = {"W1": "N2", "W2": "N3", "W3": "N3", "W4": "N4"}
    facts = world.facts["visits"]
    known = facts[pd.to_datetime(facts["closed_at"]) <= pd.Timestamp(NOW.replace(tzinfo=None))]
    late = known[[(world.local_day(at) or BEFORE) >= REFORM for at in known["closed_at"]]]
    expected = late["_area"].map(lambda code: heirs.get(code, code)).value_counts()
    starts = [dt.date(2025, m, 1) for m in (7, 8, 9, 10)]
    with reading(world.store, world.city, EVERYONE) as reader:
        closed = [reader.matrix(["visits_closed"], "ward", "month", start) for start in starts]
        for ids in (["visits_closed"], ["open"], ["overdue"]):
            for period, day in (
                ("month", dt.date(2025, 7, 1)),
                ("day", dt.date(2025, 7, 1)),
                ("year", dt.date(2025, 1, 1)),
            ):
                wards = _sum(_column(reader.matrix(ids, "ward", period, day), ids[0]))
                districts = _column(reader.matrix(ids, "district", period, day), ids[0])
                root = reader.matrix(ids, "city", period, day)["C"][ids[0]].value
                # rows without a ward lie in a district or in the city as a whole
                rows = facts["_area"].isin({"D1", "D2", "C"})
                assert wards <= _sum(districts) <= (root or 0), (ids, period)
                assert (root or 0) - wards <= rows.sum()
    for code in ("N2", "N3", "N4"):
        told = sum(row[code]["visits_closed"].value or 0 for row in closed)
        assert told == expected[code], code
