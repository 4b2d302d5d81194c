"""How far the tasks of a programme are: a day's state of every task in every area, and what was reported.

States follow from the days that the ledger holds: a task is *done* from ``done_on`` on, *overdue* when its
due day is over before that, *running* from ``started_on``, else *waiting*. So any past day can be told.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any, Final, Literal, NamedTuple, get_args

from config import City
from config.models import EntryKind, Programme
from warehouse.facts import fact_table, has_facts, q
from warehouse.scope import Scope
from warehouse.store import Cursor

EntryState = Literal["overdue", "running", "waiting", "done"]
STATES: Final[tuple[EntryState, ...]] = get_args(EntryState)
SOON: Final = dt.timedelta(days=30)


class Cell(NamedTuple):
    """The tasks of a criterion in one area: how many, done, overdue, due ``SOON``, done without evidence."""

    criterion: str
    area: str
    tasks: int
    done: int
    overdue: int
    soon: int
    unproved: int


class Owned(NamedTuple):
    """The tasks of one owner, in all areas asked for; ``days`` is how long the longest is overdue."""

    owner: str
    tasks: int
    done: int
    overdue: int
    soon: int
    days: int


class Entry(NamedTuple):
    """A task in an area (or a milestone of the city), as it stood on the day; ``progress`` in per cent."""

    entry_id: str
    task: str
    criterion: str | None
    owner: str
    unit: str
    area: str
    due_on: dt.date
    started_on: dt.date | None
    done_on: dt.date | None
    progress: int
    evidence: str | None
    evidence_on: dt.date | None
    state: EntryState


class Report(NamedTuple):
    """What was reported of a task; ``noted_at`` is UTC without offset."""

    noted_at: dt.datetime
    status: str
    progress: int
    unit: str
    note: str | None


_DONE = "(done_on IS NOT NULL AND done_on <= $day)"
_PROVED = "(evidence_on IS NOT NULL AND evidence_on <= $day)"
_STATE = (
    f"CASE WHEN {_DONE} THEN 'done' WHEN due_on < $day THEN 'overdue'"
    " WHEN started_on <= $day THEN 'running' ELSE 'waiting' END"
)
_ENTRY = (
    "entry_id, task, criterion, owner, unit, _area AS area, due_on,"
    " CASE WHEN started_on <= $day THEN started_on END AS started_on,"
    f" CASE WHEN {_DONE} THEN done_on END AS done_on,"
    f" CASE WHEN {_DONE} THEN 100 WHEN started_on <= $day THEN least(progress, 99) ELSE 0 END AS progress,"
    f" CASE WHEN {_PROVED} THEN evidence END AS evidence,"
    f" CASE WHEN {_PROVED} THEN evidence_on END AS evidence_on, {_STATE} AS state"
)


class ProgrammeReader:
    """The ledger and the journal of programmes, within the viewer's scope."""

    def __init__(self, cursor: Cursor, city: City, scope: Scope) -> None:
        self._cursor = cursor
        self._city = city
        self._scope = scope

    def cells(self, programme: Programme, day: dt.date) -> list[Cell]:
        """The tasks of every criterion in every area on a day."""
        asked = (
            f"SELECT criterion, area, count(*), {_counts()},"
            " count(*) FILTER (state = 'done' AND evidence_on IS NULL)"
            f" FROM ({self._ledger(programme)}) GROUP BY ALL"
        )
        return [Cell._make(row) for row in self._rows(programme, asked, day)]

    def owners(self, programme: Programme, day: dt.date, areas: Collection[str]) -> list[Owned]:
        """The tasks in some areas by owner, those with most overdue first."""
        asked = (
            f"SELECT owner, count(*), {_counts()},"
            " coalesce(max(date_diff('day', due_on, $day::DATE)) FILTER (state = 'overdue'), 0)"
            f" FROM ({self._ledger(programme)}) WHERE area IN (SELECT unnest($areas))"
            " GROUP BY owner ORDER BY 4 DESC, 2 DESC, 1"
        )
        return [Owned._make(row) for row in self._rows(programme, asked, day, areas=sorted(areas))]

    def entries(
        self,
        programme: Programme,
        day: dt.date,
        areas: Collection[str],
        *,
        criteria: Sequence[str] = (),
        owner: str = "",
        state: EntryState | Literal["soon", ""] = "",
        limit: int = 60,
    ) -> tuple[list[Entry], int]:
        """Tasks in some areas, what is overdue longest first, and how many there are in all."""
        where = ["area IN (SELECT unnest($areas))"]
        given: dict[str, Any] = {"areas": sorted(areas)}
        if criteria:
            where.append("criterion IN (SELECT unnest($criteria))")
            given["criteria"] = list(criteria)
        if owner:
            where.append("owner = $owner")
            given["owner"] = owner
        if state == "soon":
            where.append(_SOON)
        elif state:
            where.append("state = $state")
            given["state"] = state
        order = f"list_position({list(STATES)!r}, state), due_on, entry_id"
        asked = (
            f"SELECT *, count(*) OVER () FROM ({self._ledger(programme)}) WHERE {' AND '.join(where)}"
            f" ORDER BY {order} LIMIT {int(limit)}"
        )
        rows = self._rows(programme, asked, day, **given)
        return [Entry._make(row[:-1]) for row in rows], rows[0][-1] if rows else 0

    def entry(self, programme: Programme, day: dt.date, entry_id: str) -> Entry | None:
        """One task of one area; None where there is none that the viewer may see."""
        asked = f"SELECT * FROM ({self._ledger(programme)}) WHERE entry_id = $entry"
        found = [Entry._make(row) for row in self._rows(programme, asked, day, entry=entry_id)]
        seen = [entry for entry in found if self._scope.sees(self._city.areas, entry.area)]
        return seen[0] if seen else None

    def milestones(self, programme: Programme, day: dt.date) -> dict[str, Entry]:
        """The milestones of the city by id."""
        asked = f"SELECT * FROM ({self._ledger(programme, 'milestone')}) ORDER BY due_on, task"
        return {entry.task: entry for entry in map(Entry._make, self._rows(programme, asked, day))}

    def reports(self, programme: Programme, entry_id: str, until: dt.datetime) -> list[Report]:
        """What was reported of one task up to a moment (UTC without offset), newest first."""
        if programme.journal is None or not has_facts(self._cursor, programme.journal):
            return []
        rows = self._cursor.execute(
            f"SELECT noted_at, status, progress, unit, note FROM {q(fact_table(programme.journal))}"
            " WHERE entry_id = $entry AND noted_at <= $until ORDER BY noted_at DESC, progress DESC",
            {"entry": entry_id, "until": until},
        ).fetchall()
        return [Report._make(row) for row in rows]

    def _ledger(self, programme: Programme, kind: EntryKind = "task") -> str:
        return (
            f"SELECT {_ENTRY} FROM {q(fact_table(programme.ledger))}"
            f" WHERE programme = $programme AND kind = '{kind}' AND assigned_on <= $day"
        )

    def _rows(self, programme: Programme, asked: str, day: dt.date, **given: Any) -> list[tuple[Any, ...]]:
        if not has_facts(self._cursor, programme.ledger):
            return []
        given |= {"programme": programme.id, "day": day}
        return self._cursor.execute(asked, given).fetchall()


_SOON = f"state <> 'done' AND due_on BETWEEN $day AND $day::DATE + INTERVAL {SOON.days} DAY"


def _counts() -> str:
    """Done, overdue and due soon, as aggregates."""
    return f"count(*) FILTER (state = 'done'), count(*) FILTER (state = 'overdue'), count(*) FILTER ({_SOON})"
