"""Tables with a column for each period: which headers are periods, and what else they say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import pandas as pd

_WORDS: Final = r"((?:prel?|p|est|sơ bộ|so bo|ước|uoc|năm|nam|year)\b[. _]*)?"
_DIGITS: Final = r"((?:1[89]|20)\d\d)"
_ENGLISH: Final = (
    "jan feb mar apr may jun jul aug sep sept oct nov dec january february march april june july august"
)
_MONTH: Final = "|".join(f"{_ENGLISH} september october november december".split())
Kind = Literal["year", "day", "month", "year first", "year last"]
_PATTERNS: Final[dict[Kind, re.Pattern[str]]] = {
    "year": re.compile(rf"{_WORDS}{_DIGITS}", re.I),
    "day": re.compile(r"\d{1,2}[/.-]\d{1,2}[/.-]\d{4}|\d{4}-\d\d(-\d\d)?"),
    "month": re.compile(rf"({_MONTH})\.?|(tháng|thang|t\.?|m\.?)\s*(0?[1-9]|1[0-2])|[IVX]{{1,4}}", re.I),
    "year first": re.compile(rf"{_WORDS}{_DIGITS}[ _-]+(.+)", re.I),
    "year last": re.compile(rf"(.+?)[ _-]+{_WORDS}{_DIGITS}", re.I),
}
FEWEST: Final = 3
"""So many columns in a row must be periods before a table counts as wide."""
LONG: Final = 100_000
"""Rows of a wide table that are turned to be looked at."""


@dataclass(frozen=True)
class Wide:
    """``columns`` are headers that are periods, ``keep`` those that are not, ``drop`` those over nothing.

    A header becomes the columns ``names``: one, or by ``pattern`` its named groups; a cell ``value``.
    """

    kind: Kind
    columns: tuple[str, ...]
    keep: tuple[str, ...]
    drop: tuple[str, ...]
    names: tuple[str, ...]
    pattern: str | None
    value: str

    @property
    def told(self) -> tuple[str, ...]:
        """All columns once the table is turned."""
        return (*self.keep, *self.names, self.value)


def find_wide(frame: pd.DataFrame) -> Wide | None:
    """Whether at least half of the headers are periods; ``frame`` has its columns named by them."""
    headers = [str(name) for name in frame.columns]
    drop = tuple(name for name in headers if not frame[name].notna().any())
    held = [name for name in headers if name not in drop]
    for kind, pattern in _PATTERNS.items():
        found = [name for name in held if pattern.fullmatch(name.strip())]
        keep = tuple(name for name in held if name not in found)
        if len(found) < FEWEST or len(found) < len(held) / 2 or not keep:
            continue
        taken = {name.lower() for name in keep}
        value = "value" if "value" not in taken else "amount"
        names, split = _split(kind, found)
        names = tuple(name if name not in taken else f"header_{name}" for name in names)
        drops = () if any(name in drop for name in keep) else tuple(name for name in drop)
        return Wide(kind, tuple(found), keep, drops, names, split, value)
    return None


def _split(kind: Kind, headers: Sequence[str]) -> tuple[tuple[str, ...], str | None]:
    if kind not in ("year first", "year last"):
        return (kind,), None
    pattern = _PATTERNS[kind]
    group = 1 if kind == "year first" else 2
    words = {found[group] for name in headers if (found := pattern.fullmatch(name.strip()))} - {None, ""}
    before = f"(?:{'|'.join(map(_escaped, sorted(words)))})?" if words else ""
    if kind == "year first":
        return ("year", "item"), rf"^{before}(?P<year>\d{{4}})[ _-]+(?P<item>.+)$"
    return ("item", "year"), rf"^(?P<item>.+?)[ _-]+{before}(?P<year>\d{{4}})$"


def _escaped(word: str) -> str:
    return re.escape(word).replace("\\ ", " ")


def turn(frame: pd.DataFrame, wide: Wide) -> pd.DataFrame:
    """One row for each filled cell outside ``keep`` and ``drop``."""
    few = frame.iloc[: max(1, LONG // len(frame.columns))]
    long = few.melt(
        id_vars=list(wide.keep), value_vars=list(wide.columns), var_name="_header", value_name=wide.value
    )
    long = long.dropna(subset=[wide.value]).reset_index(drop=True)
    headers = long.pop("_header").astype(str)
    parts = headers.to_frame() if wide.pattern is None else headers.str.extract(wide.pattern)
    for place, name in enumerate(wide.names):
        long.insert(len(wide.keep) + place, name, parts.iloc[:, place])
    return long
