"""Directives: what leaders have units do, from being issued to the outcome. Each deed is kept for good."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, insert, select, true, update

from warehouse.state import tables as t
from warehouse.state.connected import Connected, named, note, reasoned, touch
from warehouse.state.database import StateError
from warehouse.state.directive_records import PRIORITIES, Directive, Figure, Order, Result
from warehouse.state.records import Event
from warehouse.state.rows import Areas


class DirectiveError(StateError):
    """What was asked for does not go with how the directive stands; the message says why."""


class UnknownDirectiveError(StateError):
    """There is no such directive, or the reader may not see it."""


class Directives(Connected):
    """Directives and what is done about them. Every deed is one transaction and a line of the audit trail.

    All raise UnknownDirectiveError when there is no such directive within ``areas``, and ValueError when
    ``who`` or words that are needed are empty. Only who issued a directive answers for its end: others get a
    DirectiveError.
    """

    def issue(self, order: Order, who: str, now: dt.datetime, *, areas: Areas) -> Directive:
        """Have a unit do something. Raises ValueError when it is due in the past, or says nothing."""
        who, text = named(who), reasoned(order.text)
        if order.due_at <= now:
            raise ValueError(f"it would be due at {order.due_at}, which is over")
        if order.priority not in PRIORITIES or not order.unit:
            raise ValueError(f"priority {order.priority!r} of unit {order.unit!r}")
        if areas is not None and order.area not in areas:
            raise UnknownDirectiveError(f"{order.area} is no area that this reader may see")
        figure = order.figure
        with self._engine.begin() as connection:
            touch(connection)
            values = {
                "issued_at": now,
                "issued_by": who,
                "text": text,
                "area": order.area,
                "domain": order.domain,
                "unit": order.unit,
                "joining": [unit for unit in dict.fromkeys(order.joining) if unit != order.unit],
                "priority": order.priority,
                "due_at": order.due_at,
                "first_due_at": order.due_at,
                "indicator": figure.indicator if figure else None,
                "period": figure.period if figure else None,
                "start": figure.start if figure else None,
                "value": figure.value if figure else None,
                "warning": order.warning,
                "task": order.task,
            }
            made = connection.execute(insert(t.directive).values(**values).returning(t.directive)).one()
            _keep(connection, made.id, now, who, "issue", text, {"due": _written(order.due_at)})
            return directive_of(made)

    def report(
        self,
        id_: int,
        who: str,
        text: str,
        progress: int,
        now: dt.datetime,
        *,
        evidence: str = "",
        areas: Areas,
    ) -> Directive:
        """A unit tells how far it is: ``progress`` 0 to 100, ``evidence`` an address where it can be seen."""
        who, text = named(who), reasoned(text)
        if not 0 <= progress <= 100:
            raise ValueError(f"progress {progress} is not between 0 and 100")
        with self._engine.begin() as connection:
            found = _open(connection, id_, areas)
            values: dict[str, Any] = {"progress": progress}
            if found.reported_at is None:
                values["reported_at"] = now
            detail: dict[str, Any] = {"progress": progress}
            if evidence.strip():
                detail["evidence"] = evidence.strip()
            return _change(connection, id_, now, who, "report", text, detail, values)

    def comment(self, id_: int, who: str, text: str, now: dt.datetime, *, areas: Areas) -> Directive:
        """Add a remark, whether it is open or not."""
        who, text = named(who), reasoned(text)
        with self._engine.begin() as connection:
            _find(connection, id_, areas)
            return _change(connection, id_, now, who, "comment", text, {}, {})

    def ask_extension(
        self, id_: int, until: dt.datetime, who: str, reason: str, now: dt.datetime, *, areas: Areas
    ) -> Directive:
        """A unit asks for more time. Raises DirectiveError when that would be no more time."""
        who, reason = named(who), reasoned(reason)
        with self._engine.begin() as connection:
            found = _open(connection, id_, areas)
            if until <= max(found.order.due_at, now):
                raise DirectiveError(f"directive {id_} is due at {found.order.due_at}: ask for a later time")
            detail = {"until": _written(until)}
            return _change(connection, id_, now, who, "ask", reason, detail, {"asked_until": until})

    def answer_extension(
        self, id_: int, granted: bool, who: str, reason: str, now: dt.datetime, *, areas: Areas
    ) -> Directive:
        """Grant or refuse the extension that is asked for; a refusal needs a reason."""
        who, reason = named(who), reason.strip() if granted else reasoned(reason)
        with self._engine.begin() as connection:
            found = _own(connection, id_, who, areas)
            if found.asked_until is None or not found.open:
                raise DirectiveError(f"nobody asks for more time for directive {id_}")
            detail = {"until": _written(found.asked_until)}
            values: dict[str, Any] = {"asked_until": None}
            if granted:
                values |= {"due_at": found.asked_until, "extended": t.directive.c.extended + 1}
            return _change(
                connection, id_, now, who, "extend" if granted else "refuse", reason, detail, values
            )

    def close(
        self, id_: int, result: Result, who: str, text: str, now: dt.datetime, *, areas: Areas
    ) -> Directive:
        """Close it with an outcome; one that was not done in full needs words."""
        who, text = named(who), text.strip() if result is Result.DONE else reasoned(text)
        with self._engine.begin() as connection:
            found = _own(connection, id_, who, areas)
            if not found.open:
                raise DirectiveError(f"directive {id_} is closed already")
            values = {"result": result.value, "closed_at": now, "closed_by": who, "asked_until": None}
            return _change(connection, id_, now, who, "close", text, {"result": result.value}, values)

    def reopen(self, id_: int, who: str, reason: str, now: dt.datetime, *, areas: Areas) -> Directive:
        """Take its closing back: it is owed again, and was all the time."""
        who, reason = named(who), reasoned(reason)
        with self._engine.begin() as connection:
            found = _own(connection, id_, who, areas)
            if found.open:
                raise DirectiveError(f"directive {id_} is open")
            values = dict.fromkeys(("result", "closed_at", "closed_by"))
            return _change(connection, id_, now, who, "reopen", reason, {}, values)

    def find(self, id_: int, *, areas: Areas) -> Directive:
        """One by its number."""
        with self._engine.connect() as connection:
            return _find(connection, id_, areas)

    def all(
        self,
        *,
        areas: Areas,
        open_only: bool = False,
        warning: int | None = None,
        indicator: str | None = None,
        within: Collection[str] | None = None,
        limit: int | None = None,
    ) -> list[Directive]:
        """Open ones first, by when they are due, then those that were closed last.

        Of a warning, of an indicator, or of the areas ``within``, where these are given.
        """
        c = t.directive.c
        query = (
            select(t.directive)
            .where(_visible(areas), _visible(within))
            .order_by(c.closed_at.is_not(None), c.closed_at.desc(), c.due_at, c.id)
        )
        if open_only:
            query = query.where(c.closed_at.is_(None))
        for column, wanted in ((c.warning, warning), (c.indicator, indicator)):
            if wanted is not None:
                query = query.where(column == wanted)
        with self._engine.connect() as connection:
            return [directive_of(row) for row in connection.execute(query.limit(limit))]

    def overdue(self, now: dt.datetime, *, areas: Areas) -> int:
        """How many are open past their due time."""
        c = t.directive.c
        query = select(func.count()).where(_visible(areas), c.closed_at.is_(None), c.due_at < now)
        with self._engine.connect() as connection:
            return int(connection.execute(query).scalar_one())

    def turns(self, now: dt.datetime, *before: dt.timedelta) -> int:
        """Grows as time lets directives fall due, and so long ``before`` they do: screens say so."""
        due = t.directive.c.due_at
        passed = [func.count().filter(due < now + span) for span in (dt.timedelta(0), *before)]
        query = select(*passed).where(t.directive.c.closed_at.is_(None))
        with self._engine.connect() as connection:
            return sum(connection.execute(query).one())

    def history(self, id_: int, *, areas: Areas) -> list[Event]:
        """What was done, oldest first."""
        d = t.directive_deed.c
        query = select(t.directive_deed).where(d.directive == id_).order_by(d.id)
        with self._engine.connect() as connection:
            _find(connection, id_, areas)
            return [
                Event(row.at, row.who, row.action, row.comment, row.detail)
                for row in connection.execute(query)
            ]

    def deeds(
        self, since: dt.datetime, until: dt.datetime | None = None
    ) -> list[tuple[int, Directive, Event]]:
        """What was done from ``since`` to before ``until`` with any directive, oldest first, by number of the
        deed; each with its directive as it is now.
        """
        d = t.directive_deed.c
        query = (
            select(t.directive, d.id.label("deed"), d.at, d.who, d.action, d.comment, d.detail)
            .join(t.directive_deed, d.directive == t.directive.c.id)
            .where(d.at >= since, true() if until is None else d.at < until)
            .order_by(d.id)
        )
        with self._engine.connect() as connection:
            return [
                (row.deed, directive_of(row), Event(row.at, row.who, row.action, row.comment, row.detail))
                for row in connection.execute(query)
            ]

    def changed_since(self, deed: int) -> tuple[list[Directive], int]:
        """Directives of all areas with a deed after that number, and the number of the newest deed."""
        d = t.directive_deed.c
        changed = select(d.directive).where(d.id > deed)
        query = select(t.directive).where(t.directive.c.id.in_(changed)).order_by(t.directive.c.id)
        with self._engine.connect() as connection:
            reached = connection.execute(select(func.coalesce(func.max(d.id), 0))).scalar_one()
            return [directive_of(row) for row in connection.execute(query)], int(reached)


def directive_of(row: Row[Any]) -> Directive:
    """A row of ``directive``."""
    figure = None
    if row.indicator is not None:
        figure = Figure(row.indicator, row.period, row.start, row.value)
    order = Order(
        text=row.text,
        area=row.area,
        unit=row.unit,
        due_at=row.due_at,
        priority=row.priority,
        joining=tuple(row.joining),
        domain=row.domain,
        figure=figure,
        warning=row.warning,
        task=row.task,
    )
    return Directive(
        id=row.id,
        order=order,
        issued_at=row.issued_at,
        issued_by=row.issued_by,
        first_due_at=row.first_due_at,
        extended=row.extended,
        progress=row.progress,
        reported_at=row.reported_at,
        asked_until=row.asked_until,
        result=Result(row.result) if row.result else None,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
    )


def _visible(areas: Areas) -> ColumnElement[bool]:
    return true() if areas is None else t.directive.c.area.in_(areas)


def _find(connection: Connection, id_: int, areas: Areas) -> Directive:
    query = select(t.directive).where(t.directive.c.id == id_, _visible(areas))
    row = connection.execute(query).one_or_none()
    if row is None:
        raise UnknownDirectiveError(f"there is no directive {id_} that this reader may see")
    return directive_of(row)


def _open(connection: Connection, id_: int, areas: Areas) -> Directive:
    """One that is still owed, once every other writer is done with it."""
    touch(connection)
    found = _find(connection, id_, areas)
    if not found.open:
        raise DirectiveError(f"directive {id_} was closed by {found.closed_by}; it has to be reopened first")
    return found


def _own(connection: Connection, id_: int, who: str, areas: Areas) -> Directive:
    """One that ``who`` issued, once every other writer is done with it."""
    touch(connection)
    found = _find(connection, id_, areas)
    if found.issued_by.casefold() != who.casefold():
        raise DirectiveError(
            f"directive {id_} was issued by {found.issued_by}, who alone answers for its end"
        )
    return found


def _change(
    connection: Connection,
    id_: int,
    now: dt.datetime,
    who: str,
    action: str,
    comment: str,
    detail: Mapping[str, Any],
    values: Mapping[str, Any],
) -> Directive:
    touch(connection)
    if values:
        connection.execute(update(t.directive).where(t.directive.c.id == id_).values(**values))
    _keep(connection, id_, now, who, action, comment, detail)
    return _find(connection, id_, None)


def _keep(
    connection: Connection,
    id_: int,
    now: dt.datetime,
    who: str,
    action: str,
    comment: str,
    detail: Mapping[str, Any],
) -> None:
    """Keep a deed as history of its directive, and in the audit trail."""
    row = {"directive": id_, "at": now, "who": who, "action": action, "comment": comment}
    connection.execute(insert(t.directive_deed).values(**row, detail=dict(detail)))
    note(connection, now, who, action, f"directive {id_}", {"comment": comment, **detail})


def _written(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).isoformat()
