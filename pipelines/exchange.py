"""Quarantined rows as a sheet that an agency mends, and the mended sheet back as edits.

The sheet has what is known of a row (number, file, line, column, reason, sentence, and the line itself where
it could not be told apart into cells) and then the row's own columns as they were delivered. Cells that a
spreadsheet would take for a formula are neutralised with an apostrophe, which is taken off again on the way
back; nothing else about them changes.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Final, Literal

import pandas as pd
import pyarrow.compute as pc
from openpyxl import Workbook
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter

from config.models import Feed, Format
from pipelines.errors import SourceError
from pipelines.read.workbook import header_of, rows_of
from pipelines.sentences import sentence_of
from warehouse.quarantine import Refused

Kind = Literal["csv", "xlsx"]
HEADS: Final[Mapping[str, tuple[str, ...]]] = {
    "vi": ("số", "tệp", "dòng", "cột", "lý do", "giải thích", "nguyên văn dòng hỏng"),
    "en": ("id", "file", "line", "column", "reason", "sentence", "malformed line"),
}
"""Heads of what is known of a row; its own columns follow. Read back, these count by their place."""
KNOWN: Final = len(HEADS["en"])
TEXT: Final = KNOWN - 1
_FORMULA: Final = re.compile(r"'*[=+\-@\t\r]")
_GUARDED: Final = re.compile(r"'+[=+\-@\t\r]")
_NUMBER: Final = re.compile(r"-\d{1,15}([.,]\d{1,15})?")
_WIDTHS: Final = (8, 26, 8, 16, 16, 48, 30)


def guard(text: str) -> str:
    """A cell that no spreadsheet takes for a formula; a plain negative number is none."""
    return "'" + text if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def unguard(text: str) -> str:
    """The cell before it was guarded."""
    return text[1:] if _GUARDED.match(text) else text


def flat(row: Refused) -> dict[str, str]:
    """The row's cells as texts by header; what lies deeper in a JSON record by its path, such as ``at.ward``.

    Empty for a line that could not be told apart into cells.
    """
    cells = row.cells
    if cells is None:
        return {}
    [record] = pd.json_normalize(cells).to_dict(orient="records") or [{}]
    return {str(name): _text(value) for name, value in record.items()}


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def sheet(feed: Feed, rows: Sequence[Refused], language: str) -> list[list[str]]:
    """Heads and rows of the sheet, guarded."""
    cells = [flat(row) for row in rows]
    own = list(dict.fromkeys(chain.from_iterable(cells)))
    own = own or [header for column in feed.columns for header in column.headers]
    lines = [[*HEADS[language], *own]]
    for row, found in zip(rows, cells, strict=True):
        known = [
            str(row.id),
            row.file,
            "" if row.line is None else str(row.line),
            row.column or "",
            row.reason,
            "; ".join(sentences(feed, row, language)),
            "" if found else row.text,
        ]
        lines.append([*known, *(found.get(name, "") for name in own)])
    return [[guard(cell) for cell in line] for line in lines]


def sentences(feed: Feed, row: Refused, language: str) -> list[str]:
    """Everything that is wrong with a row, each with its column."""
    problems = row.problems or [{"column": row.column, "reason": row.reason, "detail": row.detail}]
    return [
        ": ".join(part for part in (problem.get("column"), sentence_of(feed, problem, language)) if part)
        for problem in problems
    ]


def write(feed: Feed, rows: Sequence[Refused], language: str, kind: Kind) -> bytes:
    """The sheet as a file that spreadsheets open: CSV with a byte-order mark, or a workbook of texts."""
    lines = sheet(feed, rows, language)
    if kind == "csv":
        written = io.StringIO()
        csv.writer(written, lineterminator="\r\n").writerows(lines)
        return written.getvalue().encode("utf-8-sig")
    wrong = [{problem.get("column") for problem in row.problems} for row in rows]
    sources = {header: column.name for column in feed.columns for header in column.headers}
    book = Workbook()
    page = book.active
    assert page is not None
    page.title = feed.id[:31]
    head, bad = Font(bold=True), PatternFill("solid", fgColor="FFE4C4")
    for number, line in enumerate(lines, start=1):
        for place, text in enumerate(line, start=1):
            cell = page.cell(number, place)
            cell.value, cell.data_type, cell.number_format = text or None, "s" if text else "n", "@"
            if number == 1:
                cell.font = head
            elif place > KNOWN and sources.get(lines[0][place - 1]) in wrong[number - 2]:
                cell.fill = bad
    for place in range(1, len(lines[0]) + 1):
        width = _WIDTHS[place - 1] if place <= KNOWN else 20
        page.column_dimensions[get_column_letter(place)].width = width
    page.freeze_panes = "A2"
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def read(path: Path) -> dict[int, dict[str, str]]:
    """A mended sheet: by number of the row its own cells by header, and under '' the malformed line.

    Raises SourceError for what is no such sheet.
    """
    try:
        lines = _workbook(path) if path.suffix.lower() == ".xlsx" else _csv(path)
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise SourceError(
            f"{path.name} cannot be read: {error}", "give a .csv or .xlsx that was exported"
        ) from error
    if (
        not lines
        or len(lines[0]) <= KNOWN
        or lines[0][0].strip().lower() not in {h[0] for h in HEADS.values()}
    ):
        raise SourceError(
            f"{path.name} is no export of the quarantine", "export one, mend it and keep its columns"
        )
    own = lines[0][KNOWN:]
    found: dict[int, dict[str, str]] = {}
    for number, line in enumerate(lines[1:], start=2):
        if not any(cell.strip() for cell in line):
            continue
        if not line[0].strip().isdecimal():
            raise SourceError(
                f"line {number} of {path.name} has no number", "keep the first column as it was exported"
            )
        cells = [unguard(cell) for cell in line] + [""] * (len(lines[0]) - len(line))
        found[int(line[0])] = {"": cells[TEXT], **dict(zip(own, cells[KNOWN:], strict=False))}
    return found


def edits(rows: Iterable[Refused], mended: Mapping[int, Mapping[str, str]]) -> dict[int, str | None]:
    """What a mended sheet, or a form, makes of the rows: their new text, None where nothing was changed."""
    return {row.id: edited(row, mended[row.id]) for row in rows if row.id in mended}


def edited(row: Refused, cells: Mapping[str, str]) -> str | None:
    """The row with these cells in place of its own; None if nothing is another."""
    record, before = row.cells, flat(row)
    if record is None:
        own = {name: text for name, text in cells.items() if name and text.strip()}
        if own:  # the cells were filled in instead of the line
            return json.dumps(own, ensure_ascii=False)
        line = cells.get("", "")
        return line if line.strip() and line != row.text else None
    changed = {name: text for name, text in cells.items() if name and text != before.get(name, "")}
    if not changed:
        return None
    for name, text in changed.items():
        _put(record, name, text)
    return json.dumps(record, ensure_ascii=False)


def _put(record: dict[str, Any], name: str, text: str) -> None:
    """Set a cell by its header, or where no header is called so by its path."""
    *path, last = name.split(".")
    within: Any = record
    if name not in record and path:
        for key in path:
            within = within.setdefault(key, {}) if isinstance(within, dict) else {}
        within[last] = text
    else:
        record[name] = text


def _csv(path: Path) -> list[list[str]]:
    data = path.read_bytes()
    text = None
    for encoding in (
        ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp1258", "cp1252")
    ):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    if text is None:
        raise ValueError("its encoding is unknown")
    head = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)  # spreadsheets save with the separator of their country
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def _workbook(path: Path) -> list[list[str]]:
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    head, _ = header_of(path, None, Format())
    rows = rows_of(path, None, Format(), len(head)).drop_columns(["_record"])
    columns = [pc.fill_null(column, "").to_pylist() for column in rows.columns]
    return [head, *(list(line) for line in zip(*columns, strict=True))]
