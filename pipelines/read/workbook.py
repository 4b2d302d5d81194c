"""Workbooks (.xlsx, .xls, .ods): fastexcel reads a sheet straight into Arrow, each cell as text."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Final

import fastexcel
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from config.models import Format
from config.problems import did_you_mean
from pipelines.errors import SourceError
from pipelines.read import tcvn3

_ERRORS: Final = {
    "NA": "#N/A",
    "Div0": "#DIV/0!",
    "Name": "#NAME?",
    "Null": "#NULL!",
    "Num": "#NUM!",
    "Ref": "#REF!",
    "Value": "#VALUE!",
}
"""What a cell shows whose formula failed: it must not look empty."""
_TIME_ONLY: Final = "^1899-12-3[01] "
_TCVN3: Final = str.maketrans(tcvn3.SEEN, tcvn3.MEANT)


def sheets_of(path: Path) -> list[str]:
    """Names of a workbook's sheets, in its order. Raises SourceError."""
    return list(_open(path).sheet_names)


def header_of(path: Path, sheet: str | None, format: Format) -> list[str]:
    """Cells of the header row. Raises SourceError."""
    cells = cells_of(path, sheet, format, format.header_row)
    row = cells.slice(format.header_row - 1, 1).to_pylist()
    names = [cell or "" for cell in row[0].values()] if row else []
    while names and not names[-1].strip():
        names.pop()
    if not names:
        raise SourceError(
            f"there is no header on row {format.header_row}",
            "set format.header_row to the row of the header, or format.sheet to the right sheet",
        )
    return [name.translate(_TCVN3) for name in names] if format.encoding == tcvn3.NAME else names


def rows_of(path: Path, sheet: str | None, format: Format, width: int) -> pa.Table:
    """Rows below the header as text ``_c1``, … (ISO dates, plain numbers, NULL where empty), ``width`` of
    them, with ``_record``, the sheet's row number.

    Empty rows are left out. ``sheet`` None: the sheet that ``format`` names, else the first. Raises
    SourceError.
    """
    cells = cells_of(path, sheet, format, None).slice(format.header_row)
    count = cells.num_rows
    columns = [
        cells.column(place) if place < cells.num_columns else pa.nulls(count, pa.string())
        for place in range(width)
    ]
    filled = pa.repeat(pa.scalar(False), count)
    for column in columns:
        filled = pc.or_(filled, pc.greater(pc.fill_null(pc.utf8_length(column), 0), 0))
    first = format.header_row + 1
    table = pa.table(
        {
            "_record": pa.array(range(first, first + count), pa.int64()),
            **{f"_c{place}": column for place, column in enumerate(columns, start=1)},
        }
    )
    return table.filter(filled)


def cells_of(path: Path, sheet: str | None, format: Format, rows: int | None) -> pa.RecordBatch:
    """A sheet as text from its first row on, at most ``rows`` of them."""
    book = _open(path)
    name = sheet or format.sheet or book.sheet_names[0]
    if name not in book.sheet_names:
        raise SourceError(f"there is no sheet {name!r}", did_you_mean(name, book.sheet_names))
    try:
        loaded = book.load_sheet(name, header_row=None, skip_rows=0, n_rows=rows, dtypes="string")
        batch, errors = loaded.to_arrow_with_errors()
    except fastexcel.FastExcelError as error:
        raise _unreadable(error) from error
    columns = list(batch.columns)
    for place, column in enumerate(columns):
        if pc.any(pc.match_substring_regex(column, _TIME_ONLY)).as_py():
            columns[place] = pc.replace_substring_regex(column, _TIME_ONLY, "")
    failed: defaultdict[int, dict[int, str]] = defaultdict(dict)
    for fault in errors.errors if errors is not None else ():
        line, place = fault.position
        failed[place][line] = _ERRORS.get(fault.detail.rpartition("Error(")[2].rstrip(")'"), "#ERROR")
    for place, shown in failed.items():
        mask = np.zeros(batch.num_rows, np.bool_)
        rows_ = sorted(shown)
        mask[rows_] = True
        columns[place] = pc.replace_with_mask(columns[place], mask, pa.array([shown[row] for row in rows_]))
    return pa.RecordBatch.from_arrays(columns, [f"_c{place}" for place in range(1, len(columns) + 1)])


def _open(path: Path) -> fastexcel.ExcelReader:
    try:
        return fastexcel.read_excel(path.read_bytes())  # told by its content: .xls is often .xlsx in truth
    except fastexcel.FastExcelError as error:
        raise _unreadable(error) from error


def _unreadable(error: Exception) -> SourceError:
    return SourceError(
        f"the workbook cannot be read: {str(error).splitlines()[0]}",
        "it was cut short, has a password or is no workbook: have it saved again",
    )
