"""Departments whose rows have a shape of their own."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import Field

from config.models import Model
from config.models.base import Identifier
from standin.models.base import Character, Drift, Influence, Pace, Rhythm, Source


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
    follows: tuple[Influence, ...] = ()
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
    follows: tuple[Influence, ...] = ()
    level: Identifier
    severity: dict[str, CaseSeverity]
    ages: tuple[tuple[int, float], ...]
    lag_days: float = 3.0
    outcome_days: tuple[int, int] = (5, 14)


class Published(Source):
    """A table of published figures, sent on their days of publication."""

    kind: Literal["published"]
    table: str
    published: Identifier
