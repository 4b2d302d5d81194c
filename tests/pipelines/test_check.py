"""What is wrong in a feed is told with file, line, object and hint."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from config import REFERENCE_CITY, load_city
from pipelines.check import check

if TYPE_CHECKING:
    from tests.pipelines.conftest import Build

COLUMNS: list[dict[str, Any]] = [
    {"name": "id", "type": "text", "required": True},
    {"name": "opened", "type": "timestamp", "required": True},
    {"name": "closed", "type": "timestamp"},
    {"name": "ward", "type": "text", "required": True},
    {"name": "rating", "type": "integer"},
]


def with_column(**more: Any) -> dict[str, Any]:
    columns = copy.deepcopy(COLUMNS)
    next(column for column in columns if column["name"] == more["name"]).update(more)
    return {"columns": columns, "checks": []}


def with_check(expr: str) -> dict[str, Any]:
    return {"checks": [{"id": "c", "expr": expr, "message": {"en": "no"}}]}


BROKEN: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "cron": ({"schedule": "0 25 * * *"}, "schedule", "cron expression '0 25 * * *' is wrong", "five fields"),
    "weekday": ({"schedule": "0 6 * * 1"}, "schedule", "weekday '1' is a number", "mon tue wed"),
    "encoding": (
        {"format": {"encoding": "utf8x"}},
        "format.encoding",
        "encoding 'utf8x'",
        "utf-8",
    ),
    "quote": ({"format": {"quote": ","}}, "format", "same character", "another"),
    "path": ({"connector": {"path": "../a/*"}}, "connector.path", "leaves the inbox", "below the inbox"),
    "unpivot": (
        {"format": {"type": "json", "unpivot": {"keep": ["id"]}}},
        "format.unpivot",
        "JSON records are no table: unpivot",
        "leave unpivot out",
    ),
    "area name": (
        {"area": {"column": "ward", "match": "name", "codes": {"North": "X9"}}},
        "area.codes.North",
        "'North' stands for 'X9', which is not a unit",
        "known: A, A1",
    ),
    "pattern": (
        with_column(name="id", pattern="("),
        "columns.0.pattern",
        "regular expression is wrong",
        "RE2",
    ),
    "strip": (with_column(name="id", strip="(?=x)"), "columns.0.strip", "regular expression", "RE2"),
    "format": (
        with_column(name="opened", format="%d.%m.%K"),
        "columns.1.format",
        "directive '%K'",
        "%d/%m/%Y",
    ),
    "values": (with_column(name="id", values=[5]), "columns.0.values", "5 is not a text", "quote it"),
    "values of a time": (
        with_column(name="opened", values=["31/01/2026"]),
        "columns.1.values",
        "'31/01/2026' is not a timestamp",
        "write it as '2026-01-31'",
    ),
    "check": (with_check("closd >= opened"), "checks.0.expr", "'closd'", "closed"),
    "not a condition": (with_check("rating + 1"), "checks.0.expr", "", ""),
    "query": (with_check("id in (select 1)"), "checks.0.expr", "", ""),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_mistake_is_told_where_it_stands(build: Build, case: str) -> None:
    changes, where, message, hint = BROKEN[case]
    house = build(**changes)
    [problem] = check(house.city)
    assert problem.object == f"feed tickets.{where}"
    assert message in problem.message
    assert hint in problem.hint
    assert problem.file == "feeds/tickets.yaml"
    text = (house.city.path / problem.file).read_text(encoding="utf-8").splitlines()
    assert problem.line <= len(text)


def test_sound_feeds_have_no_problem(build: Build) -> None:
    assert check(build().city) == []
    assert check(load_city(REFERENCE_CITY)) == []
