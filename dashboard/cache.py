"""Screens rendered once per data version, kept as the compressed bytes that go over the wire."""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final

_KEPT: Final = 512
"""Screens kept of one version: more than people look at within a version's life."""


@dataclass(frozen=True, slots=True)
class Page:
    """A rendered screen: gzip-compressed JSON and the tag by which a browser knows it again."""

    body: bytes
    etag: str


class ScreenCache:
    """Pages of the newest data version, each rendered once however many displays ask at the same moment."""

    def __init__(self) -> None:
        self._version = ""
        self._pages: OrderedDict[Hashable, Page] = OrderedDict()
        self._rendering: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()

    def page(self, version: str, key: Hashable, render: Callable[[], bytes]) -> Page:
        """The page of ``key`` in ``version``; ``render`` makes its JSON when nobody has yet."""
        with self._lock:
            if version != self._version:
                self._version = version
                self._pages.clear()
                self._rendering.clear()
            if (page := self._pages.get(key)) is not None:
                self._pages.move_to_end(key)
                return page
            turn = self._rendering.setdefault(key, threading.Lock())
        with turn:
            with self._lock:
                if self._version == version and (page := self._pages.get(key)) is not None:
                    return page
            body = render()
            page = Page(
                gzip.compress(body, 5, mtime=0), f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
            )
            with self._lock:
                if self._version == version:
                    self._pages[key] = page
                    self._rendering.pop(key, None)
                    while len(self._pages) > _KEPT:
                        self._pages.popitem(last=False)
        return page
