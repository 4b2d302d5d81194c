"""The one door to the DuckDB file: reads run beside each other, writes one after another."""

from __future__ import annotations

import contextlib
import datetime as dt
import threading
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Final

import duckdb

from warehouse.disk import DiskFullError, is_full

Cursor = duckdb.DuckDBPyConnection
"""What reads and writes are given: a connection of its own to the shared database."""

SqlError = duckdb.Error
"""What a statement that fails raises, for those who may not import duckdb."""

SCHEMA_VERSION: Final = "2"

_LONG_LOG: Final = 32 * 2**20
"""Bytes of write-ahead log above which a restart would be felt."""


class StoreError(Exception):
    """The warehouse cannot be opened; the message says why and what to do."""


class StoreBusyError(StoreError):
    """Another process owns the warehouse."""


class TimeLimitError(Exception):
    """A transaction took longer than it was allowed to, and was rolled back."""

    def __init__(self, limit: dt.timedelta) -> None:
        super().__init__(f"stopped after {limit}")
        self.limit = limit


class Store:
    """An open warehouse. Make it with ``Store.open``; close it before the process ends."""

    def __init__(self, connection: Cursor, path: Path) -> None:
        self._connection = connection
        self._lock = threading.RLock()
        self._bumped = False
        self.path = path
        self._version = self._read_version(connection)

    @classmethod
    def open(
        cls,
        path: Path,
        timezone: str,
        *,
        folders: Sequence[Path] = (),
        memory_limit: str = "1GiB",
        threads: int | None = None,
    ) -> Store:
        """Open (or create) the warehouse file.

        ``folders`` are the only places besides the database's own that SQL may read or write; no later
        statement can widen that.
        Raises StoreBusyError when another process owns the file, StoreError when its folder cannot be
        written.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            connection = duckdb.connect(str(path))
        except PermissionError as error:
            raise StoreError(f"cannot write to {error.filename}; choose another folder with --var") from error
        except duckdb.IOException as error:
            if "lock" in str(error).lower():
                raise StoreBusyError(
                    f"{path} is in use by another process; stop it, or choose another folder with --var"
                ) from error
            raise StoreError(f"cannot open {path}: {error}") from error
        spill = path.parent / "spill"
        settings: dict[str, str | int | bool] = {
            "TimeZone": timezone,
            "memory_limit": memory_limit,
            "temp_directory": str(spill),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        if threads is not None:
            settings["threads"] = threads
        for name, value in settings.items():
            connection.execute(f"SET GLOBAL {name} = {_literal(value)}")
        _bring_up(connection)
        connection.execute(_text("schema.sql"))
        connection.execute("INSERT OR IGNORE INTO meta VALUES ('data_version', '0')")
        connection.execute("INSERT OR REPLACE INTO meta VALUES ('schema', ?)", [SCHEMA_VERSION])
        allowed = ", ".join(_literal(str(folder.resolve())) for folder in (path.parent, *folders))
        connection.execute(f"SET GLOBAL allowed_directories = [{allowed}]")
        connection.execute("SET GLOBAL enable_external_access = false")
        connection.execute("SET GLOBAL lock_configuration = true")
        return cls(connection, path)

    @property
    def data_version(self) -> int:
        """Number of the newest committed state that readers should show."""
        return self._version

    @contextlib.contextmanager
    def read(self) -> Iterator[Cursor]:
        """A cursor that sees one consistent snapshot for as long as the block lasts."""
        cursor = self._connection.cursor()
        try:
            cursor.execute("BEGIN TRANSACTION READ ONLY")
            yield cursor
        finally:
            cursor.close()

    @contextlib.contextmanager
    def trial(self) -> Iterator[Cursor]:
        """A cursor on which tables may be made and values computed: whatever is done on it is undone."""
        cursor = self._connection.cursor()
        try:
            cursor.execute("BEGIN TRANSACTION")
            yield cursor
        finally:
            with contextlib.suppress(duckdb.TransactionException):
                cursor.execute("ROLLBACK")
            cursor.close()

    @contextlib.contextmanager
    def write(self, limit: dt.timedelta | None = None) -> Iterator[Cursor]:
        """A cursor inside one transaction: committed when the block ends, rolled back when it raises.

        One writer at a time in the process; a second waits. Raises TimeLimitError when the block takes longer
        than ``limit``: the statement that runs then is interrupted; DiskFullError when there is no room.
        """
        with self._lock:
            cursor = self._connection.cursor()
            self._bumped = False
            try:
                cursor.execute("BEGIN TRANSACTION")
                with _limited(cursor, limit):
                    yield cursor
                cursor.execute("COMMIT")
            except BaseException as error:
                with contextlib.suppress(duckdb.TransactionException):
                    cursor.execute("ROLLBACK")
                if isinstance(error, duckdb.Error) and is_full(error):
                    raise DiskFullError(self.path.parent) from error
                raise
            else:
                if self._bumped:
                    self._version = self._read_version(cursor)
            finally:
                cursor.close()

    def bump(self, cursor: Cursor) -> None:
        """Let readers know, once this transaction commits, that there is something new to show."""
        cursor.execute("UPDATE meta SET value = (value::BIGINT + 1)::VARCHAR WHERE key = 'data_version'")
        self._bumped = True

    def settle(self) -> None:
        """Fold a long write-ahead log into the database file, so that the next start need not replay it.

        DuckDB does so by itself after small commits, but was seen to leave the log of a large one standing.
        While another transaction runs nothing happens; the next call tries again.
        """
        log = self.path.with_name(self.path.name + ".wal")
        if not log.exists() or log.stat().st_size < _LONG_LOG:
            return
        with self._lock, contextlib.suppress(duckdb.TransactionException):
            self._connection.execute("CHECKPOINT")

    def close(self) -> None:
        """Write everything out and let go of the file."""
        with self._lock:
            self._connection.close()

    @staticmethod
    def _read_version(cursor: Cursor) -> int:
        row = cursor.execute("SELECT value::BIGINT FROM meta WHERE key = 'data_version'").fetchone()
        return int(row[0]) if row else 0


@contextlib.contextmanager
def _limited(cursor: Cursor, limit: dt.timedelta | None) -> Iterator[None]:
    """Interrupt what the cursor does once ``limit`` is over, until the block has ended."""
    if limit is None:
        yield
        return
    ended, passed = threading.Event(), threading.Event()

    def watch() -> None:
        if ended.wait(limit.total_seconds()):
            return
        passed.set()
        # An interrupt between two statements is forgotten: it is repeated until the block gives up.
        while not ended.wait(0.05):
            cursor.interrupt()

    watching = threading.Thread(target=watch, name="time-limit", daemon=True)
    watching.start()
    try:
        yield
    except Exception as error:
        # Whatever the block makes of the interrupted statement, this is why it came to nothing.
        if passed.is_set():
            raise TimeLimitError(limit) from error
        raise
    finally:
        # What follows, a commit or a rollback, must not be hit.
        ended.set()
        watching.join()
    if passed.is_set():
        raise TimeLimitError(limit)


def _bring_up(connection: Cursor) -> None:
    """Give the tables of an older warehouse the shape that they now have."""
    held = connection.execute(
        "SELECT 1 FROM duckdb_tables() WHERE table_name = 'indicator_value'"
        " AND sql NOT LIKE '%stored_at%' AND NOT internal"
    ).fetchone()
    if held is not None:
        connection.execute(
            "ALTER TABLE indicator_value ALTER start TYPE TIMESTAMP;"
            "ALTER TABLE indicator_value ADD COLUMN stored_at TIMESTAMP;"
            "UPDATE indicator_value SET stored_at = known_from"
        )
    _make_anew(connection, "run", "mended")
    _make_anew(connection, "quarantine", "mended_by")


def _make_anew(connection: Cursor, table: str, gained: str) -> None:
    """Make a table that lacks the column ``gained`` as the schema has it now, with the rows that it holds.

    Its checks and defaults cannot be altered. One transaction: a process that ends here leaves the old table.
    """
    names = connection.execute(
        "SELECT column_name FROM duckdb_columns() WHERE table_name = ? AND NOT internal", [table]
    ).fetchall()
    if not names or (gained,) in names:
        return
    kept = ", ".join(name for (name,) in names)
    with _transaction(connection):
        connection.execute(f"CREATE TEMP TABLE kept AS SELECT {kept} FROM {table}; DROP TABLE {table}")
        connection.execute(_text("schema.sql"))
        # Rows get their defaults, numbers among them, in the order in which they lay.
        connection.execute(f"INSERT INTO {table} ({kept}) SELECT {kept} FROM kept; DROP TABLE kept")


@contextlib.contextmanager
def _transaction(connection: Cursor) -> Iterator[None]:
    connection.execute("BEGIN TRANSACTION")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _literal(value: str | int | bool) -> str:
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value).lower()


def _text(name: str) -> str:
    return (files("warehouse") / name).read_text(encoding="utf-8")
