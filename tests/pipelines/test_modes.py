"""Modes: what a file means for rows that it repeats, changes or lacks, case by case."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from dashboard.cli.accounts import as_table

if TYPE_CHECKING:
    from tests.pipelines.conftest import Build, House

HEADER = "id,opened,closed,ward,rating,channel\n"
SNAPSHOT = {"mode": "snapshot"}
BY_WARD = {"mode": "snapshot", "key": ["ward", "id"], "snapshot": {"within": ["ward"], "shrink": "100 %"}}
HISTORY = {"mode": "history", "valid": {"from": "opened", "until": "closed"}}


def row(id_: str, rating: int | str = "", *, day: int = 1, ward: int = 21, closed: str = "") -> str:
    """One line of a file: a row of October 2026."""
    return f"{id_},2026-10-{day:02} 08:00:00,{closed},{ward},{rating},\n"


def stands(house: House) -> dict[str, int | None]:
    """Rating by id of every fact."""
    return dict(house.rows("SELECT id, rating FROM fact_tickets"))


def touched(house: House, run: int) -> set[tuple[int, str]]:
    """Day of October and area of what a run touched by the time of the event."""
    found = house.rows(
        "SELECT DISTINCT day(day), area FROM touched WHERE run = ? AND time_column = 'opened'", [run]
    )
    return set(found)


def test_the_greater_version_wins_whatever_file_it_came_in(build: Build) -> None:
    house = build(version="rating")
    house.deliver("2.csv", HEADER + row("T1", 3) + row("T2", 1) + row("T1", 2))
    [run] = house.load()  # two versions of a key in one file are no duplicates
    assert (run.received, run.inserted, run.unchanged, run.rejected) == (3, 2, 1, 0)
    house.deliver("1.csv", HEADER + row("T1", 2, ward=22) + row("T2", 2))
    [run] = house.load()
    assert (run.updated, run.unchanged) == (1, 1)
    assert run.message == "1 rows left as greater versions have them"
    assert stands(house) == {"T1": 3, "T2": 2}
    house.deliver("3.csv", HEADER + row("T1", 3, day=5) + row("T1", 3, day=6) + row("T2", ""))
    [run] = house.load()  # the same version: the later name, then the later line; none: refused
    assert (run.updated, run.rejected) == (1, 2)
    assert {(line, reason) for line, _, reason in house.reasons()} == {(2, "duplicate_key"), (4, "missing")}
    assert house.rows("SELECT day(opened), _file FROM fact_tickets WHERE id = 'T1'") == [(6, "tickets/3.csv")]


def test_what_a_snapshot_lacks_is_deleted_and_told(build: Build) -> None:
    house = build(**SNAPSHOT)
    house.deliver("1.csv", HEADER + row("T1", 1) + row("T2", 2, day=2, ward=22) + row("T3", 3))
    house.deliver("2.csv", HEADER + row("T1", 1) + row("T3", 4))
    _, run = house.load()
    assert (run.received, run.unchanged, run.updated, run.removed) == (2, 1, 1, 1)
    assert run.message == "1 rows deleted: the snapshot lacks them"
    assert touched(house, run.id) == {(2, "A2"), (1, "A1")}
    assert stands(house) == {"T1": 1, "T3": 4}
    assert house.rows("SELECT removed FROM run ORDER BY id") == [(0,), (1,)]
    house.deliver("3.csv", HEADER + row("T1", 1) + row("T2", 5) + row("T3", 4))
    [run] = house.load()  # what went may return
    assert (run.inserted, stands(house)["T2"]) == (1, 5)


def test_an_older_snapshot_that_comes_late_changes_nothing(build: Build) -> None:
    house = build(**SNAPSHOT)
    house.deliver("2.csv", HEADER + row("T1", 1))
    house.load()
    house.deliver("1.csv", HEADER + row("T1", 5) + row("T2", 2))
    [run] = house.load()
    assert (run.unchanged, run.inserted, run.removed) == (2, 0, 0)
    assert run.message == "2 rows passed over: a newer snapshot stands"
    assert (stands(house), touched(house, run.id)) == ({"T1": 1}, set())


@pytest.mark.parametrize("rest", ["", row("T1", 1), row("T1", 9) + row("T2", 9)])
def test_a_snapshot_that_would_delete_too_much_is_refused(build: Build, rest: str) -> None:
    house = build(**SNAPSHOT)
    house.deliver("1.csv", HEADER + row("T1", 1) + row("T2", 2) + row("T3", 3))
    house.load()
    path = house.deliver("2.csv", HEADER + rest)
    [run] = house.load()
    assert run.status == "failed"
    assert (run.message or "").startswith("suspicious: the file lacks ")
    assert "raise snapshot.shrink and deliver the file again" in (run.hint or "")
    assert (len(stands(house)), house.load()) == (3, [])
    # Allowed and delivered again, it is loaded: also with the same name and bytes.
    allowed = {"snapshot": house.feed.snapshot or _limit(100.0)}
    house.feed = house.feed.model_copy(update=allowed)
    house.deliver("2.csv", path.read_bytes())
    [run] = house.load()
    assert (run.status, run.removed) == ("done", 3 if rest != row("T1", 1) else 2)


def _limit(shrink: float) -> Any:
    from config.models import Snapshot

    return Snapshot(shrink=f"{shrink:g} %")


def test_a_refused_row_of_a_snapshot_takes_its_fact_along_and_says_so(build: Build) -> None:
    house = build(**SNAPSHOT)
    house.deliver("1.csv", HEADER + row("T1", 1) + row("T2", 2))
    house.load()
    house.deliver("2.csv", HEADER + row("T1", 1) + row("T2", 9))
    [run] = house.load()
    assert (run.rejected, run.removed, stands(house)) == (1, 1, {"T1": 1})
    assert run.message == (
        "1 rows deleted: the snapshot lacks them; 1 of them because their rows were rejected"
    )


def test_a_snapshot_of_a_part_leaves_the_others_alone(build: Build) -> None:
    house = build(**BY_WARD)
    house.deliver("1.csv", HEADER + row("T1") + row("T2") + row("T1", ward=22))
    house.load()
    house.deliver("3.csv", HEADER + row("T3"))
    [run] = house.load()
    assert (run.inserted, run.removed) == (1, 2)
    house.deliver("2.csv", HEADER + row("T9") + row("T4", ward=22))
    [run] = house.load()  # late for one part, the newest for the other
    assert (run.inserted, run.unchanged, run.removed) == (1, 1, 1)
    assert house.rows("SELECT ward, id FROM fact_tickets ORDER BY ALL") == [("21", "T3"), ("22", "T4")]


def test_an_allowed_empty_snapshot_empties_the_dataset_for_good(build: Build) -> None:
    house = build(mode="snapshot", snapshot={"shrink": "100%"})
    house.deliver("1.csv", HEADER + row("T1"))
    house.load()
    house.deliver("3.csv", HEADER)
    [run] = house.load()
    assert (run.received, run.removed, stands(house)) == (0, 1, {})
    house.deliver("2.csv", HEADER + row("T1"))
    [run] = house.load()
    assert (run.unchanged, stands(house)) == (1, {})


def versions(house: House) -> list[tuple[Any, ...]]:
    """Versions by id: from, until (local day and hour), its day and rating."""
    return house.rows(
        "SELECT id, strftime(opened + INTERVAL 7 HOUR, '%d'), strftime(closed + INTERVAL 7 HOUR, '%d %H'), "
        "day(closed__day), rating FROM fact_tickets ORDER BY id, opened"
    )


def test_every_version_is_kept_and_ends_where_the_next_begins(build: Build) -> None:
    house = build(**HISTORY)
    house.deliver("1.csv", HEADER + row("T1", 1, day=1) + row("T1", 3, day=20) + row("T2", 2, day=4))
    [run] = house.load()
    assert (run.inserted, run.rejected) == (3, 0)
    assert versions(house) == [
        ("T1", "01", "20 08", 20, 1),
        ("T1", "20", None, None, 3),
        ("T2", "04", None, None, 2),
    ]
    # A version in between, and an end that a file gives: the earlier of the two ends holds.
    house.deliver("2.csv", HEADER + row("T1", 2, day=10) + row("T2", 2, day=4, closed="2026-10-05 00:00:00"))
    [run] = house.load()
    assert (run.inserted, run.updated) == (1, 1)
    assert versions(house) == [
        ("T1", "01", "10 08", 10, 1),
        ("T1", "10", "20 08", 20, 2),
        ("T1", "20", None, None, 3),
        ("T2", "04", "05 00", 5, 2),
    ]
    # A correction of one version leaves its neighbours; a late one of an older file does not count.
    house.deliver("3.csv", HEADER + row("T1", 5, day=1, ward=22))
    house.deliver("0.csv", HEADER + row("T1", 4, day=10))
    late, run = house.load()
    assert (late.unchanged, run.updated) == (1, 1)
    assert touched(house, run.id) == {(1, "A1"), (1, "A2")}
    assert [(v[1], v[2], v[4]) for v in versions(house)[:2]] == [("01", "10 08", 5), ("10", "20 08", 2)]


def test_rows_that_come_late_are_counted(build: Build) -> None:
    house = build(late="7d")
    house.deliver("1.csv", HEADER + row("T1", day=1) + row("T2", day=20))
    house.deliver("2.csv", HEADER + row("T1", 5, day=1) + row("T3", day=12) + row("T4", day=14))
    first, second = house.load()  # in one file nothing is late; what was known before is no news
    assert (first.late, second.late, second.message) == (0, 1, "1 rows came late")
    house.deliver("3.csv", HEADER + row("T3", day=12) + row("T5", day=2) + row("T6", day=31))
    [third] = house.load()
    assert (third.late, third.inserted) == (1, 2)
    assert touched(house, third.id) == {(2, "A1"), (31, "A1")}
    assert house.rows("SELECT late FROM run ORDER BY id") == [(0,), (1,), (1,)]


def test_a_failed_file_is_tried_again_when_it_is_delivered_again(house: House) -> None:
    path = house.deliver("a.csv", "number;opened\n1;2\n")
    [run] = house.load()
    assert (run.status, house.load()) == ("failed", [])
    path.touch()
    assert [again.message for again in house.load()] == [run.message]
    columns = [
        c.model_copy(update={"source": "number"} if c.name == "id" else {}) for c in house.feed.columns
    ]
    house.feed = house.feed.model_copy(update={"columns": tuple(columns)})
    path.touch()
    assert [again.message == run.message for again in house.load()] == [False]


def test_times_of_versions_may_be_dates(build: Build) -> None:
    from tests.pipelines.conftest import FEED

    columns = [
        {**column, "type": "date"} if column["type"] == "timestamp" else column for column in FEED["columns"]
    ]
    house = build(**HISTORY, columns=columns)
    house.deliver("1.csv", HEADER + "T1,2026-10-01,,21,1,\nT1,2026-10-09,,21,2,\n")
    house.load()
    assert house.rows("SELECT closed, closed__day FROM fact_tickets ORDER BY opened") == [
        (dt.date(2026, 10, 9), dt.date(2026, 10, 9)),
        (None, None),
    ]


def test_the_terminal_tells_what_was_removed_and_what_came_late(build: Build) -> None:
    house = build(**SNAPSHOT, late="7d")
    house.deliver("1.csv", HEADER + row("T1", day=1) + row("T2", day=20))
    told = [str(column.header) for column in as_table(house.load()).columns]
    assert not {"removed", "late"} & set(told)
    house.deliver("2.csv", HEADER + row("T1", day=1) + row("T3", day=2))
    table = as_table(house.load())
    cells = {str(column.header): list(column.cells) for column in table.columns}
    assert (cells["received"], cells["removed"], cells["late"]) == (["2"], ["1"], ["1"])
