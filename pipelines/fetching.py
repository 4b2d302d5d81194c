"""One fetch of a feed at a time, whoever asks for it: a schedule, a person, another process."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from config.models import Feed, Remote
from pipelines.connectors.base import Window
from pipelines.fetch import Fetcher, FetchResult

log = logging.getLogger(__name__)

Heard = Callable[[Feed, FetchResult], object]


AT_ONCE: Final = 4
"""So many sources are asked at once: one that is slow holds up nobody else."""


def nobody(_feed: Feed, _result: FetchResult) -> None:
    """Whoever does not listen."""


class Fetching:
    """Fetches under a lock of the feed in ``locks``, a file that falls open when its process ends, however.

    ``heard`` is told of each fetch of what is new (not of a span of the past), in the thread that fetched.
    """

    def __init__(self, fetcher: Fetcher, locks: Path, clock: Callable[[], dt.datetime]) -> None:
        self.fetcher = fetcher
        self.heard: Heard = nobody
        self._locks = locks
        self._clock = clock

    def fetch(
        self, feed: Feed, window: Window | None = None, attempt: int | None = None, *, wait: float = 0
    ) -> FetchResult | None:
        """Fetch once; None when somebody else fetches the feed and has not ended within ``wait`` seconds."""
        self._locks.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self._locks / f"{feed.id}.lock", is_singleton=False, thread_local=False)
        try:
            with lock.acquire(timeout=wait):
                result = self.fetcher.fetch(feed, self._clock(), window, attempt)
        except Timeout:
            log.info("%s: another fetch is under way", feed.id)
            return None
        if window is None:
            self.heard(feed, result)
        return result

    def all(self, feeds: Iterable[Feed]) -> list[FetchResult]:
        """Fetch every feed that is fetched, side by side; those that nobody else fetches now."""
        remote = [feed for feed in feeds if isinstance(feed.connector, Remote)]
        if not remote:
            return []
        with ThreadPoolExecutor(min(len(remote), AT_ONCE), "fetch") as pool:
            return [result for result in pool.map(self.fetch, remote) if result is not None]
