"""From rows of the state's tables to what they say, for those who may see them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select, true

from warehouse.state import tables as t
from warehouse.state.database import StateError
from warehouse.state.records import Kind, Outcome, Status, Transition, Warning

Areas = Collection[str] | None
"""Codes of the areas that a reader may see; None means all."""


class UnknownWarningError(StateError):
    """There is no such warning, or the reader may not see it."""


def within(areas: Areas) -> ColumnElement[bool]:
    """That a warning lies in ``areas``."""
    return true() if areas is None else t.warning.c.area.in_(areas)


def find(connection: Connection, warning_id: int, areas: Areas) -> Warning:
    """One warning. Raises UnknownWarningError if it does not exist or lies outside ``areas``."""
    query = select(t.warning).where(t.warning.c.id == warning_id, within(areas))
    row = connection.execute(query).one_or_none()
    if row is None:
        raise UnknownWarningError(f"there is no warning {warning_id} that this reader may see")
    return warning_of(row)


def warning_of(row: Row[Any]) -> Warning:
    """A row of ``warning``."""
    values = {name: getattr(row, name) for name in Warning.__slots__}
    kinds = {"kind": Kind(row.kind), "status": Status(row.status)}
    return Warning(**values | kinds | {"outcome": Outcome(row.outcome) if row.outcome else None})


def transition_of(row: Row[Any]) -> Transition:
    """A row of ``transition``."""
    values = {name: getattr(row, name) for name in Transition.__slots__}
    return Transition(**values | {"before": Status(row.before), "after": Status(row.after)})
