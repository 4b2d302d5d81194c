"""How often open data were taken."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "8"
down_revision = "7"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "open_download",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("dataset", sa.String, primary_key=True),
        sa.Column("format", sa.String, primary_key=True),
        sa.Column("taken", sa.Integer, nullable=False),
    )
