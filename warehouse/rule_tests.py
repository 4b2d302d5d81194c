"""The tests that statistical rules have made: what was seen, what was expected, and what became of it.

They can be computed again from the values, so they live in the warehouse; a late value is judged beside the
tests of its moment that were made before, and screens draw from them what was held to be normal.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from config import City
from warehouse.scope import Scope
from warehouse.store import Cursor

Column = NDArray[Any]

FIELDS: Final = {
    "rule": pa.string(),
    "area": pa.string(),
    "start": pa.timestamp("us"),
    "ended_at": pa.timestamp("us"),
    "value": pa.float64(),
    "expected": pa.float64(),
    "bound": pa.float64(),
    "p": pa.float64(),
    "spread": pa.float64(),
    "reason": pa.string(),
    "cutoff": pa.float64(),
    "tests": pa.int32(),
}
"""Columns of ``rule_test``: ``start`` of the period by the city's clock, ``ended_at`` its end in UTC,
``bound`` the value at which p is the condition's own level, ``spread`` variance ÷ mean of counts, ``reason``
what became of the test, ``cutoff`` the p-value up to which people are told, ``tests`` how many tests stood
behind that.
"""


@dataclass(frozen=True, slots=True)
class RuleTest:
    """One test of one rule in one area; times are UTC without offset, ``start`` is the city's clock."""

    rule: str
    area: str
    start: dt.datetime
    ended_at: dt.datetime
    value: float
    expected: float
    bound: float
    p: float
    spread: float | None
    reason: str
    cutoff: float
    tests: int


def record_tests(cursor: Cursor, columns: Mapping[str, Column | Sequence[Any]]) -> None:
    """Store tests, in place of those of the same rule, area and period."""
    cursor.register("made", pa.table({name: pa.array(columns[name], kind) for name, kind in FIELDS.items()}))
    cursor.execute(
        "DELETE FROM rule_test t USING made m WHERE t.rule = m.rule AND t.area = m.area AND t.start = m.start"
    )
    cursor.execute(f"INSERT INTO rule_test SELECT {', '.join(FIELDS)} FROM made")
    cursor.unregister("made")


def made_at(cursor: Cursor, moments: Sequence[dt.datetime]) -> dict[str, Column]:
    """Every test of periods that end at one of ``moments`` (UTC without offset), by column."""
    found = cursor.execute(
        f"SELECT {', '.join(FIELDS)} FROM rule_test WHERE ended_at IN (SELECT unnest($moments::TIMESTAMP[]))",
        {"moments": list(moments)},
    ).fetchnumpy()
    return {name: _plain(name, found[name]) for name in FIELDS}


def _plain(name: str, column: Any) -> Column:
    return np.ma.filled(column, np.nan) if pa.types.is_floating(FIELDS[name]) else np.asarray(column)


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest tests of each rule: how many there were, how many people are told of, and those that are
    unusual and not told of, the most unusual first.
    """

    tests: int
    told: int
    watched: Sequence[RuleTest]


class RuleTestReader:
    """What screens read of the tests, of the areas that a viewer may see."""

    def __init__(self, cursor: Cursor, city: City, scope: Scope) -> None:
        self._cursor = cursor
        self._city = city
        self._scope = scope

    def of(self, rule: str, area: str, since: dt.date, until: dt.date) -> list[RuleTest]:
        """The tests of one series whose periods begin from ``since`` to ``until``, oldest first."""
        self._scope.demand(self._city.areas, area)
        return self._read(
            "rule = $rule AND area = $area AND start BETWEEN $since AND $until ORDER BY start",
            {"rule": rule, "area": area, "since": since, "until": until},
        )

    def at(self, rule: str, areas: Sequence[str], start: dt.date) -> dict[str, RuleTest]:
        """By area, the tests of one rule and period; areas without one are absent."""
        found = self._read(
            "rule = $rule AND start = $start AND area IN (SELECT unnest($areas))",
            {"rule": rule, "start": start, "areas": list(areas)},
        )
        return {test.area: test for test in found if self._scope.sees(self._city.areas, test.area)}

    def newest(self) -> Newest:
        """The tests of the newest period of each rule that still stands."""
        newest = (
            "(rule, ended_at) IN (SELECT (rule, max(ended_at)) FROM rule_test"
            " WHERE rule IN (SELECT unnest($rules)) GROUP BY rule)"
        )
        given = {"rules": list(self._city.rules)}
        row = self._cursor.execute(
            f"SELECT count(*), count(*) FILTER (reason = 'selected') FROM rule_test WHERE {newest}", given
        ).fetchone()
        watched = self._read(f"{newest} AND reason = 'watch' ORDER BY p, rule, area", given)
        seen = [
            t for t in watched if t.area in self._city.areas and self._scope.sees(self._city.areas, t.area)
        ]
        return Newest(int(row[0]) if row else 0, int(row[1]) if row else 0, seen)

    def _read(self, where: str, given: Mapping[str, Any]) -> list[RuleTest]:
        rows = self._cursor.execute(
            f"SELECT {', '.join(FIELDS)} FROM rule_test WHERE {where}", given
        ).fetchall()
        return [RuleTest(*row) for row in rows]
