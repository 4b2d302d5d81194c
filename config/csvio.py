"""A CSV file of a city folder read into models, every mistake placed on its line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from config.models import Model
from config.problems import Problem, did_you_mean

Row = tuple[int, dict[str, str]]
"""A line number and the filled cells of that line by column."""


def read_rows(
    path: Path, name: str, model: type[Model], what: str, hint: str
) -> tuple[list[Row] | None, list[Problem]]:
    """The lines of a CSV file whose columns are the keys of ``model``, and what is wrong with its shape.

    ``what`` names the file's content and ``hint`` says what to write into it, should it not exist. A file
    that cannot be read has no lines (None).
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return None, [Problem(name, 1, what, "there is no such file", hint)]
    except UnicodeDecodeError as error:
        message = f"is not UTF-8 at byte {error.start}"
        return None, [Problem(name, 1, what, message, "save it as UTF-8")]
    known = [field.alias or key for key, field in model.model_fields.items()]
    reader = csv.reader(io.StringIO(text, newline=""))
    header = next(reader, [])
    problems = list(_header_problems(name, header, known))
    rows: list[Row] = []
    for cells in reader:
        if not any(cells):
            continue
        line = reader.line_num
        if len(cells) != len(header):
            message = f"has {len(cells)} cells where the header has {len(header)}"
            problems.append(Problem(name, line, f"line {line}", message, "put cells with a comma in quotes"))
            continue
        rows.append(
            (line, {key: cell for key, cell in zip(header, cells, strict=True) if cell and key in known})
        )
    return rows, problems


def _header_problems(name: str, header: Sequence[str], known: Sequence[str]) -> Iterator[Problem]:
    for column in header:
        if column not in known:
            yield Problem(name, 1, "header", f"column {column!r} is unknown", did_you_mean(column, known))
