"""Fits that are remembered: between two dates of a fit, each new period asks for the same one again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from threading import Lock
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Fitted = TypeVar("Fitted", bound=tuple[Any, ...])


class Kept(Generic[Fitted]):
    """What was made of the same arrays before, the latest used up to ``memory`` bytes. For all threads."""

    def __init__(self, memory: int) -> None:
        self.memory = memory
        self._made: dict[bytes, Fitted] = {}
        self._lock = Lock()

    def of(self, arrays: Iterable[NDArray[Any]], make: Callable[[], Fitted]) -> Fitted:
        """What ``make`` makes of ``arrays``, which are all that it depends on."""
        digest = hashlib.blake2b(digest_size=16)
        for array in arrays:
            digest.update(f"{array.shape}{array.dtype}".encode())
            digest.update(np.ascontiguousarray(array).data)
        key = digest.digest()
        with self._lock:
            known = self._made.pop(key, None)
            if known is not None:
                self._made[key] = known  # now the latest
                return known
        found = make()
        with self._lock:
            self._made[key] = found
            while len(self._made) > 1 and sum(map(_size, self._made.values())) > self.memory:
                del self._made[next(iter(self._made))]
        return found


def _size(fitted: object) -> int:
    """Bytes of the arrays in tuples of tuples."""
    if isinstance(fitted, tuple):
        return sum(map(_size, fitted))
    return fitted.nbytes if isinstance(fitted, np.ndarray) else 0
