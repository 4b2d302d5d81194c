"""What can go wrong with a delivered file, told so that the agency or the operator can mend it."""

from __future__ import annotations


class SourceError(Exception):
    """A file cannot be read as its feed says; ``message`` is the cause, ``hint`` what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message + (f" ({hint})" if hint else ""))
        self.message = message
        self.hint = hint


class UnfinishedFileError(Exception):
    """The file grew or went away while it was copied: it is left for the next look."""
