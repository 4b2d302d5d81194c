"""Read ``areas/units.csv`` and check the tree that it makes."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from pydantic import ValidationError

from config.csvio import read_rows
from config.messages import say_all
from config.models.area import Area
from config.problems import Problem, did_you_mean
from config.yamlio import Document, Path_


def read_units(path: Path, name: str, levels: Sequence[str]) -> tuple[list[Area], Document, list[Problem]]:
    """Read ``areas/units.csv``: the sound units, the line of every code in the file, and every problem."""
    areas: list[Area] = []
    lines: dict[Path_, int] = {}
    hint = "list the city's units in it, one a line"
    rows, problems = read_rows(path, name, Area, "units", hint)
    if rows is None:
        return [], Document(name, None), problems
    for line, row in rows:
        code = row.get("code", "")
        unit = f"unit {code}" if code else f"line {line}"
        if code and (code,) in lines:
            hint = f"first on line {lines[code,]}; the older unit needs a code of its own"
            problems.append(Problem(name, line, unit, "code is used twice", hint))
            continue
        if code:
            lines[code,] = line
        try:
            areas.append(Area.model_validate(row))
        except ValidationError as error:
            for item, keys, said in say_all(Area, error):
                holder = keys if item["type"] != "missing" else ()
                problems.append(Problem(name, line, ".".join(map(str, (unit, *holder))), *said))
    document = Document(name, None, lines)
    problems += [*_tree_problems(areas, document, levels), *_overlaps(areas, document)]
    return areas, document, problems


def _tree_problems(areas: Sequence[Area], document: Document, levels: Sequence[str]) -> Iterator[Problem]:
    by_code = {a.code: a for a in areas}
    for area in areas:
        if area.level not in levels:
            message = f"level {area.level!r} is unknown"
            yield _problem(document, area, message, did_you_mean(area.level, levels))
            continue
        if area.valid_from and area.valid_to and area.valid_to <= area.valid_from:
            hint = "valid_to is the first day on which the unit is gone"
            yield _problem(document, area, "valid_to is not after valid_from", hint)
        rank = levels.index(area.level)
        parent = by_code.get(area.parent)
        if rank == 0:
            if area.parent:
                message = "is of the top level and cannot have a parent"
                yield _problem(document, area, message, "leave parent empty")
        elif parent is not None and parent.level != levels[rank - 1]:
            message = f"parent {area.parent!r} is of level {parent.level!r}"
            yield _problem(document, area, message, f"a {area.level} lies in a {levels[rank - 1]}")
        elif parent is None and (area.parent,) not in document.lines:
            if area.parent:
                hint = did_you_mean(area.parent, by_code)
                yield _problem(document, area, f"parent {area.parent!r} is not a unit", hint)
            else:
                hint = f"a {area.level} lies in a {levels[rank - 1]}"
                yield _problem(document, area, "has no parent", hint)
    roots = [area for area in areas if area.level == levels[0]]
    if not roots:
        yield Problem(
            document.file, 1, "units", f"there is no unit of level {levels[0]!r}", "give exactly one"
        )
    for extra in roots[1:]:
        message = f"is a second unit of level {levels[0]!r}"
        yield _problem(document, extra, message, f"{roots[0].code} is the whole city")


def _overlaps(areas: Sequence[Area], document: Document) -> Iterator[Problem]:
    """Two units with one official code on one day would make a delivered row ambiguous."""
    official: dict[str, list[Area]] = defaultdict(list)
    for area in areas:
        official[area.official or area.code].append(area)
    for code, units in official.items():
        ordered = sorted(units, key=lambda a: a.valid_from or dt.date.min)
        for first, second in pairwise(ordered):
            if (first.valid_to or dt.date.max) > (second.valid_from or dt.date.min):
                message = f"official code {code!r} is valid at the same time as unit {first.code}"
                yield _problem(document, second, message, f"set valid_to of {first.code}")


def _problem(document: Document, area: Area, message: str, hint: str) -> Problem:
    return Problem(document.file, document.line((area.code,)), f"unit {area.code}", message, hint)
