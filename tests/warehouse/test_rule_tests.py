"""What screens read of the tests of statistical rules, from a real table and within a viewer's scope."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any, cast

import pytest

from config import City
from config.areas import AreaTree
from config.models import Area
from warehouse.rule_tests import FIELDS, RuleTestReader, record_tests
from warehouse.scope import EVERYONE, OutOfScopeError, Scope
from warehouse.store import Store

LEVELS = ["city", "district"]
UNITS = [("1", "city", ""), ("11", "district", "1"), ("12", "district", "1")]
TREE = AreaTree([Area(code=c, name_vi=c, name_en=c, level=level, parent=p) for c, level, p in UNITS], LEVELS)
CITY = cast(City, SimpleNamespace(areas=TREE, rules=MappingProxyType({"daily": None, "weekly": None})))
FIRST = dt.datetime.combine(dt.date(2026, 5, 4), dt.time())
DAY = dt.timedelta(days=1)

# rule, area, day, reason, p
MADE = [
    ("daily", "1", 0, "selected", 0.0001),
    ("daily", "1", 1, "below_budget", 0.2),
    ("daily", "11", 1, "watch", 0.004),
    ("daily", "12", 1, "watch", 0.002),
    ("daily", "12", 0, "watch", 0.0005),  # not the newest
    ("weekly", "11", 0, "selected", 0.0002),
    ("weekly", "gone", 0, "watch", 0.003),  # an area that is no more
    ("withdrawn", "11", 5, "watch", 0.001),  # a rule that is no more
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    path: Path = tmp_path_factory.mktemp("tests") / "warehouse.duckdb"
    with closing(Store.open(path, "Asia/Ho_Chi_Minh")) as store:
        columns: dict[str, list[Any]] = {name: [] for name in FIELDS}
        for rule, area, day, reason, p in MADE:
            start = FIRST + day * DAY
            row = (rule, area, start, start + DAY, 9.0, 4.0, 8.0, p, None, reason, 0.001, 30)
            for name, cell in zip(FIELDS, row, strict=True):
                columns[name].append(cell)
        with store.write() as cursor:
            record_tests(cursor, columns)
        yield store


def test_the_tests_of_a_series_are_told_in_order_from_one_period_to_another(store: Store) -> None:
    with store.read() as cursor:
        reader = RuleTestReader(cursor, CITY, EVERYONE)
        found = reader.of("daily", "12", FIRST.date(), (FIRST + DAY).date())
        assert [(t.start, t.p, t.spread) for t in found] == [
            (FIRST, 0.0005, None),
            (FIRST + DAY, 0.002, None),
        ]
        assert [t.p for t in reader.of("daily", "12", (FIRST + DAY).date(), (FIRST + DAY).date())] == [0.002]
        assert reader.of("daily", "12", dt.date(2025, 1, 1), dt.date(2025, 2, 1)) == []


def test_the_tests_of_a_period_are_told_by_area(store: Store) -> None:
    with store.read() as cursor:
        reader = RuleTestReader(cursor, CITY, EVERYONE)
        found = reader.at("daily", ["11", "12"], (FIRST + DAY).date())
        assert {area: t.p for area, t in found.items()} == {"11": 0.004, "12": 0.002}
        assert reader.at("daily", [], FIRST.date()) == {}


def test_the_newest_are_those_of_each_rule_that_still_stands(store: Store) -> None:
    with store.read() as cursor:
        newest = RuleTestReader(cursor, CITY, EVERYONE).newest()
    assert (newest.tests, newest.told) == (5, 1)
    assert [(t.rule, t.area) for t in newest.watched] == [("daily", "12"), ("daily", "11")]


def test_nobody_reads_beyond_their_scope(store: Store) -> None:
    with store.read() as cursor:
        reader = RuleTestReader(cursor, CITY, Scope(areas=frozenset({"11"})))
        assert [t.area for t in reader.newest().watched] == ["11"]
        assert set(reader.at("daily", ["11", "12"], (FIRST + DAY).date())) == {"11"}
        with pytest.raises(OutOfScopeError):
            reader.of("daily", "12", FIRST.date(), FIRST.date())


def test_before_any_test_there_is_nothing(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    with closing(Store.open(path, "Asia/Ho_Chi_Minh")) as store, store.read() as cursor:
        newest = RuleTestReader(cursor, CITY, EVERYONE).newest()
    assert (newest.tests, newest.told, list(newest.watched)) == (0, 0, [])
