"""What people did with refused rows: the audit trail alone keeps it, quarantined rows name its entries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Literal

from sqlalchemy import insert, select

from warehouse.state import tables as t
from warehouse.state.connected import Connected, named, touch
from warehouse.state.records import AuditEntry

RowDeed = Literal["mend", "replay", "dismiss", "take_back"]
"""Written anew and tried · tried as they came · never to be received · to be received after all."""


class RefusedRows(Connected):
    """Deeds over the quarantine of a feed."""

    def note(self, feed: str, deed: RowDeed, rows: int, who: str, comment: str, now: dt.datetime) -> int:
        """Write down what somebody is about to do with so many rows; the number of the entry.

        It is written before it is done: the rows that name the entry tell what came of it, so that a crash
        in between leaves a deed without rows, and never rows without a name.
        Raises ValueError when ``who`` is empty, or a dismissal says nothing.
        """
        who, comment = named(who), comment.strip()
        if deed == "dismiss" and not comment:
            raise ValueError("say why the rows are dismissed: those who come after must be able to tell")
        detail = {"rows": rows} | ({"reason": comment} if comment else {})
        values = {"at": now, "who": who, "action": deed, "object": f"quarantine {feed}", "detail": detail}
        with self._engine.begin() as connection:
            touch(connection)
            made = insert(t.audit).values(**values).returning(t.audit.c.id)
            return int(connection.execute(made).scalar_one())

    def told(self, deeds: Collection[int]) -> dict[int, AuditEntry]:
        """Entries by number; one that is not there is absent."""
        query = select(t.audit).where(t.audit.c.id.in_(deeds))
        with self._engine.connect() as connection:
            return {
                row.id: AuditEntry(row.id, row.at, row.who, row.action, row.object, row.detail)
                for row in connection.execute(query)
            }
