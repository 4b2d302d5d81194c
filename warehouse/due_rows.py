"""Rows of a dataset that are still open and due soon: how many in each area, and which of them first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from warehouse.expression import RowExpression
from warehouse.facts import fact_table, q
from warehouse.store import Cursor

SHOWN: Final = 5
"""Rows of an area that are named."""


@dataclass(frozen=True)
class Window:
    """What is asked of one dataset.

    A row counts whose ``done`` is empty and whose ``due`` lies in ``after`` < due ≤ ``until``: aware moments,
    or days where ``due`` holds days. ``where`` narrows the rows.
    """

    dataset: str
    due: str
    done: str
    after: dt.date
    until: dt.date
    where: RowExpression | None = None

    @property
    def _filter(self) -> str:
        extra = "" if self.where is None else f" AND {self.where.operand}"
        return f"{q(self.done)} IS NULL AND {q(self.due)} > $after AND {q(self.due)} <= $until{extra}"

    def _rows(self, columns: Collection[str]) -> str:
        """The rows, each with where it lies ``on`` the day: a unit that is gone has an heir."""
        kept = "".join(f", f.{q(column)}" for column in columns)
        return (
            f"SELECT coalesce(h.heir, f._area) AS place{kept}"
            f" FROM (SELECT * FROM {q(fact_table(self.dataset))} WHERE {self._filter}) f"
            " LEFT JOIN area_heir h ON h.unit = f._area AND h.since <= $on AND $on < h.until"
        )

    def counts(self, cursor: Cursor, level: str, root: str | None, on: dt.date) -> dict[str, int]:
        """How many rows lie in each area of ``level``; an area without any is absent.

        ``root``: the area that stands for the whole city, whose rows need no area of their own.
        """
        if root is not None:
            asked = f"SELECT $root, count(*) FROM {q(fact_table(self.dataset))} WHERE {self._filter}"
            return dict(cursor.execute(asked, self._given | {"root": root}).fetchall())
        asked = (
            f"SELECT p.ancestor, count(*) FROM ({self._rows(())}) r"
            " JOIN area_path p ON p.code = r.place AND p.level = $level GROUP BY ALL"
        )
        return dict(cursor.execute(asked, self._given | {"level": level, "on": on}).fetchall())

    def first(
        self,
        cursor: Cursor,
        level: str,
        root: str | None,
        on: dt.date,
        areas: Collection[str],
        key: list[str],
    ) -> dict[str, list[dict[str, Any]]]:
        """The rows of ``areas`` that are due soonest, the soonest first: their ``key`` and their due date."""
        named = dict.fromkeys([*key, self.due])
        places = (
            "JOIN area_path p ON p.code = r.place AND p.level = $level"
            if root is None
            else "CROSS JOIN (SELECT $root AS ancestor) p"
        )
        order = ", ".join(f"r.{q(column)}" for column in [self.due, *key])
        asked = (
            f"SELECT p.ancestor, {', '.join(f'r.{q(column)}' for column in named)}"
            f" FROM ({self._rows(named)}) r {places} WHERE p.ancestor IN (SELECT unnest($areas))"
            f" QUALIFY row_number() OVER (PARTITION BY p.ancestor ORDER BY {order}) <= {SHOWN}"
            f" ORDER BY p.ancestor, {order}"
        )
        given = self._given | {"on": on, "areas": sorted(areas)}
        given |= {"level": level} if root is None else {"root": root}
        found: dict[str, list[dict[str, Any]]] = {}
        for area, *values in cursor.execute(asked, given).fetchall():
            found.setdefault(area, []).append(dict(zip(named, map(_plain, values), strict=True)))
        return found

    @property
    def _given(self) -> dict[str, Any]:
        return {"after": _stored(self.after), "until": _stored(self.until)}


def _stored(at: dt.date) -> dt.date:
    """A moment as fact tables hold it: UTC without offset. A day is itself."""
    return at.astimezone(dt.UTC).replace(tzinfo=None) if isinstance(at, dt.datetime) else at


def _plain(value: object) -> object:
    """A cell as JSON has it; moments are UTC and say so."""
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=dt.UTC).isoformat()
    return value.isoformat() if isinstance(value, dt.date) else value
