"""Landed files once more: those of some days, and all of them by today's contract."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from config.models import Feed
from pipelines import load
from pipelines.again import Kept, days_in, kept_files, spans, speaks_of
from pipelines.folder import Delivery
from pipelines.mend import Mender
from pipelines.reload import Reloader

if TYPE_CHECKING:
    from tests.pipelines.conftest import Build, House

NOW = dt.datetime(2026, 11, 2, 3, 0, tzinfo=dt.UTC)
HEADER = "id,opened,closed,ward,rating,channel\n"


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("hotline-2026-10-31.csv", "2026-10-31", "2026-10-31"),
        ("hotline_20261031.csv.gz", "2026-10-31", "2026-10-31"),
        ("2026.10.31.xlsx", "2026-10-31", "2026-10-31"),
        ("from_2026-10-01_to_2026-10-15.csv", "2026-10-01", "2026-10-15"),
        ("report-2026-02.csv", "2026-02-01", "2026-02-28"),
        ("report-202612.csv", "2026-12-01", "2026-12-31"),
        ("000000000012-20261031T101500Z-000001.json", "2026-10-31", "2026-10-31"),
        ("no-such-day-2026-13-41.csv", None, None),
        ("ticket-120261031.csv", None, None),
        ("all.csv", None, None),
    ],
)
def test_the_days_that_a_name_speaks_of(name: str, first: str | None, last: str | None) -> None:
    assert days_in(name) == (None if first is None or last is None else (day(first), day(last)))


@pytest.mark.parametrize(
    ("name", "landed", "expected"),
    [
        ("a/x-2026-10-05.csv", "2026-12-01T00:00", True),
        ("a/x-2026-10-04.csv", "2026-10-05T00:00", False),
        ("a/x-2026-10.csv", "2026-12-01T00:00", True),
        ("2026-10-05/x.csv", "2026-12-01T00:00", False),  # a folder's name is not the file's
        ("a/x.csv", "2026-10-07T16:59", True),
        ("a/x.csv", "2026-10-07T17:00", False),  # the eighth in the city
    ],
)
def test_whether_a_file_is_of_some_days(house: House, name: str, landed: str, expected: bool) -> None:
    kept = Kept(Delivery(name, house.inbox, 1, NOW), dt.datetime.fromisoformat(landed))
    assert speaks_of(kept, day("2026-10-05"), day("2026-10-07"), house.city.zone) is expected


@pytest.mark.parametrize(
    ("first", "last", "count", "second"),
    [
        ("2026-10-05", "2026-10-05", 1, None),
        ("2026-10-01", "2026-10-31", 31, "2026-10-02"),
        ("2026-10-05", "2026-11-05", 2, "2026-11-01"),
        ("2025-12-31", "2026-03-01", 4, "2026-01-01"),
    ],
)
def test_a_range_is_cut_without_gap_or_overlap(first: str, last: str, count: int, second: str | None) -> None:
    found = spans(day(first), day(last))
    assert len(found) == count
    assert (found[0][0], found[-1][1]) == (day(first), day(last) + dt.timedelta(days=1))
    assert all(until == since for (_, until), (since, _) in pairwise(found))
    if second is not None:
        assert found[1][0] == day(second)


def facts(house: House) -> list[tuple[Any, ...]]:
    """All but which run it was."""
    return house.rows("SELECT * EXCLUDE (_run) FROM fact_tickets ORDER BY ALL")


def deliver_some(house: House) -> None:
    """Files of which one was overwritten, one came late and one has refused rows."""
    house.deliver("2026-10-01.csv", HEADER + "T1,2026-10-01 08:00,,21,4,app\nT2,2026-10-01 09:00,,22,9,web\n")
    house.load()
    house.deliver("2026-10-03.csv", HEADER + "T1,2026-10-01 08:00,2026-10-03 08:00,21,5,app\n")
    house.load()
    house.deliver("2026-10-02.csv", HEADER + "T1,2026-10-01 08:00,,21,1,web\nT3,2026-10-02 08:00,,11,3,\n")
    house.load()
    house.deliver("2026-10-01.csv", HEADER + "T2,2026-10-01 09:30,,22,2,web\nT4,2026-10-01 07:00,,21,,app\n")
    house.load()


def fresh(build: Build, **changes: Any) -> House:
    """A house that got the same deliveries by today's contract."""
    house = build(**changes)
    deliver_some(house)
    return house


def reloader(house: House) -> Reloader:
    return Reloader(house.city, house.store, house.loader, house.landing)


def changed(house: House, **changes: Any) -> Feed:
    """The feed by another contract, as a city has it after an edit and a restart."""
    feed = Feed.model_validate({**house.feed.model_dump(by_alias=True), **changes})
    object.__setattr__(house.city, "feeds", {feed.id: feed})
    house.feed = feed
    return feed


COLUMNS: list[dict[str, Any]] = [
    {"name": "id", "type": "text", "required": True},
    {"name": "opened", "type": "timestamp", "required": True},
    {"name": "closed", "type": "timestamp"},
    {"name": "ward", "type": "text", "required": True},
    {"name": "rating", "type": "number", "min": 2, "max": 9},
]


def test_a_reload_by_the_same_contract_changes_nothing(house: House) -> None:
    deliver_some(house)
    before = facts(house)
    with house.store.write() as cursor:
        cursor.execute("DELETE FROM touched")
    results = reloader(house).reload(house.feed, NOW)
    assert len(results) == 4
    assert all(r.received == r.inserted + r.updated + r.unchanged + r.rejected for r in results)
    assert facts(house) == before
    assert house.rows("SELECT * FROM touched") == [], "nothing is computed anew"
    assert house.load() == [], "no file of the inbox is new for that"
    assert house.rows("SELECT DISTINCT kind FROM run WHERE id >= ?", [results[0].id]) == [("reload",)]
    [(rows,)] = house.rows("SELECT rows FROM feed_status")
    assert rows == len(before)


def test_a_reload_by_another_contract_gives_what_a_fresh_load_gives(build: Build) -> None:
    house = build()
    deliver_some(house)
    with house.store.write() as cursor:
        cursor.execute("DELETE FROM touched")
    feed = changed(house, columns=COLUMNS)
    reloader(house).reload(feed, NOW)
    assert facts(house) == facts(fresh(build, columns=COLUMNS))
    waiting = house.rows("SELECT run, reason FROM quarantine WHERE state = 'waiting' ORDER BY ALL")
    runs = {row[0] for row in house.rows("SELECT id FROM run WHERE kind = 'reload'")}
    assert {run for run, _ in waiting} <= runs, "what was refused waits once, as it is refused today"
    # T2 has 9 in its first file: refused then, taken now, until the later delivery says 2. T1's 1 is refused.
    assert [reason for _, reason in waiting] == ["range"]
    # What is different is computed anew: all of the contract's rows have another content now.
    assert set(house.rows("SELECT DISTINCT dataset FROM touched")) == {("tickets",)}
    assert house.rows("SELECT count(*) FROM duckdb_tables() WHERE table_name LIKE '%again%'") == [(0,)]
    house.deliver("2026-10-04.csv", HEADER + "T5,2026-10-04 08:00,,21,4,app\n")
    [run] = house.load()
    assert (run.status, run.inserted) == ("done", 1)


def test_what_the_contract_refuses_today_goes(house: House) -> None:
    deliver_some(house)
    with house.store.write() as cursor:
        cursor.execute("DELETE FROM touched")
    strict = [{**c, "min": 3} if c["name"] == "rating" else c for c in house.feed.model_dump()["columns"]]
    reloader(house).reload(changed(house, columns=strict), NOW)
    assert [row[0] for row in facts(house)] == ["T1", "T3", "T4"]
    assert house.rows("SELECT DISTINCT time_column, day FROM touched ORDER BY ALL") == [
        ("opened", day("2026-10-01"))
    ]


def test_one_that_ends_in_the_middle_leaves_the_old_facts(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver_some(house)
    before = facts(house)

    def breaks_off(*_: Any) -> Any:
        raise KeyboardInterrupt

    feed = changed(house, columns=COLUMNS)
    with monkeypatch.context() as patch:
        patch.setattr(load, "load_batch", breaks_off)
        with pytest.raises(KeyboardInterrupt):
            reloader(house).reload(feed, NOW)
    assert facts(house) == before
    # A process that was killed cannot clear up: the next one does.
    with house.store.write() as cursor:
        cursor.execute("CREATE TABLE fact_tickets__again (n INTEGER)")
        cursor.execute("INSERT INTO touched VALUES (1, 'tickets__again', 'opened', '2026-10-01', 'A1')")
    house.loader.recover(NOW)
    reloader(house).recover()
    assert house.rows("SELECT count(*) FROM duckdb_tables() WHERE table_name LIKE '%again%'") == [(0,)]
    assert house.rows("SELECT count(*) FROM touched WHERE dataset LIKE '%again%'") == [(0,)]
    assert house.rows("SELECT count(*) FROM run WHERE status = 'running'") == [(0,)]
    reloader(house).reload(feed, NOW)
    assert facts(house) != before


def test_feeds_that_share_a_dataset_keep_each_others_rows(build: Build) -> None:
    house = build()
    deliver_some(house)
    other = house.feed.model_copy(
        update={
            "id": "other",
            "dataset": "tickets",
            "connector": house.feed.connector.model_copy(update={"path": "other/*"}),
        }
    )
    object.__setattr__(house.city, "feeds", {"tickets": house.feed, "other": other})
    (house.inbox / "other").mkdir()
    (house.inbox / "other" / "a.csv").write_text(HEADER + "X1,2026-10-01 08:00,,21,4,app\n")
    house.loader.run(other, NOW)
    before = facts(house)
    reloader(house).reload(house.feed, NOW)
    assert facts(house) == before
    reloader(house).reload(other, NOW)
    assert facts(house) == before


def test_landed_files_come_in_the_order_of_their_names(house: House) -> None:
    deliver_some(house)
    with house.store.read() as cursor:
        kept, missing = kept_files(cursor, house.feed, house.landing)
    names = [one.file.name.rpartition("/")[2] for one in kept]
    assert names == ["2026-10-01.csv", "2026-10-01.csv", "2026-10-02.csv", "2026-10-03.csv"]
    assert [b"T4" in one.file.path.read_bytes() for one in kept[:2]] == [False, True]
    assert missing == 0
    kept[2].file.path.unlink()
    with house.store.read() as cursor:
        rest, missing = kept_files(cursor, house.feed, house.landing)
    assert (len(rest), missing) == (3, 1)


def test_the_files_of_some_days_are_read_again(house: House) -> None:
    deliver_some(house)
    before = facts(house)
    with house.store.write() as cursor:
        cursor.execute("DELETE FROM fact_tickets")
    with house.store.read() as cursor:
        kept, _ = kept_files(cursor, house.feed, house.landing)
    october = [k.file for k in kept if speaks_of(k, day("2026-10-01"), day("2026-10-02"), house.city.zone)]
    results = house.loader.again(house.feed, october, NOW)
    assert [(r.status, r.rejected) for r in results] == [("done", 1), ("done", 0), ("done", 0)]
    ids = [row[0] for row in facts(house)]
    assert ids == [row[0] for row in before]
    # Files with later names still win when they are read again as well.
    house.loader.again(house.feed, [k.file for k in kept], NOW)
    assert facts(house) == before


def lines(count: int, name: str, day: int) -> str:
    return "".join(f"{name}{n},2026-10-{day:02} 08:00,,21,4,app\n" for n in range(count))


def test_earlier_deliveries_are_judged_beside_each_other_only(build: Build) -> None:
    """A feed that has grown: what was usual then is what its old files are held against."""
    house = build(
        volume={"against": {"last": 3, "below": "50%"}, "on_error": "stop"}, drift={"missing": "stop"}
    )
    for day_, count in enumerate((4, 4, 4, 7, 7, 7, 12, 12, 12), start=1):
        house.deliver(f"2026-10-{day_:02}.csv", HEADER + lines(count, f"D{day_}_", day_))
        assert [run.status for run in house.load()] == ["done"]
    house.deliver("2026-10-10.csv", HEADER + lines(2, "few", 10))
    assert [run.status for run in house.load()] == ["failed"]
    before = facts(house)
    results = reloader(house).reload(house.feed, NOW)
    assert [run.status for run in results] == ["done"] * 9 + ["failed"]
    assert facts(house) == before
    house.deliver("2026-10-11.csv", HEADER + lines(12, "next", 11))
    assert [run.status for run in house.load()] == ["done"]


def test_what_people_did_about_refused_rows_is_kept(house: House) -> None:
    rows = "T1,2026-10-01 08:00,,21,9,app\nT2,2026-10-01 08:00,,21,8,app\nT3,2026-10-01 08:00,,21,7,app\n"
    house.deliver("a.csv", HEADER + rows)
    house.load()
    ids = [row[0] for row in house.rows("SELECT id FROM quarantine ORDER BY line")]
    mender = Mender(house.city, house.store, house.landing)
    edited = "T1,2026-10-01 08:00,,21,5,app"
    assert mender.mend(house.feed, {ids[0]: edited}, NOW, 41).mended == 1
    mender.settle(house.feed, [ids[1]], "dismissed", 42)
    before = facts(house)
    assert [row[0] for row in before] == ["T1"]
    reloader(house).reload(house.feed, NOW)
    assert facts(house) == before
    standing = house.rows("SELECT line, state, deed FROM quarantine ORDER BY id DESC LIMIT 3")
    assert sorted(standing) == [(2, "mended", 41), (3, "dismissed", 42), (4, "waiting", None)]
    assert house.rows("SELECT count(*) FROM quarantine WHERE state = 'waiting'") == [(1,)]
    # What the contract takes today needs no mending; what people wrote is not lost in a second reload either.
    reloader(house).reload(house.feed, NOW)
    assert facts(house) == before
