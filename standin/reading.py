"""``standin.yaml`` and ``standin/*.yaml`` of a city folder; what is wrong in them is told with its line."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from config.messages import problems_of
from config.problems import CityError, Problem
from config.yamlio import Document, read_yaml
from standin.errors import StandinError
from standin.models import Part, Standin

P = TypeVar("P", bound=Part)


def read_standin(folder: Path) -> Standin:
    """``standin.yaml`` of a city folder, with the sources and incidents of every file in ``standin/``.

    Raises StandinError without one, CityError with every problem of the files, sources that two of them
    define among these.
    """
    file = folder / "standin.yaml"
    if not file.is_file():
        raise StandinError(f"{file} is missing: this city has no simulated departments")
    problems: list[Problem] = []
    whole = _read(folder, file, Standin, problems)
    sources, incidents = (dict(whole[1].sources), list(whole[1].incidents)) if whole else ({}, [])
    for path in sorted((folder / "standin").glob("*.yaml")):
        if (part := _read(folder, path, Part, problems)) is None:
            continue
        document, body = part
        for name in sorted(set(sources) & set(body.sources)):
            line = document.line(("sources", name))
            told = "another part defines this source already"
            problems.append(Problem(document.file, line, f"sources.{name}", told, "give each source once"))
        sources |= body.sources
        incidents += body.incidents
    if problems or whole is None:
        raise CityError(problems)
    return whole[1].model_copy(update={"sources": sources, "incidents": tuple(incidents)})


def _read(folder: Path, path: Path, kind: type[P], problems: list[Problem]) -> tuple[Document, P] | None:
    document, wrong = read_yaml(path, path.relative_to(folder).as_posix())
    problems += wrong
    if document is None or wrong:
        return None
    try:
        return document, kind.model_validate(document.data or {})
    except ValidationError as error:
        problems += problems_of(kind, error, document, (), path.stem)
        return None
