"""Typed ``standin.yaml`` and ``standin/*.yaml``: what each simulated department sends and how often."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field

from config.models import Model
from config.models.base import Duration, Identifier
from standin.models.base import Character, Drift, Influence, Pace, Rhythm, Source, Step
from standin.models.departments import Cases, Dossiers, FieldOfWork, Published, Registry, Tickets
from standin.models.generic import Events, Panel, Roster
from standin.models.programme import ProgrammeWork
from standin.models.sensors import Cyclic, Follow, Rain, Sensors, Signal, Tide

__all__ = [
    "Cases",
    "Character",
    "Cyclic",
    "Dossiers",
    "Drift",
    "Driver",
    "Events",
    "FieldOfWork",
    "Follow",
    "Incident",
    "Influence",
    "Pace",
    "Panel",
    "Part",
    "ProgrammeWork",
    "Published",
    "Rain",
    "Registry",
    "Rhythm",
    "Roster",
    "Sensors",
    "Signal",
    "Source",
    "Standin",
    "Step",
    "Tickets",
    "Tide",
]

AnySource = Annotated[
    Tickets | Dossiers | Registry | Cases | Sensors | ProgrammeWork | Published | Events | Roster | Panel,
    Field(discriminator="kind"),
]


class Incident(Model):
    """Something that goes wrong again and again: once in each ``every``, for ``lasts``, on ``level``.

    ``surge`` multiplies arrivals (of ``categories``), ``slow`` the time taken, ``scale`` and ``shift`` a
    sensor's column; ``silent`` drops readings; ``hold`` keeps a department's changes back until its end.
    """

    id: Identifier
    name: str
    feed: Identifier
    effect: Literal["surge", "slow", "scale", "shift", "silent", "hold"]
    amount: float = 1.0
    every: Duration
    lasts: Duration
    level: Identifier | None = None
    months: tuple[int, ...] = tuple(range(1, 13))
    categories: tuple[str, ...] = ()
    column: Identifier | None = None
    shape: Literal["flat", "bell"] = "flat"


class Excess(Model):
    """What a driver has above a threshold, times ``each``."""

    driver: Identifier
    above: float
    each: float = 1.0


class Driver(Model):
    """What moves figures of many departments: a sensor's column by day, or what others have in excess."""

    feed: Identifier | None = None
    column: Identifier | None = None
    of: Literal["sum", "peak", "mean"] = "mean"
    excess: tuple[Excess, ...] = ()


class Part(Model):
    """One file of ``standin/``: departments, and what goes wrong with them."""

    sources: dict[Identifier, AnySource] = Field(default_factory=dict)
    incidents: tuple[Incident, ...] = ()


class Standin(Part):
    """``standin.yaml``. ``drift`` is the span in which shares go from first to second value."""

    years: int = Field(default=5, ge=1, le=10)
    drift: tuple[dt.date, dt.date]
    drivers: dict[Identifier, Driver] = Field(default_factory=dict)
