"""Opening the database of people's state: SQLite beside the warehouse, or PostgreSQL by URL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, insert, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, SQLAlchemyError

from warehouse.state.tables import SCHEMA_VERSION, meta, metadata


class StateError(Exception):
    """The state cannot be opened or used; the message says why and what to do."""


def connect(url: str) -> Engine:
    """Open the database at ``url`` and make the tables that it lacks. Raises StateError."""
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
        metadata.create_all(engine)
        _check_version(engine)
    except DBAPIError as error:
        engine.dispose()
        raise StateError(f"cannot open {target.render_as_string()}: {error.orig}") from error
    except StateError:
        engine.dispose()
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


def _check_version(engine: Engine) -> None:
    try:
        with engine.begin() as connection:
            found = connection.execute(select(meta.c.value).where(meta.c.key == "schema")).scalar()
            if found is None:
                connection.execute(
                    insert(meta),
                    [{"key": "schema", "value": SCHEMA_VERSION}, {"key": "revision", "value": "0"}],
                )
    except IntegrityError:
        found = SCHEMA_VERSION  # another process made it in the same moment
    if found not in (None, SCHEMA_VERSION):
        raise StateError(
            f"the state has schema {found}, this program knows {SCHEMA_VERSION};"
            " use the program that wrote it"
        )
