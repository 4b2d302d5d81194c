"""After any history of loads, late and corrected and deleted rows, edited definitions, edited areas and time
gone by, the store that followed it holds the same values as one that is made anew.

``IOC_HISTORIES`` asks for more long histories than are run by default.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from tests.indicators.history import History, Step
from warehouse.expression import ExpressionError
from warehouse.store import SqlError

LONG: Final = 200
SEEDS: Final = range(1, 1 + int(os.environ.get("IOC_HISTORIES", "1")))
CHANCES: Final = {
    "load": 34,
    "late": 8,
    "correct": 30,
    "again": 5,
    "overtaken": 5,
    "delete": 14,
    "measure": 18,
    "formula": 8,
    "shape": 10,
    "drop": 5,
    "add": 7,
    "areas": 6,
    "calendar": 2,
    "wait": 30,
    "jump": 2,
    "refresh": 26,
    "compare": 16,
    "recompute": 2,
}
"""How often each step comes among so many."""
FAULTS: Final = (AssertionError, SqlError, ExpressionError, KeyError, ValueError, TypeError)


def history(seed: int, length: int) -> list[Step]:
    """A random history that ends with a comparison."""
    rng = np.random.default_rng(seed)
    chances = np.array(list(CHANCES.values()), float)
    names = rng.choice(list(CHANCES), length - 1, p=chances / chances.sum())
    return [*((str(name), int(rng.integers(2**31))) for name in names), ("compare", 0)]


def play(steps: Sequence[Step], folder: Path) -> History:
    """Carry out a history in a folder of its own."""
    went = History(folder)
    try:
        for number, step in enumerate(steps):
            try:
                went.do(step)
            except FAULTS as error:
                error.add_note(f"step {number}, {step}")
                raise
    finally:
        went.close()
    return went


def shortened(steps: list[Step], fails: Callable[[list[Step]], bool], tries: int) -> list[Step]:
    """The failing history without the steps that it fails without, as far as so many tries go."""
    size = len(steps) // 2
    while size and tries:
        place = 0
        while place < len(steps) - 1 and tries:
            without = steps[:place] + steps[min(place + size, len(steps) - 1) :]
            tries -= 1
            if fails(without):
                steps = without
            else:
                place += size
        size //= 2
    return steps


def prove(steps: list[Step], tmp_path: Path, tries: int = 60) -> History:
    """Play a history; should it fail, say the shortest part of it that was found to fail."""
    plays = iter(range(10**6))
    try:
        return play(steps, tmp_path / f"play{next(plays)}")
    except FAULTS as error:
        fault: BaseException = error

    def fails(part: list[Step]) -> bool:
        nonlocal fault
        try:
            play(part, tmp_path / f"play{next(plays)}")
        except FAULTS as error:
            fault = error
            return True
        return False

    note = (getattr(fault, "__notes__", None) or ["step 0"])[0]
    last = int(note.split(",")[0].split()[1])
    small = shortened(steps[: last + 1], fails, tries)
    raise AssertionError(f"{fault}\nThe shortest history found:\n{small!r}") from fault


@pytest.mark.parametrize("seed", SEEDS)
def test_a_long_history(seed: int, tmp_path: Path) -> None:
    went = prove(history(seed, LONG), tmp_path)
    assert went.compared > 50_000
    assert went.refused < went.edits / 2, "most edits ought to be sound"


@pytest.mark.parametrize("seed", range(101, 104))
def test_a_short_history(seed: int, tmp_path: Path) -> None:
    prove(history(seed, 25), tmp_path)


def test_an_indicator_that_comes_back_knows_what_came_meanwhile(tmp_path: Path) -> None:
    """Kept parts that no plan asked for were not followed, and taken for current when asked for again."""
    went = History(tmp_path)
    rng = np.random.default_rng(4)
    went.refresh(rng)
    whole = went.city
    others = {id_: item for id_, item in whole.indicators.items() if id_ != "illness"}
    went.city = replace(whole, indicators=others)
    went.refresh(rng)
    feed = went.city.feeds["illness"]
    for _ in range(3):
        went.deliver(feed, [went.row(feed, went.ago(86400 * 3), rng)])
    went.refresh(rng)
    went.city = whole
    went.compare(rng)
    went.close()
