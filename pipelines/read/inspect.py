"""First look at a landed file: is it what its feed says, and which columns does it have?"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from config.models import Feed, Format
from config.models.format import groups_of
from pipelines.errors import SourceError, unreadable
from pipelines.land import BLOCK, Landed
from pipelines.read import prometheus, sdmx
from pipelines.read.checksums import demand_sound
from pipelines.read.kinds import PACKED, demand, kind_of, plain_name, starts
from pipelines.read.plain import plain
from pipelines.read.shape import TEXT, Ready, Shape, columns_of, joined
from pipelines.read.workbook import header_of

LONGEST_HEADER: Final = 1 << 20
_MADE: Final[dict[str, Callable[[Path, Path], None]]] = {
    "sdmx": sdmx.to_parquet,
    "prometheus": prometheus.to_parquet,
}
"""Formats of which a table is made first, in the work folder."""


def inspect(feed: Feed, landed: Landed, work: Path) -> Ready:
    """Find the columns of a landed file, or of a part of one; text that is not plain is written to ``work``
    first.

    Raises SourceError when the file is not what the feed says.
    """
    try:
        return _inspect(feed, landed, work)
    except SourceError:
        raise
    except Exception as error:
        # Readers of formats raise whatever damaged bytes lead them to; it must end no load.
        raise unreadable(error) from error


def _inspect(feed: Feed, landed: Landed, work: Path) -> Ready:
    format = feed.format
    if (make_table := _MADE.get(format.type)) is not None:
        table = work / f"{work_prefix(feed)}{landed.path.name}.parquet"
        make_table(landed.path, table)
        _name_columns(feed, table)
        return Ready(landed, _parquet_shape(table), table, told=_told(format, "", landed.name))
    kind = "workbook" if landed.sheet is not None else kind_of(format, landed.name)
    if not (kind in ("csv", "json", "jsonl") and starts(landed.path, PACKED)):
        demand(kind, landed.path)
    if kind == "parquet":
        shape = _parquet_shape(landed.path)
        demand_sound(landed.path)
        return Ready(landed, shape, landed.path, told=_told(format, "", landed.name))
    if kind == "workbook":
        header, titles = header_of(landed.path, landed.sheet, format)
        names = columns_of(header)
        shape = Shape("workbook", names, (TEXT,) * len(names))
        return Ready(landed, shape, landed.path, told=_told(format, titles, landed.name))
    text = plain(landed.path, format, work / f"{work_prefix(feed)}{landed.path.name}.txt")
    if kind == "csv":
        delimiter = _delimiter(format, landed.name)
        shape, titles = _csv_shape(text.path, delimiter, format)
        told = _told(format, titles, landed.name)
        return Ready(landed, shape, text.path, _count_lines(text.path), text.note, told)
    headers = (header for column in feed.columns for header in column.headers if header not in format.told)
    sources = tuple(dict.fromkeys(headers))
    lines = _count_lines(text.path) if kind == "jsonl" else 0
    shape, told = Shape(kind, sources, (TEXT,) * len(sources)), _told(format, "", landed.name)
    return Ready(landed, shape, text.path, lines, text.note, told)


def _told(format: Format, titles: str, name: str) -> tuple[str, ...]:
    """What titles and name say, in the order of ``format.told``."""
    told: list[str] = []
    for option, pattern, text in (
        ("from_title", format.from_title, titles),
        ("from_name", format.from_name, name),
    ):
        if pattern is None:
            continue
        match = re.search(pattern, text)
        if match is None:
            raise SourceError(f"{pattern} finds nothing in {text[:200]!r}", f"correct format.{option}")
        told += [match[group] or "" for group in groups_of(pattern)]
    return tuple(told)


def work_prefix(feed: Feed) -> str:
    """How the names of the feed's files in the work folder begin."""
    return f"{feed.id}-"


def _delimiter(format: Format, name: str) -> str:
    """What stands between the cells of a text file."""
    tabs = plain_name(name).endswith(".tsv") and format.delimiter == ","
    return "\t" if tabs else format.delimiter


def _parquet_shape(path: Path) -> Shape:
    try:
        schema = pq.read_schema(path)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise SourceError(
            f"the Parquet file cannot be read: {error}",
            "it was cut short or damaged: have it delivered again",
        ) from error
    return Shape("parquet", tuple(schema.names), tuple(map(_sql_type, schema.types)))


def _name_columns(feed: Feed, table: Path) -> None:
    """A format that names columns in its rows names none without rows: those of the contract are meant."""
    if pq.read_metadata(table).num_rows == 0:
        names = dict.fromkeys(header for column in feed.columns for header in column.headers)
        pq.write_table(pa.table({name: pa.array([], pa.string()) for name in names}), table)


def _sql_type(type: pa.DataType) -> str:
    """The SQL type to which DuckDB reads an Arrow type, as far as contracts care."""
    tests = (
        (pa.types.is_boolean, "BOOLEAN"),
        (pa.types.is_integer, "BIGINT"),
        (pa.types.is_floating, "DOUBLE"),
        (pa.types.is_decimal, "DOUBLE"),
        (pa.types.is_date, "DATE"),
    )
    for test, name in tests:
        if test(type):
            return name
    if pa.types.is_timestamp(type):
        return "TIMESTAMP" if type.tz is None else "TIMESTAMPTZ"
    return TEXT


def _csv_shape(path: Path, delimiter: str, format: Format) -> tuple[Shape, str]:
    """Columns of a text, and its titles: the lines above the header. Raises SourceError."""
    with path.open("r", encoding="utf-8-sig", newline="", errors="replace") as stream:
        taken = 0

        def lines() -> list[str]:
            nonlocal taken
            line = stream.readline(LONGEST_HEADER)
            taken += bool(line)
            return [line] if line else []

        titles = "".join(line for _ in range(format.header_row - 1) for line in lines())
        reader = csv.reader(
            iter(lambda: (lines() or [""])[0], ""), delimiter=delimiter, quotechar=format.quote
        )
        try:
            header = joined([next(reader, []) for _ in range(format.header_height)])
        except csv.Error as error:
            raise SourceError(f"the header cannot be read: {error}", "is the file a text file?") from error
    if not any(cell.strip() for cell in header):
        raise SourceError(
            f"there is no header on line {format.header_row}",
            "set format.header_row to the line of the header",
        )
    if any("\0" in cell for cell in header):
        raise SourceError("the header holds zero bytes", "set format.encoding, such as utf-16")
    names = columns_of(header)
    return Shape("csv", names, (TEXT,) * len(names), taken, delimiter), titles


def _count_lines(path: Path) -> int:
    count, last = 0, b"\n"
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            count += block.count(b"\n")
            last = block[-1:]
    return count + (last != b"\n")
