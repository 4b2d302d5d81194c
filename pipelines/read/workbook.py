"""Excel workbooks: openpyxl reads the cells (the database cannot), Arrow carries them as text."""

from __future__ import annotations

import contextlib
import datetime as dt
import zipfile
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, cast

import pyarrow as pa
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from config.models import Format
from config.problems import did_you_mean
from pipelines.errors import SourceError


class Sheet(Protocol):
    """What is needed of a worksheet."""

    def iter_rows(self, *, values_only: bool = ...) -> Iterator[tuple[Any, ...]]:
        """Rows of cell values."""


def header_of(path: Path, format: Format) -> list[str]:
    """Cells of the header row. Raises SourceError."""
    with _sheet(path, format) as sheet:
        row = next(islice(sheet.iter_rows(values_only=True), format.header_row - 1, None), ())
    cells = ["" if cell is None else cell_text(cell) or "" for cell in row]
    while cells and not cells[-1].strip():
        cells.pop()
    if not cells:
        raise SourceError(
            f"there is no header on row {format.header_row}",
            "set format.header_row to the row of the header, or format.sheet to the right sheet",
        )
    return cells


def rows_of(paths: Sequence[Path], format: Format, width: int) -> pa.Table:
    """Rows below the header as text ``_c1``, …, with ``_file_no`` and ``_record`` (the sheet's row number).

    Empty rows are left out. Raises SourceError.
    """
    columns: list[list[str | None]] = [[] for _ in range(width)]
    places: list[tuple[int, int]] = []
    for number, path in enumerate(paths):
        with _sheet(path, format) as sheet:
            for line, row in enumerate(sheet.iter_rows(values_only=True), start=1):
                if line <= format.header_row:
                    continue
                cells = [cell_text(cell) for cell in row[:width]]
                if not any(cells):
                    continue
                places.append((number, line))
                for column, cell in zip(columns, cells + [None] * (width - len(cells)), strict=True):
                    column.append(cell)
    return pa.table(
        {
            "_file_no": pa.array([place[0] for place in places], pa.int64()),
            "_record": pa.array([place[1] for place in places], pa.int64()),
            **{f"_c{i}": pa.array(column, pa.string()) for i, column in enumerate(columns, start=1)},
        }
    )


def cell_text(cell: object) -> str | None:
    """What a cell holds, as the text that a contract reads: ISO dates, plain numbers."""
    match cell:
        case None:
            return None
        case bool():
            return "true" if cell else "false"
        case float():
            return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
        case dt.datetime():
            return cell.isoformat(sep=" ")
        case dt.date() | dt.time():
            return cell.isoformat()
        case _:
            return str(cell)


@contextlib.contextmanager
def _sheet(path: Path, format: Format) -> Iterator[Sheet]:
    with path.open("rb") as stream:
        try:
            book = load_workbook(stream, read_only=True, data_only=True)
        except (InvalidFileException, zipfile.BadZipFile, KeyError, OSError, ValueError) as error:
            raise SourceError(
                f"the workbook cannot be read: {error}",
                "it was cut short or is no .xlsx: have it saved again",
            ) from error
        try:
            if format.sheet is not None and format.sheet not in book.sheetnames:
                raise SourceError(
                    f"there is no sheet {format.sheet!r}", did_you_mean(format.sheet, book.sheetnames)
                )
            yield cast(Sheet, book[format.sheet] if format.sheet else book.worksheets[0])
        finally:
            book.close()
