"""What must be there for a row of ``systems.yaml`` to be served: code checks each kind, nobody by hand."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field

from config.models.base import Identifier, LastingDuration, Model
from config.models.indicator import Period, TargetKind


class Chosen(Model):
    """Definitions that are needed: those with ``ids``, or with ``serving`` all that say they serve the row.

    At least ``at_least`` of them (left out: all, and one at the least).
    """

    ids: tuple[Identifier, ...] = ()
    serving: bool = False
    at_least: int | None = Field(default=None, ge=1)


class NeedIndicators(Chosen):
    """Indicators that have a value at each of ``levels`` (left out: for the whole city).

    ``domain`` and ``group`` choose all of a heading or of a group of headings.

    ``period`` is the kind of period to look at (left out: any). The newest value for the whole city is at
    least ``least``. With ``parts`` values keep numerator and denominator. With ``computed: false`` it is
    enough that they are defined, as of figures that come of what people do.
    """

    type: Literal["indicators"]
    domain: Identifier | None = None
    group: Identifier | None = None
    levels: tuple[Identifier, ...] = ()
    period: Period | None = None
    least: float | None = None
    parts: bool = False
    computed: bool = True


class NeedFigures(Model):
    """Figures that stand exactly as they are named, as of the whole city: ``values`` by indicator.

    Of the period of kind ``period`` that begins on the day ``start`` (left out: of the newest).
    """

    type: Literal["figures"]
    period: Period
    start: dt.date | None = None
    values: dict[Identifier, float] = Field(min_length=1)


class NeedRules(Chosen):
    """Warning rules that are defined and have something to watch.

    What a rule watches has values at its level. With ``notice`` each warns so long, in working hours, before
    a deadline.
    """

    type: Literal["rules"]
    notice: LastingDuration | None = None


class NeedFeeds(Chosen):
    """Feeds that come by themselves and have brought rows; ``serving`` chooses those behind the indicators
    that serve the row.
    """

    type: Literal["feeds"]


Counted = Literal[
    "indicators",
    "rules",
    "feeds",
    "layers",
    "domains",
    "groups",
    "open_datasets",
    "reports",
    "criteria",
    "tasks",
    "milestones",
]


class NeedCount(Model):
    """At least so many definitions; criteria, tasks and milestones are those of one programme.

    Of indicators those count that have a value, of rules those whose figures have one.
    """

    type: Literal["count"]
    of: Counted
    least: int = Field(ge=1)


class NeedAreas(Model):
    """At least so many areas of a level today."""

    type: Literal["areas"]
    level: Identifier
    least: int = Field(ge=1)


class NeedScreens(Model):
    """Screens: ``kinds`` that the application draws, ``domains`` and ``levels`` for which there is one."""

    type: Literal["screens"]
    kinds: tuple[Identifier, ...] = ()
    domains: tuple[Identifier, ...] = ()
    levels: tuple[Identifier, ...] = ()


class NeedIdentities(Model):
    """Identities that were checked and hold; with ``broken`` such as are known to be broken and shown so."""

    type: Literal["identities"]
    ids: tuple[Identifier, ...] = Field(min_length=1)
    broken: bool = False


class NeedTargets(Model):
    """Indicators that are each held to targets: to one of each of the ``values`` where these are given.

    Targets of another ``kind``, or for another day than ``date``, do not count.
    """

    type: Literal["targets"]
    ids: tuple[Identifier, ...] = Field(min_length=1)
    values: tuple[float, ...] = ()
    kind: TargetKind | None = None
    date: dt.date | None = None


class NeedMembers(Model):
    """A column of a dataset that has at least so many different values."""

    type: Literal["members"]
    dataset: Identifier
    column: Identifier
    least: int = Field(ge=1)


class NeedAddresses(Model):
    """Addresses that the server answers, such as ``/public/warnings.atom``."""

    type: Literal["addresses"]
    paths: tuple[str, ...] = Field(min_length=1)


class NeedCommands(Model):
    """Commands of the command line, such as ``rules backtest``."""

    type: Literal["commands"]
    names: tuple[str, ...] = Field(min_length=1)


Need = Annotated[
    NeedIndicators
    | NeedFigures
    | NeedRules
    | NeedCount
    | NeedAreas
    | NeedFeeds
    | NeedScreens
    | NeedIdentities
    | NeedTargets
    | NeedMembers
    | NeedAddresses
    | NeedCommands,
    Field(discriminator="type"),
]
