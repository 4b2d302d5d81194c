"""Trying a feed on a file: the very load, into a warehouse of its own that is thrown away.

Nothing of the city's own warehouse is opened, so a trial runs beside a server. There is no history in it:
what a contract says of earlier deliveries is not judged.
"""

from __future__ import annotations

import datetime as dt
import glob
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from config import City
from config.models import Feed, FolderConnector
from pipelines.account import RunResult
from pipelines.errors import SourceError, UnfinishedFileError
from pipelines.folder import deliveries
from pipelines.land import land, work_folder
from pipelines.load import Loader
from pipelines.read.inspect import inspect, work_prefix
from pipelines.read.parts import split
from pipelines.read.reshape import names_after
from pipelines.read.shape import absent, bind
from warehouse.facts import fact_table, q
from warehouse.store import Store

_PROBLEMS: Final = """
SELECT row, line, raw, place, p['column'] AS "column", p['reason'] AS reason, p['value'] AS value,
  p['detail'] AS sentence
FROM (SELECT rowid AS row, line, raw, generate_subscripts(listed, 1) AS place, unnest(listed) AS p
  FROM (SELECT rowid, line, raw, coalesce(
    from_json(problems,
      '[{"column": "VARCHAR", "reason": "VARCHAR", "value": "VARCHAR", "detail": "VARCHAR"}]'),
    [{'column': column_name, 'reason': reason, 'value': NULL, 'detail': detail}]
  ) AS listed FROM quarantine))
"""
"""Every problem of every refused row; a malformed line has one."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How the file was read, and what became of its columns.

    ``bound`` maps each column of the contract to the header that it was found under, ``missing`` are headers
    that the contract names and the file lacks, ``new`` those that it does not name. ``format`` holds what was
    found or declared, by the keys of the feed's ``format``.
    """

    format: Mapping[str, Any]
    bound: Mapping[str, str]
    missing: Sequence[str]
    new: Sequence[str]


@dataclass(frozen=True, slots=True)
class Cause:
    """In how many rows a column is wrong for one reason, and an example; a row may be wrong in several."""

    reason: str
    column: str | None
    rows: int
    example: str


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that is wrong in a row: the column, the cell (None: it is the whole row) and the sentence."""

    column: str | None
    reason: str
    value: str | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refused row: its line in the file, all that is wrong in it, and the row as it came."""

    line: int | None
    problems: Sequence[Wrong]
    raw: str


@dataclass(frozen=True, slots=True)
class Flag:
    """What an accepted row broke; without a line: what the whole delivery did.

    ``mode``: the cell was emptied (``empty``), stands as it came (``flag``), or the row counts for the whole
    city (``root``).
    """

    line: int | None
    column: str | None
    reason: str
    value: str | None
    sentence: str
    mode: str


@dataclass(frozen=True)
class Trial:
    """What a load of the file would do.

    ``runs`` are its accounts, one for each member of an archive and sheet of a workbook that is read;
    ``rows`` the first accepted rows, typed, times in the city's zone, with the line and the area of each.
    """

    runs: Sequence[RunResult]
    reading: Reading | None
    causes: Sequence[Cause]
    refusals: Sequence[Refusal]
    flags: Sequence[Flag]
    columns: Sequence[str]
    rows: Sequence[tuple[Any, ...]]

    @property
    def received(self) -> int:
        """Rows of all parts of the file."""
        return sum(run.received for run in self.runs)

    @property
    def rejected(self) -> int:
        """Those of them that the contract refuses."""
        return sum(run.rejected for run in self.runs)

    @property
    def accepted(self) -> int:
        """Rows that would become facts, or leave facts as they are."""
        return self.received - self.rejected

    @property
    def flagged(self) -> int:
        """Accepted rows that broke a rule which lets them pass."""
        return sum(run.flagged for run in self.runs)

    @property
    def failed(self) -> Sequence[RunResult]:
        """The parts of the file that cannot be read, with message and hint."""
        return [run for run in self.runs if run.status != "done"]


def speaking(city: City, language: str) -> City:
    """The city with this language, if it has it, before its others: the first says why rows are refused."""
    languages = sorted(city.head.languages, key=lambda other: other != language)
    return replace(city, head=city.head.model_copy(update={"languages": tuple(languages)}))


def try_file(
    city: City, feed: Feed, path: Path, now: dt.datetime, *, rows: int = 5, refusals: int = 20
) -> Trial:
    """Load the file at ``path`` as a delivery of ``feed``, wherever that fetches its own, and look.

    ``rows`` and ``refusals``: how many accepted rows, and how many refused and flagged ones, to keep; the
    account covers all.
    Raises SourceError where there is no such file or its name says that it is not complete.
    """
    file = path.resolve()
    if not file.is_file():
        raise SourceError(f"there is no file {path}")
    dropped = feed.model_copy(update={"connector": FolderConnector(path=glob.escape(file.name))})
    with tempfile.TemporaryDirectory(prefix="trial-") as folder:
        home = Path(folder)
        landing = home / "landing"
        store = Store.open(home / "warehouse.duckdb", city.head.timezone, folders=[landing])
        try:
            loader = Loader(city, store, file.parent, landing, home / "spool")
            reading = _reading(dropped, file, landing)
            runs = sorted(loader.run(dropped, now), key=lambda run: run.file)
            if not runs:
                raise SourceError(
                    f"{file.name} is no delivery: its name or its size says that it is still being written",
                    "rename it, or wait until it is complete",
                )
            return _look(store, city, dropped, runs, reading, rows, refusals)
        finally:
            store.close()


def _reading(feed: Feed, file: Path, landing: Path) -> Reading | None:
    """How the file is read; None where it cannot be, which its run then says."""
    found = deliveries(feed, file.parent, file.parent)
    if not found:
        return None
    try:
        work = work_folder(landing)
        part, fault = next(split(feed.format, land(found[0], landing), work, work_prefix(feed)))
        if fault is not None:
            return None
        ready = inspect(feed, part, work)
        format: dict[str, Any] = {"type": ready.shape.format}
        declared = feed.format.model_dump(mode="json", exclude_defaults=True)
        if ready.shape.format == "csv":
            format |= {"encoding": feed.format.encoding, "delimiter": ready.shape.delimiter}
        names = names_after(feed.format, ready.shape)
        places = bind(feed, names)
    except (SourceError, UnfinishedFileError):
        return None
    known = {place for several in places.values() for place in several}
    return Reading(
        declared | format,
        {name: " + ".join(names[place] for place in several) for name, several in places.items()},
        absent(feed, names),
        [name for place, name in enumerate(names) if place not in known],
    )


def _look(
    store: Store,
    city: City,
    feed: Feed,
    runs: Sequence[RunResult],
    reading: Reading | None,
    rows: int,
    refusals: int,
) -> Trial:
    if all(run.status != "done" for run in runs):
        return Trial(runs, reading, (), (), (), (), ())
    with store.read() as cursor:
        causes = cursor.execute(
            f'SELECT reason, "column", count(*), first(sentence ORDER BY line) FROM ({_PROBLEMS}) '
            'GROUP BY reason, "column" ORDER BY count(*) DESC, reason, "column"'
        ).fetchall()
        refused = cursor.execute(
            'SELECT line, raw, list(["column", reason, value, sentence] ORDER BY place) '
            f"FROM ({_PROBLEMS}) GROUP BY row, line, raw ORDER BY line, row LIMIT ?",
            [refusals],
        ).fetchall()
        flags = cursor.execute(
            "SELECT line, column_name, reason, value, detail, mode FROM flagged ORDER BY line, rowid LIMIT ?",
            [refusals],
        ).fetchall()
        names = [column.name for column in feed.columns]
        accepted = cursor.execute(
            f"SELECT _line, _area, {', '.join(map(q, names))} FROM {q(fact_table(feed.table))} "
            "ORDER BY _file, _line, rowid LIMIT ?",
            [rows],
        ).fetchall()
    return Trial(
        runs,
        reading,
        [Cause(*cause) for cause in causes],
        [Refusal(line, [Wrong(*wrong) for wrong in problems], raw) for line, raw, problems in refused],
        [Flag(*flag) for flag in flags],
        ["line", "area", *names],
        [tuple(_local(cell, city) for cell in row) for row in accepted],
    )


def _local(cell: Any, city: City) -> Any:
    """Moments by the city's clock; everything else as it is."""
    if isinstance(cell, dt.datetime):
        return cell.replace(tzinfo=dt.UTC).astimezone(city.zone)
    return cell
