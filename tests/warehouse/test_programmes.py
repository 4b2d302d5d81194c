"""The ledger of a programme read as of a day, against the same told by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import REFERENCE_CITY, City, load_city
from config.models import Programme
from warehouse.facts import ensure_fact_table
from warehouse.programmes import ProgrammeReader
from warehouse.scope import EVERYONE, Scope
from warehouse.store import Cursor, Store

DAY = dt.date(2026, 6, 15)
# task, criterion, owner, area, due, started, done, evidence sent
ROWS = [
    ("a1", "a", "it", "760", "2026-05-01", "2026-04-01", "2026-05-20", "2026-06-14"),
    ("a1", "a", "it", "761", "2026-06-14", "2026-04-01", None, None),
    ("a2", "a", "it", "760", "2026-06-15", "2026-04-01", "2026-06-16", "2026-06-20"),
    ("a2", "a", "urban", "761", "2026-07-15", "2026-07-01", None, None),
    ("b1", "b", "urban", "760", "2026-07-16", None, None, None),
    ("b1", "b", "urban", "761", "2026-03-01", "2026-02-01", "2026-02-10", None),
]


@pytest.fixture(scope="module")
def city() -> City:
    return load_city(REFERENCE_CITY)


@pytest.fixture
def programme(city: City) -> Programme:
    return next(p for p in city.programmes.values() if p.level != city.levels[0])


@pytest.fixture
def cursor(city: City, programme: Programme, tmp_path: Path) -> Iterator[Cursor]:
    store = Store.open(tmp_path / "w.duckdb", city.head.timezone, memory_limit="256MiB", threads=1)
    with store.write() as writing:
        ensure_fact_table(writing, city.datasets[programme.ledger])
        assert programme.journal is not None
        ensure_fact_table(writing, city.datasets[programme.journal])
        rows: list[tuple[str | None, ...]] = [(*row, "task") for row in ROWS]
        rows.append(("m1", None, "it", "79", "2026-06-01", None, "2026-06-10", None, "milestone"))
        for task, criterion, owner, area, due, started, done, proof, kind in rows:
            writing.execute(
                f"INSERT INTO fact_{programme.ledger} (entry_id, programme, kind, task, criterion, owner,"
                " unit, _area, assigned_on, due_on, started_on, done_on, progress, evidence, evidence_on)"
                " VALUES (?, ?, ?, ?, ?, ?, 'x', ?, '2026-01-05', ?, ?, ?, 60, ?, ?)",
                [f"{area}.{task}", programme.id, kind, task, criterion, owner, area, due, started, done,
                 f"https://proof/{task}" if proof else None, proof],
            )  # fmt: skip
        writing.execute(
            f"INSERT INTO fact_{programme.journal} (note_id, entry_id, noted_at, status, progress, unit,"
            " note)"
            " VALUES ('1', '760.a2', '2026-06-01 02:00', 'running', 40, 'x', 'one'),"
            " ('2', '760.a2', '2026-06-16 02:00', 'done', 100, 'x', 'two')"
        )
    with store.read() as reading:
        yield reading
    store.close()


def test_states_follow_from_the_day(city: City, programme: Programme, cursor: Cursor) -> None:
    reader = ProgrammeReader(cursor, city, EVERYONE)
    found, total = reader.entries(programme, DAY, ["760", "761"])
    assert total == 6
    assert [(e.entry_id, e.state) for e in found] == [
        ("761.a1", "overdue"),
        ("760.a2", "running"),
        ("761.a2", "waiting"),
        ("760.b1", "waiting"),
        ("761.b1", "done"),
        ("760.a1", "done"),
    ]
    by_id = {e.entry_id: e for e in found}
    assert (by_id["760.a1"].progress, by_id["760.a1"].evidence) == (100, "https://proof/a1")
    assert (by_id["760.a2"].progress, by_id["760.a2"].done_on, by_id["760.a2"].evidence) == (60, None, None)
    later, _ = reader.entries(programme, dt.date(2026, 6, 16), ["760"], state="done", limit=1)
    assert [e.entry_id for e in later] == ["760.a1"]


def test_cells_and_owners_count_the_same_tasks(city: City, programme: Programme, cursor: Cursor) -> None:
    reader = ProgrammeReader(cursor, city, EVERYONE)
    cells = {(c.criterion, c.area): tuple(c[2:]) for c in reader.cells(programme, DAY)}
    # tasks, done, overdue, due within 30 days, done without evidence
    assert cells == {
        ("a", "760"): (2, 1, 0, 1, 0),
        ("a", "761"): (2, 0, 1, 1, 0),
        ("b", "760"): (1, 0, 0, 0, 0),
        ("b", "761"): (1, 1, 0, 0, 1),
    }
    owners = [tuple(o) for o in reader.owners(programme, DAY, ["760", "761"])]
    assert owners == [("it", 3, 1, 1, 1, 1), ("urban", 3, 1, 0, 1, 0)]
    assert [e.entry_id for e in reader.entries(programme, DAY, ["761"], state="soon")[0]] == ["761.a2"]
    narrow, total = reader.entries(programme, DAY, ["760", "761"], criteria=["b"], owner="urban")
    assert ([e.entry_id for e in narrow], total) == (["760.b1", "761.b1"], 2)


def test_one_task_its_reports_and_the_milestones(city: City, programme: Programme, cursor: Cursor) -> None:
    reader = ProgrammeReader(cursor, city, EVERYONE)
    until = dt.datetime(2026, 6, 15, 12)  # noqa: DTZ001 as the store keeps times
    assert [r.note for r in reader.reports(programme, "760.a2", until)] == ["one"]
    assert reader.reports(programme, "760.a2", until + dt.timedelta(days=1))[0].progress == 100
    entry = reader.entry(programme, DAY, "761.a1")
    assert entry is not None
    assert entry.state == "overdue"
    assert reader.entry(programme, DAY, "nothing") is None
    assert (
        ProgrammeReader(cursor, city, Scope("x", frozenset({"760"}))).entry(programme, DAY, "761.a1") is None
    )
    reached = reader.milestones(programme, DAY)
    assert reached["m1"].done_on == dt.date(2026, 6, 10)
    assert reader.milestones(programme, dt.date(2026, 6, 9))["m1"].done_on is None
