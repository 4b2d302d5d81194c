"""What people ask of feeds: runs, backfills, reloads."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "6"
down_revision = "5"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "feed_request",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("feed", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("first", sa.Date),
        sa.Column("last", sa.Date),
        sa.Column("asked_by", sa.String, nullable=False),
        sa.Column("asked_at", sa.DateTime, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("step", sa.String, nullable=False),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("due_at", sa.DateTime, nullable=False),
        sa.Column("told", sa.JSON),
        sa.Column("started_at", sa.DateTime),
        sa.Column("finished_at", sa.DateTime),
    )
    op.create_index("feed_request_state", "feed_request", ["state", "due_at"])
    op.create_index(
        "one_open_request",
        "feed_request",
        ["feed"],
        unique=True,
        sqlite_where=sa.text("finished_at IS NULL"),
        postgresql_where=sa.text("finished_at IS NULL"),
    )
