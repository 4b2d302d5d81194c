"""Memory of a process with all that it started."""

from __future__ import annotations

import threading
from types import TracebackType

import psutil

_MIB = 1024 * 1024


def tree_mib(pid: int) -> float:
    """Resident memory of the process and its descendants, in MiB; pages that they share count once each."""
    try:
        root = psutil.Process(pid)
        processes = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0.0
    total = 0
    for process in processes:
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total / _MIB


class PeakMemory:
    """Watches a process tree while the block lasts; ``mib`` is the highest sum seen."""

    def __init__(self, pid: int, every: float = 0.1) -> None:
        self.mib = 0.0
        self._pid = pid
        self._every = every
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="peak-memory")

    def _watch(self) -> None:
        while not self._ended.wait(self._every):
            self.mib = max(self.mib, tree_mib(self._pid))

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
