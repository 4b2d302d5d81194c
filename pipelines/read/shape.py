"""What is known of a delivered file before its rows are read."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from config.models import Column, Feed
from config.problems import did_you_mean
from pipelines.errors import SourceError
from pipelines.land import Landed
from pipelines.read.kinds import Kind
from warehouse.syntax import literal

TEXT = "VARCHAR"


@dataclass(frozen=True)
class Shape:
    """How a file is to be read; files of one shape are read together.

    ``names`` are its columns as the file calls them, ``types`` their SQL types (text unless the format has
    types of its own), ``skip`` the lines before the first data row, ``delimiter`` what stands between the
    cells of a text.
    """

    format: Kind
    names: tuple[str, ...]
    types: tuple[str, ...]
    skip: int = 0
    delimiter: str = ""


@dataclass(frozen=True)
class Ready:
    """A landed file of known shape. ``path`` is what is read: the landed file or its decoded text.

    ``lines`` counts the lines of a text file; ``note`` says what was found out about it; ``told`` holds what
    its titles and its name say, in the order of ``format.told``.
    ``lines`` counts the lines of a text file; ``note`` says what was found out about it. ``places``: where
    the text is an excerpt, the lines that its records have in the whole.
    """

    landed: Landed
    shape: Shape
    path: Path
    lines: int = 0
    note: str = ""
    told: tuple[str, ...] = ()
    places: NDArray[np.int64] | None = None


@dataclass(frozen=True)
class Staged:
    """Files as one relation.

    ``sql`` selects ``_n`` (number of the row among all), ``_record`` (number of the record it comes from),
    ``_file_no`` (which file, from 0), ``_defect`` (why the record is malformed, else NULL) and ``_c1``,
    ``_c2``, … for ``names`` of ``types``; ``raw`` is SQL for the row as JSON text. ``placed``: ``_record``
    is the line in the file. ``left_out`` is how many rows of each file are declared to be no data.
    """

    sql: str
    names: tuple[str, ...]
    types: tuple[str, ...]
    raw: str
    placed: bool = False
    left_out: Mapping[int, int] = field(default_factory=dict)


def columns_of(names: Sequence[str]) -> tuple[str, ...]:
    """Header cells as column names; an empty or repeated one is told by its place."""
    result: list[str] = []
    for place, cell in enumerate(names, start=1):
        name = header_text(cell) or f"column {place}"
        result.append(name if name not in result else f"{name} (column {place})")
    return tuple(result)


def header_text(cell: str) -> str:
    """A header as it is compared: composed, on one line, without blanks around it."""
    return " ".join(unicodedata.normalize("NFC", cell.removeprefix("\ufeff")).split())


def joined(rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a header as one, from top to bottom.

    An empty cell of an upper line is one with what stands left of it, if a line below says something there.
    """
    width = max(map(len, rows), default=0)
    grid = [[header_text(cell) for cell in row] + [""] * (width - len(row)) for row in rows]
    for number, row in enumerate(grid[:-1]):
        for place in range(1, width):
            if not row[place] and any(below[place] for below in grid[number + 1 :]):
                row[place] = row[place - 1]
    return [" ".join(filter(None, column)) for column in zip(*grid, strict=True)]


def paths_of(files: Sequence[Ready]) -> str:
    """SQL for the list of what is read."""
    return "[" + ", ".join(literal(str(file.path)) for file in files) + "]"


def json_object(names: Sequence[str]) -> str:
    """SQL for the staged cells ``_c1``, … as JSON text."""
    cells = ", ".join(f"{literal(name)}, _c{place}" for place, name in enumerate(names, start=1))
    return f"json_object({cells})::VARCHAR"


def bind(feed: Feed, names: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Places in ``names`` of what each contract column is read from, if it is there; a constant has none.

    An optional column may be absent: it is then empty. Raises SourceError when one is absent that rows
    cannot do without.
    """
    places = {header_text(name): place for place, name in enumerate(names)}
    needed = {*feed.indispensable, feed.area.column}
    bound: dict[str, tuple[int, ...]] = {}
    for column in feed.columns:
        headers = [header_text(header) for header in column.headers]
        missing = [header for header in headers if header not in places]
        if not missing:
            bound[column.name] = tuple(places[header] for header in headers)
        elif column.required or column.name in needed:
            source = missing[0]
            shown = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
            raise SourceError(f"there is no column {source!r} among: {shown}", _absent(feed, source, names))
    return bound


def absent(feed: Feed, names: Sequence[str]) -> list[str]:
    """Headers of contract columns that the file does not have."""
    bound = bind(feed, names)
    return [" + ".join(column.headers) for column in feed.columns if column.name not in bound]


def cell_of(bound: Mapping[str, tuple[int, ...]], staged: Staged, column: Column) -> tuple[str | None, str]:
    """SQL of what a contract column is read from (None: the file lacks it) and its type."""
    if column.constant is not None:
        return literal(str(column.constant)), TEXT
    if column.name not in bound:
        return None, TEXT
    places = bound[column.name]
    if len(places) == 1:
        return f"_c{places[0] + 1}", staged.types[places[0]]
    return " || ' ' || ".join(f"nullif(trim(_c{place + 1}::VARCHAR), '')" for place in places), TEXT


def _absent(feed: Feed, source: str, names: Sequence[str]) -> str:
    if len(names) == 1:
        for delimiter in (";", ",", "\t", "|"):
            if delimiter in names[0] and delimiter != feed.format.delimiter:
                return f"the delimiter looks like {delimiter!r}: set format.delimiter"
    return did_you_mean(source, names) or (
        f"the header is looked for on line {feed.format.header_row}: "
        "set format.header_row, or the column's source"
    )
