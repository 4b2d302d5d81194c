"""How a file writes numbers: decimal mark, marks between thousands, units in the cell, words for nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

_WORDS: Final = """
n/a|na|#n/a|null|none|nan|nil|no data|missing|unknown|x|..|...|…|-|--|---|–|—|?|.|*|
không|không có|không xác định|chưa có|k.c|kxđ
"""
NULLS: Final = frozenset(word.strip() for word in _WORDS.split("|"))
"""What people write where there is nothing, in lower case; believed in columns of numbers and times alone."""
_MARKS: Final = re.compile(r"[^\w]+|\*+|[xX]{2,}")
_GROUPED: Final = {
    ",": re.compile(r"[-+]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?"),
    ".": re.compile(r"[-+]?[1-9]\d{0,2}(\.\d{3})+(,\d+)?"),
    " ": re.compile(r"[-+]?[1-9]\d{0,2}([ ]\d{3})+([.,]\d+)?"),
}
_UNIT: Final = re.compile(r"[-+]?[\d., ]*\d(?P<unit> *[^\d\s.,][^\d]*)")


@dataclass(frozen=True)
class Marks:
    """``decimal`` mark and ``thousands`` marks (none: empty), and why."""

    decimal: str
    thousands: str
    note: str = ""


def find_marks(columns: Sequence[pd.Series[str]], delimiter: str) -> Marks:
    """Tell the marks from every distinct cell of the columns that is digits, marks and perhaps a unit."""
    columns = [_bare(column) for column in columns]
    seen = pd.concat(columns, ignore_index=True)
    comma, point = seen.str.contains(",", regex=False), seen.str.contains(".", regex=False)
    grouped = {mark: seen.str.fullmatch(pattern.pattern) for mark, pattern in _GROUPED.items()}
    only_comma, only_point = seen[comma & ~point], seen[point & ~comma]
    both = seen[comma & point]
    last_is_comma = both.str.rfind(",") > both.str.rfind(".")
    for_comma = int(last_is_comma.sum()) + int(
        (only_comma.str.count(",").eq(1) & ~grouped[","][only_comma.index]).sum()
    )
    for_point = int((~last_is_comma).sum()) + int(
        (only_point.str.count(r"\.").eq(1) & ~grouped["."][only_point.index]).sum()
    )
    spaced = " " if grouped[" "].any() else ""
    if for_comma or for_point:
        decimal = "," if for_comma > for_point else "."
        other = "." if decimal == "," else ","
        thousands = (other if grouped[other].any() else "") + spaced
        note = ""
        if for_comma and for_point:
            note = f"{for_comma} cells speak for a decimal comma, {for_point} for a point"
        return Marks(decimal, thousands, note)
    if grouped[","].any():  # groups of three alone
        doubt = "every comma stands before three digits"
        if delimiter == ";":
            return Marks(",", spaced, f"{doubt}: it may part thousands instead")
        return Marks(".", f",{spaced}", f"{doubt}: it may be a decimal comma instead")
    if grouped["."].any():
        return _points(columns)
    return Marks(".", spaced)


def _bare(texts: pd.Series[str]) -> pd.Series[str]:
    """The numbers among the cells, without units."""
    seen = texts[texts.str.fullmatch(r"[-+]?[\d., ]*\d\s?\D{0,8}").astype(bool)]
    return seen.str.extract(r"^([-+]?[\d., ]*\d)")[0].dropna()


def _points(columns: Sequence[pd.Series[str]]) -> Marks:
    """Points that always stand before three digits: between thousands if numbers below them have none."""
    doubt = "every point stands before three digits"
    for column in columns:
        dotted = column[column.str.fullmatch(_GROUPED["."].pattern).astype(bool)]
        plain = column.drop(dotted.index)
        if dotted.str.count(r"\.").gt(1).any():
            return Marks(",", ".")
        # Whole numbers below a thousand without a point, and all others with one before three digits.
        small = plain.str.fullmatch(r"[-+]?\d{1,3}").all()
        # And no program keeps the zero at the end of 12.340, unless it writes three decimals always.
        zeros = len(dotted) >= 10 and dotted.str.endswith("0").any()
        if small and (zeros or (len(dotted) >= 3 and len(plain) >= 2 * len(dotted))):
            return Marks(",", ".", f"{doubt}, and no number below a thousand has one: thousands, it seems")
    return Marks(".", "", f"{doubt}: it may part thousands instead")


def number_pattern(marks: Marks) -> str:
    """What a number of the file looks like, as a regular expression."""
    point = re.escape(marks.decimal)
    whole = rf"(?:\d{{1,3}}(?:[{marks.thousands}]\d{{3}})+|\d+)" if marks.thousands else r"\d+"
    return rf"[-+]?(?:{whole}(?:{point}\d*)?|{point}\d+)(?:[eE][-+]?\d+)?"


def as_number(texts: pd.Series[str], marks: Marks) -> pd.Series[float]:
    """The numbers that texts of this pattern stand for."""
    if marks.thousands:
        texts = texts.str.replace(f"[{marks.thousands}]", "", regex=True)
    if marks.decimal == ",":
        texts = texts.str.replace(",", ".", regex=False)
    return pd.to_numeric(texts, errors="coerce")


def is_nothing(texts: pd.Series[str]) -> pd.Series[bool]:
    """Whether a cell that is no number and no time stands for none."""
    return texts.str.lower().isin(NULLS) | texts.str.fullmatch(_MARKS.pattern).astype(bool)


def find_unit(texts: pd.Series[str], counts: pd.Series[int]) -> str | None:
    """The unit that stands behind nearly every number of a column; None when there is none, or several."""
    units = texts.str.extract(rf"^{_UNIT.pattern}$")["unit"].str.strip()
    if units.notna().sum() == 0:
        return None
    weight = counts.groupby(units).sum().sort_values(ascending=False)
    if weight.iloc[0] < 0.9 * counts[~is_nothing(texts)].sum():
        return None
    return str(weight.index[0])
