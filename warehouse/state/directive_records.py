"""What a directive is, and what follows from it and the clock alone. All times are aware, kept in UTC."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

Priority = Literal["normal", "high", "urgent"]
PRIORITIES: Final[tuple[Priority, ...]] = ("normal", "high", "urgent")

_DAY: Final = dt.timedelta(days=1)


class Result(StrEnum):
    """With what a directive was closed."""

    DONE = "done"
    PARTLY = "partly"
    NOT_DONE = "not_done"
    WITHDRAWN = "withdrawn"
    """It was taken back: nobody owes it any more."""


class Phase(StrEnum):
    """Where a directive stands at a moment."""

    OPEN = "open"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Figure:
    """A number as it stood when somebody looked at it: ``start`` is that of its period, by the city's clock;
    ``value`` None: there was none, which may be the very reason.
    """

    indicator: str
    period: str
    start: dt.datetime
    value: float | None


@dataclass(frozen=True, slots=True)
class Order:
    """What is issued: ``text`` to ``unit``, together with the units ``joining``, until ``due_at``.

    Units are offices of recipients, such as ``district_office@760``. It is about a ``figure``, a ``warning``
    or a ``task`` of a programme, or about nothing that the program knows. ``domain`` is the heading under
    which it is listed.
    """

    text: str
    area: str
    unit: str
    due_at: dt.datetime
    priority: Priority = "normal"
    joining: tuple[str, ...] = ()
    domain: str | None = None
    figure: Figure | None = None
    warning: int | None = None
    task: str | None = None


@dataclass(frozen=True, slots=True)
class Directive:
    """A directive as it stands.

    ``order`` has the due time as it is now; ``first_due_at`` is that with which it was issued. ``progress``
    is the last one told, 0 to 100. ``asked_until``: until when an extension is asked for that nobody has
    answered. ``result``, ``closed_at`` and ``closed_by`` are None while it is open.
    """

    id: int
    order: Order
    issued_at: dt.datetime
    issued_by: str
    first_due_at: dt.datetime
    extended: int = 0
    progress: int = 0
    reported_at: dt.datetime | None = None
    asked_until: dt.datetime | None = None
    result: Result | None = None
    closed_at: dt.datetime | None = None
    closed_by: str | None = None

    @property
    def open(self) -> bool:
        """Whether it is still owed."""
        return self.closed_at is None

    def phase(self, now: dt.datetime, soon: dt.timedelta) -> Phase:
        """Where it stands at ``now``; it is due soon for so long before its due time."""
        if not self.open:
            return Phase.CLOSED
        if now > self.order.due_at:
            return Phase.OVERDUE
        return Phase.DUE_SOON if now >= self.order.due_at - soon else Phase.OPEN

    def late(self, now: dt.datetime) -> float:
        """By how many days it was closed after its due time, or is overdue at ``now``; 0: it is in time."""
        return max((self.closed_at or now) - self.order.due_at, dt.timedelta(0)) / _DAY

    def concerns(self, unit: str) -> bool:
        """Whether a unit leads it or joins in it."""
        return unit == self.order.unit or unit in self.order.joining


def reminders(
    directive: Directive, before: tuple[dt.timedelta, ...], now: dt.datetime
) -> list[tuple[dt.timedelta, dt.datetime]]:
    """What the units have been reminded of by ``now``: how long before the due time, and when that was.

    What was issued, or put off, after such a moment is not reminded of it.
    """
    if not directive.open:
        return []
    due = directive.order.due_at
    moments = [(span, due - span) for span in sorted(before, reverse=True)]
    return [(span, at) for span, at in moments if directive.issued_at < at <= now]
