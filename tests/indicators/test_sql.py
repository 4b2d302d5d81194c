"""The SQL and the plan of one definition of each kind, as golden files to be read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from config import City
from indicators.dirty import Days, Spans
from indicators.explain import explain, statements
from indicators.plan import tree
from indicators.planner import make_plan
from indicators.sql.formula import formula_values
from indicators.sql.prelude import Moment
from indicators.sql.publish import Difference, bring_in_line, compare, cover
from indicators.sql.reaching import dirty_after, looked_at
from indicators.sql.scan import moved_days, replace_days, scan_rows, set_aside, slots_of

GOLDEN = Path(__file__).parent / "golden"
NOW = dt.datetime(2025, 7, 10, 2, tzinfo=dt.UTC)

Golden = Callable[[Path, str], None]

KINDS = {
    "ratio": "visits_on_time",
    "median": "handling_hours",
    "stock": "overdue",
    "register": "services",
    "reported": "output",
    "lag": "visits_before",
    "yoy": "visits_yoy",
    "ytd": "online_ytd",
    "rolling": "growth",
    "per_capita": "per_head",
    "share_of_parent": "part_of_parent",
    "rank": "online_place",
}


def test_plan(lab: City, golden: Golden) -> None:
    golden(GOLDEN / "plan.txt", str(make_plan(lab)) + "\n")


@pytest.mark.parametrize("kind", KINDS)
def test_values(lab: City, golden: Golden, kind: str) -> None:
    step = make_plan(lab).step_of(KINDS[kind])
    blocks = [
        block for block in statements(lab, step, KINDS[kind], Moment.of(lab, NOW)) if "MACRO" not in block
    ]
    golden(GOLDEN / f"{kind}.sql", ";\n\n".join(blocks) + ";\n")


def test_incremental_statements(lab: City, golden: Golden) -> None:
    plan, moment = make_plan(lab), Moment.of(lab, NOW)
    scan = next(scan for scan in plan.scans if scan.table == "part_visits__due_at")
    formula = next(step for step in plan.formulas if step.indicator == "closing_3")
    changed = Days.of([dt.date(2025, 7, 2), dt.date(2025, 7, 9), dt.date(2025, 7, 10)])
    days = slots_of(scan, changed)
    closing = Spans.touched(lab.periods, ("day", "month"), changed, moment.wall)
    dirty = dirty_after(formula, {"closing": closing}, moment, dt.date(2025, 7, 9))
    blocks = [
        set_aside(scan_rows(scan, moment, changed)),
        moved_days(scan.table, days),
        *replace_days(scan.table, days, Days.of([dt.date(2025, 7, 9)])),
        looked_at({formula: dirty}, {"closing": closing}),
        formula_values([formula], moment, lab.levels, dirty, "looked_at"),
        *cover({("frame__visits__1", closing): ["closing"]}, moment),
        compare({"closing": closing, "closing_3": dirty, "output": None}),
        *bring_in_line(Difference(1, 1, 1, 1), moment),
    ]
    golden(GOLDEN / "incremental.sql", ";\n\n".join(blocks) + ";\n")


def test_one_pass_for_each_dataset_and_time_column(hcmc: City) -> None:
    plan = make_plan(hcmc)
    passes = [(scan.dataset.name, scan.time) for scan in plan.scans]
    assert len(passes) == len(set(passes))
    for scan in plan.scans:
        assert len(set(scan.parts)) == len(scan.parts)


def test_explain_names_what_it_leans_on(lab: City) -> None:
    text = explain(lab, "visits_closed", NOW)
    assert "made of: dataset visits by closed_at" in text
    assert "part of: closing, backlog, growing" in text
    assert "SELECT 'visits_closed' AS indicator" in text
    assert "made of: visits_closed, visits" in explain(lab, "closing", NOW)


def test_a_tree_shows_only_the_value_asked_for(lab: City) -> None:
    plan = make_plan(lab)
    lines = tree(plan.step_of("visits"), "visits")
    assert [line for line in lines if "Value" in line] == [
        "  Value visits = p1 for city, district, ward × day, month, quarter, year"
    ]
