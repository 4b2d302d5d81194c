"""Mending: refused rows are received once more, in the place where they once stood."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.again import kept_files
from pipelines.mend import Mended, Mender
from pipelines.reload import Reloader
from tests.pipelines.conftest import NOW

if TYPE_CHECKING:
    from tests.pipelines.conftest import Build, House

HEADER = "id,opened,closed,ward,rating,channel"
LATER = NOW + dt.timedelta(hours=1)


def waiting(house: House) -> list[tuple[int, str, int, str]]:
    """Number, file, line and reason of the rows that wait."""
    return house.rows(
        "SELECT q.id, r.file_name, q.line, q.reason FROM quarantine q JOIN run r ON r.id = q.run "
        "WHERE q.state = 'waiting' ORDER BY r.file_name, q.run, q.line"
    )


def mend(house: House, *edits: dict[str, str] | str | None) -> Mended:
    """Mend the rows that wait, in their order: cells to change, a whole line, or None for as it came."""
    rows = waiting(house)
    assert len(edits) == len(rows)
    texts: dict[int, str | None] = {}
    for (id_, *_), edit in zip(rows, edits, strict=True):
        [(raw,)] = house.rows("SELECT coalesce(edited, raw) FROM quarantine WHERE id = ?", [id_])
        texts[id_] = json.dumps(json.loads(raw) | edit) if isinstance(edit, dict) else edit
    return Mender(house.city, house.store, house.landing).mend(house.feed, texts, LATER)


def account(house: House) -> list[tuple[Any, ...]]:
    """Kind, received, inserted, updated, unchanged, rejected, mended of each run; each adds up."""
    runs = house.rows(
        "SELECT kind, received, inserted, updated, unchanged, rejected, mended FROM run ORDER BY id"
    )
    assert all(run[1] == sum(run[2:]) for run in runs)
    counts = house.rows(
        "SELECT count(*) FILTER (state <> 'mended'), count(*) FILTER (state = 'mended') FROM quarantine"
    )
    assert counts == [(sum(run[5] for run in runs), sum(run[6] for run in runs))]
    return runs


def facts(house: House) -> list[tuple[Any, ...]]:
    return house.rows("SELECT id, rating, channel, _file, _line, _run FROM fact_tickets ORDER BY id")


def test_a_mended_row_moves_in_the_account_and_stands_where_it_came_from(house: House) -> None:
    house.deliver("a.csv", f"{HEADER}\nT1,2026-10-01,,21,9,app\nT2,2026-10-02,,21,3,app\nT3,x,,99,3,fax\n")
    house.load()
    done = mend(house, {"rating": "4"}, None)
    assert (done.mended, done.refused, done.gone) == (1, 1, 0)
    assert done.run is not None
    assert done.run.message == "1 rows refused again"
    assert account(house) == [("load", 3, 1, 0, 0, 1, 1), ("mend", 1, 1, 0, 0, 0, 0)]
    assert facts(house) == [("T1", 4, "app", "tickets/a.csv", 2, 1), ("T2", 3, "app", "tickets/a.csv", 3, 1)]
    assert ("2026-10-01", "A1") in house.rows("SELECT day::VARCHAR, area FROM touched")
    assert [row[1:] for row in waiting(house)] == [("tickets/a.csv", 4, "type")]
    # Once more changes nothing: the first waits no more.
    again = Mender(house.city, house.store, house.landing).mend(house.feed, {1: None}, LATER)
    assert again == Mended(None, gone=1)
    assert house.load() == []


def test_a_mended_old_row_does_not_undo_what_a_later_file_said(house: House) -> None:
    house.deliver("a.csv", f"{HEADER}\nT1,2026-10-01,,21,9,app\nT2,2026-10-01,,21,9,app\n")
    house.deliver("b.csv", f"{HEADER}\nT1,2026-10-01,,21,5,web\n")
    house.load()
    done = mend(house, {"rating": "1"}, {"rating": "1"})
    assert done.run is not None
    assert done.run.message == "1 rows left as files with later names have them"
    assert [row[:4] for row in facts(house)] == [
        ("T1", 5, "web", "tickets/b.csv"),
        ("T2", 1, "app", "tickets/a.csv"),
    ]
    assert account(house)[-1] == ("mend", 2, 1, 0, 1, 0, 0)


def test_of_two_rows_of_a_file_with_one_key_the_same_stands_as_in_a_load(build: Build) -> None:
    for duplicates, expected, refused in (("last", 2, []), ("reject", 1, [(3, "duplicate_key")])):
        house = build(duplicates=duplicates)
        house.deliver("a.csv", f"{HEADER}\nT1,2026-10-01,,21,1,app\nT1,2026-10-01,,21,9,app\n")
        house.load()
        mend(house, {"rating": "2"})
        assert [row[1] for row in facts(house)] == [expected]
        assert [row[2:] for row in waiting(house)] == refused
        account(house)


def test_a_file_delivered_anew_stands_above_a_mended_row_of_its_older_self(house: House) -> None:
    house.deliver(
        "a.csv", f"{HEADER}\nT1,2026-10-01,,21,3,app\nT1,2026-10-01,,21,9,app\nT2,2026-10-01,,21,9,\n"
    )
    house.load()
    house.deliver("a.csv", f"{HEADER}\nT1,2026-10-01,,21,3,app\n\n\n")
    house.load()
    mend(house, {"rating": "2"}, {"rating": "2"})
    assert [row[:2] for row in facts(house)] == [("T1", 3), ("T2", 2)]
    account(house)


def test_a_malformed_line_is_edited_as_text_and_read_with_the_format_of_its_file(build: Build) -> None:
    house = build(format={"delimiter": ";", "header_row": 2, "encoding": "cp1258"})
    columns = HEADER.replace(",", ";")
    text = f"Sổ\n{columns}\nT1;2026-10-01;;21;5;app\nT2;2026-10-01;;21\nT3;2026-10-01;;21;5;app;x;y\n"
    house.deliver("a.csv", text.encode("cp1258", "ignore"))
    house.load()
    assert [row[2:] for row in waiting(house)] == [(4, "malformed"), (5, "malformed")]
    done = mend(house, "T2;2026-10-01;;21;9;app", 'T3;2026-10-01;;21;2;"app\n')
    assert (done.mended, done.refused) == (0, 2)
    assert [row[2:] for row in waiting(house)] == [(4, "range"), (5, "malformed")]
    done = mend(house, "T2;2026-10-01;;21;4;app", "T3;2026-10-01;;21;2;app")
    assert (done.mended, done.refused) == (2, 0)
    assert [row[:5] for row in facts(house)] == [
        ("T1", 5, "app", "tickets/a.csv", 3),
        ("T2", 4, "app", "tickets/a.csv", 4),
        ("T3", 2, "app", "tickets/a.csv", 5),
    ]
    assert account(house) == [("load", 3, 1, 0, 0, 0, 2), ("mend", 2, 2, 0, 0, 0, 0)]


@pytest.mark.parametrize("ending", ["jsonl", "json"])
def test_nested_records_are_mended_by_their_paths(build: Build, ending: str) -> None:
    columns = [
        {"name": "id", "type": "text", "source": "t.id"},
        {"name": "opened", "type": "timestamp", "required": True},
        {"name": "ward", "type": "text", "source": "at.ward"},
        {"name": "rating", "type": "integer", "max": 5},
        {"name": "channel", "type": "text"},
    ]
    house = build(columns=columns, checks=[])
    rows: list[Any] = [
        {"t": {"id": f"T{i}"}, "opened": "2026-10-01", "at": {"ward": "21"}, "rating": rating}
        for i, rating in enumerate([1, 9])
    ]
    rows.append("no record")
    text = json.dumps(rows) if ending == "json" else "\n".join(map(json.dumps, rows))
    house.deliver(f"a.{ending}", text)
    house.load()
    done = mend(house, {"rating": 2}, json.dumps(rows[0] | {"t": {"id": "T9"}}))  # type: ignore[dict-item]
    assert done.mended == 2
    assert [row[:2] for row in facts(house)] == [("T0", 1), ("T1", 2), ("T9", 1)]


def test_a_changed_contract_takes_rows_as_they_came(house: House, build: Build) -> None:
    house.deliver("a.csv", f"{HEADER}\nT1,2026-10-01,,21,9,app\nT2,2026-10-01,,21,9,fax\n")
    house.load()
    columns = [c if c["name"] != "rating" else {"name": "rating", "type": "integer"} for c in _columns()]
    wider = build(columns=columns)
    house.feed, house.city = wider.feed, wider.city
    done = mend(house, None, None)
    assert (done.mended, done.refused) == (1, 1)
    assert [row[3] for row in waiting(house)] == ["value"]
    assert [row[:2] for row in facts(house)] == [("T1", 9)]


def _columns() -> list[dict[str, Any]]:
    from tests.pipelines.conftest import FEED

    return list(FEED["columns"])


def test_trying_keeps_nothing(house: House) -> None:
    house.deliver("a.csv", f"{HEADER}\nT1,2026-10-01,,21,9,app\nT2,2026-10-01,,21\n")
    house.load()
    mender = Mender(house.city, house.store, house.landing)
    before = house.rows("SELECT * FROM quarantine ORDER BY id"), house.rows("SELECT * FROM run")
    edited = '{"id": "T1", "opened": "soon", "ward": "21", "rating": "7"}'
    told = mender.try_rows(house.feed, {1: edited, 2: "T2,2026-10-01,,21,,", 99: "x"}, NOW)
    assert [[p["reason"] for p in problems] for problems in told.values()] == [["type", "range"], []]
    assert (house.rows("SELECT * FROM quarantine ORDER BY id"), house.rows("SELECT * FROM run")) == before


def test_what_is_dismissed_is_not_mended_until_it_is_taken_back(house: House) -> None:
    house.deliver("a.csv", f"{HEADER}\nT1,2026-10-01,,21,9,app\n")
    house.load()
    mender = Mender(house.city, house.store, house.landing)
    edited = '{"id": "T1", "opened": "2026-10-01", "ward": "21", "rating": "4"}'
    assert mender.settle(house.feed, [1, 7], "dismissed", 3) == 1
    assert mender.mend(house.feed, {1: edited}, LATER) == Mended(None, gone=1)
    assert house.rows("SELECT state, deed FROM quarantine") == [("dismissed", 3)]
    assert mender.settle(house.feed, [1], "dismissed") == 0
    assert mender.settle(house.feed, [1], "waiting", 4) == 1
    assert mender.mend(house.feed, {1: edited}, LATER, 5).mended == 1
    assert house.rows("SELECT state, deed, mended_by, edited FROM quarantine") == [("mended", 5, 2, edited)]
    account(house)


def test_a_row_of_a_snapshot_is_mended_unless_a_newer_state_stands(build: Build) -> None:
    house = build(mode="snapshot")
    good = "T1,2026-10-01,,21,1,app\n"
    house.deliver("1.csv", HEADER + "\n" + good + "T2,2026-10-01,,21,2,app\n")
    house.load()
    house.deliver("2.csv", HEADER + "\n" + good + "T2,2026-10-01,,21,9,app\nT3,2026-10-01,,21,9,app\n")
    house.load()
    assert [row[0] for row in facts(house)] == ["T1"]
    [two, three] = waiting(house)
    mender = Mender(house.city, house.store, house.landing)
    texts = {row[0]: f"{{\"id\": \"T{k}\", \"opened\": \"2026-10-01\", \"ward\": \"21\", \"rating\": 3}}"
             for k, row in ((2, two), (3, three))}  # fmt: skip
    assert mender.mend(house.feed, {two[0]: texts[two[0]]}, LATER).mended == 1
    assert [row[:2] for row in facts(house)] == [("T1", 1), ("T2", 3)]
    house.deliver("3.csv", HEADER + "\n" + good + "T2,2026-10-01,,21,4,app\n")
    house.load()
    done = mender.mend(house.feed, {three[0]: texts[three[0]]}, LATER)
    assert done.run is not None
    assert done.run.message == "1 rows passed over: a newer snapshot stands"
    assert [row[:2] for row in facts(house)] == [("T1", 1), ("T2", 4)]
    account(house)


def test_of_mended_rows_too_the_greater_version_wins(build: Build) -> None:
    house = build(version="rating")
    house.deliver(
        "a.csv", f"{HEADER}\nT1,2026-10-01,,21,3,fax\nT2,2026-10-01,,21,3,fax\nT2,2026-10-01,,21,1,app\n"
    )
    house.deliver("b.csv", f"{HEADER}\nT1,2026-10-01,,21,2,web\n")
    house.load()
    mend(house, {"channel": "app"}, {"channel": "app", "rating": "2"})
    assert [row[:2] for row in facts(house)] == [("T1", 3), ("T2", 2)]
    account(house)


def test_a_mended_version_ends_the_one_before_it(build: Build) -> None:
    house = build(mode="history", valid={"from": "opened", "until": "closed"}, checks=[])
    house.deliver(
        "a.csv", f"{HEADER}\nT1,2026-10-01,,21,1,app\nT1,2026-10-05,,21,9,app\nT1,2026-10-09,,21,3,app\n"
    )
    house.load()
    mend(house, {"rating": "2"})
    found = house.rows(
        "SELECT opened__day::VARCHAR, closed__day::VARCHAR, rating FROM fact_tickets ORDER BY ALL"
    )
    assert found == [
        ("2026-10-01", "2026-10-05", 1),
        ("2026-10-05", "2026-10-09", 2),
        ("2026-10-09", None, 3),
    ]
    account(house)


def test_a_line_of_a_member_of_an_archive_is_read_as_that_member(house: House) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.csv", f"{HEADER}\nT1,2026-10-01,,21,1,app\n")
        archive.writestr("b.csv", "opened,id,ward\n2026-10-01,T2\n")
    house.deliver("all.zip", packed.getvalue())
    house.load()
    assert [row[1:] for row in waiting(house)] == [("tickets/all.zip/b.csv", 2, "malformed")]
    assert mend(house, "2026-10-01,T2,21").mended == 1
    assert [(row[0], row[3]) for row in facts(house)] == [
        ("T1", "tickets/all.zip/a.csv"),
        ("T2", "tickets/all.zip/b.csv"),
    ]


@pytest.mark.parametrize("how", ["reload", "again"])
def test_what_people_did_outlives_a_reload(house: House, how: str) -> None:
    lines = [f"T{i},2026-10-01,,21,9,app" for i in range(1, 5)]
    house.deliver("a.csv", "\n".join([HEADER, *lines, "T5,2026-10-01"]) + "\n")
    house.load()
    mender = Mender(house.city, house.store, house.landing)
    cells = {"id": "T1", "opened": "2026-10-01", "ward": "21", "rating": "4"}
    edits: dict[int, str | None] = {1: json.dumps(cells), 5: "T5,2026-10-01,,21,2,app"}
    assert mender.mend(house.feed, edits, LATER, 11).mended == 2
    mender.mend(house.feed, {2: json.dumps(cells | {"rating": "8"})}, LATER, 12)
    assert mender.settle(house.feed, [3], "dismissed", 13) == 1
    before = [row[:5] for row in facts(house)]
    # The second time is as the first: what a reload settled is nobody's word.
    for _ in range(2):
        if how == "reload":
            Reloader(house.city, house.store, house.loader, house.landing).reload(house.feed, LATER)
        else:
            with house.store.read() as cursor:
                kept, _ = kept_files(cursor, house.feed, house.landing)
            runs = house.loader.again(house.feed, [one.file for one in kept], LATER)
            done = mender.carry_on(house.feed, [run.id for run in runs], LATER)
            assert (done.mended, done.refused) == (2, 0)
        assert [row[:5] for row in facts(house)] == before
        # A row waits once; the one of the load before is settled with it.
        assert [row[2] for row in waiting(house)] == [3, 5]
        rows = house.rows(
            "SELECT line, state, deed, edited IS NOT NULL FROM quarantine "
            "WHERE run = (SELECT max(run) FROM quarantine) ORDER BY line"
        )
        assert rows == [
            (2, "mended", 11, True),
            (3, "waiting", None, True),
            (4, "dismissed", 13, False),
            (5, "waiting", None, False),
            (6, "mended", 11, True),
        ]
        account(house)
