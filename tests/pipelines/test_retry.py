"""Pauses grow, end, spread by chance and honour what a source asks for."""

from __future__ import annotations

import datetime as dt

import pytest

from config.models import Retries
from pipelines.retry import pause

S, M, H = dt.timedelta(seconds=1), dt.timedelta(minutes=1), dt.timedelta(hours=1)
USUAL = Retries()


@pytest.mark.parametrize(
    ("retries", "failed", "chance", "wanted", "expected"),
    [
        (USUAL, 1, 0.0, None, M),
        (USUAL, 2, 0.0, None, 2 * M),
        (USUAL, 3, 0.0, None, 4 * M),
        (USUAL, 6, 0.0, None, 32 * M),
        (USUAL, 7, 0.0, None, None),
        (USUAL, 1, 0.5, None, 67.5 * S),
        (USUAL, 3, 1.0, None, 5 * M),
        # A source may ask for more, never for less.
        (USUAL, 1, 0.0, 90 * S, 90 * S),
        (USUAL, 3, 0.0, 90 * S, 4 * M),
        (USUAL, 2, 0.0, 26 * H, 26 * H),
        (USUAL, 7, 0.0, 90 * S, None),
        # The longest pause holds however often it failed, and before chance.
        (Retries(times=100, longest=H), 7, 0.0, None, H),
        (Retries(times=100, longest=H), 100, 0.0, None, H),
        (Retries(times=100, longest=H), 100, 0.4, None, 66 * M),
        (Retries(times=2, first=S, longest=S), 2, 0.0, None, S),
        (Retries(times=2, first=7 * S, longest=8 * S), 2, 0.0, None, 8 * S),
        (Retries(times=0), 1, 0.0, None, None),
    ],
)
def test_the_pause_after_a_failure(
    retries: Retries,
    failed: int,
    chance: float,
    wanted: dt.timedelta | None,
    expected: dt.timedelta | None,
) -> None:
    assert pause(retries, failed, chance, wanted) == expected


def test_pauses_that_shrink_are_refused() -> None:
    with pytest.raises(ValueError, match="pauses grow"):
        Retries(first=2 * H, longest=H)
