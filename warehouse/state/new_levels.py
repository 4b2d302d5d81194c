"""Shifts that a person confirmed: from when on a series has another level, and what becomes of its past."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, insert, select, update

from warehouse.state import tables as t
from warehouse.state.connected import Connected, named, reasoned, touch
from warehouse.state.handling import Deed, HandlingError, keep_deed
from warehouse.state.rows import Areas, find


class Earlier(StrEnum):
    """What is done with the values from before a new level."""

    MOVED = "moved"
    """They are moved to the new level, season and noise and all: tests go on at once."""
    CUT = "cut"
    """They count no more, as before a break: tests go on when there is enough history again."""


@dataclass(frozen=True, slots=True)
class NewLevel:
    """The series of an indicator for an area are another since ``began``, the start of a period by the city's
    clock (without offset). It bears on periods that end after ``confirmed_at``.
    """

    id: int
    warning: int
    indicator: str
    area: str
    began: dt.datetime
    earlier: Earlier
    confirmed_at: dt.datetime
    who: str
    reason: str
    withdrawn_at: dt.datetime | None = None
    withdrawn_by: str | None = None


class NewLevels(Connected):
    """New levels, each from the warning of a shift. A deed is one transaction, a line of its history and one
    of the audit trail.

    All raise UnknownWarningError when there is no such warning within ``areas``, HandlingError when it does
    not go with how things stand, ValueError when a name or a reason is empty.
    """

    def confirm(
        self,
        warning_id: int,
        indicator: str,
        began: dt.datetime,
        earlier: Earlier,
        who: str,
        reason: str,
        now: dt.datetime,
        *,
        areas: Areas,
    ) -> NewLevel:
        """Take what the warning tells as the level that is normal from now on."""
        who, reason = named(who), reasoned(reason)
        with self._engine.begin() as connection:
            touch(connection)
            area = find(connection, warning_id, areas).area
            standing = select(t.new_level.c.id).where(
                t.new_level.c.warning == warning_id, t.new_level.c.withdrawn_at.is_(None)
            )
            if connection.execute(standing).first() is not None:
                raise HandlingError(f"the shift of warning {warning_id} is confirmed already")
            made = insert(t.new_level).values(
                warning=warning_id,
                indicator=indicator,
                area=area,
                began=began,
                earlier=earlier.value,
                confirmed_at=now,
                who=who,
                reason=reason,
            )
            level = _level(connection.execute(made.returning(t.new_level)).one())
            detail = {"level": level.id, "began": began.isoformat(), "earlier": earlier.value}
            keep_deed(connection, Deed(warning_id, now, who, "rebase", reason, detail))
            return level

    def withdraw(self, warning_id: int, who: str, reason: str, now: dt.datetime, *, areas: Areas) -> NewLevel:
        """Take it back: periods that are judged from now on are held against the past as it was."""
        who, reason = named(who), reasoned(reason)
        with self._engine.begin() as connection:
            touch(connection)
            find(connection, warning_id, areas)
            taken = (
                update(t.new_level)
                .where(t.new_level.c.warning == warning_id, t.new_level.c.withdrawn_at.is_(None))
                .values(withdrawn_at=now, withdrawn_by=who)
            )
            row = connection.execute(taken.returning(t.new_level)).one_or_none()
            if row is None:
                raise HandlingError(f"no shift of warning {warning_id} is confirmed")
            keep_deed(connection, Deed(warning_id, now, who, "unbase", reason, {"level": row.id}))
            return _level(row)

    def standing(self) -> list[NewLevel]:
        """Those that were not taken back, in the order in which they were confirmed."""
        return [level for level in self.all() if level.withdrawn_at is None]

    def all(self, *, warning: int | None = None) -> list[NewLevel]:
        """Every one, or that of one warning, in the order in which they were confirmed."""
        query = select(t.new_level).order_by(t.new_level.c.confirmed_at, t.new_level.c.id)
        if warning is not None:
            query = query.where(t.new_level.c.warning == warning)
        with self._engine.connect() as connection:
            return [_level(row) for row in connection.execute(query)]


def _level(row: Row[Any]) -> NewLevel:
    values = {name: getattr(row, name) for name in NewLevel.__slots__}
    return NewLevel(**values | {"earlier": Earlier(row.earlier)})
