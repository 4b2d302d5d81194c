"""Which columns tell the rows of a file apart, and which one dates them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import pandas as pd

from pipelines.infer.columns import CODE, Guess

_TIME_WORDS: Final = re.compile(
    r"(open|create|receiv|start|begin|submit|request|measur|observ|record|timestamp|date|time|ngay|thoi_gian|tiep_nhan|nhan)"
)
_LATER: Final = re.compile(r"(clos|end|due|target|finish|complet|updat|resol|han|hoan_thanh|xong|sua)")
YEAR_NAME: Final = re.compile(r"(^|_)(year|nam|annee|jahr|anno|ano)(_|$)")
MOST_TRIED: Final = 12
LARGEST: Final = 4


@dataclass(frozen=True)
class Key:
    """``columns`` (identifiers) identify the rows that were seen, but for ``repeated`` of them."""

    columns: tuple[str, ...]
    repeated: int = 0


def find_event_time(guesses: Sequence[Guess]) -> Guess | None:
    """The time that dates a row: without gaps rather than with, of a beginning rather than of an end."""
    times = [guess for guess in guesses if guess.type in ("date", "timestamp") and guess.filled]

    def rank(guess: Guess) -> tuple[bool, bool, bool, int]:
        early = bool(_TIME_WORDS.search(guess.name)) and not _LATER.search(guess.name)
        return (not guess.full, bool(_LATER.search(guess.name)), not early, guesses.index(guess))

    return min(times, key=rank, default=None)


def find_key(frame: pd.DataFrame, guesses: Sequence[Guess], event: Guess | None) -> Key | None:
    """The fewest columns that no two rows share; None when all rows of the file cannot be told apart so."""
    places = {guess.name: place for place, guess in enumerate(guesses)}
    able = [g for g in guesses if g.full and g.distinct > 1 and g.type not in ("number", "boolean")]
    able.sort(key=lambda guess: _rank(guess, event, guesses.index(guess)))
    columns = [guess.name for guess in able[:MOST_TRIED]]
    codes = {name: pd.factorize(frame.iloc[:, places[name]])[0] for name in columns}
    table = pd.DataFrame(codes)
    for size in range(1, LARGEST + 1):
        for chosen in combinations(columns, size):
            most = 1
            for name in chosen:
                most *= int(table[name].max()) + 1
            if most >= len(table) and not table.duplicated(list(chosen)).any():
                return Key(
                    tuple(
                        sorted(
                            chosen, key=lambda name: (event is not None and name == event.name, places[name])
                        )
                    )
                )
        if size == 1:
            for guess in able:
                repeated = len(frame) - guess.distinct
                if CODE.search(guess.name) and repeated <= 0.01 * len(frame):
                    return Key((guess.name,), repeated)
    return None


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
