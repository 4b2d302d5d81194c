"""``indicators/*.yaml``: what is counted, of what kind, and what is aimed at."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Final, Literal

from pydantic import Field, Tag

from config.models.base import Identifier, Model, Text, tag_or
from config.models.composite import Component, Missing, Normalise

PERIODS: Final = ("hour", "day", "week", "month", "quarter", "half_year", "year", "year_to_date")
"""The built-in periods, from short to long."""
Period = Annotated[str, Field(examples=list(PERIODS)), "period"]
"""A built-in period, or the id of a reporting calendar of ``city.yaml``."""


class Due(Model):
    """What is due by the end of a day on the way to a cumulative target."""

    date: dt.date
    value: float


TargetKind = Literal["floor", "ceiling", "path", "cumulative", "rank", "milestone"]


class Target(Model):
    """What is aimed at from a date on.

    ``floor`` = at least, ``ceiling`` = at most, ``path`` = the value due on ``date``; several make the path.
    ``cumulative`` = the running total due at the end of the span ``from`` … ``date``, both days included; on
    the way straight, or along ``points``. ``rank`` = at least this place among the units of the level.
    ``milestone`` = a value to be reached once, by ``date``; what was reached stays reached. ``levels``,
    ``areas`` and ``periods`` narrow down where it holds (a daily limit is not a yearly one); of several that
    hold, the most narrowly given wins, then the one that began last.
    """

    kind: TargetKind
    value: float
    start: dt.date | None = Field(default=None, alias="from")
    date: dt.date | None = None
    points: tuple[Due, ...] = ()
    levels: tuple[Identifier, ...] | None = None
    areas: tuple[str, ...] | None = None
    periods: tuple[Period, ...] | None = None
    source: Text | str = ""


class Break(Model):
    """A day from which on the figures of a series mean something else: a new method, a reform, a new system.

    Values before and after it are told apart in charts, and rules do not take the step between them for an
    event.
    """

    date: dt.date
    note: Text


class IndicatorBase(Model):
    """What every indicator says of itself, whatever its kind. ``serves`` names rows of ``systems.yaml``."""

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
    breaks: tuple[Break, ...] = ()
    owner: Text
    source: Text
    note: Text | None = None
    serves: tuple[Identifier, ...] = ()


class Measure(IndicatorBase):
    """An aggregate over the rows of one dataset, dated by ``time``.

    ``weights``, a number of each row, makes every ``avg`` a weighted one. ``missing`` says what becomes of a
    period of which not every cell (day × coverage area) was delivered: it is computed from what there is
    (``skip``), it has no value (``any``), or what is missing counts as zero, so that even a period of which
    nothing was delivered has a value (``zero``, for counts and sums).
    """

    kind: Literal["measure"] = "measure"
    dataset: Identifier
    time: Identifier
    measure: str
    where: str | None = None
    weights: str | None = None
    missing: Missing = "skip"
    by: tuple[Identifier, ...] = ()


class Stock(IndicatorBase):
    """Rows open at the period's end: opened on or before it, not yet closed by then.

    ``missing`` as for a measure.
    """

    kind: Literal["stock"]
    dataset: Identifier
    opens: Identifier
    closes: Identifier
    where: str | None = None
    missing: Literal["any", "skip"] = "skip"
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
    """An expression over other indicators of the same area and period.

    ``missing`` says what becomes of sums, windows and bases of which a part is missing: they have no value
    (``any``), they are made of the parts there are (``skip``), or what is missing counts as zero (``zero``,
    for products and quotients too). Where nothing is there, there is no value.
    """

    kind: Literal["formula"]
    formula: str
    missing: Missing = "any"


class Composite(IndicatorBase):
    """The weighted mean of several indicators of the same area and period, each made a score first.

    The score is 0 (worst) to 1 (best): by fixed ``goalposts``; between the least and the greatest of all
    areas of the level (``min_max``); by the distance from their mean, 0.5 ± 0.1 for each standard deviation
    (``z_score``); or the share of the others that are left behind (``rank``). With ``missing: skip`` the
    weights of what there is are taken for the whole; with ``zero`` what is missing scores 0. The result is
    multiplied by ``scale``. A geometric mean lets no strength make up for a weakness.
    """

    kind: Literal["composite"]
    components: tuple[Component, ...] = Field(min_length=2)
    normalise: Normalise
    aggregate: Literal["arithmetic", "geometric"] = "arithmetic"
    missing: Missing = "any"
    scale: Literal[1, 100] = 100


Derived = Formula | Composite
"""What is made of other indicators, and has no rows of its own."""


Indicator = Annotated[
    Annotated[Measure, Tag("measure")]
    | Annotated[Stock, Tag("stock")]
    | Annotated[Reported, Tag("reported")]
    | Annotated[Formula, Tag("formula")]
    | Annotated[Composite, Tag("composite")],
    tag_or("kind", "measure"),
]
