"""What people are told: every decision for whom and why, every message as it was sent, every attempt.

A message is written down before anything is sent, under a key that follows from what it tells. Whoever
sends takes one (``claim``), sends it and notes the outcome (``settle``). A program that dies between the two
leaves it taken; ``recover`` puts it back, so that it is sent once more rather than never, under the same key.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    and_,
    bindparam,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from config.models import GRAVITY
from warehouse.state import notice_tables as n
from warehouse.state import tables as t
from warehouse.state.notices import Delivery, Message, Notice, Standing, Step
from warehouse.state.pruning import Pruned, prune
from warehouse.state.tables import Utc

T = TypeVar("T")

_CORRECTIONS = (
    select(func.count())
    .select_from(t.correction)
    .where(t.correction.c.warning == t.warning.c.id)
    .scalar_subquery()
)


class UnknownMessageError(Exception):
    """There is no such message."""


class Outbox:
    """Notices and messages in the database of people's state. Each call is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    # what happened

    def changed(self) -> list[Standing]:
        """Warnings of which something is not taken in yet, oldest first."""
        seen, warning = n.notice_seen.c, t.warning.c
        over = warning.resolved_at.is_not(None)
        differs = or_(
            seen.warning.is_(None),
            seen.severity != warning.severity,
            and_(seen.over.is_(True), ~over),
            and_(seen.over.is_(False), over),
            seen.escalated != warning.escalated,
            seen.corrections != _CORRECTIONS,
        )
        return self._standing(differs)

    def warnings(self, ids: Collection[int]) -> dict[int, Standing]:
        """Warnings by id."""
        return {
            item.id: item for part in _parts(list(ids)) for item in self._standing(t.warning.c.id.in_(part))
        }

    def open_warnings(self) -> list[Standing]:
        """Every warning that stands."""
        return self._standing(t.warning.c.resolved_at.is_(None))

    def _standing(self, where: Any) -> list[Standing]:
        seen = n.notice_seen.c
        query = (
            select(
                t.warning,
                _CORRECTIONS.label("corrections"),
                *(column.label(f"seen_{column.name}") for column in seen if column is not seen.warning),
            )
            .join(n.notice_seen, seen.warning == t.warning.c.id, isouter=True)
            .where(where)
            .order_by(t.warning.c.id)
        )
        with self._engine.connect() as connection:
            return [
                Standing(**{name: getattr(row, name) for name in Standing.__slots__})
                for row in connection.execute(query)
            ]

    def last_corrections(self, ids: Collection[int]) -> dict[int, dict[str, Any]]:
        """Per warning the last that is known to be otherwise than told: ``told``, ``known`` and ``note``."""
        c = t.correction.c
        found: dict[int, dict[str, Any]] = {}
        with self._engine.connect() as connection:
            for part in _parts(list(ids)):
                query = select(c.warning, c.told, c.known, c.note).where(c.warning.in_(part)).order_by(c.id)
                for warning, told, known, note in connection.execute(query):
                    found[warning] = {"told": told, "known": known, "note": note}
        return found

    # what was decided

    def held(self) -> list[Notice]:
        """Every notice that waits, oldest first."""
        return self._notices(n.notice.c.action == "hold")

    def notices(self, *, warning: int | None = None, office: str | None = None) -> list[Notice]:
        """The notices of a warning, or of an office or all of a recipient, oldest first; of all when nothing
        is given.
        """
        terms = [
            column == value
            for column, value in ((n.notice.c.warning, warning), (_named(n.notice.c, office), office))
            if value is not None
        ]
        return self._notices(and_(True, *terms))

    def known(self, keys: Collection[str]) -> set[str]:
        """Which of the keys were decided of before."""
        with self._engine.connect() as connection:
            return _known(connection, n.notice.c.key, list(keys))

    def openings(self, warnings: Collection[int]) -> dict[tuple[int, str], list[Notice]]:
        """Per warning and office what was decided of its opening and of what made it graver."""
        found: dict[tuple[int, str], list[Notice]] = {}
        kinds = n.notice.c.kind.in_(("opened", "raised", "escalated"))
        for part in _parts(list(warnings)):
            for item in self._notices(and_(n.notice.c.warning.in_(part), kinds)):
                assert item.warning is not None
                found.setdefault((item.warning, item.office), []).append(item)
        return found

    def last_told(self, warnings: Collection[int]) -> dict[tuple[int, str], tuple[dt.datetime, int]]:
        """Per warning and office when it was last told, and how often it was repeated."""
        c = n.notice.c
        told = or_(c.action == "send", c.reason == "no_channel")
        repeats = func.count().filter(c.kind == "repeated")
        query = select(c.warning, c.office, func.max(c.decided_at), repeats).where(told)
        found: dict[tuple[int, str], tuple[dt.datetime, int]] = {}
        with self._engine.connect() as connection:
            for part in _parts(list(warnings)):
                rows = connection.execute(query.where(c.warning.in_(part)).group_by(c.warning, c.office))
                found |= {(warning, office): (at, times) for warning, office, at, times in rows}
        return found

    def history(self, notice: int) -> list[Step]:
        """Every decision of a notice, oldest first."""
        c = n.notice_decision.c
        query = select(c.at, c.action, c.reason, c.due).where(c.notice == notice).order_by(c.id)
        with self._engine.connect() as connection:
            return [Step(*row) for row in connection.execute(query)]

    def _notices(self, where: Any) -> list[Notice]:
        query = select(n.notice).where(where).order_by(n.notice.c.id)
        with self._engine.connect() as connection:
            return [
                Notice(**{name: getattr(row, name) for name in Notice.__slots__})
                for row in connection.execute(query)
            ]

    # what is sent

    def told(self, since: dt.datetime) -> dict[str, list[tuple[str, dt.datetime]]]:
        """Per office the topics and times of its messages after ``since``, one for each bundle, in order."""
        c = n.message.c
        query = (
            select(c.office, c.topic, func.min(c.created_at).label("at"))
            .where(c.created_at > since)
            .group_by(c.office, c.topic, c.bundle)
            .order_by("at")
        )
        found: dict[str, list[tuple[str, dt.datetime]]] = {}
        with self._engine.connect() as connection:
            for office, topic, at in connection.execute(query):
                found.setdefault(office, []).append((topic, at))
        return found

    def commit(
        self,
        seen: Iterable[Standing],
        notices: Iterable[Notice],
        messages: Iterable[Message],
    ) -> None:
        """Store what was taken in, decided and composed: all of it or nothing.

        A notice is recognised by its key; of one that is there only what was decided last changes, and its
        history grows by that. A message whose key is there is the same message.
        """
        with self._engine.begin() as connection:
            _take_in(connection, seen)
            _save_notices(connection, notices)
            rows = [_columns(item) for item in messages]
            keys = [row["key"] for row in rows]
            there = _known(connection, n.message.c.key, keys)
            fresh = [row for row in rows if row["key"] not in there]
            if fresh:
                connection.execute(insert(n.message), fresh)

    def due(self, now: dt.datetime, limit: int = 100) -> list[Message]:
        """Messages that wait and whose time has come, gravest and oldest first."""
        c = n.message.c
        found = self._messages(and_(c.status == Delivery.WAITING, c.due <= now), c.due, limit)
        return sorted(found, key=lambda item: -GRAVITY.get(item.severity, -1))

    def claim(self, message: int) -> bool:
        """Take a waiting message to send it; False when somebody else has."""
        query = update(n.message).where(n.message.c.id == message, n.message.c.status == Delivery.WAITING)
        with self._engine.begin() as connection:
            return connection.execute(query.values(status=Delivery.SENDING)).rowcount == 1

    def settle(
        self, message: int, now: dt.datetime, error: str | None = None, again: dt.datetime | None = None
    ) -> None:
        """Note an attempt: it was sent (no error), will be tried ``again``, or is given up."""
        values: dict[str, Any] = {"attempts": n.message.c.attempts + 1, "error": error, "due": again}
        if error is None:
            values |= {"status": Delivery.SENT, "sent_at": now}
        else:
            values["status"] = Delivery.FAILED if again is None else Delivery.WAITING
        with self._engine.begin() as connection:
            connection.execute(update(n.message).where(n.message.c.id == message).values(**values))
            connection.execute(insert(n.attempt).values(message=message, at=now, error=error))

    def prune(self, before: dt.datetime) -> Pruned:
        """Forget what was decided and sent before a moment; never what is pending, see pruning.py."""
        with self._engine.begin() as connection:
            return prune(connection, before)

    def recover(self, now: dt.datetime) -> int:
        """Put back what a program that ended was sending; how many there were."""
        query = update(n.message).where(n.message.c.status == Delivery.SENDING)
        with self._engine.begin() as connection:
            return connection.execute(query.values(status=Delivery.WAITING, due=now)).rowcount

    def retry(self, message: int, now: dt.datetime) -> Message:
        """Send a message that was given up once more, which the history of its notices keeps.

        Raises UnknownMessageError, or ValueError when it was not given up.
        """
        with self._engine.begin() as connection:
            row = connection.execute(select(n.message).where(n.message.c.id == message)).one_or_none()
            if row is None:
                raise UnknownMessageError(f"there is no message {message}")
            found = _message(row)
            if found.status is not Delivery.FAILED:
                raise ValueError(f"message {message} is {found.status}: there is nothing to send again")
            connection.execute(
                update(n.message).where(n.message.c.id == message).values(status=Delivery.WAITING, due=now)
            )
            again = select(n.notice.c.id, literal(now, Utc()), literal("send"), literal("retry")).where(
                n.notice.c.bundle == found.bundle
            )
            names = ["notice", "at", "action", "reason"]
            connection.execute(insert(n.notice_decision).from_select(names, again))
            return replace(found, status=Delivery.WAITING, due=now)

    def messages(
        self, limit: int = 100, *, office: str | None = None, id: int | None = None
    ) -> list[Message]:
        """The newest messages, newest first; those to an office or to all of a recipient, or the one of an
        id.
        """
        given = ((_named(n.message.c, office), office), (n.message.c.id, id))
        where = and_(True, *(column == value for column, value in given if value is not None))
        return self._messages(where, n.message.c.id.desc(), limit)

    def attempts(self, message: int) -> list[tuple[dt.datetime, str | None]]:
        """When sending was tried, and what went wrong (None: nothing), oldest first."""
        c = n.attempt.c
        query = select(c.at, c.error).where(c.message == message).order_by(c.id)
        with self._engine.connect() as connection:
            return [(row.at, row.error) for row in connection.execute(query)]

    def _messages(self, where: Any, order: Any, limit: int) -> list[Message]:
        query = select(n.message).where(where).order_by(order).limit(limit)
        with self._engine.connect() as connection:
            return [_message(row) for row in connection.execute(query)]


def _named(columns: Any, office: str | None) -> ColumnElement[str]:
    """The column of offices, or of recipients for a name that says no area."""
    found: ColumnElement[str] = columns.office if office is not None and "@" in office else columns.recipient
    return found


def _message(row: Row[Any]) -> Message:
    values = {name: getattr(row, name) for name in Message.__slots__}
    return Message(**values | {"status": Delivery(row.status)})


def _columns(item: Notice | Message) -> dict[str, Any]:
    return {name: getattr(item, name) for name in item.__slots__ if name != "id"}


_PART = 500
"""Keys asked for at once: a database takes only so many."""


def _parts(keys: list[T]) -> Iterator[list[T]]:
    return (keys[start : start + _PART] for start in range(0, len(keys), _PART))


def _known(connection: Connection, column: ColumnElement[Any], keys: list[Any]) -> set[Any]:
    """Which of the keys stand in a column."""
    return {
        found
        for part in _parts(keys)
        for found in connection.execute(select(column).where(column.in_(part))).scalars()
    }


def _take_in(connection: Connection, seen: Iterable[Standing]) -> None:
    c = n.notice_seen.c
    names = ("severity", "over", "escalated", "corrections")
    rows = [{"warning": item.id} | {name: getattr(item, name) for name in names} for item in seen]
    there = _known(connection, c.warning, [row["warning"] for row in rows])
    fresh = [row for row in rows if row["warning"] not in there]
    stale = [{f"new_{key}": value for key, value in row.items()} for row in rows if row["warning"] in there]
    if fresh:
        connection.execute(insert(n.notice_seen), fresh)
    if stale:
        query = update(n.notice_seen).where(c.warning == bindparam("new_warning"))
        connection.execute(query.values({name: bindparam(f"new_{name}") for name in names}), stale)


_DECIDED = ("action", "reason", "due", "decided_at", "severity", "bundle")


def _save_notices(connection: Connection, notices: Iterable[Notice]) -> None:
    c = n.notice.c
    items = {item.key: item for item in notices}
    there = _known(connection, c.key, list(items))
    fresh = [_columns(item) for key, item in items.items() if key not in there]
    if fresh:
        connection.execute(insert(n.notice), fresh)
    changed = [item for key, item in items.items() if key in there]
    if changed:
        query = update(n.notice).where(c.key == bindparam("its_key"))
        values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in _DECIDED}
        rows = [
            {"its_key": item.key} | {f"new_{name}": getattr(item, name) for name in _DECIDED}
            for item in changed
        ]
        connection.execute(query.values(values), rows)
    decided = select(c.id, c.decided_at, c.action, c.reason, c.due).where(c.key == bindparam("its_key"))
    steps = insert(n.notice_decision).from_select(["notice", "at", "action", "reason", "due"], decided)
    if items:
        connection.execute(steps, [{"its_key": key} for key in items])
