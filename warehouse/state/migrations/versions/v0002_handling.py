"""Handling to its end: who has a warning, how it ended, silences, maintenance, corrections, releases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2"
down_revision = "1"


def upgrade() -> None:
    """Add to what is there; nothing that people did or were told is lost."""
    _warnings()
    op.add_column("handling", sa.Column("detail", sa.JSON, nullable=False, server_default="{}"))
    op.create_table(
        "correction",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("warning", sa.Integer, sa.ForeignKey("warning.id"), nullable=False, index=True),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("who", sa.String, nullable=False),
        sa.Column("told", sa.JSON, nullable=False),
        sa.Column("known", sa.JSON, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
    )
    _span("silence", "rule", "area", "domain")
    _span("maintenance", "feed", "area")
    op.create_table(
        "release",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("warning", sa.Integer, sa.ForeignKey("warning.id"), nullable=False),
        sa.Column("who", sa.String, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("headline", sa.JSON, nullable=False),
        sa.Column("text", sa.JSON, nullable=False),
        sa.Column("expires_at", sa.DateTime, nullable=False),
        sa.Column("replaces", sa.Integer, sa.ForeignKey("release.id")),
        sa.Column("withdrawn_at", sa.DateTime),
        sa.Column("withdrawn_by", sa.String),
    )
    _one_at_a_time("one_standing_release", "release", ["warning"], "withdrawn_at IS NULL")


def _warnings() -> None:
    for column in (
        sa.Column("ended_at", sa.DateTime),
        sa.Column("end_reason", sa.String),
        sa.Column("end_recorded_at", sa.DateTime),
        sa.Column("closed_at", sa.DateTime),
        sa.Column("closed_by", sa.String),
        sa.Column("outcome", sa.String),
        sa.Column("assigned_to", sa.String),
        sa.Column("assigned_at", sa.DateTime),
        sa.Column("escalated", sa.Integer, nullable=False, server_default="0"),
    ):
        op.add_column("warning", column)
    op.add_column(
        "warning", sa.Column("duplicate_of", sa.Integer, sa.ForeignKey("warning.id")), inline_references=True
    )
    # Until now a warning left the desk when its series was normal again, and in no other way.
    op.execute("UPDATE warning SET ended_at = resolved_at, end_reason = resolution")
    # The change of status that ended it may be kept with the warning that it opened.
    op.execute(
        "UPDATE warning SET end_recorded_at = coalesce((SELECT max(recorded_at) FROM transition"
        " WHERE transition.rule = warning.rule AND transition.area = warning.area"
        " AND transition.at = warning.resolved_at), resolved_at) WHERE resolved_at IS NOT NULL"
    )
    op.drop_index("one_open_warning", "warning")
    _one_at_a_time("one_standing_warning", "warning", ["rule", "area"], "ended_at IS NULL")
    op.create_index("warning_told", "warning", ["recorded_at"])


def _span(name: str, *what: str) -> None:
    """A table of spans of time in which something is quiet."""
    op.create_table(
        name,
        sa.Column("id", sa.Integer, primary_key=True),
        *(sa.Column(column, sa.String) for column in what),
        sa.Column("starts_at", sa.DateTime, nullable=False),
        sa.Column("ends_at", sa.DateTime, nullable=False, index=True),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("who", sa.String, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("ended_at", sa.DateTime),
        sa.Column("ended_by", sa.String),
    )


def _one_at_a_time(name: str, table: str, columns: list[str], standing: str) -> None:
    op.create_index(
        name,
        table,
        columns,
        unique=True,
        sqlite_where=sa.text(standing),
        postgresql_where=sa.text(standing),
    )
