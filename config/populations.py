"""Read ``areas/populations.csv``: people and ground of units that went on while these changed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from pydantic import ValidationError

from config.csvio import read_rows
from config.messages import say_all
from config.models.area import Area, AreaFigures
from config.problems import Problem, did_you_mean


def read_populations(
    path: Path, name: str, units: Sequence[Area], known: Collection[str]
) -> tuple[list[AreaFigures], list[Problem]]:
    """The sound lines of the file and every problem; a city need not have the file.

    ``known`` are all codes of the units file, those of unsound units among them: one mistake is told once.
    """
    if not path.is_file():
        return [], []
    rows, problems = read_rows(path, name, AreaFigures, "populations", "")
    by_code = {area.code: area for area in units}
    found: dict[tuple[str, str], AreaFigures] = {}
    for line, row in rows or ():
        title = f"unit {row.get('code', '?')} from {row.get('from', '?')}"
        try:
            figures = AreaFigures.model_validate(row)
        except ValidationError as error:
            for item, keys, said in say_all(AreaFigures, error):
                where = ".".join(map(str, (title, *(keys if item["type"] != "missing" else ()))))
                problems.append(Problem(name, line, where, *said))
            continue
        wrong = list(_wrong(figures, by_code, known))
        key = (figures.code, str(figures.since))
        if key in found:
            wrong.append(("is given twice", "keep one of the lines"))
        problems += [Problem(name, line, title, *said) for said in wrong]
        if not wrong and figures.code in by_code:
            found[key] = figures
    return sorted(found.values(), key=lambda item: (item.code, item.since)), problems


def _wrong(figures: AreaFigures, units: dict[str, Area], known: Collection[str]) -> Iterator[tuple[str, str]]:
    """Each thing that is wrong with one line, with what to do about it."""
    area = units.get(figures.code)
    if area is None:
        if figures.code not in known:
            yield f"unit {figures.code!r} is unknown", did_you_mean(figures.code, known)
    elif area.valid_from == figures.since:
        yield "the unit begins on that day", "what holds from its first day on stands in units.csv"
    elif not area.valid_on(figures.since):
        yield "the unit is not there on that day", "give a day between its valid_from and its valid_to"
    if figures.population is None and figures.km2 is None:
        yield "says neither population nor km2", "give what changed on that day"
