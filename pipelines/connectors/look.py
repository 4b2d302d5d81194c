"""What a page that lies on disk says of itself: how many rows, where the next one is. Read in a stream."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import ijson

from config.models import Format
from pipelines.errors import PassingFault, SourceError

BLOCK: Final = 1 << 20
SHORT: Final = 1 << 16
_BEGINS: Final = ("start_map", "start_array", "string", "number", "boolean", "null")

_TOO_SHORT: Final = ("premature EOF", "Incomplete JSON")
"""How the two parsers of ijson tell of a document without an end."""


@dataclass(frozen=True)
class Look:
    """``rows`` of a page, the values ``found`` at the paths asked for, and the ``digest`` of its bytes."""

    rows: int
    digest: str
    found: dict[str, str | int | float | None] = field(default_factory=dict)


def look(
    path: Path, ending: str, format: Format, paths: Collection[str] = (), says: str | None = None
) -> Look:
    """Look at one page. ``paths`` name values of a JSON document, such as ``meta.next``; ``says`` is where
    the source writes why there are no records.

    Raises PassingFault when a JSON document ends too early, SourceError when it is none or cannot be counted.
    """
    kind = format.type if format.type != "auto" else ending.lstrip(".")
    digest = digest_of(path)
    if kind in ("json", "geojson"):
        records = format.records or ("features" if ending.startswith(".geojson") else "")
        rows, found = _document(path, records, paths, says)
        return Look(rows, digest, found)
    if kind in ("jsonl", "ndjson"):
        return Look(_lines(path), digest)
    if kind in ("csv", "tsv", "txt"):
        return Look(max(0, _lines(path) - format.header_row), digest)
    raise SourceError(f"the rows of {kind} pages cannot be counted", "leave connector.paging out")


def is_empty(path: Path, ending: str, format: Format) -> bool:
    """Whether a file plainly holds no rows; only short ones are looked into."""
    if path.stat().st_size > SHORT:
        return False
    try:
        return look(path, ending, format).rows == 0
    except (SourceError, PassingFault):
        return False  # whatever it is, who reads it will say so


def digest_of(path: Path) -> str:
    """SHA-256 of a file's bytes in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _document(
    path: Path, records: str, paths: Collection[str], says: str | None
) -> tuple[int, dict[str, str | int | float | None]]:
    item = f"{records}.item" if records else "item"
    rows, found, listed = 0, {}, False
    with path.open("rb") as stream:
        try:
            for prefix, event, value in ijson.parse(stream, use_float=True):
                if prefix == item and event in _BEGINS:
                    rows += 1
                elif prefix == records and event == "start_array":
                    listed = True
                elif (prefix in paths or prefix == says) and event in ("string", "number", "null"):
                    found[prefix] = value
        except ijson.JSONError as error:
            what = str(error).partition("\n")[0]
            if any(sign in what for sign in _TOO_SHORT):
                raise PassingFault("the page ends too early: it was cut off", "it is tried again") from error
            raise SourceError(f"the page is not JSON: {what}", "set format.type") from error
    if not listed and found.get(says or ""):
        raise SourceError(f"the source refused: {found[says or '']}", "correct the connector")
    if not listed:
        where = f"at {records!r}" if records else "at the top"
        raise SourceError(f"there is no list of records {where}", "set format.records to the list's path")
    return rows, found


def _lines(path: Path) -> int:
    count, last = 0, b"\n"
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            count += block.count(b"\n")
            last = block[-1:]
    return count + (last != b"\n")
