"""Identities against an oracle in pandas that knows nothing of SQL, and how they come and go."""

from __future__ import annotations

import datetime as dt
import math
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd
import pytest

from config import City, load_city
from config.models import Identity, Tolerance
from indicators.check import check
from indicators.claims import checks_of, parse_claim
from indicators.engine import Engine
from indicators.formula import Trait
from indicators.planner import traits
from warehouse.expression import ExpressionError

if TYPE_CHECKING:
    from tests.indicators.conftest import World, WorldMaker

LAB = Path(__file__).parent / "lab"
SPAN = (dt.date(2025, 5, 20), dt.date(2025, 7, 6))
NOW = dt.datetime(2025, 7, 5, 15, 30, tzinfo=dt.UTC)
SMALL = {"visits": 260, "readings": 30, "illness": 20, "services": 14, "figures": 10}
Keys = tuple[str, str, dt.datetime]
Key = tuple[str, str, str, dt.datetime]
Series = dict[Keys, float]


class Figures:
    """Series of values by (area, period, start), and what formulas of the tests' claims do with them."""

    def __init__(self, city: City, values: pd.DataFrame) -> None:
        self.city = city
        self.rows: dict[str, set[Keys]] = {}
        self.of: dict[str, Series] = {}
        for row in values.to_dict("records"):
            key = (row["area"], row["period"], row["start"].to_pydatetime())
            self.rows.setdefault(row["indicator"], set()).add(key)
            if not math.isnan(row["value"]):
                self.of.setdefault(row["indicator"], {})[key] = row["value"]

    def lag(self, name: str, count: int) -> Series:
        def later(period: str, start: dt.datetime) -> dt.datetime:
            return dt.datetime.combine(self.city.periods.shift(period, start.date(), count), dt.time())

        return {(area, period, later(period, start)): v for (area, period, start), v in self.of[name].items()}

    def children(self, name: str) -> Series:
        sums: Series = {}
        for area in self.city.areas.all():
            below = [unit for unit in self.city.areas.all() if unit.parent == area.code]
            for period, start in {(period, start) for _, period, start in self.of[name]} if below else ():
                end = self.city.periods.next_start(period, start.date())
                there = [
                    unit.code
                    for unit in below
                    if (unit.valid_from is None or unit.valid_from < end)
                    and (unit.valid_to is None or unit.valid_to > start.date())
                ]
                cells = [self.of[name].get((code, period, start)) for code in there]
                if cells and all(cell is not None for cell in cells):
                    sums[area.code, period, start] = sum(cell for cell in cells if cell is not None)
        return sums


def both(first: Series, second: Series, join: Callable[[float, float], float]) -> Series:
    return {key: join(first[key], second[key]) for key in first.keys() & second.keys()}


def plus(first: Series, second: Series) -> Series:
    return both(first, second, lambda a, b: a + b)


def minus(first: Series, second: Series) -> Series:
    return both(first, second, lambda a, b: a - b)


SIDES: dict[str, Callable[[Figures], tuple[Series, Series | float]]] = {
    "parts": lambda f: (f.of["services_full"], f.of["services"]),
    "rest": lambda f: (minus(f.of["visits"], f.of["visits_closed"]), f.of["growing"]),
    "earlier": lambda f: (f.of["visits_before"], f.lag("visits", 3)),
    "children": lambda f: (f.children("visits"), f.of["visits"]),
    "children_nearly": lambda f: (f.of["visits"], f.children("visits")),
    "costs": lambda f: (f.of["mean_cost"], plus(f.of["least_cost"], f.of["cost_per_room"])),
    "bounded": lambda f: (f.of["visits_online"], 60.0),
    "carried": lambda f: (
        f.of["open"],
        minus(plus(f.lag("open", 1), f.of["visits"]), f.of["visits_closed"]),
    ),
}


def holds(identity: Identity, left: float, right: float) -> bool:
    """By the words of the documentation."""
    larger = max(abs(left), abs(right))
    allowed = max(identity.tolerance.absolute, identity.tolerance.relative * larger) + 1e-9 * larger
    if "<=" in identity.claim:
        return left - right <= allowed
    if ">=" in identity.claim:
        return right - left <= allowed
    return abs(left - right) <= allowed


def expected(world: World) -> dict[Key, tuple[Any, ...]]:
    """Every row that the table should have: left, right and whether it holds."""
    city = world.city
    figures = Figures(city, world.values())
    last = dt.datetime.combine(NOW.date() + dt.timedelta(days=1), dt.time())
    found: dict[Key, tuple[Any, ...]] = {}
    for item in checks_of(city, traits(city)):
        left, right = SIDES[item.identity](figures)
        keys = set(left) | (set(right) if isinstance(right, dict) else set())
        for name in item.inputs:
            keys |= figures.rows[name]
        for key in keys:
            area, period, start = key
            if city.areas[area].level not in item.levels or period not in item.periods or start >= last:
                continue
            unit = city.areas[area]
            if (unit.valid_to and start.date() >= unit.valid_to) or (
                unit.valid_from and city.periods.next_start(period, start.date()) <= unit.valid_from
            ):
                continue
            a, b = left.get(key), right.get(key) if isinstance(right, dict) else right
            done = None if a is None or b is None else holds(city.identities[item.identity], a, b)
            found[item.identity, *key] = (a, b, done)
    return found


class Row(NamedTuple):
    """One stored outcome."""

    left: float | None
    right: float | None
    gap: float | None
    allowed: float | None
    holds: bool | None
    since: dt.datetime | None


def stored(world: World) -> dict[Key, Row]:
    """The table, of which no key may occur twice."""
    with world.store.read() as cursor:
        rows = cursor.execute(
            "SELECT identity, area, period, start, left_value, right_value, gap, allowed, holds, since"
            " FROM reconciliation ORDER BY ALL"
        ).fetchall()
    found = {row[:4]: Row(*row[4:]) for row in rows}
    assert len(found) == len(rows)
    return found


def outcomes(rows: dict[Key, Row], id_: str) -> set[bool | None]:
    return {row.holds for key, row in rows.items() if key[0] == id_}


def same(stored: float | None, wanted: float | None) -> bool:
    if stored is None or wanted is None:
        return stored is wanted
    return math.isclose(stored, wanted, rel_tol=1e-9, abs_tol=1e-9)


def compare(world: World) -> None:
    """The table is what the oracle says, besides what was broken and has lost all its figures."""
    got, wanted = stored(world), expected(world)
    listed = set(got) - set(wanted)
    assert set(wanted) <= set(got)
    assert all(got[key].holds is None and got[key].since is not None for key in listed)
    for key, (left, right, outcome) in wanted.items():
        row = got[key]
        assert same(row.left, left), (key, row)
        assert same(row.right, right), (key, row)
        assert row.holds == outcome, (key, row)
        assert outcome is None or same(row.gap, left - right), (key, row)
        if outcome is not None:
            assert (row.since is None) == outcome, (key, row)


@pytest.fixture
def world(make_world: WorldMaker, lab: City, fill_world: Callable[..., None]) -> World:
    made = make_world(lab)
    fill_world(made, SPAN, SMALL, seed=3)
    made.refresh(NOW)
    return made


def test_every_outcome_is_that_of_the_oracle(world: World) -> None:
    compare(world)
    rows = stored(world)
    assert {key[0] for key in rows} == set(world.city.identities)
    for id_ in ("rest", "earlier", "parts", "carried"):
        assert False not in outcomes(rows, id_), id_
    for id_ in ("children", "bounded", "costs"):
        assert {False, True} <= outcomes(rows, id_), id_
    assert None in outcomes(rows, "carried"), "a day without a day before cannot be checked"


def test_changes_are_followed_as_if_all_had_been_checked_anew(world: World) -> None:
    before = stored(world)
    for step, part in enumerate((0.6, 0.9, 1.0), start=1):
        later = NOW + dt.timedelta(minutes=step)
        changed = world.facts["visits"].sample(frac=part, random_state=step)
        moved = changed.opened_at.map(lambda at: at + dt.timedelta(hours=5 * (at.minute % 2)))
        world.put("visits", changed.assign(opened_at=moved), later)
        world.refresh(later)
        compare(world)
    after = stored(world)
    broken = [key for key in before.keys() & after.keys() if before[key].since and after[key].holds is False]
    kept = [key for key in broken if after[key].since == before[key].since]
    assert kept, "what has been broken all along is broken since the first time"


def test_nothing_is_written_when_nothing_changed(world: World) -> None:
    def checked_at() -> list[Any]:
        with world.store.read() as cursor:
            return cursor.execute("SELECT DISTINCT checked_at FROM reconciliation").fetchall()

    before, at, version = stored(world), checked_at(), world.store.data_version
    world.refresh(NOW + dt.timedelta(minutes=2))
    assert (stored(world), checked_at(), world.store.data_version) == (before, at, version)


def test_a_claim_that_changes_starts_anew(world: World) -> None:
    before = stored(world)
    identities = dict(world.city.identities)
    identities["bounded"] = identities["bounded"].model_copy(update={"claim": "visits_online <= 40"})
    del identities["costs"]
    later = NOW + dt.timedelta(minutes=3)
    report = Engine(replace(world.city, identities=identities), world.store).refresh(later)
    assert report.kind == "incremental"
    after = stored(world)
    since = {row.since for key, row in after.items() if key[0] == "bounded" and row.holds is False}
    assert since == {later.replace(tzinfo=None)}
    left = {key: row for key, row in after.items() if key[0] != "bounded"}
    assert left == {key: row for key, row in before.items() if key[0] not in ("bounded", "costs")}


@pytest.mark.parametrize(
    ("tolerance", "gap", "outcome"),
    [
        ({}, 0.0, True),
        ({}, 1e-8, True),
        ({}, 1e-3, False),
        ({"absolute": 2.0}, 2.0, True),
        ({"absolute": 2.0}, 2.001, False),
        ({"relative": 0.01}, 1.0, True),
        ({"relative": 0.01}, 1.02, False),
        ({"relative": 0.01, "absolute": 3.0}, 3.0, True),
    ],
)
def test_the_edges_of_a_tolerance(
    make_world: WorldMaker, lab: City, tolerance: dict[str, float], gap: float, outcome: bool
) -> None:
    """Against 100, so that one per cent is 1 (and a little more of the larger side)."""
    edge = Identity.model_validate(
        {"id": "edge", "name": {"en": "e", "vi": "e"}, "claim": "output = 100", "tolerance": tolerance}
    )
    world = make_world(replace(lab, identities={"edge": edge}))
    frame = pd.DataFrame(
        {
            "series": ["output"],
            "district": ["D1"],
            "starts_on": [dt.date(2025, 1, 1)],
            "value": [100.0 + gap],
            "published_on": [dt.date(2025, 4, 1)],
            "_area": ["D1"],
        },
        dtype=object,
    )
    world.put("figures", frame, NOW)
    world.refresh(NOW)
    (row,) = stored(world).values()
    assert row.holds is outcome
    assert row.allowed == pytest.approx(
        max(tolerance.get("absolute", 0.0), tolerance.get("relative", 0.0) * (100 + gap))
    )


KNOWN = {
    "a": Trait("amount", "visits", "sum"),
    "b": Trait("amount", "money", "sum"),
    "r": Trait("rate", "percent", "ratio"),
    "i": Trait("index", None, "mean"),
}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a", "is no claim"),
        ("a < 3", "not strict"),
        ("a = a = a", "more than two sides"),
        ("1 = 2", "names no indicator"),
        ("a = b", "same unit"),
        ("a = r", "same unit"),
        ("a = c", "unknown"),
        ("ratio(a, b) = r", "plain quotient"),
        ("sum_of_children(r) = r", "does not add up"),
        ("sum_of_children(a) + a = a", "a side by itself"),
        ("sum_of_children(1) = a", "takes an indicator"),
        ("sum_of_children(a, b) = a", "takes 1 argument"),
        ("a = (select 1)", "not"),
        ("a = a or a = a", "is no claim"),
        ("exists(select 1) = a", "not"),
    ],
)
def test_what_is_no_claim_is_refused(text: str, message: str) -> None:
    with pytest.raises(ExpressionError, match=message):
        parse_claim(text, KNOWN)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a + 2 * a = lag(a, 3)", "(a + (2 * a)) = lag(a, 3)"),
        ("sum_of_children(a) >= a", "sum_of_children(a) >= a"),
        ("r <= 100", "r <= 100"),
        ("-5 <= a", "-5 <= a"),
        ("r / 100 * a = i", None),
        ("100 * ratio(a, b) = r", None),
    ],
)
def test_what_is_a_claim_is_read(text: str, said: str | None) -> None:
    claim = parse_claim(text, KNOWN)
    assert said is None or str(claim) == said


def test_levels_and_periods_that_the_data_cannot_give_are_told(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(LAB, tmp_path / "lab"))
    (folder / "identities" / "bad.yaml").write_text(
        "- {id: x1, name: {vi: x, en: x}, claim: services = visits, levels: [district]}\n"
        "- {id: x2, name: {vi: x, en: x}, claim: services = visits, periods: [day]}\n"
        "- {id: x3, name: {vi: x, en: x}, claim: sum_of_children(visits) = visits, levels: [ward]}\n"
        "- {id: x4, name: {vi: x, en: x}, claim: output = road_cost, levels: [city]}\n"
        "- {id: x5, name: {vi: x, en: x}, claim: output = cost_per_kind}\n"
        "- {id: x6, name: {vi: x, en: x}, claim: visitz = visits}\n"
        "- {id: x7, name: {vi: x, en: x}, claim: visits = road_cost}\n",
        encoding="utf-8",
    )
    assert [str(problem) for problem in check(load_city(folder))] == [
        "identities/bad.yaml:1: identity x1.levels: services is not computed for level 'district' "
        "(it has city)",
        "identities/bad.yaml:2: identity x2.periods: services is not computed for period 'day' "
        "(it has month, year)",
        "identities/bad.yaml:3: identity x3.levels: a ward has no units below it to add up (leave ward out)",
        "identities/bad.yaml:5: identity x5.claim: its indicators have no period in common",
        "identities/bad.yaml:6: identity x6.claim: indicator 'visitz' is unknown (did you mean visits "
        "or visits_3?)",
        "identities/bad.yaml:7: identity x7.claim: visits (amount in visits) is compared with road_cost "
        "(amount in money) (both sides must have the same unit)",
    ]


def test_where_nothing_is_said_it_is_checked_wherever_it_can_be(lab: City) -> None:
    checks = {item.identity: item for item in checks_of(lab, traits(lab))}
    assert checks["children"].levels == ("city", "district")
    assert checks["parts"].levels == ("city",)
    assert checks["parts"].periods == ("month", "year")
    assert checks["parts"].tolerance == Tolerance()
