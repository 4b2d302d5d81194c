"""What ``check`` says of definitions that cannot be computed: place, message and hint."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from config import City, load_city
from indicators.check import check

LAB = Path(__file__).parent / "lab"
BASE: dict[str, Any] = {
    "id": "bad",
    "name": {"vi": "Sai", "en": "Bad"},
    "domain": "lab",
    "unit": "visits",
    "direction": "up",
    "levels": ["city"],
    "periods": ["month"],
    "owner": {"vi": "Sở", "en": "Office"},
    "source": {"vi": "Sở", "en": "Office"},
}
MEASURE = {"dataset": "visits", "time": "opened_at"}
FORMULA = {"kind": "formula"}
FIGURES = {"kind": "reported", "dataset": "figures", "time": "starts_on", "known": "published_on"}


def problems(tmp_path: Path, *definitions: dict[str, Any]) -> list[str]:
    """What ``check`` says of the laboratory with some definitions more."""
    folder = tmp_path / "lab"
    shutil.copytree(LAB, folder)
    made = [{**BASE, **definition} for definition in definitions]
    (folder / "indicators" / "bad.yaml").write_text(yaml.safe_dump(made, sort_keys=False), encoding="utf-8")
    found = check(load_city(folder))
    assert all(problem.file.endswith("bad.yaml") and problem.line > 0 for problem in found)
    return [f"{p.object}: {p.message} ({p.hint})" for p in found]


@pytest.mark.parametrize(
    ("definition", "said"),
    [
        (
            MEASURE | {"measure": "count(*) filter (where onlin)"},
            "indicator bad.measure: column 'onlin' is unknown (did you mean online?)",
        ),
        (
            MEASURE | {"measure": "medan(cost)"},
            "indicator bad.measure: function 'medan' is unknown or not allowed here (did you mean median?)",
        ),
        (
            MEASURE | {"measure": "count(*)", "where": "rooms + 1"},
            "indicator bad.where: CAST(rooms AS DOUBLE) + 1 is a number, not a condition"
            " (compare it with something)",
        ),
        (
            {"dataset": "illness", "time": "onset_on", "measure": "count(*)", "periods": ["hour"]},
            "indicator bad.periods.0: column 'onset_on' holds whole days, and hour begins every hour"
            " (leave the period out, or give the column's type as timestamp)",
        ),
        (
            FIGURES | {"value": "series", "where": "series = 'share'"},
            "indicator bad.value: column 'series' is text, not a number ()",
        ),
        (
            FIGURES | {"value": "value", "where": "series = 'share'", "periods": ["quarter", "year"]},
            "indicator bad.periods: a published figure belongs to one period, here are 2"
            " (make one indicator for each period, told apart by where)",
        ),
        (
            {"dataset": "services", "time": "since", "measure": "count(*)", "levels": ["city", "ward"]},
            "indicator bad.levels.1: dataset 'services' has no figures for level 'ward'"
            " (all of its rows belong to C, a city)",
        ),
        (
            FORMULA | {"formula": "lag(visit, 12)"},
            "indicator bad.formula: indicator 'visit' is unknown (did you mean visits or visits_3?)",
        ),
        (
            FORMULA | {"formula": "visits + visits_online"},
            "indicator bad.formula: visits_online (rate in percent) cannot be added to visits"
            " (amount in visits) (both must have the same unit)",
        ),
        (
            FORMULA | {"formula": "road_cost - visits"},
            "indicator bad.formula: visits (amount in visits) cannot be taken from road_cost"
            " (amount in money) (both must have the same unit)",
        ),
        (
            FORMULA | {"formula": "yoyo(visits)"},
            "indicator bad.formula: function 'yoyo' is unknown or not allowed here (did you mean yoy?)",
        ),
        (
            FORMULA | {"formula": "ytd(open)"},
            "indicator bad.formula: open does not add up over the year"
            " (take a count, a sum or a ratio of these)",
        ),
        (
            FORMULA | {"formula": "rolling(visits, 0)"},
            "indicator bad.formula: rolling reaches from 1 to 1000 periods ()",
        ),
        (
            FORMULA
            | {"formula": "visits", "levels": ["city"], "periods": ["day"]}
            | {"formula": "output / 2"},
            "indicator bad.periods.0: output is not computed for period 'day' (it has quarter)",
        ),
        (
            FORMULA | {"formula": "rank(services)", "levels": ["district"]},
            "indicator bad.levels.0: services is not computed for level 'district' (it has city)",
        ),
        (
            FORMULA | {"formula": "share_of_parent(visits)"},
            "indicator bad.levels.0: the city has no parent to have a share in (leave city out)",
        ),
        (
            FORMULA | {"formula": "100 * ratio(visits_closed, visits)", "unit": "percent"},
            "indicator bad.formula: is multiplied by 100 twice: unit 'percent' does it already"
            " (leave the number out)",
        ),
    ],
)
def test_each_mistake_is_named(tmp_path: Path, definition: dict[str, Any], said: str) -> None:
    assert said in problems(tmp_path, definition)


def test_a_ring_of_formulas_is_named_once(tmp_path: Path) -> None:
    ring = [
        FORMULA | {"id": "one", "formula": "two + 1"},
        FORMULA | {"id": "two", "formula": "lag(three, 1)"},
        FORMULA | {"id": "three", "formula": "one * 2"},
    ]
    (found,) = problems(tmp_path, *ring)
    assert "formulas lean on each other in a ring: " in found
    assert "one of them must be computed from data" in found


def test_a_formula_over_a_broken_indicator_is_not_blamed(tmp_path: Path) -> None:
    broken = MEASURE | {"id": "broken", "measure": "count("}
    leaning = FORMULA | {"id": "leaning", "formula": "broken / 2"}
    found = problems(tmp_path, broken, leaning)
    assert len(found) == 1
    assert found[0].startswith("indicator broken.measure: cannot be read")


def test_good_cities_have_no_problem(lab: City, hcmc: City) -> None:
    assert check(lab) == []
    assert check(hcmc) == []
