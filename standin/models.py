"""Typed ``standin.yaml``: what each simulated department sends, how much, how often and what goes wrong."""

from __future__ import annotations

import datetime as dt
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from config.models import Model
from config.models.base import Duration, Identifier

Twelve = Annotated[tuple[float, ...], Field(min_length=12, max_length=12)]
Day24 = Annotated[tuple[float, ...], Field(min_length=24, max_length=24)]
Week = Annotated[tuple[float, ...], Field(min_length=7, max_length=7)]
Drift = tuple[float, float]
"""A share at the beginning and at the end of the drift span, moving evenly between."""

FLAT_YEAR: tuple[float, ...] = (1.0,) * 12
FLAT_WEEK: tuple[float, ...] = (1.0,) * 7
FLAT_DAY: tuple[float, ...] = (1.0,) * 24


class Step(Model):
    """One size of file: whole calendar periods that ended at least ``older_than`` ago."""

    every: Literal["month", "week", "day", "hour"]
    format: Literal["csv", "parquet", "json", "xlsx"]
    older_than: Duration = timedelta(0)


class Source(Model):
    """What every source has: the sizes of its files from large to small, and its flaws as shares of rows.

    ``rest`` also sends the unfinished period up to now; ``live_every`` is the step of the live deliveries.
    ``late`` rows come up to ``late_by`` after their time; ``bad`` rows break the contract.
    """

    steps: tuple[Step, ...] = Field(min_length=1)
    rest: bool = False
    live_every: Duration | None = None
    late: float = Field(default=0.0, ge=0, le=1)
    late_by: Duration = timedelta(days=3)
    bad: float = Field(default=0.0, ge=0, le=1)


class Rhythm(Model):
    """Rows a day around ``anchor`` at scale 1, and how they swing.

    ``growth`` is a share a year, ``noise`` the spread from day to day; the other numbers multiply.
    """

    per_day: float = Field(gt=0)
    anchor: dt.date
    growth: float = 0.0
    years: dict[int, float] = Field(default_factory=dict)
    months: Twelve = FLAT_YEAR
    weekdays: Week = FLAT_WEEK
    hours: Day24 = FLAT_DAY
    holiday: float = 1.0
    tet: float = 1.0
    noise: float = 0.04


class Character(Model):
    """How areas differ: ``volume`` and ``pace`` multiply by area code, inherited downwards.

    ``digital_spread`` is how far (a share) the habit of doing things digitally strays between areas;
    an area's own habit adds to that of the areas it lies in.
    """

    volume: dict[str, float] = Field(default_factory=dict)
    pace: dict[str, float] = Field(default_factory=dict)
    volume_spread: float = 0.15
    pace_spread: float = 0.08
    digital_spread: float = 0.0


class Pace(Model):
    """Time taken as a share of the time allowed: log-normal."""

    median: float = Field(gt=0)
    spread: float = Field(gt=0)


class Category(Model):
    """Subject of tickets, with ``days`` working days to handle it.

    ``wet`` multiplies its share in the wet months; ``agency`` is a name, or ``area`` for the unit's office.
    """

    share: float = Field(gt=0)
    wet: float = 1.0
    days: int = Field(ge=1)
    agency: str


class Tickets(Source):
    """Requests that are received, handled, closed and sometimes rated."""

    kind: Literal["tickets"]
    id: str
    rhythm: Rhythm
    character: Character = Character()
    level: Identifier
    office: str
    categories: dict[str, Category]
    wet_months: tuple[int, ...] = ()
    channels: dict[str, Drift]
    pace: Pace
    rated: float
    moved: float = 0.0
    unclosed: float = 0.0


class DossierLevel(Model):
    """One level of administration that takes in dossiers, and the area level that they are booked on."""

    level: Identifier
    share: float
    digitised: Drift
    pace: Pace


class Dossiers(Source):
    """Dossiers of the procedures in the register of source ``register``."""

    kind: Literal["dossiers"]
    id: str
    rhythm: Rhythm
    character: Character = Character()
    register_of: str
    levels: dict[str, DossierLevel]
    online: dict[str, Drift]


class FieldOfWork(Model):
    """One field of administration: its part of the procedures (``share``) and of the dossiers (``volume``).

    ``levels`` are drawn from evenly, ``days`` are the fewest and most working days allowed.
    """

    share: float
    volume: float
    levels: tuple[str, ...]
    days: tuple[int, int]
    subjects: tuple[str, ...]


class Registry(Source):
    """A register whose stock rises to ``totals`` by ``reached`` and then only replaces old entries by new.

    ``retired`` entries went before; ``offline`` procedures are in no register but have dossiers.
    """

    kind: Literal["registry"]
    id: str
    since: dt.date
    reached: dt.date
    totals: dict[str, int]
    retired: int = 0
    replaced_monthly: int = 0
    offline: int = 0
    actions: tuple[str, ...]
    fields: dict[str, FieldOfWork]


class CaseSeverity(Model):
    """Share of the cases and what becomes of them."""

    share: float
    fatal: float = 0.0


class Cases(Source):
    """Notified cases of a disease."""

    kind: Literal["cases"]
    id: str
    rhythm: Rhythm
    character: Character = Character()
    level: Identifier
    severity: dict[str, CaseSeverity]
    ages: tuple[tuple[int, float], ...]
    lag_days: float = 3.0
    outcome_days: tuple[int, int] = (5, 14)


class Station(Model):
    """One measuring station: ``factor`` scales its swings, ``lag`` delays its tide (hours)."""

    id: str
    area: str
    factor: float = 1.0
    lag: float = 0.0


class Cyclic(Model):
    """A level that swings with year, day and week: (base + months + hours) × factors × noise."""

    type: Literal["cyclic"]
    base: float
    months: Twelve = FLAT_YEAR
    hours: Day24 = FLAT_DAY
    months_add: Twelve | None = None
    hours_add: Day24 | None = None
    weekend: float = 1.0
    tet: float = 1.0
    spread: float = 0.0
    noise: float = 0.0
    noise_add: float = 0.0
    low: float = 0.0
    high: float = 1e9
    decimals: int = 1


class Follow(Model):
    """A multiple of another column of the same reading."""

    type: Literal["follow"]
    column: Identifier
    factor: float
    noise: float = 0.0
    decimals: int = 1


class Constituent(Model):
    """One harmonic of the tide: period in hours, amplitude in the column's unit."""

    hours: float
    amplitude: float


class Tide(Model):
    """A water level: harmonics around a base that moves with the year."""

    type: Literal["tide"]
    base: float
    months_add: Twelve
    constituents: tuple[Constituent, ...]
    noise_add: float = 0.0
    decimals: int = 0


class Rain(Model):
    """Rain in the hour before the reading: chance of a wet day, mean amount, usual ``hours``."""

    type: Literal["rain"]
    chance: Twelve
    amount: Twelve
    hours: Day24
    spread: float = 0.7


Signal = Annotated[Cyclic | Follow | Tide | Rain, Field(discriminator="type")]


class Sensors(Source):
    """Hourly readings of stations, given one by one or one for each unit of ``one_per``.

    ``outage`` is the share of station-days without a reading, ``gaps`` the share of empty cells.
    """

    kind: Literal["sensors"]
    stations: tuple[Station, ...] = ()
    one_per: Identifier | None = None
    id: str = ""
    columns: dict[Identifier, Signal]
    outage: float = 0.0
    gaps: float = 0.0


class Published(Source):
    """A table of published figures, sent on their days of publication."""

    kind: Literal["published"]
    table: str
    published: Identifier


AnySource = Annotated[
    Tickets | Dossiers | Registry | Cases | Sensors | Published, Field(discriminator="kind")
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


class Standin(Model):
    """The whole file. ``drift`` is the span in which shares go from first to second value."""

    years: int = Field(default=3, ge=1, le=10)
    drift: tuple[dt.date, dt.date]
    sources: dict[Identifier, AnySource]
    incidents: tuple[Incident, ...] = ()
