"""A first definition of a feed from one file: everything that was guessed, in one place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from config import City
from pipelines.errors import SourceError
from pipelines.infer.cadence import UNKNOWN, Cadence, find_cadence
from pipelines.infer.columns import ENOUGH, Guess, guess_columns
from pipelines.infer.keys import YEAR_NAME, Key, find_event_time, find_key
from pipelines.infer.layout import YEAR, YEAR_ALONE, wide_columns, word_alone
from pipelines.infer.names import identifier
from pipelines.infer.numbers import Marks, find_marks
from pipelines.infer.places import Located, find_area
from pipelines.infer.table import Table, read_table
from warehouse.store import Store

ENDINGS: Final = (
    ".gz",
    ".zip",
    ".csv",
    ".tsv",
    ".txt",
    ".json",
    ".geojson",
    ".jsonl",
    ".ndjson",
    ".parquet",
    ".xlsx",
    ".xls",
    ".ods",
)
LONG: Final = 100_000
"""Rows of a wide table that are turned to be looked at."""


@dataclass(frozen=True)
class Draft:
    """All that was guessed of a file; ``write`` says it in YAML."""

    id: str
    file: str
    table: Table
    marks: Marks
    nulls: tuple[str, ...]
    columns: tuple[Guess, ...]
    wide: tuple[str, ...]
    keep: tuple[str, ...]
    key: Key | None
    event: Guess | None
    area: Located | None
    cadence: Cadence


def infer(city: City, path: Path, work: Path, id: str | None = None) -> Draft:
    """Guess the definition of a feed whose deliveries look like the file at ``path``.

    ``work`` is an empty folder for a database in which formats are tried. Raises SourceError.
    """
    if not path.is_file():
        raise SourceError(f"there is no file {path}")
    table = read_table(path)
    headers, frame = list(table.headers), table.frame
    if not len(frame):
        raise SourceError("the file has a header and no rows", "infer wants rows to look at")
    repeated = (frame == pd.Series(headers, index=frame.columns)).all(axis=1)
    frame = frame[~repeated].reset_index(drop=True)
    wide, pattern = wide_columns(headers)
    keep: list[str] = []
    if pattern is not None and len(wide) < len(headers):
        keep = [name for name in headers if name not in wide]
        frame = _turned(frame, headers, keep)
        headers = [*keep, "period", "value"]
    else:
        wide = []
    marks = find_marks(_distinct(frame), table.format.get("delimiter", ","))
    nulls: set[str] = set()
    store = Store.open(work / "try.duckdb", city.head.timezone, threads=1)
    try:
        with store.read() as cursor:
            guesses = guess_columns(cursor, frame, headers, marks, nulls, whole=table.whole)
    finally:
        store.close()
    for place, kind in table.native.items():
        guesses[place].type, guesses[place].format = kind, None
    if nulls:
        frame = frame.mask(frame.isin(list(nulls)), None)
    if wide:  # an empty cell gives no row
        frame = frame[frame[len(keep) + 1].notna()].reset_index(drop=True)
        guesses[len(keep) + 1].rows = guesses[len(keep) + 1].filled
    if wide and pattern in YEAR_ALONE:
        _period(guesses[-2], YEAR_ALONE[pattern])
        if (word := word_alone(pattern, wide)) is not None:
            _item(guesses, frame, word)
        frame[len(keep)] = frame[len(keep)].str.replace(YEAR_ALONE[pattern], "", regex=True)
    event = find_event_time(guesses) or _year(guesses, frame)
    area = find_area(frame, guesses, city.areas)
    if area is not None and area.share >= ENOUGH and not table.native:
        area.column.type = "text"
    return Draft(
        id or identifier(_stem(path), "feed"),
        path.name,
        table,
        marks,
        tuple(sorted(nulls)),
        tuple(sorted(guesses, key=lambda guess: guess.name in ("period", "value") and bool(wide))),
        tuple(wide),
        tuple(keep),
        find_key(frame, guesses, event),
        event,
        area,
        _cadence(frame, guesses, event),
    )


def _stem(path: Path) -> str:
    name = path.name
    while name.lower().endswith(ENDINGS):
        name = name[: name.rindex(".")]
    # Deliveries of one feed differ by their date: it is no part of the feed's name.
    return re.sub(r"([ _.-]*(19|20)\d\d([-_.]?\d\d)?([-_.]?\d\d)?)+$", "", name) or name


def _turned(frame: pd.DataFrame, headers: list[str], keep: list[str]) -> pd.DataFrame:
    """One row for each filled cell outside ``keep``."""
    named = frame.iloc[: max(1, LONG // len(headers))].set_axis(headers, axis=1)
    long = named.melt(id_vars=keep, var_name="period", value_name="value").dropna(subset=["value"])
    return long.set_axis(range(long.shape[1]), axis=1).reset_index(drop=True)


def _distinct(frame: pd.DataFrame) -> pd.Series[str]:
    texts = pd.unique(pd.concat([pd.Series(frame[column].dropna().unique()) for column in frame]))
    return pd.Series(texts, dtype="str")


def _period(guess: Guess, strip: str) -> None:
    """Years, with or without words about them, which wide tables have as headers."""
    guess.type, guess.format, guess.values, guess.code = "date", "%Y", None, False
    guess.strip, guess.source = strip, guess.name
    guess.notes = ["the year in the header"]


def _item(guesses: list[Guess], frame: pd.DataFrame, strip: str) -> None:
    """What is counted, which stands in the header beside the year: a column of its own from that header."""
    period = guesses[-2]
    words = frame[frame.shape[1] - 2].str.replace(strip, "", regex=True)
    item = Guess(
        period.source, "item", strip=strip, rows=period.rows, filled=period.filled, distinct=words.nunique()
    )
    item.notes = [f"the rest of the header: {', '.join(words.unique()[:6])}"]
    guesses.append(item)
    frame[frame.shape[1]] = words


def _year(guesses: list[Guess], frame: pd.DataFrame) -> Guess | None:
    """A column of years, made a date, for lack of anything better."""
    for place, guess in enumerate(guesses):
        if not YEAR_NAME.search(guess.name) or not guess.filled:
            continue
        cells = frame.iloc[:, place].dropna()
        if cells.str.fullmatch(r"\D{0,12}(1[89]|20)\d\d").mean() > 0.9:
            guess.type, guess.format, guess.values = "date", "%Y", None
            guess.strip = None if cells.str.fullmatch(r"\d{4}").all() else YEAR_ALONE[YEAR]
            guess.notes = ["a year, dated on its first day"]
            return guess
    return None


def _cadence(frame: pd.DataFrame, guesses: list[Guess], event: Guess | None) -> Cadence:
    if event is None:
        return UNKNOWN
    cells = frame.iloc[:, guesses.index(event)].dropna().drop_duplicates()
    if event.strip:
        cells = cells.str.replace(event.strip, "", regex=True)
    moments = pd.to_datetime(cells, format=event.format or "ISO8601", errors="coerce", utc=True)
    return find_cadence(moments)
