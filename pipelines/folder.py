"""Which files of the inbox, or of the spool, belong to a feed and are not loaded yet."""

from __future__ import annotations

import datetime as dt
import fnmatch
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from config.models import Feed

TEMPORARY: Final = (".part", ".tmp", ".crdownload", ".filepart", "~")
"""Endings that transfer programs give to a file which is not complete yet."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One file in the inbox.

    ``name`` is its path below the inbox, with ``/``: files are loaded in the order of their names.
    """

    name: str
    path: Path
    size: int
    modified_at: dt.datetime

    @property
    def stamp(self) -> tuple[int, dt.datetime]:
        """What changes when the file does; cheap to compare."""
        return self.size, self.modified_at


def deliveries(feed: Feed, inbox: Path, spool: Path) -> list[Delivery]:
    """Every complete file of the feed, by name: those of the inbox that its pattern matches, or for a feed
    that is fetched those that wait in its own folder of the spool. A missing folder has none.

    A link that leads out of the inbox is no delivery: whoever may drop files must not make us read others.
    """
    root, pattern = (inbox, feed.pattern) if feed.pattern is not None else (spool, f"{feed.id}/*")
    home = root.resolve()
    found: list[Delivery] = []
    for path in root.glob(pattern):
        if is_temporary(path.name):
            continue
        try:
            status = path.stat()
        except FileNotFoundError:  # taken away between listing and looking
            continue
        if not path.is_file() or not path.resolve().is_relative_to(home):
            continue
        found.append(Delivery(path.relative_to(root).as_posix(), path, status.st_size, _modified(status)))
    return sorted(found, key=lambda delivery: delivery.name)


def fresh(found: Iterable[Delivery], landed: Mapping[str, tuple[int, dt.datetime]]) -> list[Delivery]:
    """Those of ``found`` that are not in ``landed`` (name → stamp of its newest landing)."""
    return [delivery for delivery in found if landed.get(delivery.name) != delivery.stamp]


def is_temporary(name: str) -> bool:
    """Whether a file's name says that it is hidden or still being written."""
    return name.startswith((".", "~")) or name.lower().endswith(TEMPORARY)


def matches(feed: Feed, name: str) -> bool:
    """Whether the file ``name`` (its path below the inbox, with ``/``) belongs to the feed."""
    if feed.pattern is None:
        return False
    parts, patterns = PurePosixPath(name).parts, PurePosixPath(feed.pattern).parts
    if "**" in patterns:
        return fnmatch.fnmatchcase(name, feed.pattern.replace("**/", "*"))
    return len(parts) == len(patterns) and all(map(fnmatch.fnmatchcase, parts, patterns))


def _modified(status: os.stat_result) -> dt.datetime:
    """UTC without offset, to the microsecond, as the ledger stores it."""
    seconds, micro = divmod(status.st_mtime_ns // 1000, 1_000_000)
    return dt.datetime(1970, 1, 1) + dt.timedelta(seconds=seconds, microseconds=micro)  # noqa: DTZ001 UTC, as the ledger keeps it
