"""The administrative units of a city as a tree whose members come and go in time."""

from __future__ import annotations

import csv
import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path

from pydantic import ValidationError

from config.models.area import Area
from config.problems import Problem, did_you_mean


class AreaTree:
    """Every unit that the city ever had, each reachable by its code."""

    def __init__(self, areas: Sequence[Area], levels: Sequence[str]) -> None:
        self.levels = tuple(levels)
        self._by_code = {area.code: area for area in areas}
        self._children: dict[str, list[Area]] = defaultdict(list)
        for area in areas:
            self._children[area.parent].append(area)

    @cached_property
    def root(self) -> Area:
        """The whole city."""
        return self._children[""][0]

    def __getitem__(self, code: str) -> Area:
        return self._by_code[code]

    def __contains__(self, code: object) -> bool:
        return code in self._by_code

    def all(self) -> list[Area]:
        """Every unit of every level and time, in the file's order."""
        return list(self._by_code.values())

    def at(self, level: str, day: dt.date | None = None) -> list[Area]:
        """Units of ``level`` in the file's order; with ``day`` only those that exist on it."""
        return [a for a in self.all() if a.level == level and (day is None or a.valid_on(day))]

    def children(self, code: str, day: dt.date | None = None) -> list[Area]:
        """Units directly below ``code``; with ``day`` only those that exist on it."""
        return [a for a in self._children[code] if day is None or a.valid_on(day)]

    def path(self, code: str) -> dict[str, str]:
        """``{level: code}`` from the root down to the unit itself."""
        chain = [self._by_code[code]]
        while chain[-1].parent:
            chain.append(self._by_code[chain[-1].parent])
        return {area.level: area.code for area in reversed(chain)}


def read_units(path: Path, name: str, levels: Sequence[str]) -> tuple[list[Area], list[Problem]]:
    """Read ``areas/units.csv``; every bad row is a problem with its line."""
    areas: list[Area] = []
    problems: list[Problem] = []
    lines: dict[str, int] = {}
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        unknown = set(reader.fieldnames or ()) - set(Area.model_fields)
        problems += [
            Problem(
                name, 1, "header", f"column {column!r} is unknown", did_you_mean(column, Area.model_fields)
            )
            for column in sorted(unknown)
        ]
        for row in reader:
            code = row.get("code") or f"line {reader.line_num}"
            try:
                cells = {k: v for k, v in row.items() if k in Area.model_fields and v not in ("", None)}
                area = Area.model_validate(cells)
            except ValidationError as error:
                for item in error.errors():
                    where = f"unit {code}: {'.'.join(map(str, item['loc']))}"
                    problems.append(Problem(name, reader.line_num, where, item["msg"]))
                continue
            if area.code in lines:
                hint = f"first on line {lines[area.code]}; the older unit needs a code of its own"
                problems.append(Problem(name, reader.line_num, f"unit {code}", "code is used twice", hint))
                continue
            lines[area.code] = reader.line_num
            areas.append(area)
    return areas, problems + _tree_problems(areas, lines, name, levels)


def _tree_problems(
    areas: Sequence[Area], lines: dict[str, int], name: str, levels: Sequence[str]
) -> list[Problem]:
    by_code = {a.code: a for a in areas}
    found: list[Problem] = []

    def report(area: Area, message: str, hint: str = "") -> None:
        found.append(Problem(name, lines[area.code], f"unit {area.code}", message, hint))

    for area in areas:
        if area.level not in levels:
            report(area, f"level {area.level!r} is unknown", did_you_mean(area.level, levels))
            continue
        rank = levels.index(area.level)
        if rank == 0:
            if area.parent:
                report(area, "is of the top level and cannot have a parent", "leave parent empty")
        elif area.parent not in by_code:
            report(area, f"parent {area.parent!r} is not a unit", did_you_mean(area.parent, by_code))
        elif by_code[area.parent].level != levels[rank - 1]:
            report(
                area,
                f"parent {area.parent} is a {by_code[area.parent].level}",
                f"a {area.level} lies in a {levels[rank - 1]}",
            )
        if area.valid_from and area.valid_to and area.valid_to <= area.valid_from:
            report(
                area,
                "valid_to is not after valid_from",
                "valid_to is the first day on which the unit is gone",
            )
    roots = [a for a in areas if a.level == levels[0]]
    if len(roots) != 1:
        line = lines[roots[1].code] if len(roots) > 1 else 1
        found.append(
            Problem(
                name, line, "units", f"there are {len(roots)} units of level {levels[0]}", "give exactly one"
            )
        )
    return found + _overlaps(areas, lines, name)


def _overlaps(areas: Sequence[Area], lines: dict[str, int], name: str) -> list[Problem]:
    """Two units with one official code on one day would make a delivered row ambiguous."""
    found: list[Problem] = []
    official: dict[str, list[Area]] = defaultdict(list)
    for area in areas:
        official[area.official or area.code].append(area)
    for code, units in official.items():
        ordered = sorted(units, key=lambda a: a.valid_from or dt.date.min)
        for first, second in pairwise(ordered):
            if (first.valid_to or dt.date.max) > (second.valid_from or dt.date.min):
                found.append(
                    Problem(
                        name,
                        lines[second.code],
                        f"unit {second.code}",
                        f"official code {code} is valid at the same time as unit {first.code}",
                        "set valid_to of the older unit",
                    )
                )
    return found
