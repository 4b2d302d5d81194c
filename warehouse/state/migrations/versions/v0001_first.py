"""The first version, which programs made without migrations: every database begins here or later."""

revision = "1"
down_revision = None


def upgrade() -> None:
    """The tables are there already."""
