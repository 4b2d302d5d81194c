"""Shifts that a person confirmed as a new level."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "4"
down_revision = "3"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "new_level",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("warning", sa.Integer, sa.ForeignKey("warning.id"), nullable=False),
        sa.Column("indicator", sa.String, nullable=False),
        sa.Column("area", sa.String, nullable=False),
        sa.Column("began", sa.DateTime, nullable=False),
        sa.Column("earlier", sa.String, nullable=False),
        sa.Column("confirmed_at", sa.DateTime, nullable=False),
        sa.Column("who", sa.String, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("withdrawn_at", sa.DateTime),
        sa.Column("withdrawn_by", sa.String),
    )
    op.create_index(
        "one_standing_level",
        "new_level",
        ["warning"],
        unique=True,
        sqlite_where=sa.text("withdrawn_at IS NULL"),
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
