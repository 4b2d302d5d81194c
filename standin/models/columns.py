"""Columns of rows that are drawn by chance: what a cell may be and how it comes about."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from config.models import Model
from config.models.base import Duration, Identifier
from standin.models.base import FLAT_DAY, FLAT_WEEK, FLAT_YEAR, Day24, Drift, Influence, Twelve, Week

Share = float | Drift
"""A share, or one that drifts."""


class Drawn(Model):
    """A column. ``when`` names one of moments or flags: empty before the moment, or without the flag."""

    when: Identifier | None = None


class Choice(Drawn):
    """One of several values by weight, or by the weights of each value of a choice made before (``by``)."""

    type: Literal["choice"]
    of: dict[str, Share | dict[str, Share]] = Field(min_length=1)
    by: Identifier | None = None


class Count(Drawn):
    """``least`` and a Poisson number with this mean."""

    type: Literal["count"]
    mean: float = 0.0
    by: Identifier | None = None
    means: dict[str, float] = Field(default_factory=dict)
    least: int = 0


class Amount(Drawn):
    """A log-normal amount; ``growth`` is a share a year from the source's anchor on."""

    type: Literal["amount"]
    median: float = 1.0
    by: Identifier | None = None
    medians: dict[str, float] = Field(default_factory=dict)
    spread: float = 0.5
    growth: float = 0.0
    low: float = 0.0
    high: float = 1e15
    decimals: int = 0


class Flag(Drawn):
    """Yes for this share."""

    type: Literal["flag"]
    share: Share = 0.5
    by: Identifier | None = None
    shares: dict[str, Share] = Field(default_factory=dict)


class Deadline(Drawn):
    """The end of office hours so many working days (fewest, most) after a moment."""

    type: Literal["deadline"]
    after: Identifier
    days: tuple[int, int] = (1, 5)
    by: Identifier | None = None
    allowed: dict[str, tuple[int, int]] = Field(default_factory=dict)


class Paced(Drawn):
    """When something due at ``until`` is done: after a log-normal share of the time allowed, late above 1.

    Units have a pace of their own, and ``slow`` incidents slow it down. ``share`` of all is ever done.
    """

    type: Literal["paced"]
    until: Identifier
    median: float = Field(default=0.6, gt=0)
    spread: float = Field(default=0.3, gt=0)
    share: float = 1.0


class Later(Drawn):
    """A moment a log-normal time after another, for this share of the rows."""

    type: Literal["later"]
    after: Identifier
    median: Duration
    spread: float = 0.5
    share: Share = 1.0


class Score(Drawn):
    """A whole number about a mean, given by a share of the rows."""

    type: Literal["score"]
    low: int = 1
    high: int = 5
    mean: float
    sd: float = 0.8
    share: float = 1.0


class Latitude(Drawn):
    """Degrees north, near the centre of the row's unit."""

    type: Literal["latitude"]


class Longitude(Drawn):
    """Degrees east, near the centre of the row's unit."""

    type: Literal["longitude"]


class Words(Drawn):
    """One of several texts, evenly; ``{area}`` is the unit's name and ``{number}`` the row's number."""

    type: Literal["text"]
    of: tuple[str, ...] = Field(min_length=1)


class Member(Drawn):
    """The key of an entry of a roster: of the same unit, if it has one there, else of the same territory."""

    type: Literal["member"]
    roster: Identifier


class Becomes(Drawn):
    """Of an entry of a roster: no at first, yes for good from some day on, as the share of those rises.

    ``of`` names a column of days (becomes_on) instead: yes from that day on.
    """

    type: Literal["becomes"]
    share: Drift | None = None
    of: Identifier | None = None

    @model_validator(mode="after")
    def _one(self) -> Becomes:
        if (self.share is None) == (self.of is None):
            raise ValueError("give either share or of")
        return self


class BecomesOn(Drawn):
    """The day on which an entry became what the share tells of."""

    type: Literal["becomes_on"]
    share: Drift


EventColumn = Annotated[
    Choice | Count | Amount | Flag | Deadline | Paced | Later | Score | Latitude | Longitude | Words | Member,
    Field(discriminator="type"),
]
RosterColumn = Annotated[
    Choice | Count | Amount | Flag | Score | Latitude | Longitude | Words | Becomes | BecomesOn,
    Field(discriminator="type"),
]


class Level(Drawn):
    """A number of each member and period: ``base`` × the member's factor × every rhythm × drivers.

    ``sd`` spreads the members (log-normal), ``size: population`` makes them go with the people of their unit,
    ``by_member`` multiplies single ones; ``noise`` moves from period to period, ``add`` comes last.
    ``drift`` multiplies on the way through the drift span. ``by`` a column of texts, ``bases`` are its own.
    """

    type: Literal["level"]
    base: float = 1.0
    by: Identifier | None = None
    bases: dict[str, float] = Field(default_factory=dict)
    size: Literal["population"] | None = None
    sd: float = 0.0
    by_member: dict[str, float] = Field(default_factory=dict)
    months: Twelve = FLAT_YEAR
    weekdays: Week = FLAT_WEEK
    hours: Day24 = FLAT_DAY
    holiday: float = 1.0
    tet: float = 1.0
    growth: float = 0.0
    drift: Drift = (1.0, 1.0)
    noise: float = 0.0
    add: float = 0.0
    follows: tuple[Influence, ...] = ()
    low: float = 0.0
    high: float = 1e15
    decimals: int = 0


class Part(Drawn):
    """A share of another column of the row, × that of the month; whole numbers are drawn one by one."""

    type: Literal["part"]
    of: Identifier
    share: Share = 1.0
    by: Identifier | None = None
    shares: dict[str, Share] = Field(default_factory=dict)
    sd: float = 0.0
    months: Twelve = FLAT_YEAR
    noise: float = 0.0
    follows: tuple[Influence, ...] = ()
    decimals: int = 0


class Following(Drawn):
    """A multiple of another column of the row, and ``add``."""

    type: Literal["follow"]
    column: Identifier
    factor: float = 1.0
    add: float = 0.0
    noise: float = 0.0
    low: float = 0.0
    high: float = 1e15
    decimals: int = 0


class Attribute(Drawn):
    """A column of the roster's entry, as it stands."""

    type: Literal["attribute"]
    column: Identifier


PanelColumn = Annotated[
    Level | Part | Following | Attribute | Choice | Count | Flag | Score, Field(discriminator="type")
]
