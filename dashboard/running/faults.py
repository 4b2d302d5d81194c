"""What went wrong in the program itself, kept until it goes well again, for those who look after it."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

log = logging.getLogger(__name__)

Where = Literal["feed", "rule", "compute", "judge", "tell"]
"""A feed's load, a rule, or a whole step of a turn."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something broke; ``about`` is the feed or rule, ``cause`` the error in a line, ``since`` aware."""

    where: Where
    about: str
    cause: str
    since: dt.datetime


@dataclass
class Faults:
    """The faults that stand. Safe to use from several threads; ``changes`` grows with each change."""

    clock: Callable[[], dt.datetime]
    changes: int = 0
    _standing: dict[tuple[Where, str], Fault] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextlib.contextmanager
    def contained(self, where: Where, about: str = "") -> Iterator[None]:
        """Let an error of the block end nothing but the block: it is logged, and stands until a block of the
        same name goes well.
        """
        try:
            yield
        except Exception as error:
            log.exception("%s %s failed; everything else goes on", where, about)
            self.note(where, about, error)
        else:
            self.settle(where, about)

    def note(self, where: Where, about: str, error: BaseException) -> None:
        """Something broke; the same thing again is no news."""
        cause = f"{type(error).__name__}: {error}".splitlines()[0][:300]
        with self._lock:
            known = self._standing.get((where, about))
            if known is None or known.cause != cause:
                self._standing[where, about] = Fault(where, about, cause, self.clock())
                self.changes += 1

    def settle(self, where: Where, about: str = "") -> None:
        """It goes well (again)."""
        with self._lock:
            if self._standing.pop((where, about), None) is not None:
                self.changes += 1

    def settle_others(self, where: Where, standing: set[str]) -> None:
        """Of all that is of a kind only ``standing`` is broken still."""
        for known in self.all():
            if known.where == where and known.about not in standing:
                self.settle(where, known.about)

    def all(self) -> list[Fault]:
        """Those that stand, the oldest first."""
        with self._lock:
            return sorted(self._standing.values(), key=lambda fault: fault.since)
