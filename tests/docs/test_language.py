"""Every example of "the language of indicators" is in the language, and every word of it is told."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import duckdb
import pytest
import yaml

from config.models.composite import Missing, Normalise
from config.models.feed import ColumnType
from config.models.indicator import Composite
from indicators.formula import Trait, parse_formula, series_of
from indicators.formula.calls import CALLS
from warehouse.expression import aggregates, parse_condition, parse_measure
from warehouse.row_expression import _FUNCTIONS

PAGE = (Path(__file__).parents[2] / "docs" / "language.md").read_text(encoding="utf-8")
COLUMNS: dict[str, ColumnType] = {
    "opened_at": "timestamp",
    "closed_at": "timestamp",
    "due_on": "date",
    "channel": "text",
    "cost": "number",
    "rooms": "number",
    "online": "boolean",
}
TRAITS = {
    **dict.fromkeys(("visits", "online_visits", "visits_budget"), Trait("amount", "visits", "sum")),
    "spending": Trait("amount", "dong", "sum"),
    "on_time": Trait("rate", "percent", "ratio", 100.0),
    "hours": Trait("level", "hours", "mean", descending=False),
}


def examples(heading: str) -> list[str]:
    """The last cell of every row of the section's first table."""
    section = PAGE.split(f"\n## {heading}")[1].split("\n## ")[0]
    table = re.search(r"\n\| to write.*?\n\n", section, re.DOTALL)
    assert table is not None
    return re.findall(r"\| `([^`]+)` \|\n", table[0])


@pytest.mark.parametrize("text", examples("One row"))
def test_conditions(text: str) -> None:
    sql = parse_condition(text, COLUMNS).sql
    kinds = {"text": "VARCHAR", "number": "DOUBLE"}
    columns = ", ".join(f"NULL::{kinds.get(kind, kind)} AS {name}" for name, kind in COLUMNS.items())
    duckdb.connect().execute(f"LOAD icu; SELECT {sql} FROM (SELECT {columns})")


@pytest.mark.parametrize("text", examples("Many rows"))
def test_measures(text: str) -> None:
    assert aggregates(parse_measure(text, COLUMNS))


@pytest.mark.parametrize("text", examples("Other indicators"))
def test_formulas(text: str) -> None:
    assert parse_formula(text, TRAITS).trait


def test_the_composite() -> None:
    told = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert told is not None
    word = {"vi": "x", "en": "x"}
    rest = {"id": "x", "name": word, "owner": word, "source": word, "domain": "d", "unit": "u"}
    shape = {"direction": "up", "levels": ["city"], "periods": ["month"]}
    assert series_of(Composite.model_validate({**rest, **shape, **yaml.safe_load(told[1])}), TRAITS).trait


def test_every_word_is_told() -> None:
    known = {*CALLS, *_FUNCTIONS, *get_args(Missing), *get_args(Normalise), "percentile", "median", "weights"}
    assert {word for word in known if word not in PAGE} == set()
    assert len(examples("One row")) == 10
    assert len(examples("Many rows")) == 10
    assert len(examples("Other indicators")) == 13
