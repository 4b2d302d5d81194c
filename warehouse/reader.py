"""What screens read: indicator values and the rows behind them, always within a viewer's scope."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import Any, NamedTuple

from config import City
from config.models import LayerRows, Period
from warehouse.flagged import FlagReader
from warehouse.layers import Places, read_places
from warehouse.ledger import FeedStatus, QuarantinedRow, ReasonCount, RefreshRecord, Run
from warehouse.open_values import Reach, open_reach
from warehouse.places import inside
from warehouse.presence import Presence, members, presences
from warehouse.programmes import ProgrammeReader
from warehouse.quarantine import QuarantineReader
from warehouse.recast import Recaster
from warehouse.recast_rule import read_rules
from warehouse.reconciliation import ReconciliationReader
from warehouse.rule_tests import RuleTestReader
from warehouse.scope import Scope
from warehouse.store import Cursor, Store
from warehouse.vintages import Version, Vintage, VintageReader

__all__ = [
    "FeedStatus",
    "QuarantinedRow",
    "Reach",
    "Reader",
    "ReasonCount",
    "RefreshRecord",
    "Run",
    "Value",
    "Version",
    "Vintage",
    "reading",
]


class Value(NamedTuple):
    """One indicator's value for one area and period.

    ``value`` is in the indicator's unit (None where a ratio has nothing to divide by); ``numerator`` and
    ``denominator`` are its raw parts; ``n`` counts the rows behind it. ``present`` of ``expected`` day × area
    cells were delivered. ``data_through`` and ``known_from`` are UTC without offset. ``estimated`` says that
    it was put together from parts of units on other boundaries.
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
    estimated: bool = False


_COLUMNS = ", ".join(Value._fields[:-1])


@dataclass(frozen=True)
class Rows:
    """A page of fact rows: column names, the rows, and how many there are in all."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    total: int


class Reader(VintageReader):
    """Reads of one snapshot of the warehouse for one viewer, as it stands or as it stood at ``as_of``."""

    def __init__(
        self,
        cursor: Cursor,
        city: City,
        scope: Scope,
        as_of: dt.datetime | None = None,
        boundaries: dt.date | None = None,
    ) -> None:
        super().__init__(cursor, as_of)
        self._city = city
        self._scope = scope
        self.boundaries = boundaries

    @cached_property
    def recaster(self) -> Recaster | None:
        """What puts values on the chosen day's boundaries; None while they stand on those of their time."""
        if self.boundaries is None:
            return None
        return Recaster(self._city, self.boundaries, read_rules(self.cursor), self._values)

    @property
    def identities(self) -> ReconciliationReader:
        """What identities were found to be, as it stands now."""
        return ReconciliationReader(self.cursor, self._city, self._scope)

    @property
    def quarantine(self) -> QuarantineReader:
        """The rows that feeds' contracts refused, as it stands now."""
        return QuarantineReader(self.cursor)

    @property
    def flags(self) -> FlagReader:
        """What was accepted although it broke a rule, and columns that changed, as it stands now."""
        return FlagReader(self.cursor)

    @property
    def programmes(self) -> ProgrammeReader:
        """How far the tasks of programmes are."""
        return ProgrammeReader(self.cursor, self._city, self._scope)

    @property
    def rule_tests(self) -> RuleTestReader:
        """The tests that statistical rules have made, as it stands now."""
        return RuleTestReader(self.cursor, self._city, self._scope)

    def open_reach(self, indicators: Sequence[str]) -> dict[str, Reach]:
        """How far the values of published indicators reach, as they stand now."""
        return open_reach(self.cursor, indicators)

    def demand(self, area: str) -> None:
        """Raise OutOfScopeError unless the viewer may see ``area``."""
        self._scope.demand(self._city.areas, area)

    def latest(
        self, indicators: Sequence[str], area: str, period: str, day: dt.date | None = None
    ) -> dict[str, Value]:
        """The newest value of each indicator, of a period that begins on or before ``day``."""
        found = self.series(indicators, area, period, 1, day)
        return {id_: values[-1] for id_, values in found.items() if values}

    def series(
        self, indicators: Sequence[str], area: str, period: str, count: int, until: dt.date | None = None
    ) -> dict[str, list[Value]]:
        """The last ``count`` values of each indicator up to ``until``, oldest first; a gap has no value."""
        self._scope.demand(self._city.areas, area)
        if self.recaster is not None:
            return self.recaster.series(indicators, area, period, count, _end_of(until))
        where = "area = $area AND period = $period AND start < $end"
        given = {"area": area, "period": period, "end": _end_of(until)}
        series: dict[str, list[Value]] = {id_: [] for id_ in indicators}
        lacking = list(series)
        low = self._reach(period, count, until)
        if low is not None:
            # A plain comparison reads a part of the table; counting backwards would sort all of the past.
            found = self._values(period, lacking, f"{where} AND start >= $low", {**given, "low": low})
            for value in sorted(found, key=_by_start):
                series[value.indicator].append(value)
            series = {id_: values[-count:] for id_, values in series.items()}
            lacking = [id_ for id_, values in series.items() if len(values) < count]
            where, given = where.replace("$end", "$low"), {"area": area, "period": period, "low": low}
        if lacking:
            rest = " QUALIFY row_number() OVER (PARTITION BY indicator ORDER BY start DESC) <= $count"
            found = self._values(period, lacking, where, {**given, "count": count}, rest)
            older: dict[str, list[Value]] = defaultdict(list)
            for value in sorted(found, key=_by_start):
                older[value.indicator].append(value)
            for id_, values in older.items():
                series[id_] = [*values, *series[id_]][-count:]
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
        if self.recaster is not None:
            recast = self.recaster.matrix(indicators, level, period, start, within)
            return {area: row for area, row in recast.items() if self._scope.sees(self._city.areas, area)}
        where = "level = $level AND period = $period"
        given: dict[str, Any] = {"level": level, "period": period}
        if start is not None:
            where += " AND start = $start"
            given["start"] = start
        else:
            where += (
                f" AND (indicator, start) IN (SELECT (indicator, max(start)) FROM {self.source(_COLUMNS)}"
                f" WHERE level = $level AND period = $period AND indicator IN ({_marks(indicators)})"
                " AND value IS NOT NULL GROUP BY indicator)"
            )
        if within is not None:
            where += " AND area IN (SELECT code FROM area_path WHERE ancestor = $within)"
            given["within"] = within
        table: dict[str, dict[str, Value]] = defaultdict(dict)
        for value in self._values(period, indicators, where, given):
            if self._scope.sees(self._city.areas, value.area):
                table[value.area][value.indicator] = value
        return dict(table)

    def ranking(
        self, indicator: str, level: str, period: str, start: dt.date | None = None, within: str | None = None
    ) -> list[Value]:
        """The value of every area of ``level`` for one period (None: the newest), in no order."""
        table = self.matrix([indicator], level, period, start, within)
        return [row[indicator] for row in table.values()]

    def at(
        self, period: Period, keys: Collection[tuple[str, str, dt.date]]
    ) -> dict[tuple[str, str, dt.date], Value]:
        """The values of one kind of period at keys of indicator, area and start; what has none is absent.

        Those of units that the viewer may not see are absent, too.
        """
        if not keys:
            return {}
        indicators, areas, starts = ([*dict.fromkeys(part)] for part in zip(*keys, strict=True))
        where = (
            "period = $period AND start BETWEEN $first AND $last"
            " AND area IN (SELECT unnest($areas)) AND start IN (SELECT unnest($starts))"
        )
        given = {
            "period": period,
            "first": min(starts),
            "last": max(starts),
            "areas": areas,
            "starts": starts,
        }
        wanted = set(keys)
        return {
            (value.indicator, value.area, value.start): value
            for value in self._values(period, indicators, where, given)
            if (value.indicator, value.area, value.start) in wanted
            and self._scope.sees(self._city.areas, value.area)
        }

    def presences(self) -> Mapping[tuple[str, str, str], Presence]:
        """Which figures there are, as they stand now, by indicator, level and period."""
        return presences(self.cursor)

    def members(self, dataset: str, column: str) -> int:
        """How many different values a column of a dataset holds; 0 for one that is not defined."""
        return members(self.cursor, self._city, dataset, column)

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
        day: dt.date | None = None,
    ) -> Rows:
        """Rows of a fact table that lie in ``area`` and meet ``where`` (SQL from a compiled definition).

        With ``day``, rows of units that were gone by then lie where their heirs lie.
        """
        self._scope.demand(self._city.areas, area)
        condition = f"FROM fact_{dataset} WHERE ({where}) AND {inside(day)}"
        row = self.cursor.execute(f"SELECT count(*) {condition}", [*parameters, area]).fetchone()
        names = ", ".join(columns)
        rows = self.cursor.execute(
            f"SELECT {names} {condition} ORDER BY {order} LIMIT {int(limit)} OFFSET {int(offset)}",
            [*parameters, area],
        ).fetchall()
        return Rows(tuple(columns), rows, int(row[0]) if row else 0)

    def places(self, rows: LayerRows, day: dt.date) -> Places:
        """The places of a map layer, on the boundaries of ``day``, as they stand now."""
        return read_places(self.cursor, self._city, self._scope, rows, day)

    def _values(
        self, period: str, indicators: Sequence[str], where: str, given: Mapping[str, Any], rest: str = ""
    ) -> list[Value]:
        """Values of one kind of period; in Python most periods start on a day, in the store all at a time."""
        start = "start" if self._city.periods.timed(period) else "start::DATE AS start"
        rows = self.cursor.execute(
            f"SELECT {_COLUMNS.replace('start', start)}, FALSE FROM {self.source(_COLUMNS)}"
            f" WHERE {where} AND indicator IN ({_marks(indicators)}){rest}",
            {**given, **_named(indicators)},
        ).fetchall()
        return list(map(Value._make, rows))

    def _reach(self, period: str, count: int, until: dt.date | None) -> dt.date | None:
        """From where on ``count`` periods up to ``until`` begin, unless some lack; None: not known."""
        periods = self._city.periods
        if self._newest is None or period not in periods.ids:
            return None
        last = min(self._newest, _end_of(until) - dt.timedelta.resolution)
        return periods.shift(period, periods.start_of(period, last), 1 - count)

    @cached_property
    def _newest(self) -> dt.datetime | None:
        """The city's time of the last refresh: few values are of periods that begin later."""
        row = self.cursor.execute("SELECT max(started_at) FROM refresh").fetchone()
        at = self.as_of or (row[0] if row else None)
        if at is None:
            return None
        return at.replace(tzinfo=dt.UTC).astimezone(self._city.zone).replace(tzinfo=None)


_by_start = attrgetter("start")
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
def reading(
    store: Store,
    city: City,
    scope: Scope,
    as_of: dt.datetime | None = None,
    boundaries: dt.date | None = None,
) -> Iterator[Reader]:
    """A Reader whose reads all see the same snapshot.

    With ``as_of`` (aware) values, feeds and definitions are those that stood after the last refresh or load
    up to that moment. With ``boundaries`` values are told for the units of that day, put together from those
    of their time.
    """
    at = None if as_of is None else as_of.astimezone(dt.UTC).replace(tzinfo=None)
    with store.read() as cursor:
        yield Reader(cursor, city, scope, at, boundaries)
