"""What of a file is looked at: all of a small one; beginning, end and blocks between of a large one."""

from __future__ import annotations

import gzip
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HEAD: Final = 2 << 20
"""Bytes from the beginning that are always looked at."""
WHOLE: Final = 16 << 20
"""Files up to this size are looked at as a whole."""
BLOCKS: Final = 64
BLOCK: Final = 32 << 10


@dataclass(frozen=True)
class Sample:
    """``parts`` are whole lines of the file in its order; ``whole``: none is left out.

    ``size``: bytes, or None for a packed file whose end was not reached.
    """

    parts: tuple[bytes, ...]
    whole: bool
    size: int | None


def take(path: Path) -> Sample:
    """Take the sample of a text file, which may be packed with gzip. Raises OSError and EOFError."""
    with path.open("rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
    if packed:
        with gzip.open(path) as unpacked:
            head = unpacked.read(WHOLE + 1)
        whole = len(head) <= WHOLE
        return Sample(
            (head if whole else head[: head.rfind(b"\n") + 1],), whole, len(head) if whole else None
        )
    size = path.stat().st_size
    with path.open("rb") as stream:
        if size <= WHOLE:
            return Sample((stream.read(),), True, size)
        head = stream.read(HEAD)
        if b"\0" in head[:4096]:  # wide letters: a block from the middle may begin in one
            return Sample((head,), False, size)
        parts = [head[: head.rfind(b"\n") + 1]]
        step = (size - HEAD - BLOCK) // BLOCKS
        for number in range(1, BLOCKS):  # the last would be the end of the file
            stream.seek(HEAD + number * step)
            block = stream.read(BLOCK)
            parts.append(block[block.find(b"\n") + 1 : block.rfind(b"\n") + 1])
        stream.seek(-BLOCK, os.SEEK_END)
        tail = stream.read()
        parts.append(tail[tail.find(b"\n") + 1 :])
    return Sample(tuple(parts), False, size)
