"""How far a sheet of an .xlsx reaches: one cell at the far corner would make its reader ask for all memory
there is.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path, PurePosixPath
from typing import Final
from xml.etree import ElementTree as Xml

from pipelines.errors import SourceError
from pipelines.read.kinds import DAMAGED

MOST: Final = 40_000_000
"""Cells between the first and the last one of a sheet; the reader needs 32 bytes for each, filled or not."""
_HEAD: Final = 1 << 16
_MAIN: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINK: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_SPAN: Final = re.compile(rb'<(?:\w+:)?dimension\s+ref="(?:[A-Z]+\d+:)?([A-Z]{1,3})(\d{1,7})"')
_CELL: Final = re.compile(rb'<(?:\w+:)?c r="([A-Z]{1,3})(\d{1,7})"')


def demand_bounded(path: Path, sheet: str) -> None:
    """Raise SourceError for a sheet that spans more than ``MOST`` cells. Anything but an .xlsx passes."""
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as book:
            member = _member(book, sheet)
            if member is None:
                return
            with book.open(member) as stream:
                found = _SPAN.search(head := stream.read(_HEAD))
                column, row = (_number(found[1]), int(found[2])) if found else (0, 0)
                while head and not found:  # written by a program that does not tell
                    cells = _CELL.findall(head)
                    column = max([column, *map(_number, {letters for letters, _ in cells})])
                    row = int(cells[-1][1]) if cells else row
                    head = head[-40:] + more if (more := stream.read(_HEAD)) else b""
    except (*DAMAGED, Xml.ParseError, KeyError):
        return  # the reader tells what is wrong
    if column * row > MOST:
        raise SourceError(
            f"the sheet reaches to row {row} and column {column}: that is more than anybody filled",
            "delete the rows and columns behind the table, in which something was left, and save it again",
        )


def _member(book: zipfile.ZipFile, sheet: str) -> str | None:
    """The member of the archive that holds a sheet."""
    if "xl/workbook.xml" not in book.namelist():
        return None
    links = {
        sheet_.get("name"): sheet_.get(_LINK)
        for sheet_ in Xml.fromstring(book.read("xl/workbook.xml")).iter(f"{_MAIN}sheet")
    }
    targets = {
        link.get("Id"): link.get("Target") or ""
        for link in Xml.fromstring(book.read("xl/_rels/workbook.xml.rels")).iter()
    }
    target = targets.get(links.get(sheet) or "", "")
    name = target.lstrip("/") if target.startswith("/") else str(PurePosixPath("xl") / target)
    return name if name in book.namelist() else None


def _number(letters: bytes) -> int:
    """Place of a column that is called ``XFD``, from 1."""
    place = 0
    for letter in letters:
        place = place * 26 + letter - 64
    return place
