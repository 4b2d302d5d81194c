"""What stands between the cells of a text file, and what around them."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

DELIMITERS: Final = (",", ";", "\t", "|")
LOOKED_AT: Final = 400
"""Lines on which candidates are tried: a mark that is rare stands out in this many as well."""
_PLAIN: Final = re.compile(
    r"""[-+]?[\d.,\s]*\d%?|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ][\d:.]+([-+]\d\d:?\d\d|Z)?)?|[^,;\t|"]*"""
)
"""A number, a date, or words without any of the marks that may stand between cells."""


@dataclass(frozen=True)
class Dialect:
    """``share`` of the lines looked at has the usual number of cells, ``width``."""

    delimiter: str
    quote: str
    width: int
    share: float


def find_dialect(text: str) -> Dialect:
    """The delimiter and quote under which lines have most evenly many cells that look like one thing each."""
    lines = text.split("\n", LOOKED_AT)[:LOOKED_AT]
    quote = _quote(lines)
    best, best_score = Dialect(",", quote, 1, 1.0), 0.0
    for delimiter in DELIMITERS:
        rows = rows_of(lines, delimiter, quote)
        widths = Counter(len(row) for row in rows if any(cell.strip() for cell in row))
        if not widths:
            continue
        # Titles and notes are narrow: the width of the table is the one that holds most cells.
        width = max(widths, key=lambda w: (widths[w] * w, w))
        if width == 1:
            continue
        share = widths[width] / sum(widths.values())
        cells = [cell for row in rows if len(row) == width for cell in row]
        sound = sum(1 for cell in cells if _PLAIN.fullmatch(cell)) / len(cells)
        score = share * sound**2 * (1 - 1 / width)
        if score > best_score:
            best, best_score = Dialect(delimiter, quote, width, share), score
    return best


def rows_of(lines: list[str], delimiter: str, quote: str) -> list[list[str]]:
    """The lines as rows of cells; from a line on that no reader can split, none."""
    rows: list[list[str]] = []
    reader = csv.reader(lines, delimiter=delimiter, quotechar=quote)
    try:
        for row in reader:
            rows.append(row)  # noqa: PERF402 what was read before an error counts
    except csv.Error:
        pass
    return rows


def _quote(lines: list[str]) -> str:
    """A single quote where cells begin and end with one and none with a double quote."""
    text = "\n".join(lines)
    double = len(re.findall(r'(?:^|[,;\t|])"', text, re.M))
    single = len(re.findall(r"(?:^|[,;\t|])'[^'\n]*'(?=[,;\t|\r]|$)", text, re.M))
    return "'" if single > 1 and not double else '"'
