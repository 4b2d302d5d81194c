"""What can go wrong with a delivered file, told so that the agency or the operator can mend it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from warehouse.disk import is_full


class SourceError(Exception):
    """A file cannot be read as its feed says; ``message`` is the cause, ``hint`` what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message + (f" ({hint})" if hint else ""))
        self.message = message
        self.hint = hint


def unreadable(error: Exception) -> SourceError:
    """What to tell of an error that a reader did not foresee. Raises it again when it is a full disk."""
    if is_full(error):
        raise error
    lines = str(error).splitlines() or [""]
    return SourceError(
        f"the file cannot be read: {type(error).__name__} {lines[0][:300]}".rstrip(),
        "it is damaged, or not what its ending says: have it delivered again",
    )


class PassingFault(Exception):  # noqa: N818 a fault of the world, not of a definition
    """A source cannot be reached or breaks off: trying again later may help.

    ``retry_after``: how long the source asks to be left alone. ``reached``: the connector's state after what
    it had dropped before, so that the next try goes on from there; None: it begins anew.
    """

    def __init__(
        self,
        message: str,
        hint: str = "",
        retry_after: dt.timedelta | None = None,
        reached: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message + (f" ({hint})" if hint else ""))
        self.message = message
        self.hint = hint
        self.retry_after = retry_after
        self.reached = reached


class UnfinishedFileError(Exception):
    """The file grew or went away while it was copied: it is left for the next look."""
