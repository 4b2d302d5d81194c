"""A landed text as one that the database reads: unpacked, in UTF-8, with line ends that it knows."""

from __future__ import annotations

import gzip
import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from config.models import Format
from pipelines.errors import SourceError
from pipelines.land import BLOCK
from pipelines.read.coding import AUTO, SAMPLE, decoded, settle
from pipelines.read.kinds import DAMAGED, PACKED, starts
from pipelines.read.parts import SMALL, SWELLING, damaged


@dataclass(frozen=True)
class Text:
    """A text in UTF-8. ``path`` is the file as it was delivered if that can be read as it lies; ``note`` says
    what was found out about it.
    """

    path: Path
    note: str = ""


def plain(path: Path, format: Format, target: Path) -> Text:
    """The text at ``path``, written anew to ``target`` unless it is plain.

    Raises SourceError when it is not what ``format`` says.
    """
    packed = starts(path, PACKED)

    def blocks() -> Iterator[bytes]:
        limit = max(SMALL, SWELLING * path.stat().st_size)
        with cast(IO[bytes], gzip.open(path)) if packed else path.open("rb") as source:
            while block := source.read(BLOCK):
                limit -= len(block)
                if packed and limit < 0:
                    raise SourceError(
                        f"the file unpacks to more than {SWELLING} times its size",
                        "it is damaged or made to do harm: have it delivered unpacked",
                    )
                yield block

    try:
        start = next(blocks(), b"")[:SAMPLE]
        encoding = settle(format.encoding, start, blocks)
        lone = _only_returns(start, encoding)
        if encoding != "utf-8":
            with target.open("w", encoding="utf-8", newline="") as out:
                for text in decoded(encoding, blocks()):
                    out.write(text.replace("\r", "\n") if lone else text)
        elif packed or lone or format.footer is not None:
            with target.open("wb") as copy:
                for block in blocks():
                    copy.write(block.replace(b"\r", b"\n") if lone else block)
        else:
            target = path
    except DAMAGED as error:
        raise damaged(error) from error
    if format.footer is not None:
        _cut(target, format.header_row - 1 + format.header_height, format.footer)
    return Text(target, f"read as {encoding}" if format.encoding == AUTO and encoding != "utf-8" else "")


def _cut(path: Path, skip: int, footer: str) -> None:
    """End a text before the first line below the first ``skip`` in which ``footer`` finds something."""
    if not path.stat().st_size:
        return
    with path.open("r+b") as stream:
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as text:
            begin = 0
            for _ in range(skip):
                begin = text.find(b"\n", begin) + 1 or len(text)
            found = re.compile(footer.encode(), re.MULTILINE).search(text, begin)
            end = text.rfind(b"\n", 0, found.start()) + 1 if found is not None else len(text)
        stream.truncate(end)


def _only_returns(start: bytes, encoding: str) -> bool:
    """Whether lines end in a carriage return alone, as on old Macintoshes."""
    if b"\r" not in start:
        return False
    return re.search(
        r"\r(?!\n)", start.decode(encoding, "ignore")[:-1]
    ) is not None and "\n" not in start.decode(encoding, "ignore")
