"""Columns that are not those of the delivery before: found, told, or stopping the file, in every format."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import express
from pipelines.again import kept_files
from pipelines.drift import Change, Header, compare
from tests.pipelines.conftest import NOW
from warehouse.flagged import FlagReader
from warehouse.ledger import LedgerReader

if TYPE_CHECKING:
    from tests.pipelines.conftest import Build, House

Table = dict[str, list[Any]]

ROWS = 8
BASE: Table = {
    "id": [f"T{n:03}" for n in range(ROWS)],
    "opened": ["2026-10-01 08:00:00"] * ROWS,
    "ward": ["21", "22"] * (ROWS // 2),
    "rating": [1, 2, 3, 4, 5, 4, 3, 2],
    "channel": ["app", "web"] * (ROWS // 2),
    "officer": [f"NV-{n:04}" for n in range(ROWS)],
}


def as_csv(table: Table, delimiter: str = ",") -> bytes:
    lines = [
        delimiter.join(table),
        *(delimiter.join(map(str, row)) for row in zip(*table.values(), strict=True)),
    ]
    return ("\n".join(lines) + "\n").encode()


def as_parquet(table: Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(table), sink)
    return sink.getvalue()


def as_xlsx(table: Table) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(table))
    for row in zip(*table.values(), strict=True):
        sheet.append(list(row))
    sink = io.BytesIO()
    book.save(sink)
    return sink.getvalue()


def records(table: Table) -> list[dict[str, Any]]:
    return [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]


FORMATS: dict[str, Callable[[Table], bytes]] = {
    "csv": as_csv,
    "tsv": lambda table: as_csv(table, "\t"),
    "json": lambda table: json.dumps(records(table)).encode(),
    "jsonl": lambda table: "".join(json.dumps(record) + "\n" for record in records(table)).encode(),
    "parquet": as_parquet,
    "xlsx": as_xlsx,
}
formats = pytest.mark.parametrize("format", FORMATS)


def renamed(table: Table, old: str, new: str) -> Table:
    return {new if name == old else name: cells for name, cells in table.items()}


def without(table: Table, name: str) -> Table:
    return {key: cells for key, cells in table.items() if key != name}


def load(house: House, name: str, content: bytes) -> Any:
    house.deliver(name, content)
    [run] = house.load()
    return run


def told(house: House) -> list[tuple[Any, ...]]:
    return house.rows("SELECT kind, column_name, other FROM drift ORDER BY rowid")


@formats
def test_what_changed_is_told(build: Build, format: str) -> None:
    house, write = build(), FORMATS[format]
    assert load(house, f"1.{format}", write(BASE)).inserted == ROWS
    assert load(house, f"2.{format}", write(BASE)).status == "done"
    assert told(house) == []
    after = renamed(without(renamed(BASE, "officer", "staff"), "channel"), "rating", "Rating score")
    after["note"] = ["seen"] * ROWS
    run = load(house, f"3.{format}", write(after))
    assert run.status == "done"
    # "Rating score" is like "rating" by name; "staff" holds what "officer" held; "channel" went, "note" came.
    found = told(house)
    assert sorted(found) == [
        ("missing", "channel", None),
        ("new", "note", None),
        ("renamed", "officer", "staff"),
        ("renamed", "rating", "Rating score"),
    ]
    assert house.rows("SELECT DISTINCT feed, run FROM drift") == [("tickets", run.id)]
    load(house, f"4.{format}", write({**after, "id": [f"N{n}" for n in range(ROWS)]}))
    assert told(house) == found  # once


def test_a_great_file_is_compared_by_all_of_its_rows(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(express, "LEAST_LINES", 1)  # its rows go straight to the facts
    house = build()
    load(house, "1.csv", as_csv(BASE))
    load(house, "2.csv", as_csv({**renamed(BASE, "officer", "staff"), "id": [f"N{n}" for n in range(ROWS)]}))
    assert told(house) == [("renamed", "officer", "staff")]


@pytest.mark.parametrize("format", ["json", "jsonl", "parquet"])
def test_formats_with_types_tell_when_one_changes(build: Build, format: str) -> None:
    house, write = build(), FORMATS[format]
    load(house, f"1.{format}", write(BASE))
    after = {
        **BASE,
        "rating": [str(cell) for cell in BASE["rating"]],
        "ward": [int(cell) for cell in BASE["ward"]],
    }
    load(house, f"2.{format}", write(after))
    assert sorted(told(house)) == [("type", "rating", "number → text"), ("type", "ward", "text → number")]


@formats
@pytest.mark.parametrize(
    ("kind", "after", "sentence", "hint"),
    [
        ("new", {**BASE, "note": ["x"] * ROWS}, "note is new", "source: note"),
        ("missing", without(BASE, "channel"), "channel is missing", "ask the sender"),
        (
            "renamed",
            renamed(BASE, "officer", "officers"),
            "officer is now called officers",
            "source: officers",
        ),
    ],
)
def test_a_change_may_stop_the_file(
    build: Build, format: str, kind: str, after: Table, sentence: str, hint: str
) -> None:
    house, write = build(drift={kind: "stop"}), FORMATS[format]
    load(house, f"1.{format}", write(BASE))
    more = {**after, "id": [f"N{n}" for n in range(ROWS)]}
    run = load(house, f"2.{format}", write(more))
    assert run.status == "failed"
    assert run.message == f"the columns are not those of the delivery before: {sentence}"
    assert hint in run.hint
    assert house.rows("SELECT kind, run FROM drift") == [(kind, run.id)]
    assert house.rows("SELECT count(*) FROM fact_tickets") == [(ROWS,)]
    # The next is compared with what was accepted.
    assert load(house, f"3.{format}", write({**BASE, "id": [f"M{n}" for n in range(ROWS)]})).status == "done"
    assert len(told(house)) == 1


def test_what_is_ignored_is_not_told(build: Build) -> None:
    house = build(drift={"new": "ignore", "reordered": "flag"})
    load(house, "1.csv", as_csv(BASE))
    load(house, "2.csv", as_csv({"note": [""] * ROWS, **BASE}))
    assert told(house) == []
    load(house, "3.csv", as_csv({"note": [""] * ROWS, **dict(reversed(BASE.items()))}))
    assert told(house) == [("reordered", "id", None)]


@pytest.mark.parametrize("format", ["csv", "parquet", "xlsx"])
def test_a_needed_column_under_another_name_is_found_by_what_it_holds(build: Build, format: str) -> None:
    house, write = build(), FORMATS[format]
    load(house, f"1.{format}", write(BASE))
    run = load(house, f"2.{format}", write(renamed(BASE, "ward", "Mã địa bàn")))
    assert run.status == "failed"
    assert run.message.startswith("there is no column 'ward' among: id, opened, Mã địa bàn")
    assert run.hint == (
        "ward seems to be called Mã địa bàn now: set source: Mã địa bàn, or have the header mended"
    )
    assert told(house) == [("renamed", "ward", "Mã địa bàn")]


def test_a_key_that_records_may_lack_is_no_news(build: Build) -> None:
    house = build()
    some = records({**BASE, "closed": [""] * ROWS})
    for record in some[2:]:
        del record["closed"]
    for n, part in enumerate((some, some[2:], some)):
        load(house, f"{n}.jsonl", "".join(json.dumps(record) + "\n" for record in part).encode())
    assert told(house) == []


def test_keys_of_inner_objects(build: Build) -> None:
    house = build()
    inner = [{**record, "by": {"name": "x", "team": 1}} for record in records(BASE)]
    load(house, "1.json", json.dumps(inner).encode())
    for record in inner:
        record["by"] = {"name": "x"}
    load(house, "2.json", json.dumps(inner).encode())
    assert told(house) == [("missing", "by.team", None)]


def test_files_are_compared_with_their_like(build: Build) -> None:
    house = build()
    day, month = BASE, {**BASE, "closed": [""] * ROWS}
    for n in range(3):
        load(house, f"day-{n}.csv", as_csv(day))
        load(house, f"month-{n}.csv", as_csv(month))
    assert told(house) == [("new", "closed", None)]  # of the first month, which had no like


def test_a_file_that_is_loaded_again_says_nothing_new(build: Build) -> None:
    house = build()
    load(house, "1.csv", as_csv(BASE))
    load(house, "2.csv", as_csv({**BASE, "note": [""] * ROWS}))
    with house.store.read() as cursor:
        kept, _ = kept_files(cursor, house.feed, house.landing)
    assert [run.status for run in house.loader.again(house.feed, [k.file for k in kept], NOW)] == ["done"] * 2
    assert told(house) == [("new", "note", None)]


names = st.lists(
    st.sampled_from(["alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel"]), unique=True
)


def header(columns: Sequence[str]) -> Header:
    return Header(tuple(columns), ("",) * len(columns), frozenset(columns))


@given(before=names, now=names)
def test_every_difference_is_told_once(before: list[str], now: list[str]) -> None:
    changes = compare(header(before), header(now), lambda *_: False)
    assert {c.column for c in changes if c.kind == "missing"} == set(before) - set(now)
    assert {c.column for c in changes if c.kind == "new"} == set(now) - set(before)
    kept = [name for name in before if name in now]
    moved = kept != [name for name in now if name in before]
    assert [c.kind for c in changes if c.kind not in ("missing", "new")] == ["reordered"] * moved


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("Mã phường xã", "ma_phuong_xa", True),
        ("Đơn vị xử lý", "Đơn vị", True),
        ("received_at", "receivedAt", True),
        ("rating", "ratings", True),
        ("ward", "officer", False),
    ],
)
def test_names_that_resemble_each_other(old: str, new: str, same: bool) -> None:
    changes = compare(header(["id", old]), header(["id", new]), lambda *_: False)
    assert (changes == [Change("renamed", old, new)]) == same


def test_the_reader_tells_flags_and_changes_of_one_feed_and_of_all(build: Build) -> None:
    columns = [
        {
            "name": "rating",
            "type": "integer",
            "min": 1,
            "max": 3,
            "on_error": {"range": "flag", "type": "empty"},
        }
    ]
    columns += [
        {"name": "id", "type": "text"},
        {"name": "opened", "type": "date"},
        {"name": "ward", "type": "text"},
    ]
    house = build(columns=columns, checks=[], volume={"rows": {"max": 3}})
    table = {name: BASE[name][:4] for name in ("id", "ward")}
    table |= {"opened": ["2026-10-01"] * 4, "rating": [2, 9, 8, "x"]}
    load(house, "1.csv", as_csv(table))
    run = load(house, "2.csv", as_csv(renamed(table, "rating", "rating_of_it")))
    assert run.status == "done"
    with house.store.read() as cursor:
        reader = FlagReader(cursor)
        assert not reader.summary("other")
        assert not reader.drift("other")
        assert reader.summary() == reader.summary("tickets")
        found = [(f.column, f.reason, f.mode, f.rows, f.whole, f.file, f.line) for f in reader.summary()]
        assert sorted(found, key=str) == [
            ("rating", "range", "flag", 2, False, "tickets/1.csv", 4),
            ("rating", "type", "empty", 1, False, "tickets/1.csv", 5),
            (None, "volume", "flag", 2, True, "tickets/2.csv", None),
        ]
        changes = [(d.file, d.kind, d.column, d.other) for d in reader.drift()]
        assert changes == [("tickets/2.csv", "renamed", "rating", "rating_of_it")]
        assert {run.file_name: run.flagged for run in LedgerReader(cursor).runs()} == {
            "tickets/1.csv": 3,
            "tickets/2.csv": 0,
        }


def test_what_is_told_is_forgotten_in_time(build: Build) -> None:
    columns = [
        {"name": "id", "type": "text"},
        {"name": "opened", "type": "date"},
        {"name": "ward", "type": "text"},
    ]
    columns += [{"name": "rating", "type": "integer", "on_error": "empty"}]
    house = build(columns=columns, checks=[], keep_flagged="30d")
    days = {name: BASE[name] for name in ("id", "ward")} | {
        "opened": ["2026-10-01"] * ROWS,
        "rating": ["x"] * ROWS,
    }
    for n, later in enumerate((0, 0, 29, 31)):
        house.deliver(f"{n}.csv", as_csv({**days, f"note {'abcd'[n]}": [str(n)] * ROWS}))
        house.loader.run(house.feed, NOW + dt.timedelta(days=later, seconds=n))
        assert len({run for (run,) in house.rows("SELECT run FROM flagged")}) == [1, 2, 3, 2][n]
        assert len({run for (run,) in house.rows("SELECT run FROM drift")}) == [0, 1, 2, 2][n]
