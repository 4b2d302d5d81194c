"""What every source says of itself: its files, its flaws, its rhythm and how areas differ."""

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


class Influence(Model):
    """What a driver does to a rate or a level: × (1 + ``gain`` × what it has ``above`` a threshold).

    The driver is taken as its mean over the ``over`` days that end ``lag`` before the day, in the row's own
    territory. The factor is at most ``most`` and never negative. ``categories`` narrow it to some subjects.
    """

    driver: Identifier
    above: float = 0.0
    gain: float
    lag: Duration = timedelta(0)
    over: Duration = timedelta(days=1)
    most: float = Field(default=10.0, gt=0)
    categories: tuple[str, ...] = ()


class Step(Model):
    """One size of file: whole calendar periods that ended at least ``older_than`` ago."""

    every: Literal["year", "quarter", "month", "week", "day", "hour"]
    format: Literal["csv", "parquet", "json", "xlsx"]
    older_than: Duration = timedelta(0)


class Source(Model):
    """What every source has: the sizes of its files from large to small, and its flaws as shares of rows.

    ``rest`` also sends the unfinished period up to now; ``live_every`` is the step of the live deliveries.
    ``full_at`` is the scale from which on rows come in full number, for what is rare or held against people.
    ``late`` rows come up to ``late_by`` after their time; ``bad`` rows break the contract.
    """

    steps: tuple[Step, ...] = Field(min_length=1)
    rest: bool = False
    live_every: Duration | None = None
    late: float = Field(default=0.0, ge=0, le=1)
    late_by: Duration = timedelta(days=3)
    bad: float = Field(default=0.0, ge=0, le=1)
    full_at: float = Field(default=1.0, gt=0, le=1)


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
