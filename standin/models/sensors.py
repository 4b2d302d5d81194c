"""Stations that measure every hour, and the signals that they measure."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from config.models import Model
from config.models.base import Identifier
from standin.models.base import FLAT_DAY, FLAT_YEAR, Day24, Source, Twelve


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
