"""A report as a workbook: numbers that can be reckoned with, marks in words and colour, notes at the end."""

from __future__ import annotations

import io
import re
from typing import Final

from openpyxl import Workbook
from openpyxl.cell import Cell as SheetCell
from openpyxl.cell import MergedCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from config import City
from dashboard.drawing import format as fmt
from dashboard.i18n import words_in
from dashboard.reports.content import Paper
from dashboard.reports.parts import Block, Cell, Held, Number

_BOLD: Final = Font(bold=True)
_TITLE: Final = Font(bold=True, size=16)
_QUIET: Final = Font(color="5B6770", italic=True)
_HEAD: Final = PatternFill("solid", fgColor="0F2A33")
_FILLS: Final = {
    "critical": PatternFill("solid", fgColor="F6C9C5"),
    "serious": PatternFill("solid", fgColor="FBD9B5"),
    "watch": PatternFill("solid", fgColor="FDF0B8"),
    "missed": PatternFill("solid", fgColor="FBD9B5"),
    "met": PatternFill("solid", fgColor="CFE8D5"),
}
_WIDEST: Final = 60


def workbook(city: City, paper: Paper) -> bytes:
    """The bytes of an .xlsx file: a cover, a sheet for each block, and the notes."""
    words = words_in(paper.lang)
    book = Workbook()
    cover = book.active
    assert isinstance(cover, Worksheet)
    cover.title = words("report.cover")
    cover.append([paper.title])
    cover["A1"].font = _TITLE
    for line in cover_lines(city, paper):
        cover.append([line])
    cover.append([])
    names = _names([block.title for block in paper.blocks])
    for name, block in zip(names, paper.blocks, strict=True):
        cover.append([block.title])
        cover.cell(cover.max_row, 1).hyperlink = f"#'{name}'!A1"
        _sheet(book.create_sheet(name), block)
    cover.column_dimensions["A"].width = 80
    notes = book.create_sheet(words("report.notes"))
    notes.append([words("report.indicator"), words("report.note")])
    _headed(notes, 1, 2)
    for name, text in paper.notes:
        notes.append([name, text])
        notes.cell(notes.max_row, 2).alignment = Alignment(wrap_text=True, vertical="top")
    notes.column_dimensions["A"].width, notes.column_dimensions["B"].width = 48, 100
    sink = io.BytesIO()
    book.save(sink)
    return sink.getvalue()


def cover_lines(city: City, paper: Paper) -> list[str]:
    """What stands below the title: where, until when, made when, how new, and that it is simulated."""
    words, zone = words_in(paper.lang), city.zone
    lines = [
        words("report.of", area=paper.area),
        words("report.until", date=fmt.date(paper.until, paper.lang)),
        words("report.made", time=fmt.moment(paper.made_at, zone, paper.lang)),
    ]
    if paper.data_through is not None:
        lines.append(words("report.newest", time=fmt.through(paper.data_through, zone, paper.lang)))
    if paper.note:
        lines.append(paper.note)
    if paper.simulated:
        lines.append(words("report.simulated"))
    return lines


def _names(titles: list[str]) -> list[str]:
    """Names of sheets: no more than 31 letters, none of those that Excel forbids, none twice."""
    found: list[str] = []
    for number, title in enumerate(titles, start=1):
        bare = re.sub(r"[\[\]:*?/\\']", " ", title).strip()
        found.append(f"{number}. {bare}"[:31].strip())
    return found


def _sheet(sheet: Worksheet, block: Block) -> None:
    sheet.append([block.title])
    sheet["A1"].font = _TITLE
    sheet.append([])
    sheet.append([column.title for column in block.columns])
    _headed(sheet, 3, len(block.columns))
    for row in block.rows:
        sheet.append([_plain(cell) for cell in row])
        for place, cell in enumerate(row, start=1):
            _styled(sheet.cell(sheet.max_row, place), cell)
    sheet.freeze_panes = "B4"
    if block.rows:
        sheet.auto_filter.ref = f"A3:{get_column_letter(len(block.columns))}{sheet.max_row}"
    for place, column in enumerate(block.columns):
        longest = max([len(column.title), *(len(str(_plain(row[place]) or "")) for row in block.rows)])
        sheet.column_dimensions[get_column_letter(place + 1)].width = min(_WIDEST, longest + 3)


def _headed(sheet: Worksheet, row: int, count: int) -> None:
    for place in range(1, count + 1):
        cell = sheet.cell(row, place)
        cell.font, cell.fill = Font(bold=True, color="FFFFFF"), _HEAD
        cell.alignment = Alignment(wrap_text=True, vertical="center")


def _plain(cell: Cell) -> str | float | None:
    match cell:
        case Number():
            return cell.value
        case Held():
            return cell.text
        case str():
            # A text of a source must not become a formula.
            return "'" + cell if cell.startswith(("=", "+", "@")) else cell
    return None


def _styled(target: SheetCell | MergedCell, cell: Cell) -> None:
    match cell:
        case Number():
            target.number_format = "#,##0" + ("." + "0" * cell.decimals if cell.decimals else "")
        case Held() if cell.mark in _FILLS:
            target.fill = _FILLS[cell.mark]
        case str():
            target.alignment = Alignment(wrap_text=True, vertical="top")
