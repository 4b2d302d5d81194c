"""The store: atomic writes, snapshot reads, one owner, no way out."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from warehouse.store import SqlError, Store, StoreError

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
