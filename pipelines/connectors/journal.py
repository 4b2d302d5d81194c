"""Lines as they come, safe on disk one by one, dropped as a file now and then.

The journal lies hidden in the feed's folder of the spool. A process that dies leaves it behind; the next one
takes it up first. A line that was cut in the middle was never acknowledged, and comes again.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Final

from pipelines.connectors.base import Drop

NAME: Final = ".journal"
SUBSCRIBED: Final = ".subscribed"
_BLOCK: Final = 1 << 16


class Journal:
    """The lines of one feed that are not dropped yet. What an earlier process left is dropped at once."""

    def __init__(self, drop: Drop) -> None:
        self._drop = drop
        drop.folder.mkdir(parents=True, exist_ok=True)
        self._path = drop.folder / NAME
        self._stream: BinaryIO = self._path.open("ab")
        self.size = _whole_lines(self._path)
        self._stream.truncate(self.size)
        self._stream.seek(self.size)

    def add(self, lines: Sequence[bytes]) -> None:
        """Append lines; on return they outlast a power cut."""
        block = b"".join(line + b"\n" for line in lines)
        self._stream.write(block)
        self._stream.flush()
        os.fdatasync(self._stream.fileno())
        self.size += len(block)

    def cut(self) -> bool:
        """Drop what there is as a file; whether there was anything."""
        if not self.size:
            return False
        self._stream.close()
        self._drop.take(self._path, ".jsonl")
        self._stream = self._path.open("ab")
        self.size = 0
        return True

    def close(self) -> None:
        """Let go of the file; what is in it stays."""
        self._stream.close()


class Subscriptions:
    """What a session at the source was last asked for, kept beside the journal."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / SUBSCRIBED

    def past(self, wanted: Sequence[str]) -> list[str]:
        """What the session still has and is ``wanted`` no more."""
        if not self._path.exists():
            return []
        had = self._path.read_text(encoding="utf-8").splitlines()
        return [topic for topic in had if topic not in wanted]

    def keep(self, wanted: Sequence[str]) -> None:
        """The session has these now, and no others."""
        self._path.write_text("".join(f"{topic}\n" for topic in wanted), encoding="utf-8")


def _whole_lines(path: Path) -> int:
    """Bytes up to the end of the last whole line."""
    with path.open("rb") as stream:
        end = stream.seek(0, os.SEEK_END)
        while end:
            start = max(0, end - _BLOCK)
            stream.seek(start)
            found = stream.read(end - start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            end = start
    return 0
