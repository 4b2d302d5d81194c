"""What has to be looked at again: days of facts, and periods of values.

Both are kept as few runs, from a first to a last, and written into statements as plain comparisons: the
database then passes over all that lies elsewhere, and has no tables of days or periods to join.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Final, TypeVar

from config.models.indicator import Period
from config.periods import Periods, clock_of, day_of
from warehouse.syntax import literal

_AT = TypeVar("_AT", dt.date, dt.datetime, int)
_MOST: Final = 40
"""Runs that a statement may list. Of more, those that lie closest are joined: a few too many are harmless."""
_EARLIEST: Final = dt.date(1000, 1, 1)
"""Before all data, and late enough to be counted back from."""
_DAY: Final = dt.timedelta(days=1)


@dataclass(frozen=True)
class Days:
    """Days in runs (first, last), in order and with days between them that are not in it."""

    runs: tuple[tuple[dt.date, dt.date], ...] = ()

    @classmethod
    def of(cls, days: Iterable[dt.date]) -> Days:
        """These days."""
        return cls(_joined([(day, day) for day in days], _tomorrow))

    @classmethod
    def between(cls, first: dt.date, last: dt.date) -> Days:
        """Every day from ``first`` to ``last``; none if that is before it."""
        return cls(((first, last),)) if first <= last else cls()

    def __bool__(self) -> bool:
        return bool(self.runs)

    def __or__(self, other: Days) -> Days:
        return Days(_joined([*self.runs, *other.runs], _tomorrow))

    @property
    def first(self) -> dt.date:
        """The first of them."""
        return self.runs[0][0]

    def back(self, count: int) -> Days:
        """With each of them the ``count`` days before it."""
        spread = [(first - count * _DAY, last) for first, last in self.runs]
        return Days(_joined(spread, _tomorrow))

    def ahead(self, count: int) -> Days:
        """With each of them the ``count`` days after it."""
        spread = [(first, last + count * _DAY) for first, last in self.runs]
        return Days(_joined(spread, _tomorrow))

    def months(self) -> Days:
        """All days of the months that they lie in."""
        whole = [
            (first.replace(day=1), (last.replace(day=1) + 31 * _DAY).replace(day=1) - _DAY)
            for first, last in self.runs
        ]
        return Days(_joined(whole, _tomorrow))

    def sql(self, day: str) -> str:
        """SQL: the DATE ``day`` is one of them."""
        return _within(day, [(f"DATE '{first}'", f"DATE '{last}'") for first, last in self.runs])


Run = tuple[dt.datetime, dt.datetime]
"""The starts of the first and the last of periods that follow each other."""


@dataclass(frozen=True)
class Spans:
    """Periods that have to be looked at again: by kind in runs of starts."""

    periods: Periods = field(compare=False)
    runs: Mapping[Period, tuple[Run, ...]]

    def __hash__(self) -> int:
        return hash(tuple(self.runs.items()))

    @classmethod
    def touched(cls, periods: Periods, kinds: Iterable[Period], days: Days, now: dt.datetime) -> Spans:
        """The periods of some kinds that hold anything of ``days`` and have begun by ``now`` (local)."""
        found: dict[Period, list[Run]] = {}
        for kind in kinds:
            for first, last in days.runs:
                if kind == "year_to_date":
                    last = last.replace(month=12, day=1)
                end = clock_of(last) + _DAY - dt.timedelta.resolution
                run = (periods.start_of(kind, first), periods.start_of(kind, end))
                found.setdefault(kind, []).append((clock_of(run[0]), clock_of(run[1])))
        return cls._made(periods, found, now)

    @classmethod
    def run(cls, periods: Periods, kind: Period, first: dt.date, last: dt.date) -> Spans:
        """The periods of one kind from one start to another."""
        return cls(periods, {kind: ((clock_of(first), clock_of(last)),)})

    @classmethod
    def at(cls, periods: Periods, kind: Period, starts: Iterable[dt.date]) -> Spans:
        """The periods of one kind that begin at ``starts``."""
        return cls._made(periods, {kind: [(clock_of(start), clock_of(start)) for start in starts]}, None)

    @classmethod
    def all(cls, periods: Periods, kinds: Iterable[Period], now: dt.datetime) -> Spans:
        """Every period of some kinds that has begun by ``now``."""
        first = {kind: clock_of(periods.start_of(kind, _EARLIEST)) for kind in kinds}
        return cls._made(periods, {kind: [(start, now)] for kind, start in first.items()}, now)

    @classmethod
    def _made(cls, periods: Periods, runs: Mapping[Period, Sequence[Run]], now: dt.datetime | None) -> Spans:
        made: dict[Period, tuple[Run, ...]] = {}
        for kind, given in runs.items():
            begun = list(given)
            if now is not None:
                last = clock_of(periods.start_of(kind, now))
                begun = [(run[0], min(run[1], last)) for run in given if run[0] <= last]
            if begun:
                made[kind] = _joined(begun, partial(_next, periods, kind))
        return cls(periods, {kind: made[kind] for kind in sorted(made)})

    def __bool__(self) -> bool:
        return bool(self.runs)

    def __or__(self, other: Spans) -> Spans:
        kinds = {*self.runs, *other.runs}
        runs = {kind: [*self.runs.get(kind, ()), *other.runs.get(kind, ())] for kind in kinds}
        return self._made(self.periods, runs, None)

    def __sub__(self, other: Spans) -> Spans:
        """Without the periods that are in ``other``."""
        runs: dict[Period, list[Run]] = {}
        for kind, given in self.runs.items():
            left = list(given)
            for first, last in other.runs.get(kind, ()):
                before = clock_of(self.periods.shift(kind, first, -1))
                after = _next(self.periods, kind, last)
                left = [
                    part
                    for run in left
                    for part in ((run[0], min(run[1], before)), (max(run[0], after), run[1]))
                    if part[0] <= part[1]
                ]
            runs[kind] = left
        return self._made(self.periods, runs, None)

    def of(self, kinds: Iterable[Period]) -> Spans:
        """Those of some kinds."""
        wanted = set(kinds)
        return Spans(self.periods, {kind: runs for kind, runs in self.runs.items() if kind in wanted})

    def shifted(self, distances: Callable[[Period], Iterable[int]], now: dt.datetime | None = None) -> Spans:
        """All that lie at one of the ``distances`` after any of them, and have begun by ``now``."""
        shift, found = self.periods.shift, dict[Period, list[Run]]()
        for kind, runs in self.runs.items():
            for near, far in _joined([(d, d) for d in distances(kind)], lambda at: at + 1):
                found.setdefault(kind, []).extend(
                    (clock_of(shift(kind, first, near)), clock_of(shift(kind, last, far)))
                    for first, last in runs
                )
        return self._made(self.periods, found, now)

    def meets(self, kind: Period, first: dt.date, last: dt.date) -> bool:
        """Whether any of one kind starts between two starts."""
        return any(
            begin <= clock_of(last) and clock_of(first) <= end for begin, end in self.runs.get(kind, ())
        )

    @property
    def first(self) -> dt.date:
        """The first day that counts for any of them."""
        return min(day_of(self.periods.begin(kind, runs[0][0])) for kind, runs in self.runs.items())

    @property
    def starts(self) -> tuple[dt.datetime, dt.datetime]:
        """The first and the last start."""
        return (
            min(runs[0][0] for runs in self.runs.values()),
            max(runs[-1][1] for runs in self.runs.values()),
        )

    def sql(self) -> str:
        """SQL over columns ``period`` and ``start``: the period is one of them."""
        if not self.runs:
            return "FALSE"
        tests = [f"period = {literal(kind)} AND {self.within(kind, 'start')}" for kind in self.runs]
        if len(tests) == 1:
            return tests[0]
        first, last = map(_stamp, self.starts)
        return f"start BETWEEN {first} AND {last} AND ({' OR '.join(f'({test})' for test in tests)})"

    def within(self, kind: Period, start: str) -> str:
        """SQL: ``start`` is that of one of the given kind."""
        runs = [(_stamp(first), _stamp(last)) for first, last in self.runs.get(kind, ())]
        return _within(start, runs)

    def days(self, kind: Period) -> Days:
        """The days on which those of one kind lie."""
        found = [
            (
                day_of(self.periods.begin(kind, first)),
                self.periods.last_day(kind, last),
            )
            for first, last in self.runs.get(kind, ())
        ]
        return Days(_joined(found, _tomorrow))

    def by_days(self, kind: Period) -> bool:
        """Whether a period of a kind is the days it lies on, each of them in no other one of it."""
        return kind != "year_to_date" and not self.periods.timed(kind)

    def rows(self) -> str:
        """SQL query (period, start): each of them."""
        values = ", ".join(
            f"({literal(kind)}, {_stamp(first)}, {_stamp(last)}, {self.periods.step(kind)})"
            for kind, runs in self.runs.items()
            for first, last in runs
        )
        if not values:
            return "SELECT '' AS period, TIMESTAMP '2000-01-01' AS start WHERE FALSE"
        return (
            "SELECT period, unnest(generate_series(first, last, step)) AS start"
            f" FROM (VALUES {values}) AS run(period, first, last, step)"
        )


def _next(periods: Periods, kind: Period, start: dt.datetime) -> dt.datetime:
    return clock_of(periods.shift(kind, start, 1))


def _tomorrow(day: dt.date) -> dt.date:
    return day + _DAY


def _joined(runs: Iterable[tuple[_AT, _AT]], after: Callable[[_AT], _AT]) -> tuple[tuple[_AT, _AT], ...]:
    """Runs in order, those that touch or overlap made one; if there are too many, those that lie closest."""
    made: list[tuple[_AT, _AT]] = []
    for first, last in sorted(set(runs)):
        if made and first <= after(made[-1][1]):
            made[-1] = made[-1][0], max(made[-1][1], last)
        else:
            made.append((first, last))
    if len(made) > _MOST:
        gaps = sorted(pairwise(made), key=lambda pair: pair[1][0] - pair[0][1], reverse=True)
        kept = {pair[1][0] for pair in gaps[: _MOST - 1]}
        return _closed(made, kept)
    return tuple(made)


def _closed(runs: Sequence[tuple[_AT, _AT]], kept: set[_AT]) -> tuple[tuple[_AT, _AT], ...]:
    """Runs joined to the one before them, but for those that begin at ``kept``."""
    made: list[tuple[_AT, _AT]] = []
    for first, last in runs:
        if made and first not in kept:
            made[-1] = made[-1][0], last
        else:
            made.append((first, last))
    return tuple(made)


def _within(column: str, runs: Sequence[tuple[str, str]]) -> str:
    """SQL: a column lies in one of the runs. The outer bounds stand apart: by them blocks are skipped."""
    if not runs:
        return "FALSE"
    tests = [
        f"{column} = {first}" if first == last else f"{column} BETWEEN {first} AND {last}"
        for first, last in runs
    ]
    if len(tests) == 1:
        return tests[0]
    return f"{column} BETWEEN {runs[0][0]} AND {runs[-1][1]} AND ({' OR '.join(tests)})"


def _stamp(at: dt.datetime) -> str:
    return f"TIMESTAMP '{at.isoformat(' ')}'"
