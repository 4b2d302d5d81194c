"""Backtests of rules: what each would have told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "5"
down_revision = "4"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "backtest",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("rule", sa.String, nullable=False),
        sa.Column("first", sa.Date, nullable=False),
        sa.Column("until", sa.Date, nullable=False),
        sa.Column("definition", sa.JSON, nullable=False),
        sa.Column("who", sa.String, nullable=False),
        sa.Column("started_at", sa.DateTime, nullable=False),
        sa.Column("finished_at", sa.DateTime),
        sa.Column("error", sa.Text),
        sa.Column("series", sa.Integer),
        sa.Column("tests", sa.Integer),
        sa.Column("told", sa.Integer),
        sa.Column("unfounded", sa.Integer),
        sa.Column("known_since", sa.DateTime),
        sa.Column("warnings", sa.JSON),
        sa.Column("incidents", sa.JSON),
    )
    op.create_index("backtest_of_rule", "backtest", ["rule", "id"])
    op.create_index(
        "one_running_backtest",
        "backtest",
        ["rule"],
        unique=True,
        sqlite_where=sa.text("finished_at IS NULL"),
        postgresql_where=sa.text("finished_at IS NULL"),
    )
