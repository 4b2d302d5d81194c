"""Directives, and what is done about them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "7"
down_revision = "6"


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "directive",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("issued_at", sa.DateTime, nullable=False),
        sa.Column("issued_by", sa.String, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("area", sa.String, nullable=False),
        sa.Column("domain", sa.String),
        sa.Column("unit", sa.String, nullable=False),
        sa.Column("joining", sa.JSON, nullable=False),
        sa.Column("priority", sa.String, nullable=False),
        sa.Column("due_at", sa.DateTime, nullable=False),
        sa.Column("first_due_at", sa.DateTime, nullable=False),
        sa.Column("extended", sa.Integer, nullable=False, server_default="0"),
        sa.Column("indicator", sa.String),
        sa.Column("period", sa.String),
        sa.Column("start", sa.DateTime),
        sa.Column("value", sa.Float),
        sa.Column("warning", sa.Integer, sa.ForeignKey("warning.id"), index=True),
        sa.Column("task", sa.String),
        sa.Column("progress", sa.Integer, nullable=False, server_default="0"),
        sa.Column("reported_at", sa.DateTime),
        sa.Column("asked_until", sa.DateTime),
        sa.Column("result", sa.String),
        sa.Column("closed_at", sa.DateTime),
        sa.Column("closed_by", sa.String),
    )
    op.create_index("directive_due", "directive", ["closed_at", "due_at"])
    op.create_table(
        "directive_deed",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("directive", sa.Integer, sa.ForeignKey("directive.id"), nullable=False, index=True),
        sa.Column("at", sa.DateTime, nullable=False, index=True),
        sa.Column("who", sa.String, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("detail", sa.JSON, nullable=False),
    )
