"""Where the table begins in a sheet of cells, and which of its headers are periods rather than names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

_MONTHS: Final = (
    "jan feb mar apr may jun jul aug sep oct nov dec january february march april june july august september "
    "october november december sept"
)
_MONTH: Final = "|".join(_MONTHS.split())
_NUMBER: Final = re.compile(r"[-+]?[\d.,\s]*\d%?")
_PRELIMINARY: Final = r"((?:prel?|p|est|sơ bộ|so bo|ước|uoc|năm|nam|year)\b[. _]*)?"
YEAR: Final = re.compile(rf"{_PRELIMINARY}(1[89]\d\d|20\d\d)", re.I)
"""A year, perhaps with a word before it such as 'Prel.' or 'Năm'."""
DAY: Final = re.compile(r"\d{1,2}[/.-]\d{1,2}[/.-]\d{4}|\d{4}-\d\d(-\d\d)?")
YEAR_FIRST: Final = re.compile(rf"{_PRELIMINARY}(1[89]\d\d|20\d\d)[ _-]+.+", re.I)
YEAR_LAST: Final = re.compile(rf".+?[ _-]+{_PRELIMINARY}(1[89]\d\d|20\d\d)", re.I)
"""A year and what is counted in it, such as '2002 Hospitals'."""
YEAR_ALONE: Final = {YEAR: r"^\D+", YEAR_FIRST: r"^\D+|[ _-].*$", YEAR_LAST: r"^.*\D"}
"""What is to be stripped from such a header for the year to be left of it."""


def word_alone(pattern: re.Pattern[str], headers: Iterable[str]) -> str | None:
    """What is to be stripped from headers of a year and a word for the word to be left; else None."""
    if pattern is YEAR_FIRST:
        return r"^\D*\d{4}[ _-]+"
    if pattern is not YEAR_LAST:
        return None
    before = {found[1] for name in headers if (found := pattern.fullmatch(name.strip()))} - {None}
    words = f"({'|'.join(map(re.escape, sorted(before)))})?" if before else ""
    return rf"[ _-]+{words}\d{{4}}$"


MONTH: Final = re.compile(rf"({_MONTH})\.?|(tháng|thang|t\.?|m\.?)\s*(0?[1-9]|1[0-2])|[IVX]+", re.I)
FEWEST: Final = 3
"""So many columns in a row must be periods before a table counts as wide."""


def header_row(rows: Sequence[Sequence[str]], width: int) -> int:
    """Place (from 0) of the row that names the columns: the first that is nearly as wide as the table."""
    for place, row in enumerate(rows[:60]):
        filled = sum(1 for cell in row if cell.strip())
        if filled >= max(2, 0.6 * width) or (width == 1 and filled == 1):
            return place
    return 0


def looks_like_data(row: Sequence[str]) -> bool:
    """Whether a row holds a number that is no year: no header does."""
    return any(_NUMBER.fullmatch(cell.strip()) and not YEAR.fullmatch(cell.strip()) for cell in row)


def wide_columns(names: Sequence[str]) -> tuple[list[str], re.Pattern[str] | None]:
    """Headers that are periods, and the pattern that they follow; none when they are too few."""
    for pattern in (YEAR, DAY, MONTH, YEAR_FIRST, YEAR_LAST):
        found = [name for name in names if pattern.fullmatch(name.strip())]
        if len(found) >= FEWEST and len(found) >= len(names) / 2:
            return found, pattern
    return [], None
