"""What the cells of each column are: type, format, unit, values, range, with the evidence for each guess."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import pandas as pd

from config.models.feed import ColumnType
from pipelines.infer.numbers import Marks, as_number, find_unit, is_nothing, number_pattern
from pipelines.infer.times import find_times
from warehouse.store import Cursor

TRUE_FALSE: Final = (
    {"true", "false"}, {"t", "f"}, {"yes", "no"}, {"y", "n"}, {"có", "không"},
)  # fmt: skip
CODE: Final = re.compile(
    r"(^|_)(id|ids|code|codes|no|number|nr|key|uuid|zip|zipcode|postcode|phone|ma|ma_so|so_hieu|cccd|mst)(_|$)|"
    r"^(ma|id)_|_(ma|id)$"
)
"""Identifiers of columns whose digits count and measure nothing."""
MOST_VALUES: Final = 20
LONGEST_LIST: Final = 240
"""Letters of all values together: longer lists are no list that a person would write."""
ENOUGH: Final = 0.9
"""Share of the cells that must be of a type before the others count as slips."""


@dataclass
class Guess:
    """One column: what the definition will say of it, and ``notes``, on what evidence.

    ``filled`` and ``distinct`` count cells that hold something; ``codes`` are digits that are a name.
    """

    source: str
    name: str
    type: ColumnType = "text"
    format: str | None = None
    strip: str | None = None
    values: list[str] | None = None
    rows: int = 0
    filled: int = 0
    distinct: int = 0
    code: bool = False
    parts: list[str] = field(default_factory=list)
    constant: str | None = None
    months: str | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def full(self) -> bool:
        """Whether no cell that was seen is empty."""
        return self.rows > 0 and self.filled == self.rows


def guess_columns(
    cursor: Cursor, frame: pd.DataFrame, headers: Sequence[str], marks: Marks, nulls: set[str], *, whole: bool
) -> list[Guess]:
    """One guess for each column of ``frame``: texts, None where there is nothing, named by identifiers.

    Words that stand for nothing are added to ``nulls``, by which the file's cells are read.
    """
    found = []
    for header, name in zip(headers, frame.columns, strict=True):
        guess = Guess(header, str(name), rows=len(frame))
        counts = frame[name].dropna().str.strip().value_counts()
        counts = counts[counts.index != ""]
        _guess(cursor, guess, counts, marks, nulls, whole=whole)
        found.append(guess)
    return found


def _guess(
    cursor: Cursor, guess: Guess, counts: pd.Series[int], marks: Marks, nulls: set[str], *, whole: bool
) -> None:
    texts = pd.Series(counts.index.astype(str), index=counts.index, dtype="str")
    nothing = is_nothing(texts) & (set(texts.str.lower()) not in TRUE_FALSE)
    real, weights = texts[~nothing], counts[~nothing]
    guess.filled, guess.distinct = int(counts.sum()), len(counts)
    if not len(real):
        if len(counts):
            guess.filled = guess.distinct = 0
            nulls |= set(texts)
            guess.notes.append(f"nothing but {', '.join(map(repr, texts[:3]))} was seen: its type is a guess")
        else:
            guess.notes.append("always empty in what was looked at: its type is a guess")
        return
    matched = _typed(cursor, guess, real, weights, marks)
    if matched is None:
        _text(guess, texts, counts, whole=whole)
        return
    nulls |= set(texts[nothing])
    guess.filled, guess.distinct = int(weights.sum()), len(real)
    slips = real[~matched]
    if len(slips):
        shown = ", ".join(map(repr, slips[:3]))
        guess.notes.append(
            f"{int(weights[~matched].sum()):,} of {int(weights.sum()):,} cells are no {guess.type}: {shown}"
        )


def _typed(
    cursor: Cursor, guess: Guess, texts: pd.Series[str], weights: pd.Series[int], marks: Marks
) -> pd.Series[bool] | None:
    """Give ``guess`` the type of most cells; which of them have it. None when they are words."""
    total = weights.sum()
    if set(texts.str.lower()) in TRUE_FALSE:
        guess.type = "boolean"
        return pd.Series(True, index=texts.index)
    pattern = number_pattern(marks)
    times = find_times(cursor, texts, guess.source, pattern)
    if times is not None and weights[times.matched].sum() >= ENOUGH * total:
        guess.type, guess.format = times.type, times.format
        guess.notes += [times.note] if times.note else []
        return times.matched
    number = texts.str.fullmatch(pattern).astype(bool)
    unit = None
    if weights[number].sum() < ENOUGH * total:
        unit = find_unit(texts, weights)
        if unit is None:
            return None
        number = texts.str.fullmatch(rf"{pattern}\s*{re.escape(unit)}").astype(bool)
        if weights[number].sum() < ENOUGH * total:
            return None
    bare = texts[number]
    if unit is not None:
        guess.strip = rf"\s*{re.escape(unit)}$"
        bare = bare.str.removesuffix(unit).str.strip()
    return _number(guess, bare, number, marks)


def _number(
    guess: Guess, bare: pd.Series[str], number: pd.Series[bool], marks: Marks
) -> pd.Series[bool] | None:
    digits = bare.str.fullmatch(r"\d+").astype(bool)
    if digits.all() and guess.strip is None:
        padded = bare.str.match(r"0\d").any()
        if padded or CODE.search(guess.name) or bare.str.len().max() > 18:
            guess.code = True
            if padded:
                guess.notes.append("digits that begin with 0 are a code, not a number")
            return None
    if CODE.search(guess.name) and digits.mean() >= ENOUGH and guess.strip is None:
        guess.code = True  # with a few that are no digits: a code all the more
        return None
    values = as_number(bare, marks)
    whole = bare.str.fullmatch(r"[-+]?[\d., ]*\d").all() and (values == values.round()).all()
    plain = not bare.str.contains(marks.decimal, regex=False).any()
    guess.type = "integer" if whole and plain and values.abs().max() < 2**63 else "number"
    guess.notes.append(f"{values.min():,.15g} … {values.max():,.15g}")
    if set(values) <= {0.0, 1.0}:
        guess.notes.append("only 0 and 1: it may be meant as boolean")
    return number


def _text(guess: Guess, texts: pd.Series[str], counts: pd.Series[int], *, whole: bool) -> None:
    """What is worth saying of words: the few values that come again and again."""
    few = len(texts) <= MOST_VALUES and counts.sum() >= 50 and counts.sum() >= 10 * len(texts)
    if not few or guess.code or texts.str.len().sum() > LONGEST_LIST:
        return
    if len(texts) == 1:
        guess.notes.append(f"always {texts.iloc[0]!r}")
        return
    values = sorted(map(str, texts))
    if whole and len(values) <= 12 and counts.min() > 1:
        guess.values = values
        guess.notes.append(f"all that {guess.filled:,} cells hold: complete the list, or drop it")
    else:
        guess.notes.append(f"{len(values)} values: {', '.join(values)}")
