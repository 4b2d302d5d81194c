"""What people ask of feeds: fetch now, fill in past days, load all once more; and how far each has come.

Whoever asks only writes it down; the process that owns the warehouse carries it out. So a command line beside
a running server and a button on its screen are the same thing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Literal

from sqlalchemy import Connection, func, insert, literal, select, update

from warehouse.state import tables as t
from warehouse.state.connected import Connected, named, note, touch
from warehouse.state.database import StateError

RequestKind = Literal["run", "backfill", "reload", "mend"]
"""Fetch and load once · fill in the days of a span · load every landed file again, by today's contract ·
do with refused rows what somebody asks for."""

Told = Mapping[str, Any]
"""What came of a request, as JSON may hold it: ``word`` names the sentence, the others fill its places."""

ENDED: Final[Told] = {"word": "ended"}
"""Why a request came to nothing during which the process ended, again and again."""
TRIES: Final = 3
"""So often a request is taken up that the process did not survive."""


class RequestError(StateError):
    """Something else is asked of the feed already, or the request is not under way."""


class RequestState(StrEnum):
    """Where a request stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class FeedRequest:
    """One request. ``first`` and ``last`` are the first and last day of a backfill.

    ``done`` of ``total`` things are finished in ``step``. ``told``: what came of it, or up to now; why it
    waits. ``due_at``: not taken up before. ``tries``: how often it was taken up without getting on. Times are
    aware.
    """

    id: int
    feed: str
    kind: RequestKind
    first: dt.date | None
    last: dt.date | None
    asked_by: str
    asked_at: dt.datetime
    state: RequestState
    step: str
    done: int
    total: int
    tries: int
    due_at: dt.datetime
    told: Told | None
    started_at: dt.datetime | None
    finished_at: dt.datetime | None

    @property
    def days(self) -> tuple[dt.date, dt.date]:
        """First and last day of a backfill. Raises ValueError for what is none."""
        if self.first is None or self.last is None:
            raise ValueError(f"request {self.id} is over no days")
        return self.first, self.last

    @property
    def over(self) -> bool:
        """Whether nothing more comes of it."""
        return self.finished_at is not None


class FeedRequests(Connected):
    """The requests of all feeds; a feed has one at a time. Each deed is one transaction."""

    def ask(
        self,
        feed: str,
        kind: RequestKind,
        who: str,
        now: dt.datetime,
        first: dt.date | None = None,
        last: dt.date | None = None,
        *,
        told: Told | None = None,
    ) -> FeedRequest:
        """Write a request down; the very same one that is under way already is given back instead. ``told``:
        what is to be done with refused rows, of a mend.

        Raises RequestError while something else is asked of the feed, ValueError when ``who`` is empty or the
        days do not go with the kind.
        """
        who = named(who)
        if (kind == "backfill") != (first is not None and last is not None):
            raise ValueError("a backfill is over days, from the first to the last; nothing else is")
        if first is not None and last is not None and last < first:
            raise ValueError(f"{last} lies before {first}")
        table = t.feed_request
        with self._engine.begin() as connection:
            touch(connection)  # from here on nobody else asks
            open_ = select(table).where(table.c.feed == feed, table.c.finished_at.is_(None))
            there = connection.execute(open_).one_or_none()
            if there is not None:
                found = _request(there)
                if kind != "mend" and (found.kind, found.first, found.last) == (kind, first, last):
                    return found
                raise RequestError(
                    f"{feed}: a {found.kind} is under way (number {found.id}); wait for its end"
                )
            made = connection.execute(
                insert(table)
                .values(
                    feed=feed,
                    kind=kind,
                    first=first,
                    last=last,
                    asked_by=who,
                    asked_at=now,
                    state=RequestState.WAITING,
                    step="",
                    done=0,
                    total=0,
                    tries=0,
                    due_at=now,
                    told=told,
                )
                .returning(table)
            ).one()
            days = {} if first is None or last is None else {"from": str(first), "to": str(last)}
            note(connection, now, who, kind, f"feed {feed}", {"request": made.id, **days})
            return _request(made)

    def take(
        self, now: dt.datetime, limit: int | None = None, *, only: int | None = None
    ) -> list[FeedRequest]:
        """Take up those that wait and are due, the oldest first, or ``only`` one of them; no other caller
        gets the same ones.
        """
        table = t.feed_request
        due = (
            select(table.c.id)
            .where(table.c.state == RequestState.WAITING, table.c.due_at <= now)
            .order_by(table.c.id)
            .limit(limit)
        )
        if only is not None:
            due = due.where(table.c.id == only)
        with self._engine.connect() as connection:  # most looks find nothing, and write nothing
            if connection.execute(due.limit(1)).first() is None:
                return []
        with self._engine.begin() as connection:
            touch(connection)
            ids = list(connection.execute(due).scalars())
            connection.execute(
                update(table)
                .where(table.c.id.in_(ids))
                .values(
                    state=RequestState.RUNNING,
                    started_at=func.coalesce(table.c.started_at, literal(now, t.Utc())),
                    tries=table.c.tries + 1,
                )
            )
            rows = connection.execute(select(table).where(table.c.id.in_(ids)).order_by(table.c.id))
            return [_request(row) for row in rows]

    def progress(self, id_: int, step: str, done: int, total: int, *, new: bool = False) -> None:
        """Note how far one has come. Open pages move their bars by other means: to draw all anew for each
        step of a bar would be dear. With a ``new`` step they are drawn anew.
        """
        with self._engine.begin() as connection:
            if new:
                touch(connection)
            _change(connection, id_, step=step, done=done, total=total)

    def keep(self, id_: int, told: Told) -> None:
        """Note what of one is done for good, so that it goes on there whatever becomes of the process."""
        with self._engine.begin() as connection:
            _change(connection, id_, told=dict(told), tries=1)

    def postpone(self, id_: int, due_at: dt.datetime, told: Told) -> None:
        """Let one wait until ``due_at``, and say why; what it has done stays done."""
        with self._engine.begin() as connection:
            touch(connection)
            # That it waits is no sign that the process did not survive it.
            fewer = t.feed_request.c.tries - 1
            waiting = RequestState.WAITING
            _change(connection, id_, state=waiting, due_at=due_at, told=dict(told), tries=fewer)

    def finish(self, id_: int, told: Told, now: dt.datetime) -> None:
        """One came to its end; ``told`` says what came of it."""
        self._end(id_, RequestState.DONE, told, now)

    def fail(self, id_: int, told: Told, now: dt.datetime) -> None:
        """One came to nothing; ``told`` says why."""
        self._end(id_, RequestState.FAILED, told, now)

    def recover(self, now: dt.datetime) -> list[FeedRequest]:
        """Let those wait again during which an earlier process ended; give up those that ended it often.

        Returns them as they stand now. Only the owner of the warehouse may call it, before it takes any up.
        """
        table = t.feed_request
        running = table.c.state == RequestState.RUNNING
        with self._engine.begin() as connection:
            ids = list(connection.execute(select(table.c.id).where(running)).scalars())
            if not ids:
                return []
            touch(connection)
            given_up = update(table).where(running, table.c.tries >= TRIES)
            connection.execute(given_up.values(state=RequestState.FAILED, told=dict(ENDED), finished_at=now))
            connection.execute(update(table).where(running).values(state=RequestState.WAITING, due_at=now))
            rows = connection.execute(select(table).where(table.c.id.in_(ids)).order_by(table.c.id))
            return [_request(row) for row in rows]

    def find(self, id_: int) -> FeedRequest:
        """One by its number. Raises RequestError when there is none."""
        with self._engine.connect() as connection:
            row = connection.execute(select(t.feed_request).where(t.feed_request.c.id == id_)).one_or_none()
        if row is None:
            raise RequestError(f"there is no request {id_}")
        return _request(row)

    def all(self, feed: str | None = None, limit: int = 20) -> list[FeedRequest]:
        """Those that are not over, then the newest others; of one feed or of all."""
        table = t.feed_request
        query = select(table).order_by(table.c.finished_at.is_not(None), table.c.id.desc()).limit(limit)
        if feed is not None:
            query = query.where(table.c.feed == feed)
        with self._engine.connect() as connection:
            return [_request(row) for row in connection.execute(query)]

    def _end(self, id_: int, state: RequestState, told: Told, now: dt.datetime) -> None:
        with self._engine.begin() as connection:
            touch(connection)
            _change(connection, id_, state=state, told=dict(told), finished_at=now)


def _change(connection: Connection, id_: int, **values: Any) -> None:
    table = t.feed_request
    running = update(table).where(table.c.id == id_, table.c.state == RequestState.RUNNING)
    if connection.execute(running.values(**values)).rowcount != 1:
        raise RequestError(f"request {id_} is not under way")


def _request(row: Any) -> FeedRequest:
    given = row._asdict()
    return FeedRequest(**given | {"state": RequestState(given["state"])})
