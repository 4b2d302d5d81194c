"""``programmes/*.yaml``: what a programme asks of each area, and by when."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Final, Literal

from pydantic import Field, Tag, model_validator

from config.models.base import Identifier, LastingDuration, Model, Text, tag_or
from config.models.indicator import Period

LEDGER_FIELDS: Final[dict[str, str]] = {
    "entry_id": "text",
    "programme": "text",
    "kind": "text",
    "task": "text",
    "criterion": "text",
    "owner": "text",
    "unit": "text",
    "assigned_on": "date",
    "due_on": "date",
    "started_on": "date",
    "done_on": "date",
    "progress": "integer",
    "evidence": "text",
    "evidence_on": "date",
}
"""Columns of the dataset ``ledger`` of a programme, with their types: a row for each task and area."""
JOURNAL_FIELDS: Final[dict[str, str]] = {
    "entry_id": "text",
    "noted_at": "timestamp",
    "status": "text",
    "progress": "integer",
    "unit": "text",
    "note": "text",
}
"""Columns that the dataset ``journal`` of a programme has: one row for each report about a task."""
EntryKind = Literal["task", "milestone"]


class Span(Model):
    """The first and the last day of a programme."""

    start: dt.date = Field(alias="from")
    until: dt.date

    @model_validator(mode="after")
    def _forwards(self) -> Span:
        if self.until < self.start:
            raise ValueError("it is over before it begins: give a later day as until")
        return self


class ByTasks(Model):
    """A criterion is attained as far as its tasks are done."""

    by: Literal["tasks"] = "tasks"


class ByIndicator(Model):
    """A criterion is attained where an indicator's newest value is ``at_least`` or ``at_most`` so much."""

    by: Literal["indicator"]
    indicator: Identifier
    period: Period
    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _one_side(self) -> ByIndicator:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("give either at_least or at_most")
        return self


Attained = Annotated[
    Annotated[ByTasks, Tag("tasks")] | Annotated[ByIndicator, Tag("indicator")], tag_or("by", "tasks")
]


class Task(Model):
    """Something to be done in each area. ``due`` is a day, or a span of time from the programme's beginning.

    ``owner`` is one of the programme's ``owners``, ``evidence`` one of the proofs that it knows.
    """

    id: Identifier
    name: Text
    owner: Identifier
    due: dt.date | LastingDuration
    evidence: Identifier


class Criterion(Model):
    """What an area is judged by: its ``weight`` among the criteria, and the tasks that lead to it."""

    id: Identifier
    group: Identifier
    name: Text
    weight: float = Field(default=1.0, gt=0)
    attained: Attained = ByTasks()
    tasks: tuple[Task, ...] = Field(min_length=1)


class Milestone(Model):
    """Something that is reached once for the whole city, by ``date``."""

    id: Identifier
    name: Text
    owner: Identifier
    date: dt.date


class Named(Model):
    """A heading of criteria, an owner of tasks, or a kind of proof."""

    id: Identifier
    name: Text


class Programme(Model):
    """A programme of criteria and tasks, for each area of ``level``.

    How far they are is told by the dataset ``ledger`` (a row for each task and area, and one of the whole
    city for each milestone), and what was reported on the way by ``journal``. ``sample`` says on screen that
    criteria and tasks were made up. ``serves`` names rows of ``systems.yaml``.
    """

    id: Identifier
    name: Text
    note: Text | None = None
    sample: bool = False
    span: Span
    owner: Text
    level: Identifier
    ledger: Identifier
    journal: Identifier | None = None
    owners: tuple[Named, ...] = Field(min_length=1)
    evidence: tuple[Named, ...] = Field(min_length=1)
    groups: tuple[Named, ...] = Field(min_length=1)
    criteria: tuple[Criterion, ...] = Field(min_length=1)
    milestones: tuple[Milestone, ...] = ()
    serves: tuple[Identifier, ...] = ()

    @property
    def tasks(self) -> tuple[tuple[Criterion, Task], ...]:
        """Every task with its criterion, in the order of the file."""
        return tuple((criterion, task) for criterion in self.criteria for task in criterion.tasks)

    def due(self, task: Task) -> dt.date:
        """The last day on which a task may be done."""
        return self.span.start + task.due if isinstance(task.due, dt.timedelta) else task.due
