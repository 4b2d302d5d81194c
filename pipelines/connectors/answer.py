"""One answer of a web server while it streams: its bytes unpacked and whole, and what kind of file it is."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import IO, Final

import httpx

from config.models import Format
from pipelines.connectors.base import Drop
from pipelines.errors import PassingFault, SourceError

SMALL: Final = 8 << 20
"""Bytes of an answer that describes data and holds none."""
PIECE: Final = 1 << 16
ENDINGS: Final = (
    ".csv",
    ".tsv",
    ".txt",
    ".json",
    ".jsonl",
    ".ndjson",
    ".geojson",
    ".parquet",
    ".xlsx",
    ".xls",
    ".xml",
    ".zip",
)
_OF_TYPE: Final = {
    "text/csv": ".csv",
    "application/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/json": ".json",
    "application/geo+json": ".geojson",
    "application/x-ndjson": ".jsonl",
    "application/ndjson": ".jsonl",
    "application/jsonl": ".jsonl",
    "application/x-jsonlines": ".jsonl",
    "application/vnd.apache.parquet": ".parquet",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.ms-excel": ".xls",
    "application/xml": ".xml",
    "text/xml": ".xml",
    "application/zip": ".zip",
}
_MARKUP: Final = re.compile(rb"\s*<(!doctype\s+html|html|head|body|script|meta|!--)", re.I)
_TABLES: Final = ("csv", "json", "jsonl")


class Answer:
    """An answer whose body has not been read yet. ``url`` is its address as it may be told."""

    def __init__(self, response: httpx.Response, drop: Drop, url: str, *, redirected: bool) -> None:
        self.status = response.status_code
        self.headers = response.headers
        self.links = response.links
        self.url = url
        self._response = response
        self._drop = drop
        self._redirected = redirected

    @property
    def unchanged(self) -> bool:
        """Whether the server says that nothing changed since."""
        return self.status == httpx.codes.NOT_MODIFIED

    @property
    def type(self) -> str:
        """Its content type without parameters, in lower case; empty when it does not say."""
        return str(self.headers.get("content-type", "")).partition(";")[0].strip().lower()

    def ending(self, format: Format) -> str:
        """How a file of it is to end, so that its format can be told.

        Raises SourceError when neither the definition nor the answer says.
        """
        named = re.search(
            r'filename\*?=(?:UTF-8\'\')?"?([^";]+)', self.headers.get("content-disposition", "")
        )
        for name in (named[1] if named else "", self._response.url.path):
            suffixes = [suffix.lower() for suffix in PurePosixPath(name).suffixes[-2:]]
            if suffixes and suffixes[-1] == ".gz" and (len(suffixes) == 1 or suffixes[0] in ENDINGS):
                return "".join(suffixes)
            if suffixes and suffixes[-1] in ENDINGS:
                return suffixes[-1]
        if (known := _OF_TYPE.get(self.type)) is not None:
            return known
        if (kind := self.type.rpartition("+")[2]) in ("json", "xml", "csv"):
            return f".{kind}"
        if format.type == "auto":
            if self.type in ("text/html", "application/xhtml+xml"):
                raise self._web_page()
            what = f"calls itself {self.type}" if self.type else "does not say what it is"
            raise SourceError(f"the answer of {self.url} {what}", "set format.type")
        return f".{format.type}"

    def blocks(self) -> Iterator[bytes]:
        """Its bytes as the source has them: what was packed for the way alone is unpacked.

        Raises PassingFault when the end is missing.
        """
        coding = self.headers.get("content-encoding", "identity").strip().lower()
        if coding in ("identity", ""):
            yield from self._response.iter_raw()
            return
        if coding not in ("gzip", "x-gzip"):
            raise SourceError(
                f"{self.url} packs its answer as {coding}, which was not asked for", "ask its owner"
            )
        unpacker = zlib.decompressobj(31)
        try:
            for raw in self._response.iter_raw():
                piece = raw
                while piece:
                    if unpacker.eof:  # a further member
                        unpacker = zlib.decompressobj(31)
                    yield unpacker.decompress(piece, PIECE * 16)
                    piece = unpacker.unconsumed_tail or unpacker.unused_data
        except zlib.error as error:
            raise PassingFault(
                f"the answer of {self.url} is damaged: {error}", "it is tried again"
            ) from error
        if not unpacker.eof:
            raise PassingFault(f"the answer of {self.url} was cut off", "it is tried again")

    def save(self, out: IO[bytes], format: Format) -> None:
        """Write it to ``out``. Raises SourceError when it is a web page or plainly of another format."""
        head, told = b"", False
        for block in self.blocks():
            if told:
                out.write(block)
                continue
            head += block
            if len(head) >= 512:
                self._demand_data(head, format)
                told = True
                out.write(head)
        if not told:
            self._demand_data(head, format)
            out.write(head)

    def small(self) -> bytes:
        """All of a short answer. Raises SourceError when it is long."""
        found = b""
        for block in self.blocks():
            self._drop.check()
            found += block
            if len(found) > SMALL:
                raise SourceError(
                    f"the answer of {self.url} is longer than {SMALL >> 20} MiB", "is the address right?"
                )
        return found

    def _demand_data(self, head: bytes, format: Format) -> None:
        """Refuse what is no data by its first bytes; the content type alone is often wrong."""
        start = head.removeprefix(b"\xef\xbb\xbf")
        if _MARKUP.match(start):
            raise self._web_page()
        is_json = start.lstrip()[:1] in (b"{", b"[") and self.type.endswith("json")
        if format.type == "csv" and is_json:
            raise SourceError(
                f"{self.url} answered with JSON, not with CSV: {_start(start)}", "set format.type"
            )
        if format.type in _TABLES and start.lstrip()[:5] == b"<?xml":
            raise SourceError(
                f"{self.url} answered with XML, not with {format.type}: {_start(start)}", "set format.type"
            )
        if format.type in ("json", "jsonl") and self.type == "text/csv":
            raise SourceError(f"{self.url} answered with CSV, not with JSON", "set format.type")
        for magic, name in (
            (b"%PDF", "a PDF document"),
            (b"\x89PNG", "a picture"),
            (b"\xff\xd8\xff", "a picture"),
        ):
            if head.startswith(magic):
                raise SourceError(f"{self.url} answered with {name}, not with data", "correct connector.url")

    def _web_page(self) -> SourceError:
        way = (
            "after a redirect, it probably asks for a login" if self._redirected else "a login or error page"
        )
        return SourceError(
            f"{self.url} answered with a web page, not with data", f"{way}: open the address to see"
        )


def _start(head: bytes) -> str:
    return " ".join(head[:120].decode(errors="replace").split())
