"""What comes in between two scheduled looks: folders of the inbox are watched."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from watchfiles import Change, DefaultFilter, watch

from config import City
from pipelines.folder import is_temporary, matches
from pipelines.schedule import Ask

log = logging.getLogger(__name__)

QUIET_MS: Final = 100
"""Changes are told once nothing more has come for so long,"""
AT_MOST_MS: Final = 300
"""or after this time in any case."""


class Watcher:
    """Asks for the feeds whose files change, until it is stopped.

    Feeds with ``watch: false`` wait for their schedule.
    """

    def __init__(self, city: City, inbox: Path, ask: Ask) -> None:
        self._feeds = [feed for feed in city.feeds.values() if feed.watch]
        self._inbox = inbox.resolve()
        self._ask = ask
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="watch-inbox", daemon=False)

    def start(self) -> None:
        """Begin to watch. The inbox must exist."""
        self._thread.start()

    def stop(self) -> None:
        """End; returns when the thread has."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def changed(self, paths: Iterable[Path]) -> list[str]:
        """Ids of the feeds to which any of the files belongs."""
        names = [
            path.relative_to(self._inbox).as_posix()
            for path in paths
            if path.is_relative_to(self._inbox) and not is_temporary(path.name)
        ]
        return [feed.id for feed in self._feeds if any(matches(feed, name) for name in names)]

    def _work(self) -> None:
        changes = watch(
            self._inbox,
            watch_filter=_Arrivals(),
            debounce=AT_MOST_MS,
            step=QUIET_MS,
            stop_event=self._stopping,
            raise_interrupt=False,
        )
        for batch in changes:
            feeds = self.changed(Path(path) for _, path in batch)
            if feeds:
                log.debug("the inbox changed: %s", ", ".join(feeds))
                self._ask(feeds)


class _Arrivals(DefaultFilter):
    """New and changed files; a file that is taken away changes nothing."""

    def __call__(self, change: Change, path: str) -> bool:
        return change is not Change.deleted and not is_temporary(Path(path).name)
