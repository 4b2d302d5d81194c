"""The store: atomic writes, snapshot reads, one owner, no way out."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from warehouse.store import Cursor, SqlError, Store, StoreError, TimeLimitError

ZONE = "Asia/Ho_Chi_Minh"


def count(store: Store) -> int:
    with store.read() as cursor:
        row = cursor.execute("SELECT count(*) FROM meta").fetchone()
    assert row is not None
    return int(row[0])


def test_a_write_that_raises_leaves_nothing(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "warehouse.duckdb", ZONE)
    before = count(store)

    def half() -> None:
        with store.write() as cursor:
            cursor.execute("INSERT INTO meta VALUES ('a', '1')")
            store.bump(cursor)
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        half()
    assert count(store) == before
    assert store.data_version == 0
    store.close()


def test_the_version_changes_only_with_a_bump_and_survives_reopening(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "warehouse.duckdb", ZONE)
    with store.write() as cursor:
        cursor.execute("INSERT INTO meta VALUES ('a', '1')")
    assert store.data_version == 0
    with store.write() as cursor:
        store.bump(cursor)
        assert store.data_version == 0, "nobody may see a version before it is committed"
    assert store.data_version == 1
    store.close()
    again = Store.open(tmp_path / "warehouse.duckdb", ZONE)
    assert again.data_version == 1
    again.close()


def test_a_reader_keeps_its_snapshot_while_others_write(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "warehouse.duckdb", ZONE)
    with store.read() as cursor:
        first = cursor.execute("SELECT count(*) FROM meta").fetchone()
        with store.write() as writer:
            writer.execute("INSERT INTO meta VALUES ('a', '1')")
        assert cursor.execute("SELECT count(*) FROM meta").fetchone() == first
    assert count(store) == first[0] + 1 if first else False
    store.close()


def test_readers_cannot_write(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "warehouse.duckdb", ZONE)
    with store.read() as cursor, pytest.raises(SqlError, match="read-only"):
        cursor.execute("INSERT INTO meta VALUES ('a', '1')")
    store.close()


def test_writers_wait_for_each_other(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "warehouse.duckdb", ZONE)
    with store.write() as cursor:
        cursor.execute("INSERT INTO meta VALUES ('n', '0')")

    def add() -> None:
        for _ in range(20):
            with store.write() as cursor:
                cursor.execute("UPDATE meta SET value = (value::INT + 1)::VARCHAR WHERE key = 'n'")

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as cursor:
        assert cursor.execute("SELECT value FROM meta WHERE key = 'n'").fetchone() == ("80",)
    store.close()


def test_sql_reaches_only_the_folders_given(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inbox", tmp_path / "outside"
    for folder in (inside, outside):
        folder.mkdir()
        (folder / "a.csv").write_text("x\n1\n")
    store = Store.open(tmp_path / "var" / "warehouse.duckdb", ZONE, folders=[inside])
    with store.read() as cursor:
        assert cursor.execute("SELECT x FROM read_csv(?)", [str(inside / "a.csv")]).fetchall() == [(1,)]
        with pytest.raises(SqlError, match="Permission"):
            cursor.execute("SELECT x FROM read_csv(?)", [str(outside / "a.csv")])
    with store.read() as cursor, pytest.raises(SqlError, match="lock"):
        cursor.execute("SET GLOBAL enable_external_access = true")
    store.close()


def test_a_second_process_gets_a_plain_sentence(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    store = Store.open(path, ZONE)
    code = (
        "import sys; from pathlib import Path; from warehouse.store import Store, StoreError\n"
        "try:\n    Store.open(Path(sys.argv[1]), 'UTC')\nexcept StoreError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert "is in use by another process; stop it" in done.stdout
    store.close()


def test_a_file_that_is_no_database_is_told_as_such(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    path.write_bytes(b"not a database" * 400)
    with pytest.raises(StoreError, match="cannot open"):
        Store.open(path, ZONE)


# The two tables as they were before rows could be mended.
OLD_LEDGER = """
CREATE SEQUENCE run_id START 8;
CREATE TABLE run (
    id BIGINT PRIMARY KEY, feed VARCHAR, file_hash VARCHAR, file_name VARCHAR,
    started_at TIMESTAMP, finished_at TIMESTAMP, status VARCHAR,
    received BIGINT, inserted BIGINT, updated BIGINT, unchanged BIGINT, rejected BIGINT,
    message VARCHAR, hint VARCHAR,
    CHECK (status <> 'done' OR received = inserted + updated + unchanged + rejected)
);
CREATE TABLE quarantine (
    run BIGINT, feed VARCHAR, file_hash VARCHAR, line BIGINT, column_name VARCHAR, reason VARCHAR,
    detail VARCHAR, raw VARCHAR, problems VARCHAR, quarantined_at TIMESTAMP
);
INSERT INTO run VALUES
    (6, 'f', 'h6', 'f/a.csv', now()::TIMESTAMP, NULL, 'running', 0, 0, 0, 0, 0, NULL, NULL),
    (7, 'f', 'h7', 'f/b.csv', now()::TIMESTAMP, now()::TIMESTAMP, 'done', 9, 4, 2, 1, 2, 'm', NULL);
INSERT INTO quarantine VALUES
    (7, 'f', 'h7', 3, 'c', 'type', 'd', '{"a": "1"}', '[]', now()::TIMESTAMP),
    (7, 'f', 'h7', 5, NULL, 'malformed', 'd', 'x;y', NULL, now()::TIMESTAMP);
"""


def test_an_older_ledger_gets_its_new_columns_and_its_new_check(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as old:
        old.execute(OLD_LEDGER)
    for _ in range(2):  # the second start finds nothing to do
        store = Store.open(path, ZONE)
        with store.read() as cursor:
            runs = cursor.execute(
                "SELECT id, status, received, rejected, message, mended, kind FROM run ORDER BY id"
            ).fetchall()
            rows = cursor.execute(
                "SELECT id, line, reason, raw, state, edited, mended_by, deed FROM quarantine ORDER BY id"
            ).fetchall()
        store.close()
        assert runs == [(6, "running", 0, 0, None, 0, "load"), (7, "done", 9, 2, "m", 0, "load")]
        assert rows == [
            (1, 3, "type", '{"a": "1"}', "waiting", None, None, None),
            (2, 5, "malformed", "x;y", "waiting", None, None, None),
        ]
    store = Store.open(path, ZONE)
    with store.write() as cursor:
        cursor.execute("UPDATE run SET rejected = 1, mended = 1 WHERE id = 7")
        assert cursor.execute("SELECT nextval('run_id'), nextval('quarantine_id')").fetchone() == (8, 3)
    with pytest.raises(SqlError, match="CHECK"), store.write() as cursor:
        cursor.execute("UPDATE run SET mended = 2 WHERE id = 7")
    with pytest.raises(SqlError, match="primary key"), store.write() as cursor:
        cursor.execute("INSERT INTO run (id) VALUES (7)")
    store.close()


def test_settling_folds_the_log_into_the_file_even_beside_a_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warehouse.store._LONG_LOG", 1)
    store = Store.open(tmp_path / "warehouse.duckdb", ZONE)
    with store.write() as cursor:
        cursor.execute("INSERT INTO meta SELECT i::VARCHAR, '' FROM range(1000) t(i)")
    log = tmp_path / "warehouse.duckdb.wal"
    assert log.stat().st_size > 0
    with store.read() as cursor:
        before = cursor.execute("SELECT count(*) FROM meta").fetchone()
        store.settle()
        assert not log.exists() or log.stat().st_size == 0
        assert cursor.execute("SELECT count(*) FROM meta").fetchone() == before
    store.close()


ENDLESS = "SELECT count(*) FROM range(1000000000) a, range(1000000000) b WHERE hash(a.range, b.range) = 7"


def test_a_write_past_its_limit_is_stopped_and_rolled_back(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "warehouse.duckdb", ZONE)
    before = count(store)
    limit = dt.timedelta(seconds=0.2)

    def endless(cursor: Cursor) -> None:
        cursor.execute(ENDLESS)

    def misled(cursor: Cursor) -> None:
        """Take the interrupted statement for something else."""
        try:
            cursor.execute(ENDLESS)
        except SqlError as error:
            raise ValueError("the file is broken") from error

    def idle(_cursor: Cursor) -> None:
        """Be in no statement when the time is over: what was written may not be committed either."""
        threading.Event().wait(0.5)

    def write(act: Callable[[Cursor], None], within: dt.timedelta) -> None:
        with store.write(within) as cursor:
            cursor.execute("INSERT INTO meta VALUES ('a', '1')")
            act(cursor)

    for act in (endless, misled, idle):
        with pytest.raises(TimeLimitError) as told:
            write(act, limit)
        assert (told.value.limit, count(store)) == (limit, before)
    write(lambda _cursor: None, dt.timedelta(minutes=1))
    assert count(store) == before + 1
    store.close()
