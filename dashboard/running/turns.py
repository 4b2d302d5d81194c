"""Turns in the background: whoever has news asks for one, and they are taken one after another."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

log = logging.getLogger(__name__)


@dataclass
class Turns:
    """Feeds that wait for a turn. Those that come while a turn runs are taken together in the next one."""

    run: Callable[[Sequence[str]], object]

    def __post_init__(self) -> None:
        self._waiting: set[str] = set()
        self._tick = False
        self._wake = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._work, name="turns", daemon=False)

    def start(self) -> None:
        """Begin to take turns."""
        self._thread.start()

    def ask(self, feeds: Sequence[str]) -> None:
        """Have these feeds loaded soon (none: only judge the rules)."""
        with self._wake:
            self._waiting.update(feeds)
            self._tick = True
            self._wake.notify()

    def stop(self) -> None:
        """End after the turn that runs now."""
        with self._wake:
            self._ended = True
            self._wake.notify()
        self._thread.join()

    def _work(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._ended or self._tick)
                if self._ended:
                    return
                feeds, self._waiting, self._tick = sorted(self._waiting), set(), False
            try:
                self.run(feeds)
            except Exception:
                # The edge of a thread: one failed turn, rolled back, must not end all later ones.
                log.exception("a turn over %s failed; the next one tries again", feeds or "no feed")
