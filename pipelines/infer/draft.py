"""A first definition of a feed from one file: everything that was guessed, in one place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from config import City
from pipelines.errors import SourceError
from pipelines.infer.cadence import UNKNOWN, Cadence, cadence_of, find_cadence
from pipelines.infer.columns import ENOUGH, Guess, guess_columns
from pipelines.infer.dating import Spoken, find_event_time, find_year, spoken
from pipelines.infer.keys import Key, find_key
from pipelines.infer.layout import Layout, lay_out, totals
from pipelines.infer.look import read_table
from pipelines.infer.names import identifier, identifiers
from pipelines.infer.numbers import Marks, find_marks
from pipelines.infer.places import Located, find_area, outside
from pipelines.infer.table import Table
from pipelines.infer.wide import Wide, find_wide, turn
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

NAMELESS: Final = re.compile(r"column \d+")
"""What a column without a header is called: if nothing stands in it either, it is none."""


@dataclass(frozen=True)
class Draft:
    """All that was guessed of a file; ``write`` says it in YAML."""

    id: str
    file: str
    table: Table
    layout: Layout
    wide: Wide | None
    marks: Marks
    nulls: tuple[str, ...]
    columns: tuple[Guess, ...]
    key: Key | None
    event: Guess
    spoken: Spoken | None
    area: Located | None
    outside: int
    cadence: Cadence
    remark: str
    same: int


def infer(city: City, path: Path, work: Path, id: str | None = None) -> Draft:
    """Guess the definition of a feed whose deliveries look like the file at ``path``.

    ``work`` is an empty folder for a database in which formats are tried. Raises SourceError.
    """
    if not path.is_file():
        raise SourceError(f"there is no file {path}")
    table = read_table(path)
    layout, frame = lay_out(table.frame, table.headers)
    if not len(frame):
        raise SourceError("the file has a header and no rows", "infer wants rows to look at")
    wide = find_wide(frame)
    remark = totals(frame)
    if wide is not None:
        frame = turn(frame, wide)
    headers = list(frame.columns)
    frame = frame.set_axis(identifiers(headers), axis=1)
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
    if wide is not None:
        frame = frame[frame[wide.value].notna()].reset_index(drop=True)  # an empty cell gives no row
        _as_told(guesses, wide)
    event, said = find_event_time(guesses) or find_year(guesses, frame), None
    if event is None:
        event, said = spoken(path, table.title, len(frame))
        guesses.insert(0, event)
    area = find_area(frame, guesses, city.areas)
    if area is not None and area.share >= ENOUGH and not table.native:
        area.column.type = "text"
    return Draft(
        id or identifier(_stem(path), "feed"),
        path.name,
        table,
        layout,
        wide,
        marks,
        tuple(sorted(nulls)),
        tuple(guess for guess in guesses if guess.filled or not NAMELESS.fullmatch(guess.source)),
        find_key(frame, guesses, event),
        event,
        said,
        area,
        _outside(frame, event, area, city),
        _cadence(frame, event, said),
        remark,
        int(frame.duplicated().sum()),
    )


def _as_told(guesses: list[Guess], wide: Wide) -> None:
    """What is known of columns that were headers."""
    for guess in guesses[len(wide.keep) :]:
        guess.rows = guess.filled
        if guess.source in wide.names:
            guess.values = None
            guess.notes = guess.notes if guess.type in ("date", "timestamp") else []


def _stem(path: Path) -> str:
    name = path.name
    while name.lower().endswith(ENDINGS):
        name = name[: name.rindex(".")]
    # Deliveries of one feed differ by their date: it is no part of the feed's name.
    return re.sub(r"([ _.-]*(19|20)\d\d([-_.]?\d\d)?([-_.]?\d\d)?)+$", "", name) or name


def _distinct(frame: pd.DataFrame) -> list[pd.Series[str]]:
    return [pd.Series(frame[name].dropna().unique(), dtype="str") for name in frame]


def _cadence(frame: pd.DataFrame, event: Guess, said: Spoken | None) -> Cadence:
    """How often its rows are dated."""
    if event.name not in frame:
        named = said is not None and said.where == "from_name"
        return cadence_of(event.format or "%d") if named else UNKNOWN
    return find_cadence(_moments(frame, event).drop_duplicates())


def _moments(frame: pd.DataFrame, event: Guess) -> pd.Series[pd.Timestamp]:
    """When rows are dated, offsets aside; the text is ISO where the column was put together from several."""
    form = "ISO8601" if event.parts or event.format is None else event.format
    cells = frame[event.name].astype("str")
    cells = cells.str.replace(r"(Z|[-+]\d\d:?\d\d)$", "", regex=True) if form == "ISO8601" else cells
    return pd.Series(pd.to_datetime(cells, format=form, errors="coerce"), index=frame.index)


def _outside(frame: pd.DataFrame, event: Guess, area: Located | None, city: City) -> int:
    if area is None or event.name not in frame:
        return 0
    days = _moments(frame, event).dt.strftime("%Y-%m-%d")
    return outside(frame[area.column.name], days, area, city.areas)
