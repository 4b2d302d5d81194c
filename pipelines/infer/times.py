"""How a column writes dates and times, told by the very function that will read them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import pandas as pd
import pyarrow as pa

from config.models.feed import ColumnType
from pipelines.contract import EARLIEST
from warehouse.store import Cursor
from warehouse.syntax import literal

_DAYS: Final = tuple(
    form.replace("-", mark)
    for form in ("%d-%m-%Y", "%m-%d-%Y", "%Y-%m-%d", "%d-%m-%y", "%m-%d-%y")
    for mark in "/-. "
)
_WORDS: Final = ("%d %b %Y", "%d-%b-%Y", "%d-%b-%y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%d%b%Y")
_CLOCKS: Final = ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p")
_MONTHS: Final = ("%m/%Y", "%m-%Y", "%Y/%m", "%Y-%m", "%b %Y", "%B %Y", "%b-%Y", "%b-%y")
_RUN: Final = "%Y%m%d"
_TRIED: Final = 400
"""Distinct cells on which every format is tried, before the best ones are held against all."""
_ISO_DAY: Final = r"\d{4}-\d\d-\d\d"
_ISO_TIME: Final = rf"{_ISO_DAY}[T ]\d\d:\d\d.*"
_SHAPE: Final = r"[^\s\d]*[ -]?\d[\w,.:/+ -]{3,40}"


@dataclass(frozen=True)
class Times:
    """``format`` (None: ISO) reads ``matched`` of the cells; ``note`` says what is uncertain."""

    type: ColumnType
    format: str | None
    matched: pd.Series[bool]
    note: str = ""


def find_times(cursor: Cursor, texts: pd.Series[str], header: str, number: str) -> Times | None:
    """The format that reads most of the distinct ``texts``; None when none reads nine in ten.

    ``number`` is the pattern of the file's numbers, which are no times.
    """
    if texts.str.fullmatch(number).mean() > 0.1 and not _may_be_run(texts, header):
        return None
    if texts.str.fullmatch(_SHAPE).mean() < 0.5:
        return None
    day = texts.str.fullmatch(_ISO_DAY).astype(bool)
    iso = texts.str.fullmatch(_ISO_TIME).astype(bool)
    if day.mean() >= 0.9 and day.mean() >= iso.mean():
        return Times("date", None, day)
    if (day | iso).mean() >= 0.9:
        note = "" if not day.any() else f"{int(day.sum())} of its distinct cells are days without a time"
        return Times("timestamp", None, day | iso, note)
    return _by_format(cursor, texts)


def _by_format(cursor: Cursor, texts: pd.Series[str]) -> Times | None:
    some = texts.iloc[:: max(1, len(texts) // _TRIED)][:_TRIED]
    formats = _candidates(some)
    if not formats:
        return None
    few = _matches(cursor, some, formats)
    likely = [form for form in formats if few[form].mean() >= 0.9]
    if not likely:
        return None
    found = _matches(cursor, texts, list(dict.fromkeys([*likely, *map(_swapped, likely)])))
    best = max(likely, key=lambda form: found[form].sum())  # of equals the first: dd/mm before mm/dd
    if found[best].mean() < 0.9:
        return None
    kind: ColumnType = "timestamp" if "%H" in best or "%I" in best else "date"
    return Times(kind, best, found[best], _note(texts, best, found))


def _swapped(form: str) -> str:
    """The format with day and month in each other's place."""
    return form.replace("%d", "%\0").replace("%m", "%d").replace("%\0", "%m")


def _candidates(texts: pd.Series[str]) -> list[str]:
    """Formats whose marks most of the texts have: to try all of them on every column would take long."""

    def usual(mark: str) -> bool:
        return bool(texts.str.contains(mark, regex=False).mean() > 0.8)

    clock = usual(":")
    words = bool(texts.str.contains(r"[A-Za-z]{3}").mean() > 0.8)
    days = [form for form in (_WORDS if words else _DAYS) if words or usual(form[2])]
    if not clock:
        return [
            *([] if words else [_RUN]),
            *days,
            *(form for form in _MONTHS if ("%b" in form.lower()) == words),
        ]
    halves = [
        each for each in _CLOCKS if ("%I" in each) == bool(texts.str.contains("(?i)[ap]m").mean() > 0.8)
    ]
    return [
        *(f"{day}{gap}{each}" for day in days for each in halves for gap in (" ", "T")),
        *(f"{each} {day}" for day in days for each in halves),
    ]


def _note(texts: pd.Series[str], best: str, found: dict[str, pd.Series[bool]]) -> str:
    """On what evidence the day and the month are told apart."""
    if "%d" not in best or "%m" not in best or best.index("%Y" if "%Y" in best else "%y") < best.index("%m"):
        return ""
    against = int((~found[_swapped(best)]).sum())
    first, second = ("day", "month") if best.index("%d") < best.index("%m") else ("month", "day")
    if against == 0:
        return f"{first} before {second} is a guess: no cell has a number above 12 there"
    return (
        f"{first} before {second}: {against:,} of {len(texts):,} distinct cells can be read in no other way"
    )


def _matches(cursor: Cursor, texts: pd.Series[str], formats: list[str]) -> dict[str, pd.Series[bool]]:
    """Of each format, which texts it reads as a time that a contract would take."""
    cursor.register("tried_times", pa.table({"text": pa.array(texts.tolist(), pa.string())}))
    reads = ", ".join(
        f"coalesce(try_strptime(text, {literal(form)}) >= DATE {literal(EARLIEST)}, false)"
        for form in formats
    )
    rows = cursor.execute(f"SELECT {reads} FROM tried_times").df()
    cursor.unregister("tried_times")
    rows.index = texts.index
    return {form: rows.iloc[:, place].astype(bool) for place, form in enumerate(formats)}


def _may_be_run(texts: pd.Series[str], header: str) -> bool:
    """Whether bare digits may be days such as 20250131: eight of them under a header that says so."""
    eight = texts.str.fullmatch(r"(19|20)\d\d(0[1-9]|1[0-2])([0-2]\d|3[01])").mean() >= 0.9
    return bool(eight and re.search(r"date|day|ngày|ngay|time|period|kỳ", header, re.I))
