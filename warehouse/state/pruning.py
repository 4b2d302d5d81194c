"""Forgetting notices and messages of long ago, which else grow for ever.

What is pending is never forgotten: a notice that is held, a message that waits, with the notices it tells of,
and everything about a warning that stands, since who was told of its beginning is to be told of its end. What
was taken in of each warning stays as well, so that nothing is told anew.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import Connection, delete, or_, select

from warehouse.state import notice_tables as n
from warehouse.state import tables as t
from warehouse.state.notices import Delivery


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many notices and messages were forgotten."""

    notices: int
    messages: int


def prune(connection: Connection, before: dt.datetime) -> Pruned:
    """Forget what was decided and sent before a moment, of warnings that were over by then."""
    pending = (Delivery.WAITING, Delivery.SENDING)
    waiting = select(n.message.c.bundle).where(n.message.c.status.in_(pending))
    # What was sent or given up, however late after it was written down.
    last = select(n.attempt.c.message).where(n.attempt.c.at >= before)
    lately = select(n.message.c.bundle).where(n.message.c.id.in_(last))
    over = select(t.warning.c.id).where(t.warning.c.resolved_at < before)
    old = n.notice.c.decided_at < before
    done = n.notice.c.action != "hold"
    notices = select(n.notice.c.id).where(
        old,
        done,
        or_(n.notice.c.warning.is_(None), n.notice.c.warning.in_(over)),
        or_(
            n.notice.c.bundle.is_(None),
            n.notice.c.bundle.not_in(waiting) & n.notice.c.bundle.not_in(lately),
        ),
    )
    connection.execute(delete(n.notice_decision).where(n.notice_decision.c.notice.in_(notices)))
    forgotten = connection.execute(delete(n.notice).where(n.notice.c.id.in_(notices))).rowcount
    # A message goes with the last of the notices that it told.
    told = select(n.notice.c.bundle).where(n.notice.c.bundle.is_not(None))
    messages = select(n.message.c.id).where(
        n.message.c.created_at < before,
        n.message.c.bundle.not_in(told),
        n.message.c.status.not_in(pending),
        n.message.c.id.not_in(last),
    )
    connection.execute(delete(n.attempt).where(n.attempt.c.message.in_(messages)))
    gone = connection.execute(delete(n.message).where(n.message.c.id.in_(messages))).rowcount
    return Pruned(forgotten, gone)
