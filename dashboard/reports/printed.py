"""A report for print, set by Typst: one wheel with its own fonts, no browser and no library of the system.

Its own serif has every Vietnamese letter. Texts go in as data, never as markup.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import typst

from config import City
from dashboard.i18n import words_in
from dashboard.reports.content import Paper
from dashboard.reports.parts import Block, Cell, Held, Number
from dashboard.reports.workbook import cover_lines

_SHORT = 14
"""Letters up to which a column is as wide as its cells; the others share what is left."""
_TEMPLATE = (files("dashboard.reports") / "report.typ").read_bytes()


def printed(city: City, paper: Paper) -> bytes:
    """The bytes of a PDF."""
    words = words_in(paper.lang)
    told: dict[str, Any] = {
        "lang": paper.lang,
        "title": paper.title,
        "centre": (city.head.centre or city.head.name).get(paper.lang),
        "lines": cover_lines(city, paper),
        "blocks": [_block(block) for block in paper.blocks],
        "notes": [list(note) for note in paper.notes],
        "notes_title": words("report.notes"),
        "nothing": words("report.nothing"),
    }
    data = json.dumps(told, ensure_ascii=False)
    made = typst.compile(_TEMPLATE, sys_inputs={"data": data}, ignore_system_fonts=True)
    assert isinstance(made, bytes)
    return made


def _block(block: Block) -> dict[str, Any]:
    kept = [place for place, column in enumerate(block.columns) if column.printed]
    columns = [block.columns[place] for place in kept]
    rows = [[_cell(row[place]) for place in kept] for row in block.rows]
    lengths = [
        max([len(column.title) * 0.6, *(len(_text(row[place])) for row in rows)])
        for place, column in enumerate(columns)
    ]
    short = [length <= _SHORT for length in lengths]
    short[0] = short[0] and not all(short)  # something must fill the page's width
    rows = [[_whole(cell) if one else cell for cell, one in zip(row, short, strict=True)] for row in rows]
    return {
        "title": block.title,
        "heads": [column.title for column in columns],
        "right": [column.number for column in columns],
        "widths": [
            0 if one else min(42.0, max(6.0, length)) for length, one in zip(lengths, short, strict=True)
        ],
        "rows": rows,
        "sparks": [_spark(values) for values in block.sparks],
    }


def _cell(cell: Cell) -> str | dict[str, str]:
    match cell:
        case Number():
            return cell.text
        case Held():
            return {"text": cell.text, "mark": cell.mark}
    return cell or "–"


def _whole(cell: str | dict[str, str]) -> str | dict[str, str]:
    """A cell that is not broken into lines."""
    text = _text(cell).replace(" ", "\u00a0")
    return text if isinstance(cell, str) else {**cell, "text": text}


def _text(cell: str | dict[str, str]) -> str:
    return cell if isinstance(cell, str) else cell["text"]


def _spark(values: Sequence[float | None]) -> str:
    """A line through the values as SVG; a gap stays a gap, and fewer than two values make none."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return ""
    low, high = min(known), max(known)
    span = (high - low) or 1.0
    step = 100 / (len(values) - 1)
    lines: list[list[str]] = [[]]
    for place, value in enumerate(values):
        if value is None:
            lines.append([])
        else:
            lines[-1].append(f"{place * step:.1f},{27 - 24 * (value - low) / span:.1f}")
    drawn = "".join(
        f'<polyline points="{" ".join(line)}" fill="none" stroke="#0b5c73" stroke-width="2"/>'
        for line in lines
        if len(line) > 1
    )
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 30">{drawn}</svg>'
