"""Five hundred damaged files of nine formats: no crash, a full account of each, and no value of our making.

The last column of every row is a checksum of the others. A fact whose checksum is wrong was damaged on its
way to us: then it must stand so in its file, as readers other than ours find it.
"""

from __future__ import annotations

import csv
import gzip
import json
import random
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from bench.faults import child, mutants, town
from config import load_city
from pipelines.load import Loader, RunResult

COUNT = 500
ROWS = 12
FEED = town.FEED.replace("key: [id]", "mode: append") + (
    "checks:\n  - {id: some, expr: \"note <> 'none'\", message: {en: no note}}\n"
)
COLUMNS = "  - {name: note, type: text}\n  - {name: sum, type: text}\n  - {name: rating"
Fact = tuple[str, int, tuple[str, ...]]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """All mutants, loaded once."""
    return Loaded(town.Town(1, size=1).build(tmp_path_factory.mktemp("mutants") / "town"))


class Loaded:
    """The mutants' inbox, their runs, and what came of them."""

    def __init__(self, root: Path) -> None:
        self.inbox, self.damage = root / "inbox", {}
        for path in self.inbox.glob("*/*"):
            path.unlink()
        feed = FEED.replace("  - {name: rating", COLUMNS)
        (root / "city" / "feeds" / "tickets.yaml").write_text(feed, encoding="utf-8")
        rng = random.Random(500)
        for number in range(COUNT):
            kind = list(mutants.MAKERS)[number % len(mutants.MAKERS)]
            whole = mutants.MAKERS[kind](mutants.rows_of(rng, ROWS))
            what, content = mutants.mutant(rng, whole)
            name = f"tickets/{number:03}.{kind}"
            (self.inbox / name).write_bytes(content)
            self.damage[name] = what
        city = load_city(root / "city")
        with closing(child.opened(root, city)) as store:
            loader = Loader(city, store, self.inbox, root / "landing", root / "spool")
            self.runs = loader.run(city.feeds["tickets"], child.NOW)
            self.again = loader.run(city.feeds["tickets"], child.NOW)
            with store.read() as cursor:
                self.facts: list[Fact] = [
                    (file, line, tuple(str(cell) for cell in cells))
                    for file, line, *cells in cursor.execute(
                        "SELECT _file, _line, id, opened__day, ward, rating, note, sum FROM fact_tickets"
                    ).fetchall()
                ]
                self.quarantined: dict[int, int] = dict(
                    cursor.execute("SELECT run, count(*) FROM quarantine GROUP BY ALL").fetchall()
                )
        self.work = list((root / "landing" / ".work").iterdir())

    def text(self, file: str) -> str | None:
        """What a text file holds; None for files of other kinds and for damaged archives."""
        if any(ending in file for ending in (".parquet", ".xlsx", ".zip")):
            return None
        content = (self.inbox / file).read_bytes()
        return (gzip.decompress(content) if file.endswith(".gz") else content).decode("utf-8-sig", "replace")


def test_no_mutant_ends_the_load_and_each_is_told(loaded: Loaded) -> None:
    # Of an archive its members are told; so of a workbook that says no longer that it is one.
    assert {"/".join(run.file.split("/")[:2]) for run in loaded.runs} == set(loaded.damage)
    assert loaded.again == []  # none is taken up again and again
    for run in loaded.runs:
        assert run.status == "done" or (run.message and run.hint), run
        assert "the warehouse refused" not in (run.hint or ""), run
        # What people are told are causes, not the inside of the machine.
        assert "landing/" not in (run.message or ""), run
    statuses = [run.status for run in loaded.runs]
    assert min(statuses.count("done"), statuses.count("failed")) > COUNT // 5
    assert loaded.work == []


def test_every_record_of_a_mutant_is_accounted_for(loaded: Loaded) -> None:
    counted = 0
    for run in loaded.runs:
        assert run.received == run.inserted + run.updated + run.unchanged + run.rejected
        assert loaded.quarantined.get(run.id, 0) == run.rejected
        if run.status == "done" and (records := _records(loaded, run)) is not None:
            assert run.received == records, (run, loaded.damage[run.file])
            counted += 1
    assert counted > COUNT // 10


def _records(loaded: Loaded, run: RunResult) -> int | None:
    """How many records a text has, where that can be told without following quotes."""
    text = loaded.text(run.file)
    if text is None:
        return None
    if run.file.endswith(".json"):
        return len(json.loads(text))
    lines = text.replace("\r\n", "\n").split("\n")
    if run.file.endswith(".jsonl"):
        return sum(bool(line.strip()) for line in lines)
    if '"' in text or any("\r" in line for line in lines):
        return None
    return sum(bool(line) for line in lines) - 1


def test_no_fact_holds_what_its_file_does_not(loaded: Loaded) -> None:
    damaged = [fact for fact in loaded.facts if mutants.checksum(fact[2][:5]) != fact[2][5]]
    assert len(loaded.facts) > COUNT
    assert damaged, "there is nothing to tell"
    for file, line, cells in damaged:
        assert cells in _as_others_read(loaded, file, line), (file, line, cells, loaded.damage.get(file))


def _as_others_read(loaded: Loaded, file: str, line: int) -> list[tuple[Any, ...]]:
    """The rows on a line of a file, or of all the file, by readers that are not ours."""
    text = loaded.text(file)
    if text is None:
        # What is packed carries checksums of its own: nothing damaged may pass.
        assert file.endswith(".parquet"), file
        rows = pq.read_table(loaded.inbox / file, page_checksum_verification=True).to_pylist()
        return [tuple(map(str, row.values())) for row in rows]
    if file.endswith(".json"):
        return [_cells(row) for hook in (dict, _first) for row in _json(text, hook)]
    physical = text.split("\n")[line - 1].rstrip("\r")
    if file.endswith(".jsonl"):
        return [_cells(_json(physical, hook)) for hook in (dict, _first)]
    header, *_ = text.split("\n")
    delimiter = "\t" if file.endswith(".tsv") else ","
    names = next(csv.reader([header.strip("\ufeff\r")], delimiter=delimiter))
    [found] = csv.reader([physical], delimiter=delimiter)
    by_name = dict(zip(names, found, strict=False))
    return [tuple(by_name.get(name, "").strip() or "None" for name in mutants.NAMES)]


def _json(text: str, hook: Any) -> Any:
    return json.loads(text, object_pairs_hook=hook)


def _first(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object in which a name stands twice: readers take the first or the last, and both are right."""
    return dict(reversed(pairs))


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(row.get(name)).strip() or "None" for name in mutants.NAMES)
