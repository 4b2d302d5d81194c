"""Workbooks (.xlsx, .xls, .ods): fastexcel reads a sheet straight into Arrow, each cell as text."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterator
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
from pipelines.read.extent import demand_bounded
from pipelines.read.shape import joined

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


def header_of(path: Path, sheet: str | None, format: Format) -> tuple[list[str], str]:
    """Cells of the header, and the titles above it as text. Raises SourceError."""
    cells = cells_of(path, sheet, format, _below(format))
    rows = [[cell or "" for cell in row.values()] for row in cells.to_pylist()]
    if format.encoding == tcvn3.NAME:
        rows = [[cell.translate(_TCVN3) for cell in row] for row in rows]
    above = rows[: format.header_row - 1]
    names = joined(rows[format.header_row - 1 :])
    while names and not names[-1].strip():
        names.pop()
    if not names:
        raise SourceError(
            f"there is no header on row {format.header_row}",
            "set format.header_row to the row of the header, or format.sheet to the right sheet",
        )
    return names, "\n".join("\t".join(filter(None, row)) for row in above)


def rows_of(path: Path, sheet: str | None, format: Format, width: int) -> pa.Table:
    """Rows below the header as text ``_c1``, … (ISO dates, plain numbers, NULL where empty), ``width`` of
    them, with ``_record``, the sheet's row number.

    Empty rows are left out. ``sheet`` None: the sheet that ``format`` names, else the first. Raises
    SourceError.
    """
    first = _below(format)
    cells = _without_footer(cells_of(path, sheet, format, None).slice(first), format.footer)
    count = cells.num_rows
    columns = [
        cells.column(place) if place < cells.num_columns else pa.nulls(count, pa.string())
        for place in range(width)
    ]
    filled = pa.repeat(pa.scalar(False), count)
    for column in columns:
        filled = pc.or_(filled, pc.greater(pc.fill_null(pc.utf8_length(column), 0), 0))
    table = pa.table(
        {
            "_record": pa.array(range(first + 1, first + 1 + count), pa.int64()),
            **{f"_c{place}": column for place, column in enumerate(columns, start=1)},
        }
    )
    return table.filter(filled)


def _below(format: Format) -> int:
    """Rows down to the last one of the header."""
    return format.header_row - 1 + format.header_height


def _without_footer(cells: pa.RecordBatch, footer: str | None) -> pa.RecordBatch:
    """Rows above the first in which ``footer`` finds something, its cells joined by tabs."""
    if footer is None or not cells.num_columns:
        return cells
    lines = pc.binary_join_element_wise(*cells.columns, "\t", null_handling="replace", null_replacement="")
    place = pc.index(pc.match_substring_regex(lines, footer), True).as_py()
    return cells if place < 0 else cells.slice(0, place)


def cells_of(path: Path, sheet: str | None, format: Format, rows: int | None) -> pa.RecordBatch:
    """A sheet as text from its first row on, at most ``rows`` of them."""
    book = _open(path)
    name = sheet or format.sheet or book.sheet_names[0]
    if name not in book.sheet_names:
        raise SourceError(f"there is no sheet {name!r}", did_you_mean(name, book.sheet_names))
    demand_bounded(path, name)
    with _told():
        loaded = book.load_sheet(name, header_row=None, skip_rows=0, n_rows=rows, dtypes="string")
        batch, errors = loaded.to_arrow_with_errors()
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
    with _told():
        book = fastexcel.read_excel(path.read_bytes())  # told by its content: .xls is often .xlsx in truth
        if book.sheet_names:
            return book
    raise SourceError("the workbook has no sheet", "it was cut short: have it saved again")


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Raise SourceError for what fastexcel makes of a damaged workbook."""
    try:
        yield
    except fastexcel.FastExcelError as error:
        raise _unreadable(error) from error
    except BaseException as error:
        # A panic of the library is derived from no exception, so that nobody takes it for one of his own.
        if type(error).__name__ == "PanicException":
            raise _unreadable(error) from error
        raise


def _unreadable(error: BaseException) -> SourceError:
    return SourceError(
        f"the workbook cannot be read: {str(error).splitlines()[0]}",
        "it was cut short, has a password or is no workbook: have it saved again",
    )
