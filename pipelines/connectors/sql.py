"""Rows of a database by SQLAlchemy: all of them, or by a growing column those that are new.

The driver streams; rows go to Parquet batch by batch (columns.py). What a fetch cannot finish in its time is
not lost: rows come in the order of the growing column, and the next fetch goes on after the last whole file.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from config.models.sql import SqlConnector
from pipelines.connectors.base import Ask, State
from pipelines.connectors.columns import TypedFile
from pipelines.connectors.growing import Growing
from pipelines.connectors.sql_errors import missing_column, missing_table, told
from pipelines.errors import PassingFault, SourceError

BATCH: Final = 10_000
_LIBPQ: Final[Mapping[str, Any]] = {
    "connect_timeout": 10,
    # A server that went away without a word is noticed after a minute.
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}
_CONNECT: Final[Mapping[str, Mapping[str, Any]]] = {
    "psycopg": _LIBPQ,
    "psycopg2": _LIBPQ,
    "pysqlite": {"timeout": 10},
}
"""What is asked of a connection, by driver; the rest by database."""
_BEFORE: Final[Mapping[str, str]] = {
    "postgresql": "SET LOCAL statement_timeout = {milliseconds}",
    "sqlite": "PRAGMA query_only = ON",
}
_OPTIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}


@dataclass(frozen=True)
class _Source:
    """What is read: something to select from, its columns, those that tell its rows apart where known."""

    rows: sa.FromClause
    names: tuple[str, ...]
    identity: tuple[str, ...]


class Sql:
    """The connector for ``kind: sql``."""

    ranged = True

    def fetch(self, ask: Ask) -> State:
        """Drop new rows (with a cursor) or all rows, unless they are those of the last time."""
        remote = ask.connector
        assert isinstance(remote, SqlConnector)
        ask.drop.folder.mkdir(parents=True, exist_ok=True)
        with _connected(ask, remote) as connection:
            source = _source(connection, remote)
            if remote.cursor is None:
                if ask.window is not None:
                    raise SourceError(
                        "a span of time cannot be fetched without connector.cursor",
                        "fetch everything instead",
                    )
                return _whole(ask, connection, source)
            return _growing(ask, remote, connection, source)


@contextmanager
def _connected(ask: Ask, remote: SqlConnector) -> Iterator[sa.Connection]:
    """A connection in a transaction that only reads and ends with the fetch's time."""
    url = _url(ask, remote)
    secret = url.password
    try:
        dialect = url.get_backend_name()
        known = dict(_CONNECT.get(url.get_driver_name(), {}))
        engine = sa.create_engine(url, poolclass=sa.NullPool, connect_args=known)
        with engine.connect().execution_options(**_OPTIONS.get(dialect, {})) as connection:
            left = max(1, int((ask.drop.deadline - time.monotonic()) * 1000))
            if dialect in _BEFORE:
                connection.execute(sa.text(_BEFORE[dialect].format(milliseconds=left)))
            yield connection
    except (sa.exc.ArgumentError, ImportError) as error:
        raise SourceError(
            f"there is no driver for {url.drivername!r} here: {error}",
            "install one, such as psycopg for postgresql+psycopg://… (the extra postgresql)",
        ) from error
    except DBAPIError as error:
        raise told(error, str(secret) if secret else None) from error


def _url(ask: Ask, remote: SqlConnector) -> sa.URL:
    try:
        text = ask.secret(remote.url_env) if remote.url is None else remote.url
        url = sa.make_url(text or "")
    except sa.exc.ArgumentError:
        # The message would show the whole URL, and the password in it.
        where = f"the environment variable {remote.url_env}" if remote.url_env else "connector.url"
        raise SourceError(
            f"{where} is not a database URL", "write dialect+driver://user:password@host:port/database"
        ) from None
    if (password := ask.secret(remote.password_env)) is not None:
        url = url.set(password=password)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        # The driver would make an empty one.
        raise SourceError(f"there is no database file {url.database}", "correct the path in the URL")
    return url


def _source(connection: sa.Connection, remote: SqlConnector) -> _Source:
    """What to read; its columns are asked for before anything else is."""
    identity: list[str] = []
    if remote.table is not None:
        schema, _, name = remote.table.rpartition(".")
        inspector = sa.inspect(connection)
        if not (inspector.has_table(name, schema=schema or None)):
            raise missing_table(inspector, name, schema or None)
        identity = list(inspector.get_pk_constraint(name, schema=schema or None)["constrained_columns"])
        names = [str(column["name"]) for column in inspector.get_columns(name, schema=schema or None)]
        rows: sa.FromClause = sa.table(name, *map(sa.column, names), schema=schema or None)
    else:
        # A colon in SQL is a cast or a time of day, never a parameter of ours.
        text = sa.text((remote.query or "").strip().rstrip(";").replace(":", r"\:"))
        bare: sa.Select[Any] = (
            sa.select(sa.literal_column("*")).select_from(text.columns().subquery("q")).where(sa.false())
        )
        names = list(connection.execute(bare).keys())
        rows = text.columns(*map(sa.column, names)).subquery("q")
    if remote.cursor is not None and remote.cursor.column not in names:
        raise missing_column(remote.cursor.column, names)
    return _Source(rows, tuple(names), tuple(identity))


def _whole(ask: Ask, connection: sa.Connection, source: _Source) -> State:
    """All rows in one file: whoever takes it for the whole state must find it whole."""
    order = [source.rows.c[name] for name in source.identity]
    rows = _stream(ask, connection, sa.select(source.rows).order_by(*order))
    file = TypedFile(source.names, ask.drop.folder / ask.drop.prefix)
    try:
        for batch in rows:
            file.add(batch)
            _keep_to_limits(ask, file)
        whole = file.finish()
    finally:
        file.close()
    return _dropped(ask, whole, {})


def _growing(ask: Ask, remote: SqlConnector, connection: sa.Connection, source: _Source) -> State:
    """Rows by the growing column, in files of ``rows_per_file``; nothing when there are none."""
    assert remote.cursor is not None
    column = source.rows.c[remote.cursor.column]
    growing = Growing(remote.cursor, ask.zone, _signature(remote), ask.state)
    statement = sa.select(source.rows).where(column.is_not(None))
    if ask.window is not None or not growing.known:
        sample = connection.execute(sa.select(column).where(column.is_not(None)).limit(1)).scalar()
        if sample is None:
            return growing.state
        growing.learn(sample)
    if ask.window is not None:
        since, until = growing.bounds(ask.window)
        statement = statement.where(column >= since, column < until)
    elif (since := growing.since()) is not None:
        statement = statement.where(column >= since)
    ties = [source.rows.c[name] for name in source.identity if name != remote.cursor.column]
    place = source.names.index(remote.cursor.column)
    rows = _stream(ask, connection, statement.order_by(column, *ties))
    try:
        return _in_files(ask, remote, source, growing, place, rows)
    except DBAPIError as error:
        fault = told(error, None)
        raise _with(fault, growing.state) if ask.drop.files else fault from error
    except PassingFault as fault:
        raise _with(fault, growing.state) if ask.drop.files else fault from fault


def _in_files(
    ask: Ask,
    remote: SqlConnector,
    source: _Source,
    growing: Growing,
    place: int,
    rows: Iterator[list[Any]],
) -> State:
    """Drop files until rows end. ``growing`` moves on with each file, never beyond what lies on disk."""
    first = next(rows, None)
    if first is None:
        return growing.state
    rows = chain([first], rows)
    while True:
        file = TypedFile(source.names, ask.drop.folder / ask.drop.prefix)
        last = None
        try:
            for batch in rows:
                file.add(batch)
                last = batch[-1][place]
                _keep_to_limits(ask, file)
                if file.rows >= remote.rows_per_file:
                    break
            if last is None:
                return growing.state
            whole = file.finish()
        finally:
            file.close()
        alone = not ask.drop.files and file.rows < remote.rows_per_file
        growing.reach(last, ask.now)
        if alone:
            return _dropped(ask, whole, growing.state)
        ask.drop.take(whole, ".parquet")


def _dropped(ask: Ask, whole: Path, state: State) -> State:
    """Drop the only file of a fetch, unless it is that of the last one: nothing has changed."""
    with whole.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if ask.window is None and ask.state.get("digest") == digest:
        whole.unlink()
    else:
        ask.drop.take(whole, ".parquet")
    return {**state, "digest": digest}


def _stream(ask: Ask, connection: sa.Connection, statement: sa.Select[Any]) -> Iterator[list[Any]]:
    """Batches of rows as the driver gives them, never all at once."""
    options = {"stream_results": True, "yield_per": BATCH, "max_row_buffer": BATCH}
    with connection.execution_options(**options).execute(statement) as result:
        for batch in result.partitions(BATCH):
            ask.drop.check()
            yield list(batch)


def _keep_to_limits(ask: Ask, file: TypedFile) -> None:
    if file.size > ask.drop.size_limit:
        raise SourceError(
            f"the rows are more than {ask.drop.size_limit >> 20} MiB",
            "raise connector.size_limit, or lower connector.rows_per_file",
        )


def _signature(remote: SqlConnector) -> str:
    """What the state is about: another table or column begins anew."""
    assert remote.cursor is not None
    what = f"{remote.table}\n{remote.query}\n{remote.cursor.column}"
    return hashlib.sha256(what.encode()).hexdigest()[:16]


def _with(fault: PassingFault | SourceError, reached: State) -> PassingFault | SourceError:
    if isinstance(fault, PassingFault):
        return PassingFault(fault.message, fault.hint, fault.retry_after, reached)
    return fault
