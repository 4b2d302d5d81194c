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
