"""The tables of people's state, for SQLite and PostgreSQL alike."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import (
    JSON,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

SCHEMA_VERSION: Final = "1"

metadata = MetaData()


class Utc(TypeDecorator[dt.datetime]):
    """An aware time, kept as UTC: SQLite drops the offset, so it is put back on the way out."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """Refuse a time without an offset: nobody could tell which moment it means."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        return value.astimezone(dt.UTC).replace(tzinfo=None)

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """UTC again."""
        del dialect
        return None if value is None else value.replace(tzinfo=dt.UTC)


meta = Table(
    "meta", metadata, Column("key", String, primary_key=True), Column("value", String, nullable=False)
)

series_state = Table(
    "series_state",
    metadata,
    Column("rule", String, primary_key=True),
    Column("area", String, primary_key=True),
    Column("status", String, nullable=False),
    Column("since", Utc),
    Column("breach_since", Utc),
    Column("clear_since", Utc),
    Column("judged_through", Utc),
    Column("before", String),
)

warning = Table(
    "warning",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("rule", String, nullable=False),
    Column("area", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("severity", String, nullable=False),
    Column("status", String, nullable=False),
    Column("opened_at", Utc, nullable=False),
    Column("firing_since", Utc, nullable=False),
    Column("resolved_at", Utc),
    Column("resolution", String),
    Column("value", Float),
    Column("limit", Float),
    Column("last_value", Float),
    Column("worst_value", Float),
    Column("message", JSON, nullable=False),
    Column("evidence", JSON, nullable=False),
    Column("recorded_at", Utc, nullable=False),
    Column("acknowledged_at", Utc),
    Column("acknowledged_by", String),
    UniqueConstraint("rule", "area", "kind", "opened_at"),
)
# The database itself holds that a series has one open warning at most.
Index(
    "one_open_warning",
    warning.c.rule,
    warning.c.area,
    unique=True,
    sqlite_where=text("resolved_at IS NULL"),
    postgresql_where=text("resolved_at IS NULL"),
)

transition = Table(
    "transition",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("warning", ForeignKey("warning.id")),
    Column("rule", String, nullable=False),
    Column("area", String, nullable=False),
    Column("at", Utc, nullable=False),
    Column("before", String, nullable=False),
    Column("after", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("value", Float),
    Column("limit", Float),
    Column("recorded_at", Utc, nullable=False),
    Index("transition_of_series", "rule", "area", "at"),
    Index("transition_of_warning", "warning"),
)

handling = Table(
    "handling",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("warning", ForeignKey("warning.id"), nullable=False, index=True),
    Column("at", Utc, nullable=False),
    Column("who", String, nullable=False),
    Column("action", String, nullable=False),
    Column("comment", Text, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Utc, nullable=False),
    Column("who", String, nullable=False),
    Column("action", String, nullable=False),
    Column("object", String, nullable=False),
    Column("detail", JSON, nullable=False),
)
