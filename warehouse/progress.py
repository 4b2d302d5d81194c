"""Progress of long steps: a step reports to a plain function and does not know who watches."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""``progress(step, done, total)``; steps are told apart by their text."""


def silent(_step: str, _done: int, _total: int) -> None:
    """Progress that nobody watches."""
