"""Notices: what was decided for whom, what was sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "3"
down_revision = "2"


def upgrade() -> None:
    """Add the tables; warnings that have ended are no news, those that stand are told of."""
    op.create_table(
        "notice_seen",
        sa.Column("warning", sa.Integer, sa.ForeignKey("warning.id"), primary_key=True),
        sa.Column("severity", sa.String, nullable=False),
        sa.Column("over", sa.Boolean, nullable=False),
        sa.Column("escalated", sa.Integer, nullable=False),
        sa.Column("corrections", sa.Integer, nullable=False),
    )
    _notices()
    _messages()
    op.execute(
        "INSERT INTO notice_seen (warning, severity, over, escalated, corrections)"
        " SELECT id, severity, resolved_at IS NOT NULL, escalated,"
        " (SELECT count(*) FROM correction WHERE correction.warning = warning.id)"
        " FROM warning WHERE resolved_at IS NOT NULL"
    )


def _notices() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.String, nullable=False, unique=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("warning", sa.Integer, sa.ForeignKey("warning.id"), index=True),
        sa.Column("rule", sa.String, nullable=False),
        sa.Column("area", sa.String, nullable=False),
        sa.Column("severity", sa.String, nullable=False),
        sa.Column("recipient", sa.String, nullable=False),
        sa.Column("office", sa.String, nullable=False),
        sa.Column("topic", sa.String, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("due", sa.DateTime),
        sa.Column("decided_at", sa.DateTime, nullable=False),
        sa.Column("bundle", sa.String, index=True),
        sa.Column("detail", sa.JSON, nullable=False),
    )
    op.create_index("notice_of_office", "notice", ["office", "decided_at"])
    op.create_index("notice_held", "notice", ["action", "due"])
    op.create_table(
        "notice_decision",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("notice", sa.Integer, sa.ForeignKey("notice.id"), nullable=False, index=True),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("due", sa.DateTime),
    )


def _messages() -> None:
    op.create_table(
        "message",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.String, nullable=False, unique=True),
        sa.Column("bundle", sa.String, nullable=False, index=True),
        sa.Column("recipient", sa.String, nullable=False),
        sa.Column("office", sa.String, nullable=False),
        sa.Column("topic", sa.String, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("severity", sa.String, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("due", sa.DateTime),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("sent_at", sa.DateTime),
        sa.Column("error", sa.Text),
    )
    op.create_index("message_due", "message", ["status", "due"])
    op.create_index("message_of_office", "message", ["office", "created_at"])
    op.create_table(
        "attempt",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("message", sa.Integer, sa.ForeignKey("message.id"), nullable=False, index=True),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("error", sa.Text),
    )
