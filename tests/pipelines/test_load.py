"""Loading: nothing twice, changes by key, days × areas touched, files that fail, ends in mid-load."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from config.models import Timing
from pipelines import account, batch, load, merge
from pipelines.folder import Delivery, deliveries
from pipelines.load import Loader

if TYPE_CHECKING:
    from tests.pipelines.conftest import Build, House

HEADER = "id,opened,closed,ward,rating,channel\n"
T1 = "T1,2026-10-01 08:00:00,,21,4,app\n"
T2 = "T2,2026-10-01 23:30:00,2026-10-03 00:10:00,22,,web\n"
NOW = dt.datetime(2026, 11, 2, tzinfo=dt.UTC)


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> dt.datetime:
    """A moment as the warehouse gives it: without zone."""
    return dt.datetime(year, month, day, hour, minute, tzinfo=dt.UTC).replace(tzinfo=None)


def everything(house: House) -> list[list[tuple[Any, ...]]]:
    """All that loading may change."""
    tables = ("fact_tickets", "touched", "quarantine", "run", "landed", "feed_status", "meta")
    return [house.rows(f"SELECT * FROM {table} ORDER BY ALL") for table in tables]


def facts(house: House) -> list[tuple[Any, ...]]:
    return house.rows("SELECT id, rating, _area, _file, _line, _run FROM fact_tickets ORDER BY id")


def touched(house: House, run: int) -> set[tuple[Any, ...]]:
    rows = house.rows("SELECT dataset, time_column, day, area FROM touched WHERE run = ?", [run])
    assert len(rows) == len(set(rows))
    return set(rows)


def test_the_same_file_twice_changes_nothing(house: House) -> None:
    path = house.deliver("a.csv", HEADER + T1 + T2)
    house.load()
    before = everything(house)
    assert house.load() == []
    assert everything(house) == before
    os.utime(path, ns=(1, 1))  # copied anew, with another time but the same content
    assert house.load() == []
    assert [t for n, t in enumerate(everything(house)) if n != 4] == [
        t for n, t in enumerate(before) if n != 4
    ]
    assert house.loader.pending(house.feed) == []


def test_the_same_rows_in_another_file_are_unchanged(house: House) -> None:
    house.deliver("a.csv", HEADER + T1 + T2)
    house.load()
    house.deliver("b.csv", HEADER + T2 + "T3,2026-10-01 08:00,,21,,\n")
    [run] = house.load()
    assert (run.inserted, run.updated, run.unchanged) == (1, 0, 1)
    assert {day for _, _, day, _ in touched(house, run.id)} == {dt.date(2026, 10, 1)}
    # The row is as the first run made it, and stands in the newest file.
    assert facts(house)[1] == ("T2", None, "A2", "tickets/b.csv", 2, run.id - 1)


def test_a_change_touches_where_the_row_was_and_where_it_comes(house: House) -> None:
    house.deliver("a.csv", HEADER + T1 + T2)
    house.load()
    house.deliver("b.csv", HEADER + "T2,2026-10-02 08:00:00,2026-10-02 09:00:00,21,5,web\n")
    [run] = house.load()
    assert (run.inserted, run.updated, run.unchanged) == (0, 1, 0)
    assert facts(house)[1] == ("T2", 5, "A1", "tickets/b.csv", 2, run.id)
    assert touched(house, run.id) == {
        ("tickets", "opened", dt.date(2026, 10, 1), "A2"),
        ("tickets", "opened", dt.date(2026, 10, 2), "A1"),
        ("tickets", "closed", dt.date(2026, 10, 3), "A2"),
        ("tickets", "closed", dt.date(2026, 10, 2), "A1"),
    }
    [status] = house.rows("SELECT data_through, last_run, rows FROM feed_status")
    assert status == (utc(2026, 10, 2, 1, 0), run.id, 2)


def test_files_of_one_batch_have_an_account_each(house: House) -> None:
    house.deliver("1.csv", HEADER + T1 + T2)
    house.deliver("2.csv", HEADER + T1.replace(",4,", ",5,") + "T3,bad,,21,,\n" + T2)
    house.deliver("3.csv", HEADER + T1.replace(",4,", ",5,") + "T3,2026-10-01,,21,,\n")
    house.deliver("4.csv", HEADER + T1)
    first, second, third, fourth = house.load()
    assert (first.inserted, first.updated, first.unchanged, first.rejected) == (2, 0, 0, 0)
    assert (second.inserted, second.updated, second.unchanged, second.rejected) == (0, 1, 1, 1)
    assert (third.inserted, third.updated, third.unchanged, third.rejected) == (1, 0, 1, 0)
    assert (fourth.inserted, fourth.updated, fourth.unchanged, fourth.rejected) == (0, 1, 0, 0)
    assert facts(house) == [
        ("T1", 4, "A1", "tickets/4.csv", 2, fourth.id),
        # Line 3 of that file may still be mended: what its other lines said is told from older deliveries.
        ("T2", None, "A2", "tickets/2.csv", 4, second.id),
        ("T3", None, "A1", "tickets/3.csv", 3, third.id),
    ]


def test_a_late_file_does_not_undo_what_a_later_name_says(house: House) -> None:
    house.deliver("2026-10-02.csv", HEADER + T1.replace(",4,", ",5,"))
    house.load()
    house.deliver("2026-10-01.csv", HEADER + T1 + T2)
    [late] = house.load()
    assert (late.inserted, late.updated, late.unchanged) == (1, 0, 1)
    assert late.message == "1 rows left as files with later names have them"
    assert [row[:2] for row in facts(house)] == [("T1", 5), ("T2", None)]


def test_a_file_delivered_anew_under_its_name_wins(house: House) -> None:
    house.deliver("a.csv", HEADER + T1)
    house.load()
    house.deliver("a.csv", HEADER + T1.replace(",4,", ",1,"))
    [run] = house.load()
    assert (run.updated, facts(house)[0][1]) == (1, 1)


def test_append_keeps_each_content_once(build: Build) -> None:
    house = build(mode="append", key=[])
    house.deliver("a.csv", HEADER + T1 + T2 + T1)
    house.deliver("b.csv", HEADER + T1.replace(",4,", ",5,") + T2)
    first, second = house.load()
    assert (first.inserted, first.unchanged, first.rejected) == (2, 1, 0)
    assert (second.inserted, second.unchanged, second.rejected) == (1, 1, 0)
    assert [row[:2] for row in facts(house)] == [("T1", 4), ("T1", 5), ("T2", None)]


def test_malformed_lines_keep_their_place_and_text(house: House) -> None:
    text = (
        HEADER
        + T1
        + "half a line\n"
        + "\n"
        + 'T5,2026-10-01 08:00:00,,"21\n",4,app\n'
        + "T6,2026-10-01 08:00:00,,21,4,app,too,many\n"
        + "T7,2026-10-01 08:00:00,,21,4,fax\n"
        + T2
    )
    house.deliver("a.csv", text)
    [run] = house.load()
    assert (run.received, run.rejected) == (6, 4)
    # A cell with a line break makes the record begin one line earlier than the next one less one.
    assert house.rows("SELECT line, reason FROM quarantine ORDER BY line") == [
        (3, "malformed"),
        (5, "area_unknown"),
        (7, "malformed"),
        (8, "value"),
    ]
    assert [(row[0], row[4]) for row in facts(house)] == [("T1", 2), ("T2", 9)]
    raws = dict(house.rows("SELECT line, raw FROM quarantine WHERE reason = 'malformed'"))
    assert raws == {3: "half a line", 7: "T6,2026-10-01 08:00:00,,21,4,app,too,many"}


def test_bytes_that_are_not_text_reject_their_line_alone(house: House) -> None:
    house.deliver(
        "a.csv", (HEADER + T1).encode() + b"T\xff\xfe,2026-10-01 08:00:00,,21,4,app\n" + T2.encode()
    )
    [run] = house.load()
    assert (run.received, run.inserted, run.rejected) == (3, 2, 1)
    assert house.reasons() == [(3, None, "malformed")]


UNREADABLE = {
    "empty.csv": (b"", "empty"),
    "page.csv": (b"<!DOCTYPE html><html><body>Please log in</body></html>", "web page"),
    "book.csv": (b"PK\x03\x04rest of an archive", "archive cannot be unpacked"),
    "old.xlsx": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "workbook cannot be read"),
    "cut.csv.gz": (b"\x1f\x8b\x08\x00\x00\x00\x00\x00", "cannot be unpacked"),
    "cut.parquet": (b"PAR1 and no more", "cannot be read"),
    "broken.xlsx": (b"PK\x03\x04 no workbook", "cannot be read"),
    "broken.json": (b'[{"id": "T1"', "not JSON"),
    "object.json": (b'{"id": "T1"}', "no list of records"),
    "other.csv": (b"name;value\na;1\n", "no column 'id'"),
    "blank.csv": (b"\n\n", "no header"),
    "what.pdf": (b"%PDF-1.7", "ending"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_that_cannot_be_read_fails_alone_and_once(house: House, name: str) -> None:
    content, cause = UNREADABLE[name]
    house.deliver(name, content)
    house.deliver("good.csv", HEADER + T1)
    house.deliver("zzz.csv", HEADER + T2)
    runs = {run.file: run for run in house.load()}
    failed = runs[f"tickets/{name}"]
    assert failed.status == "failed"
    assert cause in (failed.message or "")
    assert failed.hint
    assert len(facts(house)) == 2
    assert house.load() == []
    assert house.rows("SELECT status, message, hint FROM run WHERE file_name = ?", [failed.file]) == [
        ("failed", failed.message, failed.hint)
    ]
    if name.endswith(".csv"):
        house.deliver(name, HEADER + "T9,2026-10-01,,21,,\n")
        [run] = house.load()
        assert (run.status, run.inserted) == ("done", 1)


def test_a_damaged_page_inside_a_batch_spares_the_other_files(house: House) -> None:
    for name in ("a", "b", "c"):
        house.deliver(f"{name}.jsonl", f'{{"id":"{name}","opened":"2026-10-01","ward":"21"}}\n')
    house.deliver("b.json", "no json at all")
    house.deliver("a.json", '[{"id":"x","opened":"2026-10-01","ward":"21"}]')
    house.deliver("c.json", '[{"id":"y","opened":"2026-10-01","ward":"21"}]')
    runs = {run.file: run.status for run in house.load()}
    assert runs == {
        "tickets/a.json": "done",
        "tickets/a.jsonl": "done",
        "tickets/b.json": "failed",
        "tickets/b.jsonl": "done",
        "tickets/c.json": "done",
        "tickets/c.jsonl": "done",
    }
    assert len(facts(house)) == 5


def test_optional_columns_may_be_absent_and_this_is_told(house: House) -> None:
    house.deliver("a.csv", "id,opened,ward\nT1,2026-10-01,21\n")
    [run] = house.load()
    assert (run.status, run.inserted) == ("done", 1)
    assert run.message == "read as empty, not in the file: closed, rating, channel"


def test_files_under_way_are_left_alone(house: House) -> None:
    for name in (".hidden.csv", "a.csv.part", "a.csv.tmp", "~lock.csv"):
        house.deliver(name, HEADER + T1)
    assert house.load() == []
    house.deliver("a.csv", HEADER + T1)
    assert [run.file for run in house.load()] == ["tickets/a.csv"]


def test_landed_bytes_are_the_received_ones_and_read_only(house: House) -> None:
    path = house.deliver("a.csv", HEADER + T1)
    house.load()
    [(hash,)] = house.rows("SELECT hash FROM landed")
    kept = house.landing / hash[:2] / f"{hash}.csv"
    assert kept.read_bytes() == path.read_bytes()
    assert kept.stat().st_mode & 0o222 == 0
    assert list((house.landing / ".work").iterdir()) == []


def test_an_event_in_the_future_does_not_make_the_feed_fresh(house: House) -> None:
    house.deliver("a.csv", HEADER + T1 + T2.replace("2026", "2126"))
    house.load()
    assert house.rows("SELECT data_through, rows FROM feed_status") == [(utc(2026, 10, 1, 1), 2)]


STEPS = [
    (load, "land"),
    (load, "inspect"),
    (account, "start_runs"),
    (batch, "ensure_fact_table"),
    (batch, "stage"),
    (batch, "compile_contract"),
    (merge, "number_rows"),
    (merge, "find_repeated"),
    (merge, "find_duplicates"),
    (merge, "refuse_duplicates"),
    (merge, "decide"),
    (merge, "touch"),
    (merge, "write"),
    (account, "quarantine"),
    (account, "close_runs"),
    (account, "settle_feed"),
    (account, "note_landings"),
]


class PowerCutError(BaseException):
    """Not an Exception: nothing in the house may swallow it."""


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("module", "step"), STEPS, ids=[step for _, step in STEPS])
def test_an_end_between_any_two_steps_leaves_the_old_state(
    house: House, monkeypatch: pytest.MonkeyPatch, module: Any, step: str, when: str
) -> None:
    house.deliver("a.csv", HEADER + T1 + T2)
    house.load()
    before = facts(house), house.rows("SELECT * FROM touched ORDER BY ALL"), house.rows("FROM feed_status")
    house.deliver("b.csv", HEADER + T1.replace(",4,", ",5,") + "T3,2026-10-05,,22,,\n" * 2 + "T4,,,,,\n")
    real = getattr(module, step)

    def cut(*args: Any, **kwargs: Any) -> Any:
        if when == "after":
            real(*args, **kwargs)
        raise PowerCutError

    with monkeypatch.context() as patch:
        patch.setattr(module, step, cut)
        with pytest.raises(PowerCutError):
            house.load()
    assert (
        facts(house), house.rows("SELECT * FROM touched ORDER BY ALL"), house.rows("FROM feed_status")
    ) == before  # fmt: skip
    house.loader = Loader(house.city, house.store, house.inbox, house.landing, house.spool)
    open_runs = house.rows("SELECT count(*) FROM run WHERE status = 'running'")[0][0]
    assert house.loader.recover(NOW) == open_runs
    assert house.rows("SELECT count(*) FROM run WHERE status = 'running'") == [(0,)]
    assert list((house.landing / ".work").iterdir()) == []
    [run] = house.load()
    assert (run.received, run.inserted, run.updated, run.unchanged, run.rejected) == (4, 1, 1, 0, 2)
    assert [row[:2] for row in facts(house)] == [("T1", 5), ("T2", None), ("T3", None)]


def test_a_file_that_may_not_be_read_is_told_once_and_tried_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = house.deliver("a.csv", HEADER + T1)
    real = Path.open

    def denied(self: Path, *args: Any, **kwargs: Any) -> Any:
        if self == path:
            raise PermissionError(13, "Permission denied", str(self))
        return real(self, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", denied)
        [run] = house.load()
        assert (run.status, run.message) == ("failed", "tickets/a.csv may not be read by this user")
        assert house.load() == []
    assert [run.status for run in house.load()] == ["done"]


def test_a_column_whose_type_changed_fails_the_load_but_not_the_house(house: House) -> None:
    house.deliver("a.csv", HEADER + T1)
    house.load()
    columns = tuple(
        column.model_copy(update={"type": "text"}) if column.name == "rating" else column
        for column in house.feed.columns
    )
    columns = tuple(column.model_copy(update={"min": None, "max": None}) for column in columns)
    house.feed = house.feed.model_copy(update={"columns": columns})
    house.deliver("b.csv", HEADER + T2)
    [run] = house.load()
    assert run.status == "failed"
    assert "is stored as BIGINT, the contract now says VARCHAR" in (run.message or "")
    assert len(facts(house)) == 1


def test_blank_lines_of_json_lines_count_as_lines(house: House) -> None:
    house.deliver("a.jsonl", '\n{"id":"a","opened":"2026-10-01","ward":"21"}\n\nbroken\n')
    house.deliver("b.jsonl", '\n\n{"id":"b","opened":"2026-10-01","ward":"21"}\n{"id":"c"}')
    house.load()
    assert [(row[0], row[4]) for row in facts(house)] == [("a", 2), ("b", 3)]
    assert house.rows("SELECT line, reason, raw FROM quarantine ORDER BY run, line") == [
        (4, "malformed", "broken"),
        (4, "missing", '{"id":"c"}'),
    ]


def test_any_column_name_will_do(build: Build) -> None:
    names = [
        "c1",
        "t_c1",
        "v_c1",
        "spelling",
        "code1",
        "from1",
        "run",
        "name",
        "last",
        "outcome",
        "order",
        "at",
    ]
    columns = [{"name": name, "type": "text", "required": True} for name in names]
    columns.append({"name": "group", "type": "date", "required": True})
    house = build(
        columns=columns,
        key=["run", "last", "outcome", "name", "order"],
        event_time="group",
        area={"column": "spelling"},
        checks=[{"id": "c1", "expr": "c1 <> v_c1", "message": {"en": "c1"}}],
    )

    def line(value: str) -> str:
        cells = {name: f"{name}-k" for name in names} | {
            "spelling": "21",
            "code1": value,
            "group": "2026-10-01",
        }
        return ",".join(cells.values()) + "\n"

    head = ",".join([*names, "group"]) + "\n"
    house.deliver("a.csv", head + line("1") + line("2"))
    house.deliver("b.csv", head + line("3"))
    first, second = house.load()
    assert (first.inserted, first.rejected, second.updated) == (1, 1, 1)
    assert house.rows('SELECT c1, t_c1, v_c1, code1, "at", _area FROM fact_tickets') == [
        ("c1-k", "t_c1-k", "v_c1-k", "3", "at-k", "A1")
    ]


def test_a_file_that_grows_meanwhile_is_left_for_the_next_look(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.deliver("a.csv", HEADER + T1)

    def listed_before_it_grew(*args: Any) -> list[Delivery]:
        return [dataclasses.replace(found, size=found.size - 5) for found in deliveries(*args)]

    with monkeypatch.context() as patch:
        patch.setattr(load, "deliveries", listed_before_it_grew)
        assert house.load() == []
    assert house.rows("SELECT count(*) FROM run") == [(0,)]
    assert [run.inserted for run in house.load()] == [1]


def test_one_run_of_a_feed_at_a_time(house: House) -> None:
    for number in range(4):
        house.deliver(f"{number}.csv", HEADER + f"T{number},2026-10-01,,21,,\n")
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: house.loader.run(house.feed, NOW), range(4)))
    assert sorted(len(runs) for runs in results) == [0, 0, 0, 4]
    assert len(facts(house)) == 4


def test_readers_hear_of_a_load_and_of_a_failure_but_not_of_nothing(house: House) -> None:
    version = house.store.data_version
    house.load()
    assert house.store.data_version == version
    house.deliver("a.csv", HEADER + T1)
    house.load()
    assert house.store.data_version > version
    version = house.store.data_version
    house.deliver("b.csv", "")
    house.load()
    assert house.store.data_version > version


def test_progress_is_told_to_the_end(house: House) -> None:
    told: list[tuple[str, int, int]] = []
    for name in ("a.csv", "b.csv", "c.json"):
        house.deliver(name, HEADER + T1)
    house.loader.run(house.feed, NOW, lambda *step: told.append(step))
    assert told[0] == ("load tickets", 0, 3)
    assert told[-1] == ("load tickets", 3, 3)


def test_a_file_without_rows_says_nothing_about_time(build: Build) -> None:
    house = build()
    house.deliver("a.csv", HEADER)
    [run] = house.load()
    assert (run.status, run.received) == ("done", 0)
    assert house.rows("SELECT data_through, rows FROM feed_status") == [(None, 0)]


def test_a_feed_of_days_is_complete_to_the_end_of_its_newest_day(build: Build) -> None:
    columns = [
        {"name": "id", "type": "text", "required": True},
        {"name": "opened", "type": "date", "required": True},
        {"name": "ward", "type": "text", "required": True},
    ]
    house = build(columns=columns, checks=[])
    house.deliver("a.csv", "id,opened,ward\nT1,2026-10-01,21\nT2,2026-09-30,21\nT3,2126-01-01,21\n")
    house.load()
    assert house.rows("SELECT data_through FROM feed_status") == [(utc(2026, 10, 1, 17),)]


def test_a_load_past_its_limit_is_rolled_back_told_and_tried_again_later(build: Build) -> None:
    house = build()
    quick, slow = house.feed, Timing(load_limit=dt.timedelta(milliseconds=20))
    lines = "".join(f"T{n},2025-08-01 08:00,2025-08-02 09:00,11,{n % 5 + 1},app\n" for n in range(60_000))
    house.deliver("a.csv", "id,opened,closed,ward,rating,channel\n" + lines)
    house.feed = quick.model_copy(update={"timing": slow})
    [run] = house.load()
    assert (run.status, run.message) == (
        "failed",
        "the load took longer than 0:00:00.020000 and was rolled back",
    )
    assert "timing.load_limit" in str(run.hint)
    assert house.rows("SELECT count(*) FROM run WHERE status <> 'failed'") == [(0,)]
    assert house.rows("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'fact_tickets'") == [(0,)]
    # It is left alone for a while, so that it does not hold up the other feeds at each look,
    assert house.load() == []
    # and then taken up again; every time that is too much doubles the pause.
    later = NOW + dt.timedelta(minutes=2)
    [run] = house.loader.run(house.feed, later)
    assert run.status == "failed"
    assert house.loader.run(quick, later + dt.timedelta(minutes=1)) == []
    [run] = house.loader.run(quick, later + dt.timedelta(minutes=2, seconds=1))
    assert (run.status, run.received, run.inserted) == ("done", 60_000, 60_000)
