"""Read ``areas/changes.csv`` and hold it against the units' dates."""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from config.csvio import read_rows
from config.messages import say_all
from config.models.area import Area, AreaChange
from config.problems import Problem, did_you_mean

_TOLERANCE: Final = 1e-6
"""How far shares written with a few decimals may be from 1 together."""
Placed = tuple[int, AreaChange]
"""A change and its line."""


def read_changes(
    path: Path, name: str, units: Sequence[Area], known: Collection[str]
) -> tuple[list[AreaChange], list[Problem]]:
    """Read ``areas/changes.csv``: the sound changes and every problem; a city need not have the file.

    ``known`` are all codes of the units file, those of unsound units among them: one mistake is told once.
    """
    if not path.is_file():
        return [], []
    rows, problems = read_rows(path, name, AreaChange, "changes", "")
    placed: list[Placed] = []
    for line, row in rows or ():
        try:
            placed.append((line, AreaChange.model_validate(row)))
        except ValidationError as error:
            for item, keys, said in say_all(AreaChange, error):
                holder = keys if item["type"] != "missing" else ()
                where = ".".join(map(str, (_title(row.get("from"), row.get("to")), *holder)))
                problems.append(Problem(name, line, where, *said))
    check = _Check(name, {area.code: area for area in units}, known)
    sound: list[Placed] = []
    for line, change in placed:
        found = list(check.one(line, change))
        problems += found
        if not found:
            sound.append((line, change))
    unsound = {(c.source, c.date) for line, c in placed if (line, c) not in sound}
    problems += _repeated(name, placed)
    problems += check.shares([(line, c) for line, c in sound if (c.source, c.date) not in unsound])
    if len(sound) == len(placed):
        problems += check.complete(placed)
    return [change for _, change in sound], problems


@dataclass(frozen=True)
class _Check:
    name: str
    units: Mapping[str, Area]
    known: Collection[str]

    def one(self, line: int, change: AreaChange) -> Iterator[Problem]:
        """What is wrong with one change by itself."""
        before = change.date - dt.timedelta(days=1)
        if not change.source and not change.target:
            yield self._problem(line, change, "names no unit", "give from and to")
        sides = (("from", change.source, before), ("to", change.target, change.date))
        for side, code, day in sides:
            if not code:
                continue
            area = self.units.get(code)
            if area is None:
                if code not in self.known:
                    message = f"{side}: unit {code!r} is unknown"
                    yield self._problem(line, change, message, did_you_mean(code, self.known))
            elif not area.parent:
                message = f"{side}: {code} is the whole city, of which there is but one"
                yield self._problem(line, change, message, "name the units inside it")
            elif not area.valid_on(day):
                yield self._problem(line, change, f"{side}: unit {code} did not exist on {day}", _span(area))
        source, target = self.units.get(change.source), self.units.get(change.target)
        if source and target and source.level != target.level:
            message = f"{source.level} {source.code} cannot become {target.level} {target.code}"
            yield self._problem(line, change, message, "give a change for each level by itself")
        if change.kind in ("rename", "merge") and change.share != 1:
            message = f"a {change.kind} takes the whole unit, not {change.share:g} of it"
            yield self._problem(line, change, message, "the kind is split or transfer")

    def shares(self, placed: Sequence[Placed]) -> Iterator[Problem]:
        """Units that give away more, or of those that end less, than all they have."""
        given: dict[tuple[str, dt.date], list[Placed]] = defaultdict(list)
        for line, change in placed:
            if change.source:
                given[change.source, change.date].append((line, change))
        for (code, date), group in given.items():
            line, change = group[-1]
            total = math.fsum(c.share for _, c in group)
            area = self.units.get(code)
            stays = any(c.target == code for _, c in group)
            if total > 1 + _TOLERANCE:
                message = f"shares of {code} on {date} add up to {total:g}"
                yield self._problem(line, change, message, "they may not exceed 1")
            elif area is None:
                continue
            elif (area.valid_to == date or stays) and total < 1 - _TOLERANCE:
                message = f"shares of {code} on {date} add up to {total:g}"
                hint = (
                    "it ends on that day: they must add up to 1"
                    if area.valid_to == date
                    else ("with a share of its own they must add up to 1")
                )
                yield self._problem(line, change, message, hint)
            elif area.valid_to != date and not stays and total > 1 - _TOLERANCE and area.valid_on(date):
                message = f"{code} gives everything away on {date} and still goes on"
                yield self._problem(line, change, message, f"set valid_to of {code} to {date}")

    def complete(self, placed: Sequence[Placed]) -> Iterator[Problem]:
        """Units that end or begin on the day of a reform of their level and that no change speaks of."""
        days: dict[tuple[str, dt.date], tuple[int, set[str], set[str]]] = {}
        for line, change in placed:
            code = change.source or change.target
            if code not in self.units:
                continue
            key = (self.units[code].level, change.date)
            _, sources, targets = days.setdefault(key, (line, set(), set()))
            sources.add(change.source)
            targets.add(change.target)
        for (level, date), (line, sources, targets) in days.items():
            for area in self.units.values():
                if area.level != level:
                    continue
                if area.valid_to == date and area.code not in sources:
                    message = f"unit {area.code} ends on {date}, and no change says what became of it"
                    hint = f"add {area.code},…,{date},1; leave to empty if it left the city"
                    yield Problem(self.name, line, f"changes of {date}", message, hint)
                if area.valid_from == date and area.code not in targets:
                    message = f"unit {area.code} begins on {date}, and no change says what it was made of"
                    hint = f"add …,{area.code},{date},1; leave from empty if it came from outside"
                    yield Problem(self.name, line, f"changes of {date}", message, hint)

    def _problem(self, line: int, change: AreaChange, message: str, hint: str) -> Problem:
        return Problem(self.name, line, _title(change.source, change.target), message, hint)


def _repeated(name: str, placed: Sequence[Placed]) -> Iterator[Problem]:
    first: dict[tuple[str, str, dt.date], int] = {}
    for line, change in placed:
        key = (change.source, change.target, change.date)
        if key in first:
            title = _title(change.source, change.target)
            yield Problem(name, line, title, "is given twice", f"first on line {first[key]}; keep one")
        first.setdefault(key, line)


def _span(area: Area) -> str:
    since = f"from {area.valid_from} on" if area.valid_from else "from the beginning"
    return f"units.csv has it {since}" + (f" until {area.valid_to}" if area.valid_to else "")


def _title(source: str | None, target: str | None) -> str:
    return f"change {source or 'outside'} to {target or 'outside'}"
