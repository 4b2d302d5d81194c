"""First look at a landed file: is it what its feed says, and which columns does it have?"""

from __future__ import annotations

import codecs
import csv
import gzip
import zlib
from pathlib import Path
from typing import BinaryIO, Final, cast

import pyarrow as pa
import pyarrow.parquet as pq

from config.models import Feed, Format
from pipelines.errors import SourceError
from pipelines.land import BLOCK, Landed
from pipelines.read.shape import TEXT, Kind, Ready, Shape, columns_of
from pipelines.read.workbook import header_of

ENDINGS: Final[dict[str, Kind]] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".xlsx": "xlsx",
}
LONGEST_HEADER: Final = 1 << 20


def inspect(feed: Feed, landed: Landed, work: Path) -> Ready:
    """Find the file's format and columns; text that is packed or not UTF-8 is written to ``work`` first.

    Raises SourceError when the file is not what the feed says.
    """
    kind = _kind(feed.format, landed.delivery.name)
    with landed.path.open("rb") as stream:
        head = stream.read(16)
    _refuse(kind, head)
    if kind == "parquet":
        return Ready(landed, _parquet_shape(landed.path), landed.path)
    if kind == "xlsx":
        names = columns_of(header_of(landed.path, feed.format))
        return Ready(landed, Shape("xlsx", names, (TEXT,) * len(names)), landed.path)
    path = _plain(landed, feed.format.encoding, head, work / f"{feed.id}-{landed.hash}.txt")
    if kind == "csv":
        shape = _csv_shape(path, _delimiter(feed.format, landed.delivery.name), feed.format)
        return Ready(landed, shape, path, _count_lines(path))
    sources = tuple(column.source or column.name for column in feed.columns)
    lines = _count_lines(path) if kind == "jsonl" else 0
    return Ready(landed, Shape(kind, sources, (TEXT,) * len(sources)), path, lines)


def delimiter_of(ready: Ready, format: Format) -> str:
    """What stands between the cells of a text file."""
    return _delimiter(format, ready.landed.delivery.name)


def _delimiter(format: Format, name: str) -> str:
    tabs = name.lower().removesuffix(".gz").endswith(".tsv") and format.delimiter == ","
    return "\t" if tabs else format.delimiter


def _kind(format: Format, name: str) -> Kind:
    if format.type != "auto":
        return format.type
    ending = Path(name.lower().removesuffix(".gz")).suffix
    if ending not in ENDINGS:
        raise SourceError(
            f"the ending {ending or 'of the name'!r} does not tell the format",
            "set format.type, or narrow connector.path to " + " ".join(ENDINGS),
        )
    return ENDINGS[ending]


def _refuse(wanted: Kind, head: bytes) -> None:
    """Tell the usual mix-ups by the first bytes, in words that help."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not head:
        raise SourceError("the file is empty (0 bytes)", "ask the sender to deliver it again")
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<head")):
        raise SourceError(
            "the file is a web page or XML, not a table",
            "the export probably answered with a login or error page: open the file to see which",
        )
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise SourceError("the file is an old Excel workbook (.xls)", "have it saved as .xlsx or .csv")
    kind: Kind | None = "xlsx" if head.startswith(b"PK\x03\x04") else None
    kind = "parquet" if head.startswith(b"PAR1") else kind
    if kind != (wanted if wanted in ("xlsx", "parquet") else None):
        found = {"xlsx": "a ZIP archive or Excel workbook", "parquet": "a Parquet file", None: "neither"}[
            kind
        ]
        if kind is None:
            raise SourceError(f"the file is not {wanted}", f"its first bytes are {head[:8]!r}")
        raise SourceError(f"the file is {found}, not {wanted}", "set format.type, or correct its ending")


def _parquet_shape(path: Path) -> Shape:
    try:
        schema = pq.read_schema(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise SourceError(
            f"the Parquet file cannot be read: {error}",
            "it was cut short or damaged: have it delivered again",
        ) from error
    return Shape("parquet", tuple(schema.names), tuple(map(_sql_type, schema.types)))


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


def _csv_shape(path: Path, delimiter: str, format: Format) -> Shape:
    with path.open("r", encoding="utf-8-sig", newline="", errors="replace") as stream:
        taken = 0

        def lines() -> list[str]:
            nonlocal taken
            line = stream.readline(LONGEST_HEADER)
            taken += bool(line)
            return [line] if line else []

        for _ in range(format.header_row - 1):
            lines()
        reader = csv.reader(
            iter(lambda: (lines() or [""])[0], ""), delimiter=delimiter, quotechar=format.quote
        )
        try:
            header = next(reader, [])
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
    return Shape("csv", names, (TEXT,) * len(names), taken)


def _plain(landed: Landed, encoding: str, head: bytes, target: Path) -> Path:
    """The landed file itself if it is plain UTF-8, else its text unpacked and decoded to ``target``."""
    packed = head.startswith(b"\x1f\x8b")
    codec = codecs.lookup(encoding)
    if not packed and codec.name in ("utf-8", "utf-8-sig", "ascii"):
        return landed.path
    try:
        with (
            cast(BinaryIO, gzip.open(landed.path)) if packed else landed.path.open("rb") as source,
            target.open("wb") as out,
        ):
            if codec.name in ("utf-8", "utf-8-sig", "ascii"):
                while block := source.read(BLOCK):
                    out.write(block)
            else:
                decoder = codec.incrementaldecoder("strict")
                while block := source.read(BLOCK):
                    out.write(decoder.decode(block).encode())
                out.write(decoder.decode(b"", final=True).encode())
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise SourceError(
            f"the archive cannot be unpacked: {error}", "it was cut short or damaged: have it delivered again"
        ) from error
    except UnicodeDecodeError as error:
        raise SourceError(
            f"the text is not {encoding}: {error.reason} at byte {error.start}", "set format.encoding"
        ) from error
    return target


def _count_lines(path: Path) -> int:
    count, last = 0, b"\n"
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            count += block.count(b"\n")
            last = block[-1:]
    return count + (last != b"\n")
