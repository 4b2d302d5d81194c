"""Warnings as they stood at a moment, told from what was written down of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, func, select

from warehouse.state import tables as t
from warehouse.state.records import Kind, Status, Warning

_GRAVITY: Final[Mapping[str, int]] = {"critical": 0, "serious": 1, "watch": 2}


def warnings_at(
    connection: Connection, within: ColumnElement[bool], at: dt.datetime, limit: int | None
) -> list[Warning]:
    """Every warning that was written down by ``at``: its status then, whether it stood, who had taken it."""
    moves = (
        select(
            t.transition.c.warning,
            func.max(t.transition.c.id).filter(t.transition.c.recorded_at <= at).label("last"),
            func.max(t.transition.c.recorded_at).label("ended"),
        )
        .where(t.transition.c.warning.is_not(None))
        .group_by(t.transition.c.warning)
        .subquery()
    )
    query = (
        select(t.warning, t.transition.c.after, moves.c.ended)
        .join(moves, moves.c.warning == t.warning.c.id, isouter=True)
        .join(t.transition, t.transition.c.id == moves.c.last, isouter=True)
        .where(within, t.warning.c.recorded_at <= at)
    )
    found = [_stood(row, at) for row in connection.execute(query)]
    found.sort(key=lambda item: item.id)
    found.sort(key=lambda item: item.opened_at, reverse=True)
    found.sort(key=lambda item: (not item.open, _GRAVITY.get(item.severity, 3)))
    return found[:limit]


def _stood(row: Row[Any], at: dt.datetime) -> Warning:
    values = {name: getattr(row, name) for name in Warning.__slots__}
    now = Warning(**values | {"kind": Kind(row.kind), "status": Status(row.status)})
    # The last move of a warning that has ended is its end, and counts from when it was written down.
    ended = now.resolved_at is not None and (row.ended or now.resolved_at) <= at
    taken = now.acknowledged_at is not None and now.acknowledged_at <= at
    return replace(
        now,
        status=now.status if ended or row.after is None else Status(row.after),
        resolved_at=now.resolved_at if ended else None,
        resolution=now.resolution if ended else None,
        acknowledged_at=now.acknowledged_at if taken else None,
        acknowledged_by=now.acknowledged_by if taken else None,
    )
