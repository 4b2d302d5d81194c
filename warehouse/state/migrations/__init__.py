"""Bringing a database of people's state that an older program wrote up to date, with all that is in it.

One revision for each schema version, in ``versions/``. A fresh database is made from the tables as they are
and needs none of them; a test holds that both ways lead to the same tables.

The library takes care of the order of revisions and of what SQLite and PostgreSQL can change in a table; a
list of statements of our own would grow to that with what directives, users and programmes will need.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, inspect

FIRST: Final = "1"
"""The version that was there before migrations were, and says so in ``meta`` alone."""


def upgrade(connection: Connection) -> None:
    """Take the database behind ``connection``, in its transaction, to the newest version."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    if not inspect(connection).has_table("alembic_version"):
        command.stamp(config, FIRST)
    command.upgrade(config, "head")
