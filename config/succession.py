"""What became of administrative units: which part of each lies in which unit of another day.

Between two dates on which units come, go or give ground away, boundaries stand still. A *step* says for one
such date which part of each unit of the day before lies in which unit of the day itself; steps one after
another make a `Recast`: every unit that ever was, on the boundaries of one chosen day.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from types import MappingProxyType
from typing import Final, Protocol

from config.joined import Joined
from config.models.area import Area, AreaChange

Row = dict[str, float]
"""The parts of one unit: share by unit. They add up to 1, less what left the city or came into it."""
Rows = dict[str, Row]

_WHOLE: Final = 1e-12
"""A share this near to 1 is 1: sums of fractions depend on the order of adding."""


class Units(Protocol):
    """What succession needs to know of a tree of areas."""

    levels: tuple[str, ...]

    def all(self) -> list[Area]:
        """Every unit of every level and time."""
        ...

    def __getitem__(self, code: str) -> Area: ...

    def children(self, code: str, day: dt.date | None = None) -> list[Area]:
        """Units directly below one."""
        ...

    def people(self, code: str, day: dt.date) -> int | None:
        """How many people live in a unit on a day."""
        ...


@dataclass(frozen=True, slots=True)
class Piece:
    """Over ``since`` ≤ day < ``until``, ``share`` of what happened in ``unit`` counts for ``target``."""

    unit: str
    target: str
    since: dt.date
    until: dt.date
    share: float

    @property
    def exact(self) -> bool:
        """Whether the unit counts for its target as a whole."""
        return self.share == 1


@dataclass(frozen=True)
class Recast:
    """Every unit of every time on the boundaries of day ``on``.

    Back in time shares are those of ``changes.csv``, composed along chains of changes. Forward in time a
    unit is shared among the units it was made of by the people that each gave (where a population is
    missing, by the shares alone). A level without changes of its own follows the level below.
    """

    on: dt.date
    pieces: tuple[Piece, ...]
    _of: dict[str, list[Piece]] = field(default_factory=lambda: defaultdict(list), repr=False)

    def __post_init__(self) -> None:
        for piece in self.pieces:
            self._of[piece.target].append(piece)

    def of(self, target: str) -> Sequence[Piece]:
        """Everything that lies in one unit of day ``on``, itself included; nothing if it is none."""
        return self._of.get(target, ())

    @cached_property
    def by_unit(self) -> Mapping[str, Sequence[Piece]]:
        """Where the ground of each unit lies."""
        found: dict[str, list[Piece]] = defaultdict(list)
        for piece in self.pieces:
            found[piece.unit].append(piece)
        return found

    def row(self, unit: str, day: dt.date) -> Row:
        """The parts of a unit as it was on ``day``."""
        return {p.target: p.share for p in self.by_unit.get(unit, ()) if p.since <= day < p.until}


def steps(units: Units, changes: Iterable[AreaChange]) -> dict[dt.date, Rows]:
    """By date, the parts of every unit of the day before that did not simply go on as it was."""
    by_date: dict[dt.date, list[AreaChange]] = defaultdict(list)
    ending: dict[dt.date, list[Area]] = defaultdict(list)
    for change in changes:
        by_date[change.date].append(change)
    for area in units.all():
        if area.valid_to is not None:
            ending[area.valid_to].append(area)
        if area.valid_from is not None:
            by_date.setdefault(area.valid_from, [])
    return {
        date: _step(units, date, by_date.get(date, ()), ending.get(date, ()))
        for date in sorted({*by_date, *ending})
    }


def compose(
    units: Units, made: Mapping[dt.date, Rows], on: dt.date, came: Joined = MappingProxyType({})
) -> Recast:
    """Follow the steps from day ``on`` into the past and into the future.

    ``came`` is the ground from outside: in the future it lies in no unit of that day.
    """
    turn = min((date for date in made if date > on), default=dt.date.max)
    pieces = _Segments()
    here = {area.code: {area.code: 1.0} for area in units.all() if area.valid_on(on)}
    _backwards(units, made, on, here, turn, pieces)
    _forwards(units, made, here, turn, pieces, came)
    return Recast(on, pieces.joined())


@dataclass(frozen=True, slots=True)
class Heir:
    """Over ``since`` ≤ day < ``until``, what is still told of a unit that is gone counts for ``heir``."""

    unit: str
    since: dt.date
    until: dt.date
    heir: str


def heirs(units: Units, made: Mapping[dt.date, Rows]) -> list[Heir]:
    """For each unit that ended and from then on, the unit that has the largest part of it.

    What a row tells is whole: a case of a ward that is gone is closed in one other ward, not in two. Of equal
    parts the first by code counts.
    """
    dates = [*sorted(made), dt.date.max]
    found: list[Heir] = []
    for area in units.all():
        parts: Row = {area.code: 1.0} if area.valid_to is not None else {}
        for date, until in pairwise(dates):
            if not parts or (area.valid_to is not None and date < area.valid_to):
                continue
            parts = _through(parts, {code: made[date].get(code, {code: 1.0}) for code in parts})
            if not parts:
                continue
            heir = min((-round(share, 9), code) for code, share in parts.items())[1]
            last = found[-1] if found else None
            if last is not None and (last.unit, last.heir, last.until) == (area.code, heir, date):
                found[-1] = Heir(area.code, last.since, until, heir)
            else:
                found.append(Heir(area.code, date, until, heir))
    return found


def _step(units: Units, date: dt.date, changes: Iterable[AreaChange], ending: Iterable[Area]) -> Rows:
    before = date - dt.timedelta(days=1)
    given: dict[str, list[AreaChange]] = defaultdict(list)
    named: set[str] = set()
    for change in changes:
        named.add(change.target)
        if change.source:
            given[change.source].append(change)
    rows: Rows = {}
    by_level: dict[str, set[str]] = defaultdict(set)
    for code in (*given, *(area.code for area in ending)):
        by_level[units[code].level].add(code)
    for level in reversed(units.levels):
        for code in sorted(by_level[level]):
            area = units[code]
            if not area.valid_on(before):
                continue
            if code in given:
                row = _given(area, given[code], date)
            elif code in named:
                row = {code: 1.0}
            else:
                row = _followed(units, area, rows, date)
            if row != {code: 1.0}:
                rows[code] = row
            if area.parent:
                by_level[units[area.parent].level].add(area.parent)
    return rows


def _given(area: Area, changes: Sequence[AreaChange], date: dt.date) -> Row:
    """A unit's shares as they are written down; what a unit that goes on does not give stays with it."""
    total = sum(change.share for change in changes)
    if area.valid_on(date) and total < 1 and not any(c.target == area.code for c in changes):
        return _tidy({**{c.target: c.share for c in changes}, area.code: 1 - total})
    return _tidy({c.target: c.share / total for c in changes})


def _followed(units: Units, area: Area, rows: Rows, date: dt.date) -> Row:
    """A unit of a higher level goes where the people of the units below it go."""
    before = date - dt.timedelta(days=1)
    below = [(child, rows.get(child.code, {child.code: 1.0})) for child in units.children(area.code, before)]
    below = [(child, row) for child, row in below if row]
    people = {child.code: units.people(child.code, before) for child, _ in below}
    counted = None not in people.values()
    row: Row = defaultdict(float)
    total = 0.0
    for child, parts in below:
        heads = float(people[child.code] or 0) if counted else 1.0
        total += heads
        for target, share in parts.items():
            parent = units[target].parent
            if units[parent].valid_on(date):
                row[parent] += heads * share
    if total:
        return _tidy({target: part / total for target, part in row.items()})
    return {area.code: 1.0} if area.valid_on(date) else {}


def _backwards(
    units: Units,
    made: Mapping[dt.date, Rows],
    on: dt.date,
    here: Rows,
    turn: dt.date,
    pieces: _Segments,
) -> None:
    """Units of earlier days: a unit lies where the units that it became lie."""
    current = dict(here)
    until = dict.fromkeys(current, turn)
    born: dict[dt.date, list[str]] = defaultdict(list)
    for area in units.all():
        if area.valid_from is not None:
            born[area.valid_from].append(area.code)
    for date in sorted((date for date in made if date <= on), reverse=True):
        earlier = {code: _through(row, current) for code, row in made[date].items()}
        for code in {*born[date], *earlier}:
            if code in current and earlier.get(code) != current[code]:
                pieces.add(code, current.pop(code), date, until.pop(code))
        for code, row in earlier.items():
            current[code] = row
            until.setdefault(code, date)
    for code, row in current.items():
        pieces.add(code, row, dt.date.min, until[code])


def _forwards(
    units: Units,
    made: Mapping[dt.date, Rows],
    here: Rows,
    turn: dt.date,
    pieces: _Segments,
    came: Joined,
) -> None:
    """Units of later days: a unit lies where the units lay that it was made of."""
    current = dict(here)
    since = dict.fromkeys(current, turn)
    born: dict[dt.date, list[str]] = defaultdict(list)
    for area in units.all():
        if area.valid_from is not None:
            born[area.valid_from].append(area.code)
    for date in sorted(date for date in made if date >= turn):
        origins = _origins(units, made[date], date, born[date], came.get(date, {}))
        later = {code: _through(row, current) for code, row in origins.items()}
        ended = [code for code in made[date] if not units[code].valid_on(date)]
        for code in {*ended, *later}:
            if code in current and later.get(code) != current[code]:
                pieces.add(code, current.pop(code), since.pop(code), date)
        for code, row in later.items():
            current[code] = row
            since.setdefault(code, date)
    for code, row in current.items():
        pieces.add(code, row, since[code], dt.date.max)


def _origins(
    units: Units, rows: Rows, date: dt.date, born: Collection[str], came: Mapping[str, float]
) -> Rows:
    """A step looked at from behind: of each unit that it touched, which part came from which unit; the rest
    came from outside.
    """
    parts: dict[str, Row] = {code: {} for code in (*born, *came)}
    for source, row in rows.items():
        for target, share in row.items():
            parts.setdefault(target, {})[source] = share
    before = date - dt.timedelta(days=1)
    found: Rows = {}
    for target, row in parts.items():
        if target not in rows and units[target].valid_on(before):
            row[target] = 1.0
        people = {source: units.people(source, before) for source in row}
        counted = None not in people.values()
        heads = {s: share * (people[s] or 0 if counted else 1) for s, share in row.items()}
        inside = 1 - came.get(target, 0.0)
        total = sum(heads.values())
        found[target] = _tidy({s: inside * part / total for s, part in heads.items()}) if total else {}
    return {code: row for code, row in found.items() if row != {code: 1.0}}


def _through(row: Row, rows: Rows) -> Row:
    found: Row = defaultdict(float)
    for code, share in row.items():
        for target, part in rows.get(code, {}).items():
            found[target] += share * part
    return _tidy(found)


def _tidy(row: Mapping[str, float]) -> Row:
    return {
        target: 1.0 if abs(share - 1) < _WHOLE else share
        for target, share in sorted(row.items())
        if target and share > _WHOLE
    }


class _Segments:
    """Spans of days over which a unit's parts stay the same, those that meet joined."""

    def __init__(self) -> None:
        self.rows: dict[str, list[tuple[dt.date, dt.date, Row]]] = defaultdict(list)

    def add(self, code: str, row: Row, since: dt.date, until: dt.date) -> None:
        """Note the parts of a unit for a span of days."""
        if since < until and row:
            self.rows[code].append((since, until, row))

    def joined(self) -> tuple[Piece, ...]:
        """Every piece, in the order of units and days."""
        pieces: list[Piece] = []
        for code, spans in sorted(self.rows.items()):
            kept: list[tuple[dt.date, dt.date, Row]] = []
            for since, until, row in sorted(spans, key=lambda span: span[0]):
                if kept and kept[-1][1] == since and kept[-1][2] == row:
                    kept[-1] = (kept[-1][0], until, row)
                else:
                    kept.append((since, until, row))
            pieces += [
                Piece(code, target, since, until, share)
                for since, until, row in kept
                for target, share in row.items()
            ]
        return tuple(pieces)
