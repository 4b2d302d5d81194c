"""How long to wait before something that failed in passing is tried again."""

from __future__ import annotations

import datetime as dt
from typing import Final

from config.models import Retries

SPREAD: Final = 0.25
"""Pauses are longer by chance, by up to this part: those who failed together do not come back together."""


def pause(
    retries: Retries, failed: int, chance: float, wanted: dt.timedelta | None = None
) -> dt.timedelta | None:
    """The pause after the ``failed``-th failure in a row (1, 2, …); None: give up until the next time.

    ``chance`` is in [0, 1). ``wanted`` is the least pause that the source itself asked for (Retry-After).
    """
    if failed > retries.times:
        return None
    # No power of a large number: a hundred doublings are beyond every calendar.
    grown = retries.first
    for _ in range(failed - 1):
        if grown >= retries.longest:
            break
        grown *= 2
    spread = min(grown, retries.longest) * (1 + SPREAD * chance)
    return max(spread, wanted or dt.timedelta(0))
