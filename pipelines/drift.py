"""Schema drift: are the columns of a delivery those of the one before it?

Deliveries are compared with the one before of the same kind: files whose names differ in digits alone. What
is new, missing, renamed, of another type or in another place is told, stops the file or is ignored.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final, Literal

from config.models import Feed
from pipelines import reasons
from pipelines.errors import SourceError
from pipelines.stamp import naive
from warehouse.store import Cursor

Kind = Literal["new", "missing", "renamed", "reordered", "type"]
Alike = Callable[[str, str], bool]
"""Whether an earlier column and a new one hold the same kind of things."""

_ENOUGH: Final = 0.65
"""So alike are two names of one column, as ``SequenceMatcher.ratio`` tells it, accents and marks aside."""


@dataclass(frozen=True, slots=True)
class Header:
    """The columns of a delivery. ``types``: text, number, …, or empty where nothing is known of it.

    ``steady`` are those that every record can be expected to have; ``ordered``: their order means something.
    """

    names: tuple[str, ...]
    types: tuple[str, ...]
    steady: frozenset[str]
    ordered: bool = True

    def type_of(self, name: str) -> str:
        """Its type; empty for an unknown one."""
        return self.types[self.names.index(name)]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. ``other``: the new name of a renamed ``column``, or "old → new type"."""

    kind: Kind
    column: str
    other: str | None = None


class DriftError(SourceError):
    """A file is refused, and its columns are not those of the delivery before: ``changes`` tells how."""

    def __init__(self, message: str, hint: str, changes: Sequence[Change]) -> None:
        super().__init__(message, hint)
        self.changes = tuple(changes)


def compare(before: Header, now: Header, alike: Alike) -> list[Change]:
    """Every difference, in the order of the columns; a column that went and one that came are one that was
    renamed when their names resemble each other, or else what they hold (``alike``).
    """
    gone = [name for name in before.names if name in before.steady and name not in now.names]
    come = [name for name in now.names if name not in before.names]
    renamed = dict(_renamed(gone, come, before, now, alike))
    changes = [Change("renamed", name, renamed[name]) for name in gone if name in renamed]
    changes += [Change("missing", name) for name in gone if name not in renamed]
    changes += [Change("new", name) for name in come if name not in renamed.values()]
    pairs = [(name, name) for name in before.names if name in now.names] + list(renamed.items())
    for old, new in pairs:
        was, is_ = before.type_of(old), now.type_of(new)
        if was and is_ and was != is_:
            changes.append(Change("type", new, f"{was} → {is_}"))
    both = [name for name in before.names if name in now.names]
    if before.ordered and now.ordered:
        moved = [
            old for old, new in zip(both, [n for n in now.names if n in both], strict=True) if old != new
        ]
        changes += [Change("reordered", name) for name in moved[:1]]
    return changes


def _renamed(
    gone: Sequence[str], come: Sequence[str], before: Header, now: Header, alike: Alike
) -> Iterator[tuple[str, str]]:
    """Pairs of an old and a new name, the most similar first; each name stands in one pair at most."""
    pairs = [(_likeness(old, new), old, new) for old in gone for new in come]
    taken: set[str] = set()
    named = sorted((pair for pair in pairs if pair[0] >= _ENOUGH), key=lambda pair: -pair[0])
    held = [pair for pair in pairs if pair[0] < _ENOUGH]
    for likeness, old, new in [*named, *held]:
        if f"- {old}" in taken or f"+ {new}" in taken:
            continue
        types = {before.type_of(old), now.type_of(new)} - {""}
        if likeness >= _ENOUGH or (len(types) < 2 and alike(old, new)):
            taken |= {f"- {old}", f"+ {new}"}
            yield old, new


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, _plain(one), _plain(other)).ratio()


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFD", name.lower().replace("đ", "d"))
    return re.sub(r"[^a-z0-9]", "", letters) or letters


def series_of(name: str) -> str:
    """What the names of a feed's like files have in common: all but the digits."""
    return re.sub(r"\d+", "#", name)


def judged(feed: Feed, changes: Sequence[Change], language: str) -> list[Change]:
    """Those changes that are told. Raises DriftError when one of them is to stop the file."""
    told = [change for change in changes if getattr(feed.drift, change.kind) != "ignore"]
    stops = [change for change in told if getattr(feed.drift, change.kind) == "stop"]
    if stops:
        listed = "; ".join(_sentence(change, language) for change in stops)
        message = reasons.words("drift", language).format(changes=listed)
        raise DriftError(
            message,
            reasons.words(f"drift_{stops[0].kind}_hint", language).format(
                column=stops[0].column, other=stops[0].other
            ),
            told,
        )
    return told


def explained(error: SourceError, changes: Sequence[Change], absent: str, language: str) -> SourceError:
    """The error for a file that lacks the column ``absent``, with what became of it, if that is known."""
    if not changes:
        return error
    renamed = next((c for c in changes if c.kind == "renamed" and c.column == absent), None)
    hint = error.hint
    if renamed is not None:
        hint = reasons.words("drift_renamed_hint", language).format(column=absent, other=renamed.other)
    return DriftError(error.message, hint, changes)


def _sentence(change: Change, language: str) -> str:
    return reasons.words(f"drift_{change.kind}", language).format(column=change.column, other=change.other)


def note(cursor: Cursor, feed: Feed, run: int, changes: Sequence[Change], now: dt.datetime) -> None:
    """Keep what is told of a delivery, and forget what the feed need no longer keep."""
    if changes:
        cursor.executemany(
            "INSERT INTO drift VALUES (?, ?, ?, ?, ?, ?)",
            [[feed.id, run, change.kind, change.column, change.other, naive(now)] for change in changes],
        )
        cursor.execute(
            "DELETE FROM drift WHERE feed = ? AND noted_at < ?", [feed.id, naive(now - feed.keep_flagged)]
        )
