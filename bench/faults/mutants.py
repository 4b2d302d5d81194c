"""Files as bad disks, lines and exports leave them: bytes flipped, lost, doubled, put in, zeroed, cut off."""

from __future__ import annotations

import gzip
import io
import json
import random
import zipfile
import zlib
from collections.abc import Callable, Mapping
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl import Workbook

NAMES: Final = ("id", "opened", "ward", "rating", "note", "sum")
NOTES: Final = ("đường ngập", "rác chưa thu gom", "đèn hỏng", "tiếng ồn ban đêm", "vỉa hè bị chiếm")
Row = tuple[str, str, str, str, str, str]


def checksum(cells: tuple[str, ...]) -> str:
    """What the last column says of the others."""
    return f"{zlib.crc32('|'.join(cells).encode()):08x}"


def rows_of(rng: random.Random, count: int) -> list[Row]:
    """Sound rows with their checksums."""
    found: list[Row] = []
    for number in range(count):
        day = f"2026-10-{rng.randint(1, 28):02}"
        cells = (f"T{number:04}", day, rng.choice(["21", "22"]), str(rng.randint(1, 5)), rng.choice(NOTES))
        found.append((*cells, checksum(cells)))
    return found


def _csv(rows: list[Row]) -> bytes:
    return ("\n".join(",".join(row) for row in [NAMES, *rows]) + "\n").encode()


def _tsv(rows: list[Row]) -> bytes:
    return _csv(rows).replace(b",", b"\t")


def _quoted(rows: list[Row]) -> bytes:
    lines = [",".join(NAMES), *(",".join([*row[:4], f'"{row[4]}"', row[5]]) for row in rows)]
    return ("\r\n".join(lines) + "\r\n").encode()


def _jsonl(rows: list[Row]) -> bytes:
    return "".join(json.dumps(dict(zip(NAMES, row, strict=True))) + "\n" for row in rows).encode()


def _json(rows: list[Row]) -> bytes:
    return json.dumps([dict(zip(NAMES, row, strict=True)) for row in rows], ensure_ascii=False).encode()


def _parquet(rows: list[Row]) -> bytes:
    columns = {name: [row[place] for row in rows] for place, name in enumerate(NAMES)}
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink, write_page_checksum=True)
    return sink.getvalue()


def _xlsx(rows: list[Row]) -> bytes:
    book, sink = Workbook(), io.BytesIO()
    assert book.active is not None
    for row in [NAMES, *rows]:
        book.active.append(list(row))
    book.save(sink)
    with zipfile.ZipFile(sink) as saved:
        members = {name: saved.read(name) for name in saved.namelist() if name != "docProps/core.xml"}
    return _packed(members)  # without the time at which it was made: the same seed makes the same file


def _zip(rows: list[Row]) -> bytes:
    return _packed({"inner.csv": _csv(rows)})


def _packed(members: Mapping[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return sink.getvalue()


MAKERS: Final[Mapping[str, Callable[[list[Row]], bytes]]] = {
    "csv": _csv,
    "tsv": _tsv,
    "quoted.csv": _quoted,
    "jsonl": _jsonl,
    "json": _json,
    "parquet": _parquet,
    "xlsx": _xlsx,
    "csv.gz": lambda rows: gzip.compress(_csv(rows), mtime=0),
    "csv.zip": _zip,
}


def mutant(rng: random.Random, content: bytes) -> tuple[str, bytes]:
    """The content with one to three damages, and their names."""
    names = [rng.choice(list(_DAMAGES)) for _ in range(rng.choice([1, 1, 1, 2, 3]))]
    for name in names:
        content = _DAMAGES[name](rng, content)
    return "+".join(names), content


def _flip(rng: random.Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.choice([1, 1, 4, 40])):
        if changed:
            changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _span(rng: random.Random, content: bytes) -> tuple[int, int]:
    first = rng.randrange(len(content) + 1)
    return first, min(len(content), first + rng.choice([1, 2, 17, 300]))


def _cut(rng: random.Random, content: bytes) -> bytes:
    return content[: rng.randrange(len(content) + 1)]


def _behead(rng: random.Random, content: bytes) -> bytes:
    return content[_span(rng, content[:400])[1] :]


def _lose(rng: random.Random, content: bytes) -> bytes:
    first, last = _span(rng, content)
    return content[:first] + content[last:]


def _double(rng: random.Random, content: bytes) -> bytes:
    first, last = _span(rng, content)
    return content[:last] + content[first:]


def _zero(rng: random.Random, content: bytes) -> bytes:
    first, last = _span(rng, content)
    return content[:first] + b"\0" * (last - first) + content[last:]


def _put_in(rng: random.Random, content: bytes) -> bytes:
    at = rng.randrange(len(content) + 1)
    pieces = [
        b'"',
        b",",
        b"\n",
        b"\r",
        b"\0",
        b"\xff",
        b"\xef\xbb\xbf",
        b"\n\n",
        b'""',
        b"{",
        rng.randbytes(9),
    ]
    return content[:at] + rng.choice(pieces) + content[at:]


def _recode(rng: random.Random, content: bytes) -> bytes:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return content
    return text.encode(rng.choice(["utf-16", "cp1258", "latin-1", "utf-8-sig", "utf-16-be"]), "replace")


_DAMAGES: Final[Mapping[str, Callable[[random.Random, bytes], bytes]]] = {
    "flip": _flip,
    "cut": _cut,
    "behead": _behead,
    "lose": _lose,
    "double": _double,
    "zero": _zero,
    "put in": _put_in,
    "recode": _recode,
}
