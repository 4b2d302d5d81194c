"""A full disk, told as what it is, whatever was being written: copies, unpacked texts, the warehouse."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Final

_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class DiskFullError(Exception):
    """Nothing more can be written below ``place``; what was begun was undone. ``hint`` is what to do."""

    def __init__(self, place: Path) -> None:
        self.message = f"the disk is full: nothing more can be written below {place}"
        self.hint = "make room there; what waits is loaded at the next look"
        super().__init__(f"{self.message} ({self.hint})")


def is_full(error: BaseException) -> bool:
    """Whether an error, of Python or of the database, says that there is no room left."""
    if isinstance(error, OSError):
        return error.errno in _FULL
    return any(os.strerror(number) in str(error) for number in _FULL)
