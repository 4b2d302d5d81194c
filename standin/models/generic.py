"""Departments of the usual shapes: what happens, what lasts, and figures of each thing and period."""

from __future__ import annotations

import datetime as dt
from datetime import timedelta
from typing import Literal

from pydantic import Field, model_validator

from config.models import Model
from config.models.base import Duration, Identifier
from standin.models.base import Character, Influence, Rhythm, Source
from standin.models.columns import EventColumn, PanelColumn, RosterColumn


class Events(Source):
    """Rows that happen at a ``time`` in a unit of ``level``, and live on for at most ``lookback``.

    ``key``, ``time`` and ``area`` name the columns of the identifier, the moment and the unit's code.
    """

    kind: Literal["events"]
    id: str
    key: Identifier
    time: Identifier
    area: Identifier
    level: Identifier
    rhythm: Rhythm
    character: Character = Character()
    follows: tuple[Influence, ...] = ()
    lookback: Duration = timedelta(days=120)
    columns: dict[Identifier, EventColumn]


class Roster(Source):
    """A register of ``count`` things at ``anchor``, whatever the scale; every file is the whole of it.

    A share ``early`` was there at ``since``; the others came evenly from then on, and go on coming.
    ``closing`` is the share that closes in a year, each replaced by another. When ground joins the city, the
    register takes over as many more as there are people on it, opened that day.
    """

    kind: Literal["roster"]
    id: str
    key: Identifier
    area: Identifier
    level: Identifier
    count: int = Field(ge=1)
    anchor: dt.date
    since: dt.date
    early: float = Field(default=0.5, ge=0, le=1)
    closing: float = Field(default=0.0, ge=0, le=0.5)
    opened: Identifier | None = None
    closed: Identifier | None = None
    character: Character = Character()
    columns: dict[Identifier, RosterColumn] = Field(default_factory=dict)


class PanelOf(Model):
    """Whose figures: entries of a ``roster``, units of a ``level``, or ``members`` named with their unit.

    ``each`` names a column and its values: there is a row for each member and value.
    """

    roster: Identifier | None = None
    level: Identifier | None = None
    members: dict[str, str] = Field(default_factory=dict)
    each: dict[Identifier, tuple[str, ...]] = Field(default_factory=dict, max_length=1)

    @model_validator(mode="after")
    def _one(self) -> PanelOf:
        if (self.roster is not None) + (self.level is not None) + bool(self.members) != 1:
            raise ValueError("give one of roster, level and members")
        return self


class Panel(Source):
    """One row for each member and period, told ``delay`` after the period's end.

    ``member``, ``time`` and ``area`` name columns; ``time`` holds the period's beginning. ``span: scaled``
    delivers only the last part of the years, as large as the scale and at least sixty days. ``outage`` is the
    share of member-days without a row; levels are those of the ``anchor``, and grow from there. ``until``
    names the column of the period's last day, where the feed has one. Nothing is told of before ``begins``.
    """

    kind: Literal["panel"]
    every: Literal["hour", "day", "week", "month", "quarter", "year"]
    of: PanelOf
    member: Identifier | None = None
    time: Identifier
    until: Identifier | None = None
    area: Identifier
    span: Literal["whole", "scaled"] = "whole"
    delay: Duration = timedelta(0)
    begins: dt.date | None = None
    anchor: dt.date = dt.date(2025, 1, 1)
    outage: float = Field(default=0.0, ge=0, le=1)
    character: Character = Character()
    columns: dict[Identifier, PanelColumn]
