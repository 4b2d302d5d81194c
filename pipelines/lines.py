"""Where each record of a text file begins, for files with quoted line breaks, blank or malformed lines.

A file without any of these has its records on successive lines and never comes here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

_BLOCK: Final = 1 << 24
_Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Places:
    """Line numbers, from 1, of the records that were read and of those that were refused, in file order."""

    parsed: _Numbers
    refused: _Numbers


def places(path: Path, skip: int, quote: str, parsed: int, refused: list[int]) -> Places | None:
    """Find the line of each record after the first ``skip`` lines.

    ``parsed`` is the number of records that were read, ``refused`` the byte positions (from 1) of the others.
    None if the file's quotes are so broken that the records cannot be told apart in another way.
    """
    for mark in (quote.encode(), b""):
        starts, lines = _records(path, skip, mark)
        if len(lines) != parsed + len(refused):
            continue
        # A position may point at blank lines before the record.
        found = np.searchsorted(starts, np.asarray(refused, np.int64) - 1)
        if len(found) and (found.max() >= len(lines) or len(np.unique(found)) != len(found)):
            continue
        return Places(np.delete(lines, found), lines[found])
    return None


def open_quote(path: Path, skip: int, quote: str, parsed: int, refused: list[int]) -> int | None:
    """The line where a quote opens that never closes, if the record there is not one of the ``parsed``.

    The rest of the file is then inside that record. ``refused`` are byte positions, from 1.
    """
    mark = quote.encode()
    starts, lines = _records(path, skip, mark)
    if not len(starts):
        return None
    dropped = len(lines) == parsed + len(refused) + 1
    reported = len(lines) == parsed + len(refused) and bool(refused) and max(refused) > starts[-1]
    with path.open("rb") as stream:
        stream.seek(int(starts[-1]))
        closed = stream.read().count(mark) % 2 == 0
    return int(lines[-1]) if (dropped or reported) and not closed else None


def successive(path: Path, quote: str) -> bool:
    """Whether each line is a record: none is blank, and no quote holds a line break.

    A quote in the middle of a cell opens one here, as it does not for the reader: the no is a cautious one.
    """
    mark = quote.encode()
    ended, inside = False, 0
    with path.open("rb") as stream:
        # A piece ends with a line, so that no line break is cut in two.
        while piece := stream.read(_BLOCK) + stream.readline():
            codes = np.frombuffer(piece, np.uint8)
            breaks = codes == 10
            if (breaks[1:] & breaks[:-1]).any() or (ended and breaks[0]):
                return False
            if b"\r" in piece and _lone_returns(piece):
                return False
            if inside or mark in piece:
                quotes = np.flatnonzero(codes == mark[0])
                if ((np.searchsorted(quotes, np.flatnonzero(breaks)) + inside) % 2 == 1).any():
                    return False
                inside = (inside + len(quotes)) % 2
            ended = True
    return not inside


def _lone_returns(piece: bytes) -> bool:
    """Whether a carriage return stands elsewhere than before a line break, or on a line of its own."""
    whole = piece.startswith(b"\r\n") or b"\n\r\n" in piece
    return whole or piece.count(b"\r") != piece.count(b"\r\n")


def cut(path: Path, lines: _Numbers, target: Path) -> None:
    """Write the given lines of ``path`` (from 1, ascending) to ``target``."""
    base = done = 0
    with path.open("rb") as source, target.open("wb") as out:
        while block := source.read(_BLOCK):
            block += source.readline()  # a block ends with a line
            ends = np.flatnonzero(np.frombuffer(block, np.uint8) == 10) + 1
            count = len(ends) + (not block.endswith(b"\n"))
            upto = int(np.searchsorted(lines, base + count, side="right"))
            wanted = lines[done:upto] - base - 1
            starts = np.concatenate([[0], ends])
            stops = np.append(ends, len(block))
            out.writelines(
                memoryview(block)[start:stop]
                for start, stop in zip(starts[wanted].tolist(), stops[wanted].tolist(), strict=True)
            )
            base, done = base + count, upto


def _records(path: Path, skip: int, quote: bytes) -> tuple[_Numbers, _Numbers]:
    """Byte and line at which each record that is not blank starts; without ``quote`` a line is a record."""
    breaks, inside, size = _breaks(path, skip, quote)
    first = int(breaks[skip - 1]) + 1 if skip else 0
    closed = np.flatnonzero(~inside)
    ends = breaks[closed[closed >= skip]]
    if size > (int(ends[-1]) + 1 if len(ends) else first):
        ends = np.append(ends, size)  # the last record has no line break, or an open quote runs to the end
    starts = np.concatenate([[first], ends[:-1] + 1]).astype(np.int64)
    lines = np.searchsorted(breaks, starts).astype(np.int64) + 1
    filled = _filled(path, starts, ends)
    return starts[filled], lines[filled]


def _breaks(path: Path, skip: int, quote: bytes) -> tuple[_Numbers, NDArray[np.bool_], int]:
    """Positions of line breaks, whether each lies inside quotes, and the file's size."""
    mark = 13 if _only_returns(path) else 10
    at: list[_Numbers] = []
    inside: list[NDArray[np.bool_]] = []
    base = quotes = seen = 0
    for block in _blocks(path):
        here = np.flatnonzero(block == mark)
        quoted = np.flatnonzero(block == quote[0]) if quote else np.empty(0, np.int64)
        if seen < skip:  # quotes of titles and header do not count
            header = here[skip - seen - 1] if len(here) >= skip - seen else len(block)
            quoted = quoted[quoted > header]
        at.append((here + base).astype(np.int64))
        inside.append((np.searchsorted(quoted, here) + quotes) % 2 == 1)
        base, quotes, seen = base + len(block), quotes + len(quoted), seen + len(here)
    if not at:
        return np.empty(0, np.int64), np.empty(0, np.bool_), 0
    return np.concatenate(at), np.concatenate(inside), base


def _blocks(path: Path) -> Iterator[NDArray[np.uint8]]:
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            yield np.frombuffer(block, np.uint8)


def _only_returns(path: Path) -> bool:
    return all(not (block == 10).any() for block in _blocks(path))


def _filled(path: Path, starts: _Numbers, ends: _Numbers) -> NDArray[np.bool_]:
    """Whether a record holds anything but a carriage return."""
    if not len(starts):
        return np.empty(0, np.bool_)
    data = np.memmap(path, np.uint8, "r")
    lone = data[np.minimum(starts, len(data) - 1)]
    return np.asarray((ends - starts > 1) | ((ends - starts == 1) & (lone != 13)), np.bool_)
