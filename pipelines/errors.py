"""What can go wrong with a delivered file, told so that the agency or the operator can mend it."""

from __future__ import annotations

import datetime as dt


class SourceError(Exception):
    """A file cannot be read as its feed says; ``message`` is the cause, ``hint`` what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message + (f" ({hint})" if hint else ""))
        self.message = message
        self.hint = hint


class PassingFault(Exception):  # noqa: N818 a fault of the world, not of a definition
    """A source cannot be reached or breaks off: trying again later may help.

    ``retry_after``: how long the source asks to be left alone.
    """

    def __init__(self, message: str, hint: str = "", retry_after: dt.timedelta | None = None) -> None:
        super().__init__(message + (f" ({hint})" if hint else ""))
        self.message = message
        self.hint = hint
        self.retry_after = retry_after


class UnfinishedFileError(Exception):
    """The file grew or went away while it was copied: it is left for the next look."""
