"""The tables of notices: what was decided for whom, and what was sent."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from warehouse.state.tables import Utc, metadata

# What notices have taken in of each warning: where it differs from the warning, something happened that
# somebody may have to be told of. Kept apart from the warning, so that an evaluation need not know of
# notices, and nothing is lost when the program ends between the two.
notice_seen = Table(
    "notice_seen",
    metadata,
    Column("warning", ForeignKey("warning.id"), primary_key=True),
    Column("severity", String, nullable=False),
    Column("over", Boolean, nullable=False),
    Column("escalated", Integer, nullable=False),
    Column("corrections", Integer, nullable=False),
)

notice = Table(
    "notice",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String, nullable=False, unique=True),
    Column("kind", String, nullable=False),
    Column("warning", ForeignKey("warning.id"), index=True),
    Column("rule", String, nullable=False),
    Column("area", String, nullable=False),
    Column("severity", String, nullable=False),
    Column("recipient", String, nullable=False),
    Column("office", String, nullable=False),
    Column("topic", String, nullable=False),
    Column("at", Utc, nullable=False),
    Column("action", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("due", Utc),
    Column("decided_at", Utc, nullable=False),
    Column("bundle", String, index=True),
    Column("detail", JSON, nullable=False),
)
Index("notice_of_office", notice.c.office, notice.c.decided_at)
Index("notice_held", notice.c.action, notice.c.due)

notice_decision = Table(
    "notice_decision",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("notice", ForeignKey("notice.id"), nullable=False, index=True),
    Column("at", Utc, nullable=False),
    Column("action", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("due", Utc),
)

message = Table(
    "message",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String, nullable=False, unique=True),
    Column("bundle", String, nullable=False, index=True),
    Column("recipient", String, nullable=False),
    Column("office", String, nullable=False),
    Column("topic", String, nullable=False),
    Column("channel", Text, nullable=False),
    Column("language", String, nullable=False),
    Column("severity", String, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("status", String, nullable=False),
    Column("due", Utc),
    Column("attempts", Integer, nullable=False),
    Column("sent_at", Utc),
    Column("error", Text),
)
Index("message_due", message.c.status, message.c.due)
Index("message_of_office", message.c.office, message.c.created_at)

attempt = Table(
    "attempt",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("message", ForeignKey("message.id"), nullable=False, index=True),
    Column("at", Utc, nullable=False),
    Column("error", Text),
)
