"""The table of a text whose cells stand between marks."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

from pipelines.errors import SourceError
from pipelines.infer.dialect import find_dialect, rows_of
from pipelines.infer.layout import header_height, header_row, looks_like_data
from pipelines.infer.table import MOST_ROWS, Table, above, tidy
from pipelines.read.shape import columns_of, joined

FOOTER: Final = 100
"""Lines at the end among which the notes below a table begin."""


def delimited(text: str, *, whole: bool) -> Table:
    """Find it in a text, of which this is the ``whole`` or a part. Raises SourceError."""
    dialect = find_dialect(text)
    rows = rows_of(text.split("\n", 400)[:400], dialect.delimiter, dialect.quote)
    place = header_row(rows, dialect.width)
    height = header_height(rows, place) if rows else 1
    header = joined(rows[place : place + height])
    while len(header) > 1 and not header[-1].strip() and len(header) > dialect.width:
        header.pop()
    # A quoted line break in a title would shift it: the header is looked for by its line.
    lines = text.split("\n")
    skip = _line_of(rows, place, lines, dialect.delimiter, dialect.quote)
    end = _end_of(lines, skip, dialect.delimiter, dialect.quote, len(header)) if whole else len(lines)
    body = "\n".join(lines[skip:end])
    try:
        frame = pd.read_csv(
            io.StringIO(body),
            sep=dialect.delimiter,
            quotechar=dialect.quote,
            header=None,
            skiprows=height,
            dtype="str",
            names=range(len(header)),
            keep_default_na=False,
            on_bad_lines="skip",
            index_col=False,
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise SourceError(
            f"no table was found: {str(error).splitlines()[0]}", "open the file and look"
        ) from error
    format: dict[str, Any] = {"type": "csv"}
    notes = {}
    if dialect.delimiter != ",":
        format["delimiter"] = dialect.delimiter
        notes["delimiter"] = f"{dialect.share:.0%} of the lines looked at have {dialect.width} cells"
    if dialect.quote != '"':
        format["quote"] = dialect.quote
    if skip:
        format["header_row"] = skip + 1
        notes["header_row"] = f"above it: {above(rows[:place])[:80]}"
    if height > 1:
        format["header_height"] = height
        notes["header_height"] = "words stand over columns of numbers"
    if end < len(lines):
        format |= _footer(lines, skip + height, end)
        notes["footer"] = f"{sum(bool(line.strip()) for line in lines[end:])} lines below the table"
    if looks_like_data(header):
        notes["header_row"] = "it looks like data: is there a header at all?"
        format.setdefault("header_row", skip + 1)
    return Table(
        format,
        columns_of(header),
        tidy(frame),
        whole and len(frame) <= MOST_ROWS,
        notes=notes,
        title=above(rows[:place]),
    )


def _footer(lines: Sequence[str], begin: int, end: int) -> dict[str, str]:
    """The pattern by which the notes below a table are told, which is found in no line of it."""
    first = next((line for line in lines[end:] if line.strip()), "")
    for letters in (12, 40, len(first)):
        pattern = "^" + re.escape(first[:letters]).replace("\\ ", " ")
        if first and not any(re.search(pattern, line) for line in lines[begin:end]):
            return {"footer": pattern}
    return {}


def _line_of(
    rows: Sequence[Sequence[str]], place: int, lines: Sequence[str], delimiter: str, quote: str
) -> int:
    """Number of the lines above the row at ``place``."""
    skip = place
    while (
        skip < len(lines)
        and rows_of([lines[skip]], delimiter, quote) != [list(rows[place])]
        and skip < place + 50
    ):
        skip += 1
    return skip if skip < min(len(lines), place + 50) else place


def _end_of(lines: Sequence[str], skip: int, delimiter: str, quote: str, width: int) -> int:
    """Number of the lines above the notes below the table: narrow ones, after all that are not."""
    last = len(lines)
    for place in range(len(lines) - 1, max(skip, len(lines) - FOOTER), -1):
        row = rows_of([lines[place]], delimiter, quote)
        if row and len(row[0]) >= 0.8 * width:
            break
        last = place
    else:
        return len(lines)  # a quoted text of many lines, rather than notes
    # A narrow line inside quotes belongs to the row that it ends.
    return last if sum(line.count(quote) for line in lines[last:]) % 2 == 0 else len(lines)
