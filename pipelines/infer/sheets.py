"""The table of the first sheet of a workbook."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any, Final
from zipfile import ZipFile

import pandas as pd

from config.models import Format
from pipelines.infer.coding import is_tcvn3
from pipelines.infer.layout import header_height, header_row
from pipelines.infer.table import MOST_ROWS, Table, above, kept_rows, trimmed
from pipelines.read import tcvn3
from pipelines.read.shape import columns_of, joined
from pipelines.read.workbook import cells_of, sheets_of

LETTERS: Final = 2000
"""Rows by whose words the coding of a workbook is told."""
_TCVN3: Final = str.maketrans(tcvn3.SEEN, tcvn3.MEANT)


def is_workbook(path: Path) -> bool:
    """Whether a ZIP is a workbook, which says so in one of these members."""
    with ZipFile(path) as archive:
        return not {"[Content_Types].xml", "mimetype"}.isdisjoint(archive.namelist())


def workbook(path: Path) -> Table:
    """Find it. Raises SourceError."""
    sheets = sheets_of(path)
    ending = PurePosixPath(path.name.lower()).suffix.lstrip(".")
    format: dict[str, Any] = {"type": ending if ending in ("xls", "ods") else "xlsx"}
    notes = {}
    if len(sheets) > 1:
        format["sheet"] = sheets[0]
        notes["sheet"] = f"the first of {len(sheets)}: {', '.join(sheets)[:120]}"
    cells = cells_of(path, sheets[0], Format(), None)
    frame = cells.to_pandas().set_axis(range(cells.num_columns), axis=1)
    cells_seen = pd.unique(frame.iloc[:LETTERS].to_numpy().ravel())
    if is_tcvn3("\n".join(cell for cell in cells_seen if isinstance(cell, str))):
        format["encoding"], notes["encoding"] = tcvn3.NAME, "its words make sense so"
        frame = frame.map(lambda cell: cell.translate(_TCVN3) if isinstance(cell, str) else cell)
    frame = frame.apply(trimmed)
    rows = [["" if cell is None else cell for cell in row] for row in frame.iloc[:60].to_numpy().tolist()]
    filled = frame.notna().sum(axis=1)
    place = header_row(rows, int(filled[filled > 1].mode().max()) if (filled > 1).any() else 1)
    height = header_height(rows, place) if rows else 1
    header = joined(rows[place : place + height])
    while header and not header[-1]:
        header.pop()
    if place:
        format["header_row"] = place + 1
        notes["header_row"] = f"above it: {above(rows[:place])[:80]}"
    if height > 1:
        format["header_height"] = height
        notes["header_height"] = "words stand over columns of numbers"
    body = frame.iloc[place + height :, : len(header)]
    kept = kept_rows(body)
    looked = f"all {len(kept):,} rows"
    return Table(
        format,
        columns_of(header),
        kept,
        len(body) <= MOST_ROWS,
        notes=notes,
        looked_at=looked,
        title=above(rows[:place]),
    )
