"""A table that was found in a file: what to tell the reader, its headers, its cells as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from config.models.feed import ColumnType
from pipelines.infer.sample import Sample

MOST_ROWS: Final = 100_000
"""Rows that are looked at closely; of more, as many spread over the sample."""


@dataclass
class Table:
    """``frame`` holds the rows below the header as text, one column for each of ``headers``; None: empty.

    ``format`` is what the feed must say to have the file read so; ``native`` the types that the file itself
    gives to columns, by place. ``whole``: every row of the file is in ``frame``.
    """

    format: dict[str, Any]
    headers: Sequence[str]
    frame: pd.DataFrame
    whole: bool
    native: dict[int, ColumnType] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    looked_at: str = ""
    title: str = ""


def looked_over(sample: Sample, rows: int, *, whole: bool) -> str:
    """What of the file the rows are, for people."""
    if whole:
        return f"all {rows:,} rows"
    size = "a packed file" if sample.size is None else f"{sample.size / 2**20:,.0f} MiB"
    where = "from the beginning" if sample.size is None else "from all over"
    return f"{rows:,} rows {where} of {size}"


def above(rows: Sequence[Sequence[str]]) -> str:
    """The titles above a header as one text."""
    return " / ".join(filter(None, (" ".join(row).strip() for row in rows)))


def tidy(frame: pd.DataFrame) -> pd.DataFrame:
    """Cells trimmed and composed, None where nothing is; without empty rows; no more than are looked at."""
    return kept_rows(frame.apply(trimmed))


def kept_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """Without empty rows, and not more than are looked at."""
    frame = frame[frame.notna().any(axis=1)]
    if len(frame) > MOST_ROWS:
        frame = frame.iloc[:: len(frame) // MOST_ROWS + 1]
    return frame.reset_index(drop=True)


def trimmed(cells: pd.Series[Any]) -> pd.Series[Any]:
    """Texts without blanks around them, composed (NFC); None where nothing is left."""
    texts = pc.utf8_normalize(pa.array(cells, pa.string(), from_pandas=True), form="NFC")
    texts = pc.utf8_trim_whitespace(pc.replace_substring_regex(texts, _GAPS, " "))
    filled = pc.if_else(pc.equal(texts, ""), None, texts)
    return pd.Series(filled.to_numpy(zero_copy_only=False), index=cells.index, dtype="object")


_GAPS: Final = "[\u00a0\u202f]"
"""Blanks that do not look different, and part thousands in some countries."""
