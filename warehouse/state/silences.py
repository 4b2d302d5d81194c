"""Keeping silences and windows of maintenance: who keeps what quiet, until when, and why."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import Connection, Engine, Table, case, func, insert, select, update

from warehouse.state import tables as t
from warehouse.state.connected import Connected, named, note, reasoned, touch
from warehouse.state.database import StateError
from warehouse.state.quiet import Maintenance, Silence
from warehouse.state.rows import Areas

R = TypeVar("R", Silence, Maintenance)


class QuietError(StateError):
    """There is no such silence or window, or it cannot be kept as asked for; the message says why."""


class Spans(Connected, Generic[R]):
    """Silences, or windows of maintenance. Each deed is one transaction and a line of the audit trail.

    All raise QuietError, and ValueError when ``who`` or the reason is empty. Who may see some ``areas`` only
    can keep these quiet and no others.
    """

    def __init__(self, engine: Engine, table: Table, made: type[R], what: tuple[str, ...]) -> None:
        super().__init__(engine)
        self._table, self._what = table, what
        self._made: type[R] = made

    def all(self, *, until_after: dt.datetime | None = None, areas: Areas = None) -> list[R]:
        """Those that end (or were ended) after ``until_after``, all without it; the last to end first."""
        until = func.coalesce(self._table.c.ended_at, self._table.c.ends_at)
        query = select(self._table).order_by(until.desc(), self._table.c.id)
        if until_after is not None:
            query = query.where(self._table.c.ends_at > until_after)
        with self._engine.connect() as connection:
            rows = [self._made(*row) for row in connection.execute(query)]
        return [
            row
            for row in rows
            if (until_after is None or row.until > until_after)
            and (areas is None or row.area is None or row.area in areas)
        ]

    def find(self, id: int, *, areas: Areas) -> R:
        """The one of this number."""
        with self._engine.connect() as connection:
            return self._find(connection, id, areas)

    def turns(self, now: dt.datetime, notice: dt.timedelta) -> int:
        """How many beginnings, ends, and moments ``notice`` before an end have passed by ``now``.

        Nothing is written down when time makes something quiet or heard again: screens learn of it by this.
        """
        c = self._table.c
        until = func.coalesce(c.ended_at, c.ends_at)
        passed = ((c.starts_at, now), (until, now), (until, now + notice))
        steps = [func.coalesce(func.sum(case((column <= at, 1), else_=0)), 0) for column, at in passed]
        with self._engine.connect() as connection:
            return sum(connection.execute(select(*steps)).one())

    def extend(
        self, id: int, ends_at: dt.datetime, who: str, reason: str, now: dt.datetime, *, areas: Areas
    ) -> R:
        """Let it run on to ``ends_at``. One that is over is not woken up: others were told since."""
        who, reason = named(who), reasoned(reason)
        with self._engine.begin() as connection:
            found = self._standing(connection, id, now, areas)
            if ends_at <= found.ends_at:
                raise QuietError(f"{self._name(id)} runs to {found.ends_at:%Y-%m-%d %H:%M} UTC already")
            connection.execute(update(self._table).where(self._table.c.id == id).values(ends_at=ends_at))
            detail = {
                "reason": reason,
                "before": found.ends_at.isoformat(),
                "after": ends_at.astimezone(dt.UTC).isoformat(),
            }
            note(connection, now, who, "extend", self._name(id), detail)
            return self._find(connection, id, areas)

    def end(self, id: int, who: str, reason: str, now: dt.datetime, *, areas: Areas) -> R:
        """End it now, or call it off before it begins."""
        who, reason = named(who), reasoned(reason)
        with self._engine.begin() as connection:
            self._standing(connection, id, now, areas)
            values = {"ended_at": now, "ended_by": who}
            connection.execute(update(self._table).where(self._table.c.id == id).values(**values))
            note(connection, now, who, "end", self._name(id), {"reason": reason})
            return self._find(connection, id, areas)

    def _add(
        self,
        what: dict[str, str | None],
        starts_at: dt.datetime,
        ends_at: dt.datetime,
        reason: str,
        who: str,
        now: dt.datetime,
        areas: Areas,
    ) -> R:
        who, reason = named(who), reasoned(reason)
        if not any(what.values()):
            raise QuietError(f"say what is to be quiet: give {' or '.join(self._what)}")
        if ends_at <= max(starts_at, now):
            raise QuietError("it must end after it begins, and not in the past")
        if areas is not None and what["area"] not in areas:
            raise QuietError("it would reach beyond the areas that this person may see")
        values: dict[str, Any] = {"starts_at": starts_at, "ends_at": ends_at, "reason": reason, "who": who}
        with self._engine.begin() as connection:
            touch(connection)
            made = insert(self._table).values(created_at=now, **what, **values).returning(self._table)
            span: R = self._made(*connection.execute(made).one())
            detail = {
                **{key: value for key, value in what.items() if value},
                "starts_at": span.starts_at.isoformat(),
                "ends_at": span.ends_at.isoformat(),
                "reason": reason,
            }
            note(connection, now, who, "add", self._name(span.id), detail)
            return span

    def _standing(self, connection: Connection, id: int, now: dt.datetime, areas: Areas) -> R:
        """One that is not over, once every other writer is done with it."""
        touch(connection)
        found = self._find(connection, id, areas)
        if found.until <= now:
            raise QuietError(f"{self._name(id)} is over since {found.until:%Y-%m-%d %H:%M} UTC")
        if areas is not None and found.area is None:
            raise QuietError(f"{self._name(id)} reaches beyond the areas that this person may see")
        return found

    def _find(self, connection: Connection, id: int, areas: Areas) -> R:
        row = connection.execute(select(self._table).where(self._table.c.id == id)).one_or_none()
        found: R | None = None if row is None else self._made(*row)
        if found is None or (areas is not None and found.area is not None and found.area not in areas):
            raise QuietError(f"there is no {self._name(id)} that this person may see")
        return found

    def _name(self, id: int) -> str:
        return f"{self._table.name} {id}"


_SILENCED: Final = ("rule", "area", "domain")
_MAINTAINED: Final = ("feed", "area")


class Silences(Spans[Silence]):
    """Silences of warnings."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine, t.silence, Silence, _SILENCED)

    def add(
        self,
        *,
        ends_at: dt.datetime,
        reason: str,
        who: str,
        now: dt.datetime,
        areas: Areas,
        rule: str | None = None,
        area: str | None = None,
        domain: str | None = None,
        starts_at: dt.datetime | None = None,
    ) -> Silence:
        """Keep the warnings of a rule, area or domain quiet until ``ends_at``, from now on or later.

        What was told before cannot be untold: ``starts_at`` in the past is now.
        """
        what = {"rule": rule, "area": area, "domain": domain}
        return self._add(what, max(starts_at or now, now), ends_at, reason, who, now, areas)


class Windows(Spans[Maintenance]):
    """Windows of maintenance."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine, t.maintenance, Maintenance, _MAINTAINED)

    def add(
        self,
        *,
        ends_at: dt.datetime,
        reason: str,
        who: str,
        now: dt.datetime,
        areas: Areas,
        feed: str | None = None,
        area: str | None = None,
        starts_at: dt.datetime | None = None,
    ) -> Maintenance:
        """Work on a feed or area until ``ends_at``; it may have begun before somebody wrote it down."""
        return self._add({"feed": feed, "area": area}, starts_at or now, ends_at, reason, who, now, areas)
