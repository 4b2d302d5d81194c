"""What dates the rows: a column of times, years and months in two, else what the name or the title says."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import pandas as pd

from pipelines.infer.columns import Guess

YEAR_NAME: Final = re.compile(r"(^|_)(year|nam|annee|jahr|anno|ano)(_|$)")
_MONTH_NAME: Final = re.compile(r"(^|_)(month|thang|mois|monat|mes)(_|$)")
_WEEK_NAME: Final = re.compile(r"(^|_)(week|tuan|period|woche|semaine)(_|$)")
_BEGINS: Final = re.compile(
    "open|create|receiv|start|begin|submit|request|measur|observ|record|timestamp|date|time|ngay|thoi_gian|tiep_nhan|nhan"
)
_ENDS: Final = re.compile("clos|end|due|target|finish|complet|updat|resol|han|hoan_thanh|xong|sua")
_ENGLISH: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ROMAN: Final = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")
_SPOKEN: Final[tuple[tuple[str, str | None, str], ...]] = (
    (r"(?:19|20)\d\d-\d\d-\d\d", None, "a day"),
    (r"(?:19|20)\d\d_\d\d_\d\d", "%Y_%m_%d", "a day"),
    (r"(?:19|20)\d\d[01]\d[0-3]\d", "%Y%m%d", "a day"),
    (r"[0-3]?\d/[01]?\d/(?:19|20)\d\d", "%d/%m/%Y", "a day"),
    (r"[0-3]?\d-[01]?\d-(?:19|20)\d\d", "%d-%m-%Y", "a day"),
    (r"(?:19|20)\d\d-[01]\d", "%Y-%m", "a month"),
    (r"(?:19|20)\d\d", "%Y", "a year"),
)
NAME: Final = "as_of"


@dataclass(frozen=True)
class Spoken:
    """A day that the file's name or title says: the pattern that finds it, for the key of ``format``."""

    where: Literal["from_name", "from_title"]
    pattern: str


def find_event_time(guesses: Sequence[Guess]) -> Guess | None:
    """The time that dates a row: without gaps rather than with, of a beginning rather than of an end."""
    times = [guess for guess in guesses if guess.type in ("date", "timestamp") and guess.filled]

    def rank(guess: Guess) -> tuple[bool, bool, bool, int]:
        early = bool(_BEGINS.search(guess.name)) and not _ENDS.search(guess.name)
        return (not guess.full, bool(_ENDS.search(guess.name)), not early, guesses.index(guess))

    return min(times, key=rank, default=None)


def find_year(guesses: list[Guess], frame: pd.DataFrame) -> Guess | None:
    """A column of years, with the month or week beside it if there is one, made a date.

    Changes ``guesses`` and ``frame``.
    """
    for guess in guesses:
        if not YEAR_NAME.search(guess.name) or not guess.filled:
            continue
        cells = frame[guess.name].dropna()
        if cells.str.fullmatch(r"\D{0,12}(1[89]|20)\d\d").mean() < 0.9:
            continue
        beside = _beside(guesses, frame)
        if beside is not None and cells.str.fullmatch(r"\d{4}").all():
            return _joined(guesses, frame, guess, *beside)
        guess.type, guess.format, guess.values = "date", "%Y", None
        before = cells.str.extract(r"^(\D*)\d{4}$")[0].dropna()
        words = sorted(set(before) - {""})
        guess.strip = f"^({'|'.join(map(re.escape, words))})".replace("\\ ", " ") if words else None
        guess.notes = ["a year, dated on its first day"]
        frame[guess.name] = frame[guess.name].str.extract(r"(\d{4})$")[0]
        return guess
    return None


def _beside(
    guesses: Sequence[Guess], frame: pd.DataFrame
) -> tuple[Guess, str, str | None, pd.Series[str]] | None:
    """The column that says which month or week of the year, format of both, its words, and its numbers."""
    for guess in guesses:
        cells = frame[guess.name]
        lower = cells.str.lower().str.rstrip(".").str[:3]
        held = cells.notna()
        if not held.any():
            continue
        if lower[held].isin(_ENGLISH).all():
            return guess, "%Y %m", "english", lower.map({word: str(n) for n, word in enumerate(_ENGLISH, 1)})
        if cells[held].str.lower().isin(_ROMAN).all() and guess.distinct > 6:
            places = {word: str(n) for n, word in enumerate(_ROMAN, 1)}
            return guess, "%Y %m", "roman", cells.str.lower().map(places)
        numbers = cells[held].str.fullmatch(r"\d{1,2}").all()
        most = pd.to_numeric(cells[held], errors="coerce").max()
        if numbers and most <= 12 and _MONTH_NAME.search(guess.name):
            return guess, "%Y %m", None, cells
        if numbers and 52 <= most <= 53 and _WEEK_NAME.search(guess.name):
            return guess, "%G %V", None, cells
    return None


def _joined(
    guesses: list[Guess],
    frame: pd.DataFrame,
    year: Guess,
    part: Guess,
    form: str,
    months: str | None,
    numbers: pd.Series[str],
) -> Guess:
    """One date in place of the two columns."""
    week = form == "%G %V"
    joined = frame[year.name] + " " + numbers.str.zfill(2)
    moments = pd.to_datetime(
        joined + " 1" if week else joined, format="%G %V %u" if week else form, errors="coerce"
    )
    name = "week" if week else "month"
    event = Guess("", name, "date", form, rows=year.rows, filled=int(joined.notna().sum()))
    event.parts, event.months, event.distinct = [year.source, part.source], months, joined.nunique()
    event.notes = [f"the first day of the {name}, from two columns"]
    place = guesses.index(part)
    guesses[place] = event
    guesses.remove(year)
    frame.insert(list(frame.columns).index(part.name), "_joined", moments.dt.strftime("%Y-%m-%d"))
    del frame[year.name], frame[part.name]
    frame.columns = frame.columns.str.replace("_joined", name)
    return event


def spoken(path: Path, title: str, rows: int) -> tuple[Guess, Spoken | None]:
    """A date for all rows of a file that has none in them: from its name, its title, or when it was saved."""
    guess = Guess("", NAME, "date", rows=rows, filled=rows, distinct=1)
    texts: dict[Literal["from_name", "from_title"], str] = {"from_name": path.name, "from_title": title}
    for pattern, form, what in _SPOKEN:  # a day says more than a year, wherever it stands
        for where, text in texts.items():
            found = re.findall(rf"(?<!\d){pattern}(?!\d)", text)
            if not found or (where == "from_title" and len(set(found)) > 1):
                continue
            guess.source, guess.format = NAME, form
            several = f"; there are several: {', '.join(found)}" if len(set(found)) > 1 else ""
            place = "name" if where == "from_name" else "title"
            guess.notes = [f"no column holds a time: {what} in the file's {place}{several}"]
            # RE2 looks neither ahead nor behind.
            return guess, Spoken(where, rf"(?:^|\D)(?P<{NAME}>{pattern})(?:\D|$)")
    saved = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC).date()
    guess.constant = saved.isoformat()
    guess.notes = ["no column, name or title holds a time: the day when the file was saved stands in for it"]
    return guess, None
