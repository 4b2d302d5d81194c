"""Where the table begins in a sheet of cells, how it was laid out for people, and what of it is no data."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import pandas as pd

from pipelines.infer.numbers import NULLS

HIGHEST: Final = 6
"""Lines among which a header of several lines may end."""
_NUMBER: Final = re.compile(r"[-+]?[\d.,\s]*\d%?")
_YEAR: Final = re.compile(r"(1[89]|20)\d\d")
_TOTAL: Final = r"(?i)\b(?:tổng số|tổng cộng|grand total|sub-?total|total|totaal|gesamt|insgesamt)\b"


@dataclass(frozen=True)
class Layout:
    """``fill_down``: columns of a stair-step table; ``leave_out``: a column and its pattern in idle rows."""

    fill_down: tuple[str, ...] = ()
    leave_out: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)


def header_row(rows: Sequence[Sequence[str]], width: int) -> int:
    """Place (from 0) of the row that names the columns: the first that is nearly as wide as the table."""
    for place, row in enumerate(rows[:60]):
        filled = sum(1 for cell in row if cell.strip())
        if filled >= max(2, 0.6 * width) or (width == 1 and filled == 1):
            return place
    return 0


def header_height(rows: Sequence[Sequence[str]], place: int) -> int:
    """How many lines a header has that begins at ``place``: more than one where words stand over numbers."""
    below = rows[place + HIGHEST :]
    columns = [
        [row[column].strip() for row in below if len(row) > column and row[column].strip()]
        for column in range(len(rows[place]))
    ]
    numeric = [
        column
        for column, cells in enumerate(columns)
        if len(cells) >= 3 and sum(bool(_NUMBER.fullmatch(cell)) for cell in cells) >= 0.8 * len(cells)
    ]
    height = 1
    for row in rows[place + 1 : place + HIGHEST]:
        over = [row[column].strip() for column in numeric if len(row) > column and row[column].strip()]
        words = [cell for cell in over if not _NUMBER.fullmatch(cell) and cell.lower() not in NULLS]
        # Once words stand over numbers, a line may name those that are left.
        header = rows[place : place + height]
        named = height > 1 and any(
            cell.strip() and not any(line[column].strip() for line in header if len(line) > column)
            for column, cell in enumerate(row)
        )
        if len(words) < len(over) or not (len(words) >= 0.5 * max(len(numeric), 2) or named):
            break
        height += 1
    return height


def looks_like_data(row: Sequence[str]) -> bool:
    """Whether a row holds a number that is no year: no header does."""
    return any(_NUMBER.fullmatch(cell.strip()) and not _YEAR.fullmatch(cell.strip()) for cell in row)


def lay_out(frame: pd.DataFrame, headers: Sequence[str]) -> tuple[Layout, pd.DataFrame]:
    """How the table must be read to be rows, and ``frame`` read so."""
    frame = frame.set_axis(list(headers), axis=1)
    leave_out: dict[str, str] = {}
    notes: dict[str, str] = {}
    repeated = (frame == pd.Series(list(headers), index=frame.columns)).all(axis=1)
    if repeated.any():
        leave_out[headers[0]] = f"^{re.escape(headers[0])}$"
        notes["leave_out"] = f"the header stands {int(repeated.sum())} more times among the rows"
        frame = frame[~repeated]
    stairs = _stairs(frame)
    if stairs:
        last = list(headers)[len(stairs)]
        notes["fill_down"] = f"of {len(frame):,} rows {int(frame[stairs[0]].notna().sum()):,} name it"
        given = frame[list(stairs)].notna()
        # A new value begins those behind it anew.
        filled = {
            name: frame[name].groupby(given.iloc[:, :place].any(axis=1).cumsum()).ffill()
            for place, name in enumerate(stairs)
        }
        frame = frame.assign(**filled)
        # A row without the last of them sums up those below it.
        leave_out[last] = "^$"
        sums = frame[last].isna()
        notes["leave_out"] = f"{int(sums.sum()):,} rows without {last!r} sum up others"
        frame = frame[~sums]
    return Layout(stairs, leave_out, notes), frame.reset_index(drop=True)


def _stairs(frame: pd.DataFrame) -> tuple[str, ...]:
    """The columns on the left that hold words only where they change, without the last of them."""
    chosen: list[str] = []
    for name in frame.columns[: frame.shape[1] - 1]:
        share = frame[name].notna().mean()
        if share < 0.5 and (not chosen or share >= frame[chosen[-1]].notna().mean()):
            chosen.append(str(name))
            continue
        if not chosen or share < 0.6:
            return ()
        stair = frame[[*chosen, name]]
        begun = stair[chosen].notna().cummax().all(axis=1)
        # Each row says something of where it stands, and the first ones begin the stairs.
        sound = stair.notna().any(axis=1).all() and stair[chosen[0]].notna().to_numpy()[:3].any()
        words = (frame[name].str.contains(r"[^\W\d_]") | frame[name].str.fullmatch(r"\d+")).mean() > 0.5
        return tuple(chosen) if sound and begun.mean() > 0.8 and words else ()
    return ()


def totals(frame: pd.DataFrame) -> str:
    """A remark on rows that seem to sum up others; empty where there are none."""
    for name in frame.columns:
        cells = frame[name].dropna()
        found = cells[cells.str.contains(_TOTAL)]
        if 0 < len(found) <= max(3, 0.2 * len(cells)) and found.nunique() < cells.nunique():
            said = f"{len(found):,} cells of {name!r} speak of totals ({found.iloc[0]!r})"
            return f"{said}: leave_out can drop them"
    return ""
