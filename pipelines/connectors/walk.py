"""Walking through the pages of a source to its end: each page that holds rows is dropped as a file.

What this can promise: a page that is cut off leaves no file; a walk that does not come to its end is begun
anew, and rows that come twice change nothing. Rows *inserted* meanwhile never push out others: at worst they
come twice. Rows *deleted* meanwhile move others to a page that was read already; only sources that give
tokens or links (cursors) are safe from that, and of others it is noticed where they tell a total.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final, Protocol

from config.models import CursorToken, Format, LinkHeader, NextLink, Offset, PageNumber, Pages
from pipelines.connectors.answer import Answer
from pipelines.connectors.base import Drop
from pipelines.connectors.look import Look, look
from pipelines.errors import PassingFault, SourceError

MOST_PAGES: Final = 100_000
NOTHING: Final = (204, 404)
"""Answers of a source that has no such page: the end. What was asked first must be there."""


class Send(Protocol):
    """Asks for one page: ``at`` is its number, offset or token, ``url`` its address where a link gave one."""

    def __call__(self, at: str | None, url: str | None, /) -> AbstractContextManager[Answer]: ...


class _Empty(Exception):  # noqa: N818 the end of a walk is no error
    """The page holds no rows, and is not dropped."""

    def __init__(self, seen: Look) -> None:
        self.seen = seen


def walk(
    drop: Drop, pages: Pages, format: Format, send: Send, known: object = None, says: str | None = None
) -> str:
    """Drop every page; returns the digest of all of them. A walk whose digest is ``known`` drops nothing.

    ``says``: see ``look``.

    Raises PassingFault and SourceError; pages that were complete before stay dropped.
    """
    paths = {path for path in (pages.total, getattr(pages, "next", None)) if path}
    at, url = _first(pages), None
    received, total, last = 0, None, None
    told: set[str] = set()
    before, size, digest = len(drop.files), drop.size, hashlib.sha256()

    def end() -> str:
        _demand_whole(received, total)
        if digest.hexdigest() == known:
            # Should somebody load them at this moment: they say what is known.
            for page in drop.files[before:]:
                page.unlink(missing_ok=True)
            del drop.files[before:]
            drop.size = size
        return digest.hexdigest()

    for number in range(1, MOST_PAGES + 1):
        drop.check()
        with send(at, url) as answer:
            if answer.unchanged or answer.status in NOTHING:
                return end()
            seen = _drop_page(drop, answer, format, paths, says)
            link = answer.links.get("next", {}).get("url")
        if seen.rows and seen.digest == last:
            raise SourceError(
                f"page {number} is the same as the one before",
                "the source does not know connector.paging.parameter",
            )
        received, last = received + seen.rows, seen.digest
        digest.update(seen.digest.encode() if seen.rows else b"")
        total = _total(seen.found.get(pages.total or ""), total)
        at, url = _next(pages, at, seen, received, total, link)
        token = f"{at} {url}"
        if (at is None and url is None) or (token in told and not seen.rows):
            return end()
        if token in told:
            raise SourceError(f"page {number} leads back to one that was read", "see connector.paging")
        told.add(token)
    raise SourceError(
        f"there is no end after {MOST_PAGES} pages", "see connector.paging, or ask for larger pages"
    )


def _first(pages: Pages) -> str | None:
    match pages:
        case PageNumber():
            return str(pages.first)
        case Offset():
            return "0"
    return None


def _next(
    pages: Pages, at: str | None, seen: Look, received: int, total: int | None, link: str | None
) -> tuple[str | None, str | None]:
    """Where the next page is; nothing at the end. A page may be shorter than asked for: only an empty one is
    the end.
    """
    match pages:
        case PageNumber() if seen.rows:
            return str(int(at or 0) + 1), None
        case Offset() if seen.rows and (total is None or received < total):
            return str(received), None
        case NextLink() | CursorToken():
            value = seen.found.get(pages.next)
            token = str(value) if value not in (None, "") else None
            return (token, None) if isinstance(pages, CursorToken) else (None, token)
        case LinkHeader():
            return None, link
    return None, None


def _drop_page(drop: Drop, answer: Answer, format: Format, paths: set[str], says: str | None) -> Look:
    """Write a page, look at it, and let it appear in the spool only if it is sound and holds rows."""
    ending = answer.ending(format)
    try:
        with drop.file(ending) as out:
            answer.save(out, format)
            out.flush()
            seen = look(Path(out.name), ending, format, paths, says)
            if not seen.rows:
                raise _Empty(seen)
    except _Empty as end:
        return end.seen
    return seen


def _total(told: object, before: int | None) -> int | None:
    """The number of all rows that the source tells with a page. It must not shrink."""
    if not isinstance(told, int | float):
        return before
    if before is not None and told < before:
        raise PassingFault(
            f"of {before} rows {before - int(told)} were deleted while they were read page by page",
            "they are read once more",
        )
    return int(told)


def _demand_whole(received: int, total: int | None) -> None:
    """The rows received must be all that the source tells of."""
    if total is not None and received < total:
        raise PassingFault(
            f"the source tells of {total} rows and gave {received}",
            "they are read once more; should it stay so, leave connector.paging.total out",
        )


def parameters(pages: Pages, at: str | None) -> Mapping[str, str]:
    """The query's part that asks for one page."""
    found: dict[str, str] = {}
    if at is not None and (name := getattr(pages, "parameter", None)):
        found[name] = at
    if pages.size_parameter:
        found[pages.size_parameter] = str(pages.size)
    return found
