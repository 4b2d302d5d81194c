"""What every part of people's state stands on: the database, and the number that grows with each change."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Connection, Engine, Integer, cast, insert, select, update
from sqlalchemy.types import String

from warehouse.state import tables as t


class Connected:
    """Something that reads and writes the state. Safe to use from several threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def revision(self) -> int:
        """Number that grows with all that people can see: screens showing an older one are out of date."""
        with self._engine.connect() as connection:
            found = connection.execute(select(t.meta.c.value).where(t.meta.c.key == "revision")).scalar_one()
        return int(found)


def touch(connection: Connection) -> None:
    """Tell the screens that there is something new; writers after this wait for the transaction's end."""
    number = cast(cast(t.meta.c.value, Integer) + 1, String)
    connection.execute(update(t.meta).where(t.meta.c.key == "revision").values(value=number))


def note(
    connection: Connection, at: dt.datetime, who: str, action: str, what: str, detail: dict[str, Any]
) -> None:
    """One line of the audit trail: ``who`` did ``action`` to ``what``, such as ``warning 7``."""
    connection.execute(insert(t.audit).values(at=at, who=who, action=action, object=what, detail=detail))


def named(who: str) -> str:
    """The name of the person who acts. Raises ValueError when it is empty."""
    name = who.strip()
    if not name:
        raise ValueError("an action needs the name of the person who takes it")
    return name


def reasoned(reason: str) -> str:
    """The words that say why. Raises ValueError when there are none."""
    words = reason.strip()
    if not words:
        raise ValueError("say why: those who come after must be able to tell")
    return words
