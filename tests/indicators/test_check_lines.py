"""A folder of broken definitions: each mistake is told on the very line on which it stands."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from config.loader import read_city
from indicators.check import check

LAB = Path(__file__).parent / "lab"
HEAD = """\
- id: bad
  name: {vi: Sai, en: Bad}
  domain: lab
  owner: {vi: Sở, en: Office}
  source: {vi: Sở, en: Office}
  direction: up
"""
SHAPE = """\
  unit: visits
  levels:
    - district
  periods:
    - month
"""
FORMULA = HEAD + SHAPE + "  kind: formula\n"
MEASURE = HEAD + SHAPE + "  dataset: visits\n  time: opened_at\n"
INDEX = HEAD + SHAPE.replace("visits", "times") + "  kind: composite\n"
PLACES = FORMULA.replace("unit: visits", "unit: place")
# lines: 1 id … 6 direction, 7 unit, 8 levels, 9 district, 10 periods, 11 month, 12 and on what follows
PARTS = """\
  components:
    - indicator: visits_online
    - indicator: {}
  normalise: min_max
"""

CASES = {
    # cycles
    "itself": (FORMULA + "  formula: lag(bad, 1)", 13, "formulas lean on each other in a ring: bad → bad"),
    "composite of itself": (
        INDEX + PARTS.format("bad"),
        15,
        "formulas lean on each other in a ring: bad → bad",
    ),
    # names
    "near miss": (
        FORMULA + "  formula: lag(visit, 1)",
        13,
        "indicator 'visit' is unknown (did you mean visits",
    ),
    "component": (
        INDEX + PARTS.format("visits_onlin"),
        15,
        "indicator 'visits_onlin' is unknown (did you mean visits_",
    ),
    "function": (FORMULA + "  formula: share_off(visits, open)", 13, "(did you mean share_of"),
    # units
    "rate and amount": (FORMULA + "  formula: visits + visits_online", 13, "cannot be added to visits"),
    "amounts": (FORMULA + "  formula: road_cost - visits", 13, "cannot be taken from road_cost"),
    "rank in a sum": (FORMULA + "  formula: visits + open_place", 13, "places do not add up"),
    "ranks": (PLACES + "  formula: open_place + open_place", 13, "places do not add up"),
    "quotient and per cent": (FORMULA + "  formula: visits / open + closing", 13, "is a plain quotient"),
    "share of a rate": (
        FORMULA + "  formula: share_of(visits_online, visits)",
        13,
        "is a rate and no part of a whole",
    ),
    "share of money": (FORMULA + "  formula: share_of(visits, road_cost)", 13, "is no part of road_cost"),
    "index of a rank": (
        FORMULA + "  formula: index(open_place, 2025)",
        13,
        "is a place: it cannot be divided",
    ),
    "other unit": (
        FORMULA + "  formula: lag(road_cost, 1)",
        7,
        "is in money, and unit 'visits' is of kind amount",
    ),
    "no place": (PLACES + "  formula: visits + 1", 7, "visits + 1 is no place"),
    "a place": (FORMULA + "  formula: rank(visits)", 7, "rank(visits) is a place"),
    "index in visits": (FORMULA + "  formula: index(visits, 2025)", 7, "is in per cent"),
    "yoy in visits": (FORMULA + "  formula: yoy(visits)", 7, "is in per cent"),
    "composite in visits": (
        INDEX.replace("times", "visits") + PARTS.format("open"),
        7,
        "a composite is an index",
    ),
    # what the data cannot give
    "level": (FORMULA + "  formula: services * 2", 9, "services is not computed for level 'district'"),
    "period": (
        FORMULA + "  formula: share_of(output, output)",
        11,
        "output is not computed for period 'month'",
    ),
    "component's level": (
        INDEX + PARTS.format("services"),
        15,
        "services is not computed for level 'district'",
    ),
    "component's period": (INDEX + PARTS.format("output"), 15, "output is not computed for period 'month'"),
    "alone": (INDEX.replace("- district", "- city") + PARTS.format("open"), 9, "there is one city alone"),
    "no parent": (
        (FORMULA + "  formula: share_of_parent(visits)").replace("- district", "- city"),
        9,
        "has no parent",
    ),
    "base": (FORMULA + "  formula: index(visits, '2024-13')", 13, "'2024-13' is no base"),
    "base of a moving column": (
        FORMULA + "  formula: index(visits, open)",
        13,
        "the base of index must be fixed",
    ),
    "window": (FORMULA + "  formula: rolling(visits, 1001)", 13, "rolling reaches from 1 to 1000 periods"),
    # composites
    "direction": (
        INDEX.replace("direction: up", "direction: down") + PARTS.format("open"),
        6,
        "the better the higher",
    ),
    "goalposts": (
        INDEX
        + PARTS.format("open")
        .replace("min_max", "goalposts")
        .replace("- indicator: visits_online", "- {indicator: visits_online, goalposts: {min: 0, max: 1}}"),
        15,
        "open has no goalposts",
    ),
    "twice": (INDEX + PARTS.format("visits_online"), 15, "is given twice"),
    # rows
    "weights": (MEASURE + "  measure: avg(cost)\n  weights: kind", 15, "kind is text, not a number"),
    "unknown weight": (MEASURE + "  measure: avg(cost)\n  weights: room", 15, "(did you mean rooms?"),
    "nothing to weigh": (
        MEASURE + "  measure: sum(cost)\n  weights: rooms",
        15,
        "the measure has no avg to be weighted",
    ),
    "zero": (
        MEASURE + "  measure: avg(cost)\n  missing: zero",
        15,
        "is nothing that a period without rows has zero of",
    ),
    "by a number": (
        MEASURE + "  measure: count(*)\n  by:\n    - kind\n    - cost",
        17,
        "'cost' is a number, which parts",
    ),
    "by the key": (MEASURE + "  measure: count(*)\n  by:\n    - id", 16, "is the key"),
    "by twice": (MEASURE + "  measure: count(*)\n  by:\n    - kind\n    - kind", 17, "is given twice"),
    "measure": (MEASURE + "  measure: medan(cost)", 14, "(did you mean median?"),
    "where": (MEASURE + "  measure: count(*)\n  where: rooms + 1", 15, "not a condition"),
}


@pytest.mark.parametrize("case", CASES)
def test_each_mistake_stands_on_its_line(tmp_path: Path, case: str) -> None:
    text, line, said = CASES[case]
    folder = tmp_path / "lab"
    shutil.copytree(LAB, folder)
    (folder / "indicators" / "bad.yaml").write_text(text + "\n", encoding="utf-8")
    city, problems = read_city(folder)
    assert city is not None
    found = [p for p in [*problems, *check(city)] if said in f"{p.message} ({p.hint})"]
    assert [(p.file, p.line) for p in found] == [("indicators/bad.yaml", line)], [
        *map(str, problems),
        *map(str, check(city)),
    ]


def test_a_base_before_the_units_of_a_level_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    shutil.copytree(LAB, folder)
    units = folder / "areas" / "units.csv"
    late = [
        line.replace(",district,C,,,", ",district,C,2025-01-01,,")
        for line in units.read_text(encoding="utf-8").splitlines()
    ]
    units.write_text("\n".join(late) + "\n", encoding="utf-8")
    text = FORMULA.replace("unit: visits", "unit: times") + "  formula: index(visits, 2024)"
    (folder / "indicators" / "bad.yaml").write_text(text + "\n", encoding="utf-8")
    city, _ = read_city(folder)
    assert city is not None
    found = [(p.line, p.message) for p in check(city) if p.object.startswith("indicator bad")]
    assert found == [(9, "no unit of level 'district' was there in 2024")]
