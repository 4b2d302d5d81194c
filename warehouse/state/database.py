"""Opening the database of people's state: SQLite beside the warehouse, or PostgreSQL by URL."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect, select, text, update
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from warehouse.state.tables import SCHEMA_VERSION, alembic_version, meta, metadata


class StateError(Exception):
    """The state cannot be opened or used; the message says why and what to do."""


def connect(url: str) -> Engine:
    """Open the database at ``url``, make its tables or bring them up to date. Raises StateError."""
    try:
        target = make_url(url)
    except ArgumentError as error:
        raise StateError(
            f"{url!r} is no database URL; write one such as sqlite:///var/state.sqlite"
        ) from error
    try:
        engine = create_engine(_prepared(target))
    except (ModuleNotFoundError, SQLAlchemyError) as error:
        raise StateError(f"cannot use {target.render_as_string()}: {error}") from error
    if target.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _configure_sqlite)
    try:
        _bring_up_to_date(engine)
    except BaseException as error:
        engine.dispose()
        if isinstance(error, DBAPIError):
            raise StateError(f"cannot open {target.render_as_string()}: {error.orig}") from error
        raise
    return engine


def _prepared(url: URL) -> URL:
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        try:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StateError(f"cannot make the folder of {url.database}: {error.strerror}") from error
    return url


def _configure_sqlite(connection: Any, _record: object) -> None:
    """Readers beside one writer, and commits that survive a power cut: handling cannot be recomputed."""
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _bring_up_to_date(engine: Engine) -> None:
    """Make the tables of a fresh database, or bring those of an older program to this one's version."""
    with engine.connect() as connection:
        found = _version(connection)
    if found == SCHEMA_VERSION:
        return
    with engine.connect() as connection:
        # Of two processes that start at once one waits here, and then finds the work done.
        connection.exec_driver_sql(_ALONE[engine.dialect.name])
        found = _version(connection)
        if found is None:
            metadata.create_all(connection)
            connection.execute(insert(alembic_version), [{"version_num": SCHEMA_VERSION}])
            connection.execute(
                insert(meta), [{"key": "schema", "value": SCHEMA_VERSION}, {"key": "revision", "value": "0"}]
            )
        elif found != SCHEMA_VERSION:
            _keep_copy(engine, found)
            _migrate(connection)
        connection.commit()


_ALONE: Final = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "SELECT pg_advisory_xact_lock(7307125)"}


def _version(connection: Connection) -> str | None:
    """Schema version of the tables, None if there are none. Raises StateError when it is a later one."""
    if not inspect(connection).has_table("meta"):
        return None
    query = select(meta.c.value).where(meta.c.key == "schema")
    found: str | None = connection.execute(query).scalar()
    if found is None or not found.isdecimal() or int(found) > int(SCHEMA_VERSION):
        raise StateError(
            f"the state has schema {found}, this program knows {SCHEMA_VERSION};"
            " use the program that wrote it"
        )
    return found


def _migrate(connection: Connection) -> None:
    # Most starts have nothing to migrate, and need not wait for the library.
    from warehouse.state.migrations import upgrade

    upgrade(connection)
    connection.execute(update(meta).where(meta.c.key == "schema").values(value=SCHEMA_VERSION))


def _keep_copy(engine: Engine, version: str) -> None:
    """A file is kept as it was beside the one that is about to change, for the program that wrote it."""
    file = engine.url.database
    if engine.dialect.name != "sqlite" or not file or file == ":memory:":
        return
    copy = Path(f"{file}.schema-{version}")
    if not copy.exists():
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM INTO :copy"), {"copy": str(copy)})
