"""The tables of people's state, for SQLite and PostgreSQL alike."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import (
    JSON,
    Column,
    Date,
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

SCHEMA_VERSION: Final = "8"
"""The newest revision in migrations/versions: what a fresh database is made as, and an old one brought to."""

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


alembic_version = Table(
    "alembic_version", metadata, Column("version_num", String(32), primary_key=True, nullable=False)
)
"""What the migrations keep of themselves; ``meta`` says the same to programs that came before them."""

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
    # resolved_at: when it left the desk. ended_at: when its series was normal again, as the engine tells it.
    Column("ended_at", Utc),
    Column("end_reason", String),
    Column("end_recorded_at", Utc),
    Column("closed_at", Utc),
    Column("closed_by", String),
    Column("outcome", String),
    Column("duplicate_of", ForeignKey("warning.id")),
    Column("assigned_to", String),
    Column("assigned_at", Utc),
    Column("escalated", Integer, nullable=False, server_default="0"),
    UniqueConstraint("rule", "area", "kind", "opened_at"),
)
# The database itself holds that a series has one warning at a time. One that a person closed while its series
# still stands counts: no second one opens until the series was normal again.
Index(
    "one_standing_warning",
    warning.c.rule,
    warning.c.area,
    unique=True,
    sqlite_where=text("ended_at IS NULL"),
    postgresql_where=text("ended_at IS NULL"),
)
Index("warning_told", warning.c.recorded_at)

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
    Column("detail", JSON, nullable=False, server_default="{}"),
)

correction = Table(
    "correction",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("warning", ForeignKey("warning.id"), nullable=False, index=True),
    Column("at", Utc, nullable=False),
    Column("who", String, nullable=False),
    Column("told", JSON, nullable=False),
    Column("known", JSON, nullable=False),
    Column("note", Text, nullable=False),
)

silence = Table(
    "silence",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("rule", String),
    Column("area", String),
    Column("domain", String),
    Column("starts_at", Utc, nullable=False),
    Column("ends_at", Utc, nullable=False, index=True),
    Column("reason", Text, nullable=False),
    Column("who", String, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("ended_at", Utc),
    Column("ended_by", String),
)

maintenance = Table(
    "maintenance",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("feed", String),
    Column("area", String),
    Column("starts_at", Utc, nullable=False),
    Column("ends_at", Utc, nullable=False, index=True),
    Column("reason", Text, nullable=False),
    Column("who", String, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("ended_at", Utc),
    Column("ended_by", String),
)

release = Table(
    "release",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("warning", ForeignKey("warning.id"), nullable=False),
    Column("who", String, nullable=False),
    Column("at", Utc, nullable=False),
    Column("headline", JSON, nullable=False),
    Column("text", JSON, nullable=False),
    Column("expires_at", Utc, nullable=False),
    Column("replaces", ForeignKey("release.id")),
    Column("withdrawn_at", Utc),
    Column("withdrawn_by", String),
)
# The public hears one thing at a time of a warning: a new text takes the place of the one before.
Index(
    "one_standing_release",
    release.c.warning,
    unique=True,
    sqlite_where=text("withdrawn_at IS NULL"),
    postgresql_where=text("withdrawn_at IS NULL"),
)

new_level = Table(
    "new_level",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("warning", ForeignKey("warning.id"), nullable=False),
    Column("indicator", String, nullable=False),
    Column("area", String, nullable=False),
    # The start of a period by the city's clock: it means the same day whatever the zone did since.
    Column("began", DateTime, nullable=False),
    Column("earlier", String, nullable=False),
    Column("confirmed_at", Utc, nullable=False),
    Column("who", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("withdrawn_at", Utc),
    Column("withdrawn_by", String),
)
Index(
    "one_standing_level",
    new_level.c.warning,
    unique=True,
    sqlite_where=text("withdrawn_at IS NULL"),
    postgresql_where=text("withdrawn_at IS NULL"),
)

backtest = Table(
    "backtest",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("rule", String, nullable=False),
    Column("first", Date, nullable=False),
    Column("until", Date, nullable=False),
    Column("definition", JSON, nullable=False),
    Column("who", String, nullable=False),
    Column("started_at", Utc, nullable=False),
    Column("finished_at", Utc),
    Column("error", Text),
    Column("series", Integer),
    Column("tests", Integer),
    Column("told", Integer),
    Column("unfounded", Integer),
    Column("known_since", Utc),
    # What lists need stands in columns; these two are read for one backtest at a time.
    Column("warnings", JSON),
    Column("incidents", JSON),
    Index("backtest_of_rule", "rule", "id"),
)
# Two people who ask at once get one replay, not two.
Index(
    "one_running_backtest",
    backtest.c.rule,
    unique=True,
    sqlite_where=text("finished_at IS NULL"),
    postgresql_where=text("finished_at IS NULL"),
)

feed_request = Table(
    "feed_request",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("feed", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("first", Date),
    Column("last", Date),
    Column("asked_by", String, nullable=False),
    Column("asked_at", Utc, nullable=False),
    Column("state", String, nullable=False),
    Column("step", String, nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("due_at", Utc, nullable=False),
    Column("told", JSON),
    Column("started_at", Utc),
    Column("finished_at", Utc),
    Index("feed_request_state", "state", "due_at"),
)
# Two people who ask at once get one, not two.
Index(
    "one_open_request",
    feed_request.c.feed,
    unique=True,
    sqlite_where=text("finished_at IS NULL"),
    postgresql_where=text("finished_at IS NULL"),
)

directive = Table(
    "directive",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("issued_at", Utc, nullable=False),
    Column("issued_by", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("area", String, nullable=False),
    Column("domain", String),
    Column("unit", String, nullable=False),
    Column("joining", JSON, nullable=False),
    Column("priority", String, nullable=False),
    Column("due_at", Utc, nullable=False),
    Column("first_due_at", Utc, nullable=False),
    Column("extended", Integer, nullable=False, server_default="0"),
    Column("indicator", String),
    Column("period", String),
    # The start of a period by the city's clock.
    Column("start", DateTime),
    Column("value", Float),
    Column("warning", ForeignKey("warning.id"), index=True),
    Column("task", String),
    Column("progress", Integer, nullable=False, server_default="0"),
    Column("reported_at", Utc),
    Column("asked_until", Utc),
    Column("result", String),
    Column("closed_at", Utc),
    Column("closed_by", String),
    Index("directive_due", "closed_at", "due_at"),
)

directive_deed = Table(
    "directive_deed",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("directive", ForeignKey("directive.id"), nullable=False, index=True),
    Column("at", Utc, nullable=False, index=True),
    Column("who", String, nullable=False),
    Column("action", String, nullable=False),
    Column("comment", Text, nullable=False),
    Column("detail", JSON, nullable=False),
)

open_download = Table(
    "open_download",
    metadata,
    Column("day", Date, primary_key=True),
    Column("dataset", String, primary_key=True),
    Column("format", String, primary_key=True),
    Column("taken", Integer, nullable=False),
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
