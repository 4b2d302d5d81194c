"""Which columns tell the rows of a file apart, and which one dates them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import pandas as pd

from pipelines.infer.columns import CODE, Guess
from pipelines.infer.dating import YEAR_NAME

MOST_TRIED: Final = 12
LARGEST: Final = 4
LONGEST: Final = 60
"""Letters of the usual text of a column that may still be a name."""


@dataclass(frozen=True)
class Key:
    """``columns`` (identifiers) identify the rows that were seen, but for ``repeated`` of them."""

    columns: tuple[str, ...]
    repeated: int = 0


def find_key(frame: pd.DataFrame, guesses: Sequence[Guess], event: Guess | None) -> Key | None:
    """The fewest columns that no two rows share; None when all rows of the file cannot be told apart so.

    What is measured identifies nothing, nor do long texts.
    """
    places = {guess.name: place for place, guess in enumerate(guesses)}
    able = [guess for guess in guesses if guess.name in frame and _names(guess, frame)]
    able.sort(key=lambda guess: _rank(guess, event, places[guess.name]))
    columns = [guess.name for guess in able[:MOST_TRIED]]
    table = pd.DataFrame({name: pd.factorize(frame[name])[0] for name in columns})
    for size in range(1, LARGEST + 1):
        for chosen in combinations(columns, size):
            most = 1
            for name in chosen:
                most *= int(table[name].max()) + 1
            if most >= len(table) and not table.duplicated(list(chosen)).any():
                last = event.name if event is not None else ""
                return Key(tuple(sorted(chosen, key=lambda name: (name == last, places[name]))))
        if size == 1:
            for guess in able:
                repeated = len(frame) - guess.distinct
                if CODE.search(guess.name) and repeated <= 0.01 * len(frame):
                    return Key((guess.name,), repeated)
    return None


def _names(guess: Guess, frame: pd.DataFrame) -> bool:
    """Whether a column says which row it is: without gaps, with different values, no measure and no prose."""
    if guess.distinct <= 1 or frame[guess.name].isna().any():
        return False
    if guess.type == "integer":
        return bool(CODE.search(guess.name) or YEAR_NAME.search(guess.name))
    if guess.type == "text":
        return bool(frame[guess.name].str.len().mean() <= LONGEST)
    return guess.type in ("date", "timestamp")


def _rank(guess: Guess, event: Guess | None, place: int) -> tuple[int, int]:
    """Ids first, then what a person would call a row by: its time, codes, words; measures last."""
    if CODE.search(guess.name):
        return 0, place
    if guess is event:
        return 1, place
    if guess.type in ("date", "timestamp"):
        return 3, place
    if guess.type == "text":
        return 2, place
    return (3 if YEAR_NAME.search(guess.name) else 4), place
