"""Warnings as they stood at a moment, told from what was written down of them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, select

from config.models import GRAVITY
from warehouse.state import tables as t
from warehouse.state.records import CLOSED, Outcome, Status, Warning
from warehouse.state.rows import warning_of


def warnings_at(
    connection: Connection, within: ColumnElement[bool], at: dt.datetime, limit: int | None
) -> list[Warning]:
    """Every warning that was written down by ``at``: its status then, whether it stood, what had been done.

    Of the changes of status the last one by then counts, and of people's deeds the last of each kind: a later
    closing or reopening changes nothing of what is read of an earlier moment.
    """
    moves = (
        select(t.transition.c.warning, func.max(t.transition.c.id).label("last"))
        .where(t.transition.c.warning.is_not(None), t.transition.c.recorded_at <= at)
        .group_by(t.transition.c.warning)
        .subquery()
    )
    done, action = t.handling.c, t.handling.c.action
    deeds = (
        select(
            done.warning,
            func.max(done.id).filter(action.in_(("close", "reopen"))).label("desk"),
            func.max(done.id).filter(action == "assign").label("assigned"),
            func.count().filter(action == "escalate").label("escalated"),
        )
        .where(done.at <= at)
        .group_by(done.warning)
        .subquery()
    )
    # What a severity was before it changed is told by the first change since.
    changes = (
        select(done.warning, func.min(done.id).label("next"))
        .where(done.at > at, action == "severity")
        .group_by(done.warning)
        .subquery()
    )
    desk, assigned, changed = (t.handling.alias(name) for name in ("desk", "assigned", "changed"))
    query = (
        select(
            t.warning,
            t.transition.c.after,
            desk.c.action.label("desk_action"),
            desk.c.at.label("desk_at"),
            desk.c.who.label("desk_who"),
            desk.c.detail.label("desk_detail"),
            assigned.c.at.label("assign_at"),
            assigned.c.detail.label("assign_detail"),
            deeds.c.escalated.label("steps"),
            changed.c.detail.label("change"),
        )
        .join(moves, moves.c.warning == t.warning.c.id, isouter=True)
        .join(t.transition, t.transition.c.id == moves.c.last, isouter=True)
        .join(deeds, deeds.c.warning == t.warning.c.id, isouter=True)
        .join(desk, desk.c.id == deeds.c.desk, isouter=True)
        .join(assigned, assigned.c.id == deeds.c.assigned, isouter=True)
        .join(changes, changes.c.warning == t.warning.c.id, isouter=True)
        .join(changed, changed.c.id == changes.c.next, isouter=True)
        .where(within, t.warning.c.recorded_at <= at)
    )
    found = [_stood(row, at) for row in connection.execute(query)]
    found.sort(key=lambda item: item.id)
    found.sort(key=lambda item: item.opened_at, reverse=True)
    found.sort(key=lambda item: (not item.open, -GRAVITY.get(item.severity, -1)))
    return found[:limit]


def _stood(row: Row[Any], at: dt.datetime) -> Warning:
    now = warning_of(row)
    ended = row.end_recorded_at is not None and row.end_recorded_at <= at
    # The last move of a warning that has ended may be kept with the one that came after it.
    status = now.status if ended or row.after is None else Status(row.after)
    taken = now.acknowledged_at is not None and now.acknowledged_at <= at
    then = replace(
        now,
        severity=row.change["before"] if row.change else now.severity,
        status=status,
        resolved_at=now.ended_at if ended else None,
        resolution=now.end_reason if ended else None,
        ended_at=now.ended_at if ended else None,
        end_reason=now.end_reason if ended else None,
        acknowledged_at=now.acknowledged_at if taken else None,
        acknowledged_by=now.acknowledged_by if taken else None,
        closed_at=None,
        closed_by=None,
        outcome=None,
        duplicate_of=None,
        assigned_at=row.assign_at,
        assigned_to=row.assign_detail["to"] if row.assign_detail else None,
        escalated=row.steps or 0,
    )
    return _closed(then, row) if row.desk_action == "close" else then


def _closed(then: Warning, row: Row[Any]) -> Warning:
    """What a person's closing, the last word by then, made of it."""
    told = row.desk_detail
    closed = replace(
        then,
        closed_at=row.desk_at,
        closed_by=row.desk_who,
        outcome=Outcome(told["outcome"]),
        duplicate_of=told.get("duplicate_of"),
    )
    return replace(closed, resolved_at=row.desk_at, resolution=CLOSED) if told["standing"] else closed
