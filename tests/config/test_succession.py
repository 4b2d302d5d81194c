"""Units through time: whatever is merged, parted, handed over or renamed, nothing is lost or won."""

from __future__ import annotations

import csv
import datetime as dt
import math
from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config import REFERENCE_CITY, load_city
from config.areas import AreaTree
from config.models import Area, AreaChange

LEVELS = ("city", "district", "ward")
REFORM = dt.date(2025, 7, 1)


def day(year: int) -> dt.date:
    return dt.date(year, 7, 1)


@dataclass
class History:
    """A city that reforms its wards once a year, and the shares of each reform as plain fractions."""

    units: dict[str, dict[str, Any]] = field(default_factory=dict)
    changes: list[tuple[str, str, dt.date, Fraction]] = field(default_factory=list)
    whole: bool = True

    def add(self, code: str, level: str, parent: str, since: dt.date | None, people: int | None) -> None:
        self.units[code] = {
            "code": code, "name_vi": code, "name_en": code, "level": level, "parent": parent,
            "valid_from": since, "population": people,
        }  # fmt: skip

    def living(self, on: dt.date) -> list[str]:
        return [
            code
            for code, unit in self.units.items()
            if unit["level"] == "ward"
            and (unit["valid_from"] or dt.date.min) <= on < (unit.get("valid_to") or dt.date.max)
        ]

    @property
    def tree(self) -> AreaTree:
        changes = [
            AreaChange.model_validate({"from": s, "to": t, "date": date, "share": float(share)})
            for s, t, date, share in self.changes
        ]
        return AreaTree([Area(**unit) for unit in self.units.values()], LEVELS, changes)


@st.composite
def histories(draw: st.DrawFn, whole: bool = False) -> History:
    """Random reforms of a random tree; ``whole`` keeps to merges and renames."""
    history = History()
    counted = draw(st.booleans())
    people = st.integers(1, 5000) if counted else st.none()
    history.add("C", "city", "", None, None)
    districts = [f"D{i}" for i in range(draw(st.integers(1, 3)))]
    for code in districts:
        history.add(code, "district", "C", None, None)
    for number in range(draw(st.integers(1, 6))):
        history.add(f"W{number}", "ward", draw(st.sampled_from(districts)), None, draw(people))
    serial = 100
    kinds = ["merge", "rename"] if whole else ["merge", "rename", "split", "transfer", "mixed"]
    for year in range(2001, 2001 + draw(st.integers(1, 4))):
        date, free = day(year), history.living(day(year) - dt.timedelta(days=1))
        for _ in range(draw(st.integers(1, 2))):
            kind = draw(st.sampled_from(kinds))
            count = 1 if kind in ("rename", "split") else 2
            if len(free) < count:
                break
            chosen = draw(st.lists(st.sampled_from(free), min_size=count, max_size=count, unique=True))
            free = [code for code in free if code not in chosen]
            if kind == "transfer":
                part = Fraction(draw(st.integers(1, 9)), 10)
                history.changes.append((chosen[0], chosen[1], date, part))
                history.whole = False
                continue
            made = []
            for _ in range(2 if kind in ("split", "mixed") else 1):
                serial += 1
                made.append(f"W{serial}")
                history.add(made[-1], "ward", draw(st.sampled_from(districts)), date, draw(people))
            for number, code in enumerate(chosen):
                history.units[code]["valid_to"] = date
                parts = [Fraction(1)]
                if len(made) == 2:
                    first = Fraction(draw(st.integers(1, 9)), 10)
                    parts = [first, 1 - first]
                    history.whole = False
                if kind == "mixed" and number == 0:
                    made_here, parts = made[:1], [Fraction(1)]
                else:
                    made_here = made
                history.changes += [(code, m, date, p) for m, p in zip(made_here, parts, strict=True)]
    return history


def facts(history: History) -> st.SearchStrategy[list[tuple[str, dt.date, int]]]:
    """(unit, day, amount) for units that lived on the day."""
    years = st.integers(1999, 2006)
    pairs = years.flatmap(
        lambda year: st.tuples(
            st.sampled_from(history.living(dt.date(year, 3, 1))),
            st.just(dt.date(year, 3, 1)),
            st.integers(0, 900),
        )
    )
    return st.lists(pairs, min_size=1, max_size=12)


def moved(tree: AreaTree, rows: list[tuple[str, dt.date, float]], on: dt.date) -> dict[str, float]:
    found: dict[str, float] = defaultdict(float)
    for unit, at, amount in rows:
        for target, share in tree.recast(on).row(unit, at).items():
            found[target] += share * amount
    return found


@settings(max_examples=120)
@given(st.data())
def test_totals_stand_whatever_day_is_chosen(data: st.DataObject) -> None:
    history = data.draw(histories())
    tree = history.tree
    rows: list[tuple[str, dt.date, float]] = list(data.draw(facts(history)))
    total = math.fsum(amount for *_, amount in rows)
    on = dt.date(data.draw(st.integers(1999, 2006)), 3, 1)
    there = moved(tree, rows, on)
    assert set(there) <= set(history.living(on))
    assert math.fsum(there.values()) == pytest.approx(total, rel=1e-9, abs=1e-9)
    # and on from there to any other day
    back = dt.date(data.draw(st.integers(1999, 2006)), 3, 1)
    again = moved(tree, [(unit, on, amount) for unit, amount in there.items()], back)
    assert math.fsum(again.values()) == pytest.approx(total, rel=1e-9, abs=1e-9)
    # a district has what its wards have
    for district in tree.at("district"):
        row = tree.recast(on).row(district.code, rows[0][1])
        assert math.fsum(row.values()) == pytest.approx(1)


@settings(max_examples=60)
@given(st.data())
def test_whole_units_are_counted_exactly(data: st.DataObject) -> None:
    history = data.draw(histories(whole=True))
    tree, on = history.tree, dt.date(2006, 3, 1)
    rows = data.draw(facts(history))
    recast = tree.recast(on)
    assert all(
        piece.exact for piece in recast.pieces if tree[piece.unit].level == "ward" and piece.until <= on
    )
    assert sum(moved(tree, [(u, d, float(a)) for u, d, a in rows], on).values()) == sum(a for *_, a in rows)


@settings(max_examples=60)
@given(st.data())
def test_shares_are_followed_one_reform_after_another(data: st.DataObject) -> None:
    """Against plain fractions, walked forward unit by unit."""
    history = data.draw(histories())
    tree, start, on = history.tree, dt.date(1999, 3, 1), dt.date(2006, 3, 1)
    for unit in history.living(start):
        here = {unit: Fraction(1)}
        for date in sorted({date for *_, date, _ in history.changes}):
            step: dict[str, Fraction] = defaultdict(Fraction)
            for code, part in here.items():
                given_away = [(t, s) for f, t, d, s in history.changes if (f, d) == (code, date)]
                for target, share in given_away:
                    step[target] += part * share
                step[code] += part * (1 - sum((share for _, share in given_away), Fraction(0)))
            here = {code: part for code, part in step.items() if part}
        assert tree.recast(on).row(unit, start) == pytest.approx({c: float(p) for c, p in here.items()})


@settings(max_examples=60)
@given(st.data())
def test_the_heir_has_the_largest_part(data: st.DataObject) -> None:
    history = data.draw(histories())
    tree, on = history.tree, dt.date(2006, 3, 1)
    ended = {unit.code: unit.valid_to for unit in tree.all() if unit.valid_to is not None}
    heirs = {heir.unit: heir.heir for heir in tree.heirs if heir.since <= on < heir.until}
    assert set(heirs) == set(ended), "each unit that is gone has one heir on any day after"
    for unit, until in ended.items():
        row = tree.recast(on).row(unit, until - dt.timedelta(days=1))
        assert row[heirs[unit]] == pytest.approx(max(row.values()), abs=1e-8)


def test_back_in_time_units_are_shared_by_their_people() -> None:
    history = History()
    history.add("C", "city", "", None, None)
    history.add("D", "district", "C", None, None)
    history.add("A", "ward", "D", None, 300)
    history.add("B", "ward", "D", None, 100)
    history.add("N", "ward", "D", day(2001), 350)
    history.add("M", "ward", "D", day(2001), 50)
    history.units["A"]["valid_to"] = history.units["B"]["valid_to"] = day(2001)
    history.changes = [
        ("A", "N", day(2001), Fraction(1)),
        ("B", "N", day(2001), Fraction(1, 2)),
        ("B", "M", day(2001), Fraction(1, 2)),
    ]
    tree = history.tree
    before = tree.recast(dt.date(2000, 1, 1))
    assert before.row("N", dt.date(2002, 1, 1)) == pytest.approx({"A": 300 / 350, "B": 50 / 350})
    assert before.row("M", dt.date(2002, 1, 1)) == {"B": 1.0}
    assert [(p.unit, p.exact) for p in before.of("B")] == [("B", True), ("M", True), ("N", False)]
    assert [(m.date, m.unit, m.share) for m in tree.came_from("N")] == [
        (day(2001), "A", 1.0),
        (day(2001), "B", 0.5),
    ]
    assert [(m.unit, m.share) for m in tree.went_to("B")] == [("M", 0.5), ("N", 0.5)]


def test_a_unit_that_goes_on_keeps_what_it_does_not_give() -> None:
    history = History()
    history.add("C", "city", "", None, None)
    history.add("D", "district", "C", None, None)
    history.add("A", "ward", "D", None, 300)
    history.add("B", "ward", "D", None, 100)
    history.changes = [("A", "B", day(2001), Fraction(1, 4))]
    recast = history.tree.recast(day(2001))
    assert recast.row("A", dt.date(2000, 1, 1)) == {"A": 0.75, "B": 0.25}
    assert recast.row("A", dt.date(2002, 1, 1)) == {"A": 1.0}
    earlier = history.tree.recast(dt.date(2000, 1, 1))
    assert earlier.row("A", dt.date(2002, 1, 1)) == {"A": 1.0}
    assert earlier.row("B", dt.date(2002, 1, 1)) == pytest.approx({"A": 75 / 175, "B": 100 / 175})


def test_a_district_may_have_changes_of_its_own() -> None:
    history = History()
    history.add("C", "city", "", None, None)
    for code in "DE":
        history.add(code, "district", "C", None, None)
    history.add("F", "district", "C", day(2001), None)
    history.add("A", "ward", "D", None, 300)
    history.add("B", "ward", "F", day(2001), 100)
    for code in "DEA":
        history.units[code]["valid_to"] = day(2001)
    history.changes = [
        (source, target, day(2001), Fraction(1)) for source, target in (("D", "F"), ("E", "F"), ("A", "B"))
    ]
    recast = history.tree.recast(day(2001))
    assert [recast.row(code, dt.date(2000, 1, 1)) for code in "DEAC"] == [
        {"F": 1},
        {"F": 1},
        {"B": 1},
        {"C": 1},
    ]


def real_reform(path: Path) -> AreaTree:
    """The 442 units of three provinces and the 168 made of them; split units count in equal parts."""
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    after = {row["new_ward_code"]: row["new_ward_name"] for row in rows}
    before = {row["old_ward_code"] or row["old_district_code"]: row["old_ward_name"] for row in rows}
    parts: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        parts[row["old_ward_code"] or row["old_district_code"]].append(row["new_ward_code"])
    root = [Area(code="79", name_vi="79", name_en="79", level="city")]
    old = [
        Area(
            code=f"{c}-2020",
            official=c,
            name_vi=n or c,
            name_en=n or c,
            level="ward",
            parent="79",
            valid_to=REFORM,
        )
        for c, n in before.items()
    ]
    new = [
        Area(code=c, name_vi=n, name_en=n, level="ward", parent="79", valid_from=REFORM)
        for c, n in after.items()
    ]
    changes = [
        AreaChange.model_validate({"from": f"{o}-2020", "to": n, "date": REFORM, "share": 1 / len(names)})
        for o, names in parts.items()
        for n in names
    ]
    return AreaTree([*root, *old, *new], ["city", "ward"], changes)


def test_the_reform_of_2025_loses_nothing(shared_data: Path) -> None:
    tree = real_reform(shared_data / "geo" / "hcmc_ward_mapping_2025.csv")
    old, new = tree.at("ward", dt.date(2025, 6, 30)), tree.at("ward", REFORM)
    assert (len(old), len(new)) == (442, 168)
    assert len({a.official for a in old} & {a.code for a in new}) > 100, "codes are re-used"
    forward, back = tree.recast(REFORM), tree.recast(dt.date(2025, 6, 30))
    whole = [a for a in old if all(p.exact for p in forward.by_unit[a.code])]
    assert len(whole) == 442 - 47
    amounts = {a.code: 7 * number + 3 for number, a in enumerate(old)}
    there = moved(tree, [(c, dt.date(2025, 6, 30), n) for c, n in amounts.items()], REFORM)
    assert set(there) == {a.code for a in new}
    assert math.fsum(there.values()) == pytest.approx(sum(amounts.values()), rel=1e-12)
    again = moved(tree, [(c, REFORM, n) for c, n in there.items()], dt.date(2025, 6, 30))
    assert set(again) == {a.code for a in old}
    assert math.fsum(again.values()) == pytest.approx(sum(amounts.values()), rel=1e-12)
    untouched = [a.code for a in new if all(p.exact for p in forward.of(a.code))]
    for code in untouched:
        parts = [p.unit for p in forward.of(code) if p.unit != code]
        assert there[code] == sum(amounts[unit] for unit in parts)
    assert all(back.row(a.code, REFORM) for a in new)


def test_the_reference_city_agrees_with_the_published_list(shared_data: Path) -> None:
    tree = load_city(REFERENCE_CITY).areas
    with (shared_data / "geo" / "hcmc_ward_mapping_2025.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["old_province_code"] == "79"]
    published = {(row["old_ward_code"], row["new_ward_code"]) for row in rows}
    changes = [c for c in tree.changes if c.date == REFORM and tree[c.target].level == "ward"]
    inside = [c for c in changes if c.source]
    ours = {(tree[c.source].official or c.source, tree[c.target].official or c.target) for c in inside}
    assert ours == published
    assert len({c.source for c in inside}) == 273
    assert len({c.target for c in inside}) == 102
    assert len({c.target for c in changes}) == 168
    eve = dt.date(2025, 6, 30)
    there = moved(tree, [(a.code, eve, tree.people(a.code, eve) or 0) for a in tree.at("ward", eve)], REFORM)
    kept = {c.target for c in inside}
    assert there == pytest.approx(
        {a.code: a.population for a in tree.at("ward", REFORM) if a.code in kept}, abs=1
    )
