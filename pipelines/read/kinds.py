"""What kind of file something is: by its name, as declared, and by its first bytes."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Final, Literal

from config.models import Format
from pipelines.errors import SourceError

Kind = Literal["csv", "json", "jsonl", "parquet", "workbook"]
"""What a table is read as."""

ENDINGS: Final[dict[str, Kind]] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".json": "json",
    ".geojson": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".xlsx": "workbook",
    ".xls": "workbook",
    ".ods": "workbook",
}
PACKED: Final = b"\x1f\x8b"
ZIPPED: Final = b"PK\x03\x04"
DAMAGED: Final = (
    *(zipfile.BadZipFile, OSError, EOFError, zlib.error, lzma.LZMAError),
    # What zipfile makes of versions, packings, names and lengths that are no such thing.
    *(NotImplementedError, RuntimeError, ValueError, struct.error),
)
"""What reading a packed file raises where it is damaged."""
_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"
_PARQUET: Final = b"PAR1"
_NAMES: Final[dict[Kind | None, str]] = {
    "workbook": "a workbook",
    "parquet": "a Parquet file",
    None: "a text file",
}


def plain_name(name: str) -> str:
    """A file's name in lower case without the ending of its packing."""
    return name.lower().removesuffix(".gz")


def kind_of(format: Format, name: str) -> Kind:
    """The kind that is declared, else that the name tells. Raises SourceError where it tells none."""
    match format.type:
        case "xlsx" | "xls" | "ods":
            return "workbook"
        case "csv" | "json" | "jsonl" | "parquet":
            return format.type
        case "sdmx" | "prometheus":
            return "parquet"  # made of it, see inspect
    ending = PurePosixPath(plain_name(name)).suffix
    if ending not in ENDINGS:
        raise SourceError(
            f"the ending {ending or 'of the name'!r} does not tell the format",
            "set format.type, or narrow connector.path to " + " ".join((*ENDINGS, ".zip")),
        )
    return ENDINGS[ending]


def starts(path: Path, mark: bytes) -> bool:
    """Whether a file begins with these bytes."""
    with path.open("rb") as stream:
        return stream.read(len(mark)) == mark


def demand(wanted: Kind, path: Path) -> None:
    """Raise SourceError for the usual mix-ups, told by the first bytes in words that help."""
    with path.open("rb") as stream:
        head = stream.read(16)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not head:
        raise SourceError("the file is empty (0 bytes)", "ask the sender to deliver it again")
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<head", b"<table")):
        raise SourceError(
            "the file is a web page or XML, not a table",
            "the export probably answered with a login or error page: open the file to see which",
        )
    found: Kind | None = "workbook" if head.startswith((ZIPPED, _OLD_EXCEL)) else None
    found = "parquet" if head.startswith(_PARQUET) else found
    if found == (wanted if wanted in ("workbook", "parquet") else None):
        return
    hint = "set format.type, or correct the file's ending"
    if found is None:
        hint = f"its first bytes are {head[:8]!r}"
    raise SourceError(f"the file is {_NAMES[found]}, not {_NAMES.get(wanted, wanted)}", hint)
