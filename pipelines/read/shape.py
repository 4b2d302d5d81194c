"""What is known of a delivered file before its rows are read."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from config.models import Feed
from config.problems import did_you_mean
from pipelines.errors import SourceError
from pipelines.land import Landed
from pipelines.read.kinds import Kind

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

    ``lines`` counts the lines of a text file; ``note`` says what was found out about it.
    """

    landed: Landed
    shape: Shape
    path: Path
    lines: int = 0
    note: str = ""


@dataclass(frozen=True)
class Staged:
    """Files as one relation.

    ``sql`` selects ``_n`` (number of the row among all), ``_record`` (number of the record it comes from),
    ``_file_no`` (which file, from 0), ``_defect`` (why the record is malformed, else NULL) and ``_c1``,
    ``_c2``, … for ``names`` of ``types``; ``raw`` is SQL for the row as JSON text. ``placed``: ``_record``
    is the line in the file.
    """

    sql: str
    names: tuple[str, ...]
    types: tuple[str, ...]
    raw: str
    placed: bool = False


def columns_of(names: Sequence[str]) -> tuple[str, ...]:
    """Header cells as column names: trimmed, composed; an empty or repeated one is told by its place."""
    result: list[str] = []
    for place, cell in enumerate(names, start=1):
        name = unicodedata.normalize("NFC", cell.removeprefix("\ufeff").strip()) or f"column {place}"
        result.append(name if name not in result else f"{name} (column {place})")
    return tuple(result)


def bind(feed: Feed, names: Sequence[str]) -> dict[str, int]:
    """Place in ``names`` of each contract column that is there.

    An optional column may be absent: it is then empty. Raises SourceError when one is absent that rows
    cannot do without.
    """
    places = {name: place for place, name in enumerate(names)}
    needed = {*feed.indispensable, feed.area.column}
    bound: dict[str, int] = {}
    for column in feed.columns:
        source = unicodedata.normalize("NFC", column.source or column.name)
        if source in places:
            bound[column.name] = places[source]
        elif column.required or column.name in needed:
            shown = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
            raise SourceError(f"there is no column {source!r} among: {shown}", _absent(feed, source, names))
    return bound


def absent(feed: Feed, names: Sequence[str]) -> list[str]:
    """Headers of contract columns that the file does not have."""
    bound = bind(feed, names)
    return [column.source or column.name for column in feed.columns if column.name not in bound]


def _absent(feed: Feed, source: str, names: Sequence[str]) -> str:
    if len(names) == 1:
        for delimiter in (";", ",", "\t", "|"):
            if delimiter in names[0] and delimiter != feed.format.delimiter:
                return f"the delimiter looks like {delimiter!r}: set format.delimiter"
    return did_you_mean(source, names) or (
        f"the header is looked for on line {feed.format.header_row}: "
        "set format.header_row, or the column's source"
    )
