"""Push: one number, the data version, goes to every open page the moment it changes.

Server-sent events, since they reconnect by themselves, pass every proxy and need no second protocol.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from typing import Final

_HEARTBEAT: Final = 10.0
"""Seconds between signs of life; a page that misses three of them knows that the server is gone."""


_BARS: Final = 20
"""Of so many requests the pages hear how far they are."""
_PACE: Final = 0.15
"""Seconds in which a page hears of a bar once at most."""


class Hub:
    """The open pages of this process. ``publish`` may be called from any thread."""

    def __init__(self, build: str) -> None:
        self._build = build
        self._version = ""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changed: asyncio.Event | None = None
        self._closed = False
        self._bars: dict[str, list[int]] = {}
        self._moves = 0
        self.listeners = 0

    @property
    def version(self) -> str:
        """What open pages show, or are about to."""
        return self._version

    def publish(self, version: str) -> None:
        """Tell every open page that there is a new version to show."""
        self._version = version
        self._wake()

    def progress(self, number: int, done: int, total: int) -> None:
        """Tell open pages how far a request is; they move its bar without being drawn anew."""
        self._bars[str(number)] = [done, total]
        while len(self._bars) > _BARS:
            self._bars.pop(next(iter(self._bars)))
        self._moves += 1
        self._wake()

    def close(self) -> None:
        """End every stream, so that the server can stop at once."""
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._swap)

    def _swap(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        if changed is not None:
            changed.set()

    async def stream(self) -> AsyncIterator[bytes]:
        """Events for one page: the version at once, then each new one, and a heartbeat between."""
        self._loop = asyncio.get_running_loop()
        if self._changed is None:
            self._changed = asyncio.Event()
        self.listeners += 1
        sent, moves = None, self._moves
        try:
            yield b"retry: 1000\n\n"
            while not self._closed:
                changed = self._changed
                if sent != self._version:
                    sent = self._version
                    yield self._event("version", {"version": sent, "build": self._build})
                elif moves != self._moves:
                    moves = self._moves
                    yield self._event("progress", self._bars)
                    await asyncio.sleep(_PACE)
                else:
                    yield self._event("beat", {})
                if sent != self._version or moves != self._moves:
                    continue
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), _HEARTBEAT)
        finally:
            self.listeners -= 1

    @staticmethod
    def _event(name: str, data: Mapping[str, object]) -> bytes:
        return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()
