"""What screens read: indicator values and the rows behind them, always within a viewer's scope."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from config import City
from config.models import Period
from warehouse.ledger import FeedStatus, LedgerReader, QuarantinedRow, ReasonCount, RefreshRecord, Run
from warehouse.scope import Scope
from warehouse.store import Cursor, Store

__all__ = [
    "FeedStatus",
    "QuarantinedRow",
    "Reader",
    "ReasonCount",
    "RefreshRecord",
    "Run",
    "Value",
    "reading",
]


@dataclass(frozen=True, slots=True)
class Value:
    """One indicator's value for one area and period.

    ``value`` is in the indicator's unit (None where a ratio has nothing to divide by); ``numerator`` and
    ``denominator`` are its raw parts; ``n`` counts the rows behind it. ``present`` of ``expected`` day × area
    cells were delivered. ``data_through`` and ``known_from`` are UTC without offset.
    """

    indicator: str
    level: str
    area: str
    period: Period
    start: dt.date
    value: float | None
    numerator: float | None
    denominator: float | None
    n: int
    present: int
    expected: int
    data_through: dt.datetime
    known_from: dt.datetime
    version: int
    run: int


_COLUMNS = ", ".join(Value.__slots__)
_PERIOD = Value.__slots__.index("period")


@dataclass(frozen=True)
class Rows:
    """A page of fact rows: column names, the rows, and how many there are in all."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    total: int


class Reader(LedgerReader):
    """Reads of one snapshot of the warehouse for one viewer."""

    def __init__(self, cursor: Cursor, city: City, scope: Scope) -> None:
        super().__init__(cursor)
        self._city = city
        self._scope = scope

    def latest(
        self, indicators: Sequence[str], area: str, period: str, day: dt.date | None = None
    ) -> dict[str, Value]:
        """The newest value of each indicator, of a period that begins on or before ``day``."""
        self._scope.demand(self._city.areas, area)
        found = self._values(
            f"area = $area AND period = $period AND indicator IN ({_marks(indicators)}) AND start < $day",
            {"area": area, "period": period, "day": _end_of(day), **_named(indicators)},
            "QUALIFY row_number() OVER (PARTITION BY indicator ORDER BY start DESC) = 1",
        )
        return {value.indicator: value for value in found}

    def series(
        self, indicators: Sequence[str], area: str, period: str, count: int, until: dt.date | None = None
    ) -> dict[str, list[Value]]:
        """The last ``count`` values of each indicator up to ``until``, oldest first; a gap has no value."""
        self._scope.demand(self._city.areas, area)
        found = self._values(
            f"area = $area AND period = $period AND indicator IN ({_marks(indicators)}) AND start < $day",
            {
                "area": area,
                "period": period,
                "day": _end_of(until),
                "count": count,
                **_named(indicators),
            },
            "QUALIFY row_number() OVER (PARTITION BY indicator ORDER BY start DESC) <= $count ORDER BY start",
        )
        series: dict[str, list[Value]] = {id_: [] for id_ in indicators}
        for value in found:
            series[value.indicator].append(value)
        return series

    def matrix(
        self,
        indicators: Sequence[str],
        level: str,
        period: str,
        start: dt.date | None = None,
        within: str | None = None,
    ) -> dict[str, dict[str, Value]]:
        """``{area: {indicator: value}}`` of one level, for the period on ``start`` (None: each one's newest).

        ``within`` keeps to the units below that area. Areas and indicators without a value are absent.
        """
        where = f"level = $level AND period = $period AND indicator IN ({_marks(indicators)})"
        parameters: dict[str, Any] = {"level": level, "period": period, **_named(indicators)}
        if start is not None:
            where += " AND start = $start"
            parameters["start"] = start
        else:
            where += (
                " AND (indicator, start) IN (SELECT (indicator, max(start)) FROM indicator_value"
                f" WHERE level = $level AND period = $period AND indicator IN ({_marks(indicators)})"
                " AND value IS NOT NULL GROUP BY indicator)"
            )
        if within is not None:
            where += " AND area IN (SELECT code FROM area_path WHERE ancestor = $within)"
            parameters["within"] = within
        table: dict[str, dict[str, Value]] = defaultdict(dict)
        for value in self._values(where, parameters):
            if self._scope.sees(self._city.areas, value.area):
                table[value.area][value.indicator] = value
        return dict(table)

    def ranking(
        self, indicator: str, level: str, period: str, start: dt.date | None = None, within: str | None = None
    ) -> list[Value]:
        """The value of every area of ``level`` for one period (None: the newest), in no order."""
        table = self.matrix([indicator], level, period, start, within)
        return [row[indicator] for row in table.values()]

    def facts(
        self,
        dataset: str,
        where: str,
        parameters: Sequence[Any] = (),
        *,
        area: str,
        columns: Sequence[str],
        order: str,
        limit: int = 50,
        offset: int = 0,
    ) -> Rows:
        """Rows of a fact table that lie in ``area`` and meet ``where`` (SQL from a compiled definition)."""
        self._scope.demand(self._city.areas, area)
        below = "_area IN (SELECT code FROM area_path WHERE ancestor = ?)"
        condition = f"FROM fact_{dataset} WHERE ({where}) AND {below}"
        row = self.cursor.execute(f"SELECT count(*) {condition}", [*parameters, area]).fetchone()
        names = ", ".join(columns)
        rows = self.cursor.execute(
            f"SELECT {names} {condition} ORDER BY {order} LIMIT {int(limit)} OFFSET {int(offset)}",
            [*parameters, area],
        ).fetchall()
        return Rows(tuple(columns), rows, int(row[0]) if row else 0)

    def _values(self, where: str, parameters: dict[str, Any], tail: str = "") -> list[Value]:
        rows = self.cursor.execute(f"SELECT {_COLUMNS} FROM indicator_value WHERE {where} {tail}", parameters)
        return [Value(*self._typed(row)) for row in rows.fetchall()]

    def _typed(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """A row with its start as the city's periods have it: a day, unless some begin at another hour."""
        period, start = row[_PERIOD], row[_PERIOD + 1]
        return (
            row
            if self._city.periods.timed(period)
            else (*row[: _PERIOD + 1], start.date(), *row[_PERIOD + 2 :])
        )


_LAST = dt.date(9999, 1, 1)


def _end_of(day: dt.date | None) -> dt.datetime:
    """The moment before which everything begins that begins on or before a day (or moment)."""
    if isinstance(day, dt.datetime):
        return day + dt.timedelta.resolution
    return dt.datetime.combine(day or _LAST, dt.time()) + dt.timedelta(days=1)


def _marks(indicators: Sequence[str]) -> str:
    """One parameter each: DuckDB skips row groups by a list of constants, not by a list value."""
    return ", ".join(f"$i{number}" for number in range(len(indicators))) or "NULL"


def _named(indicators: Sequence[str]) -> dict[str, str]:
    return {f"i{number}": id_ for number, id_ in enumerate(indicators)}


@contextlib.contextmanager
def reading(store: Store, city: City, scope: Scope) -> Iterator[Reader]:
    """A Reader whose reads all see the same snapshot."""
    with store.read() as cursor:
        yield Reader(cursor, city, scope)
