"""Which column says where a row belongs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import pandas as pd

from config.areas import AreaTree
from config.models import AreaRule
from pipelines.infer.columns import Guess
from pipelines.spelling import name_key, spellings

SURE: Final = 0.9
"""Share of cells that must be units for a column to be preferred for how many they are."""


@dataclass(frozen=True)
class Located:
    """``share`` of the filled cells of ``column`` are codes or names of units; ``unknown``: some others."""

    column: Guess
    match: Literal["code", "name"]
    share: float
    unknown: tuple[str, ...]


def find_area(frame: pd.DataFrame, guesses: Sequence[Guess], tree: AreaTree) -> Located | None:
    """The column with the largest share of units of the city; None: there is none."""
    known: dict[Literal["code", "name"], set[str]] = {
        match: set(spellings(AreaRule(column="any", match=match), tree).table["_spelling"].to_pylist())
        for match in ("code", "name")
    }
    found: list[tuple[float, int, Located]] = []
    for guess in guesses:
        if guess.type not in ("text", "integer") or not guess.filled or guess.name not in frame:
            continue
        counts = frame[guess.name].dropna().str.strip().value_counts()
        for match, names in known.items():
            keys = counts.index.map(name_key) if match == "name" else counts.index
            hit = pd.Series(keys.isin(names), index=counts.index)
            share = float(counts[hit].sum() / counts.sum()) if len(counts) else 0.0
            # Small counts are no codes of units by being small numbers.
            if share and (match == "name" or guess.type == "text" or guess.code or share > 0.95):
                unknown = tuple(map(str, counts[~hit].index[:4]))
                found.append((share, int(hit.sum()), Located(guess, match, share, unknown)))
    # Nearly all are units: then those that say most, wards rather than the city.
    return (
        max(found, key=lambda each: (each[0] >= SURE, each[1] if each[0] >= SURE else each[0]))[2]
        if found
        else None
    )


def outside(cells: pd.Series[str], days: pd.Series[str], area: Located, tree: AreaTree) -> int:
    """How many rows name a unit that does not exist on their day; ``days`` are ISO dates."""
    table = spellings(AreaRule(column="any", match=area.match), tree).table.to_pandas().astype(str)
    keys = cells.map(name_key, na_action="ignore") if area.match == "name" else cells
    rows = pd.DataFrame({"_spelling": keys, "day": days}).dropna().merge(table, on="_spelling")
    valid = pd.Series(False, index=rows.index)
    for place in range(1, sum(name.startswith("_code") for name in table) + 1):
        valid |= (rows["day"] >= rows[f"_from{place}"]) & (rows["day"] < rows[f"_to{place}"])
    return int((~valid).sum())
