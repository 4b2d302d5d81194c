"""``indicators/*.yaml``: what is counted, of what kind, and what is aimed at."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Final, Literal

from pydantic import Field, Tag

from config.models.base import Identifier, Model, Text, tag_or

PERIODS: Final = ("hour", "day", "week", "month", "quarter", "half_year", "year", "year_to_date")
"""The built-in periods, from short to long."""
Period = Annotated[str, Field(examples=list(PERIODS))]
"""A built-in period, or the id of a reporting calendar of ``city.yaml``."""


class Target(Model):
    """What is aimed at from a date on.

    ``floor`` = at least, ``ceiling`` = at most, ``path`` = the value due on ``date``. ``levels``, ``areas``
    and ``periods`` narrow down where it holds (a daily limit is not a yearly one); of several that hold,
    the most narrowly given wins, then the one that began last.
    """

    kind: Literal["floor", "ceiling", "path"]
    value: float
    start: dt.date | None = Field(default=None, alias="from")
    date: dt.date | None = None
    levels: tuple[Identifier, ...] | None = None
    areas: tuple[str, ...] | None = None
    periods: tuple[Period, ...] | None = None
    source: str = ""


class IndicatorBase(Model):
    """What every indicator says of itself, whatever its kind."""

    id: Identifier
    name: Text
    short: Text | None = None
    domain: Identifier
    unit: Identifier
    direction: Literal["up", "down", "none"]
    levels: tuple[Identifier, ...] = Field(min_length=1)
    periods: tuple[Period, ...] = Field(min_length=1)
    min_n: int = Field(default=0, ge=0)
    targets: tuple[Target, ...] = ()
    owner: Text
    source: Text
    note: Text | None = None


class Measure(IndicatorBase):
    """An aggregate over the rows of one dataset, dated by ``time``."""

    kind: Literal["measure"] = "measure"
    dataset: Identifier
    time: Identifier
    measure: str
    where: str | None = None
    by: tuple[Identifier, ...] = ()


class Stock(IndicatorBase):
    """Rows open at the period's end: opened on or before it, not yet closed by then."""

    kind: Literal["stock"]
    dataset: Identifier
    opens: Identifier
    closes: Identifier
    where: str | None = None
    by: tuple[Identifier, ...] = ()


class Reported(IndicatorBase):
    """A published figure.

    Of the rows that ``where`` selects, the value of the period that starts on ``time``, latest as of
    ``known``.
    """

    kind: Literal["reported"]
    dataset: Identifier
    time: Identifier
    known: Identifier
    value: Identifier
    where: str


class Formula(IndicatorBase):
    """An expression over other indicators of the same area and period."""

    kind: Literal["formula"]
    formula: str


Indicator = Annotated[
    Annotated[Measure, Tag("measure")]
    | Annotated[Stock, Tag("stock")]
    | Annotated[Reported, Tag("reported")]
    | Annotated[Formula, Tag("formula")],
    tag_or("kind", "measure"),
]
