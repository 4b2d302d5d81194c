"""``city.yaml``: what a city is, before any feed or figure."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Literal, get_args
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, model_validator

from config.models.base import Clock, Duration, Identifier, Model, Text
from config.models.condition import Severity
from config.models.delivery import Obligations
from config.models.directing import Directing, Review, Weekday
from config.models.opendata import OpenPublishing
from config.models.public import Publisher


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"{name!r} is not an IANA time zone; write one such as Asia/Ho_Chi_Minh")
    return name


class Level(Model):
    """One rung of the area ladder, from the whole city downwards."""

    id: Identifier
    name: Text
    plural: Text


class Group(Model):
    """What several headings of the catalogue belong to, such as the people's data."""

    id: Identifier
    name: Text


class Domain(Model):
    """One heading of the catalogue, in one of the city's ``groups`` where it has any."""

    id: Identifier
    name: Text
    icon: str = "circle"
    group: Identifier | None = None


class LayerGroup(Model):
    """One group of the map's layers."""

    id: Identifier
    name: Text
    icon: str = "layers"


class Unit(Model):
    """A unit of measurement and how its numbers are written.

    ``kind`` says what may be done with it: an *amount* adds up and changes by per cent, a *rate* does not
    add up and changes by points, a *level* is read off an instrument, an *index* or *rank* has no unit of
    its own. ``factor`` multiplies what a measure computes (a share of 0.95 becomes 95 per cent). ``vnd``
    makes it money: the đồng that one unit is worth; such numbers are written on the scale triệu, tỷ, nghìn
    tỷ. ``one`` is what stands beside a single one, where a language says that differently.
    """

    id: Identifier
    symbol: Text
    one: Text | None = None
    kind: Literal["amount", "rate", "level", "index", "rank"] = "amount"
    decimals: int = Field(default=0, ge=0, le=6)
    factor: float = 1.0
    vnd: float | None = Field(default=None, gt=0)

    def beside(self, amount: float, language: str) -> str:
        """What stands beside an amount as it is written: 1 case, 2 cases."""
        if self.one is None or self.decimals or round(abs(amount)) != 1:
            return self.symbol.get(language)
        return self.one.get(language)


def _lunar_day(day: str) -> str:
    if re.fullmatch(r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d)", day) is None:
        raise ValueError(f'{day!r} is not a lunar month and day; write them in quotes such as "01-01"')
    return day


class Holiday(Model):
    """A day, or run of days, off work. ``tet`` marks the lunar new year, whose first day moves."""

    start: dt.date
    end: dt.date
    name: Text
    tet: bool = False

    @model_validator(mode="after")
    def _ordered(self) -> Holiday:
        if self.end < self.start:
            raise ValueError("end is before start")
        return self


class Moving(Model):
    """A holiday that moves through the solar year, as the lunar new year does, and shakes figures around it.

    Its first day is a ``lunar`` month and day ("01-01") of the lunisolar calendar of the city's time zone,
    in every year, or one of the ``dates``. Figures may be unusual from so many days ``before`` it until so
    many ``after``: the statistical conditions expect that of them, and neither learn from it what a usual
    week is nor warn of it.
    """

    id: Identifier
    name: Text
    lunar: Annotated[str, AfterValidator(_lunar_day)] | None = None
    dates: tuple[dt.date, ...] = ()
    before: int = Field(default=14, ge=0, le=60)
    after: int = Field(default=21, ge=1, le=60)

    @model_validator(mode="after")
    def _one_way(self) -> Moving:
        if (self.lunar is None) == (not self.dates):
            raise ValueError('give either lunar, such as "01-01", or the dates of its first days')
        return self


class Calendar(Model):
    """Working days: what is neither weekend nor holiday. And ``moving`` holidays, for statistics.

    ``hours`` are the spans of a working day in which people work, in their order; deadlines count them.
    """

    weekend: tuple[Weekday, ...] = ("sat", "sun")
    hours: tuple[tuple[Clock, Clock], ...] = Field(
        default=(("07:30", "11:30"), ("13:00", "17:00")), min_length=1
    )
    holidays: tuple[Holiday, ...] = ()
    moving: tuple[Moving, ...] = ()

    @model_validator(mode="after")
    def _somebody_works(self) -> Calendar:
        clocks = [clock for span in self.hours for clock in span]
        if clocks != sorted(set(clocks)):
            raise ValueError("hours must follow each other, each span ending after it begins")
        if len(set(self.weekend)) == len(get_args(Weekday)):
            raise ValueError("every day is weekend: no deadline could ever come")
        return self


def _full_hour(at: str) -> str:
    if re.fullmatch(r"([01]\d|2[0-3]):00", at) is None:
        raise ValueError(f'{at!r} is not a full hour; write one in quotes such as "12:00"')
    return at


class Reporting(Model):
    """A reporting calendar: periods that run from one ``day`` and hour to the same of a later month.

    Half-open by the city's clock: `day: 25, at: "12:00"` counts what happens at 12:00:00 on the 25th to the
    next period. Each is called after the month (quarter, half-year, year) in which it ends. Its ``id`` can
    then be used wherever a period can.
    """

    id: Identifier
    name: Text
    every: Literal["month", "quarter", "half_year", "year"]
    day: int = Field(ge=1, le=28)
    at: Annotated[str, AfterValidator(_full_hour)] = "00:00"

    @property
    def hour(self) -> int:
        """The hour of the day at which a period begins."""
        return int(self.at[:2])

    @property
    def lead(self) -> int:
        """How many months the first month that names a period lies after the month of its start."""
        return 0 if self.day == 1 and self.hour == 0 else 1


class Vintages(Model):
    """How long the store remembers every state of a value whose period was still running.

    After ``keep`` only the state at the end of each of the city's days stays. What a value of a complete
    period was before it was corrected is never forgotten.
    """

    keep: Duration = dt.timedelta(days=14)


class CityBreak(Model):
    """A day from which on all that is counted at some ``levels`` means something else: a merger of cities.

    It holds for every measure and stock there, and for what is made of them.
    """

    date: dt.date
    levels: tuple[Identifier, ...] = Field(min_length=1)
    note: Text


_HOUR = dt.timedelta(hours=1)


class Warnings(Model):
    """How many false alarms the desk accepts, and how long a warning may wait for somebody.

    ``q``: of the warnings of statistical rules that are shown, the share that may be false, by severity.
    ``quiet``: how long a statistical warning stays one card after the last sign of it. ``escalate``: how long
    a warning may stand without being taken on before the next in line is told, by severity; one that is not
    named is never escalated. ``keep_notices``: how long is remembered who was told of a warning, and who not,
    after it is over; at least a week.
    """

    q: dict[Severity, Annotated[float, Field(gt=0, le=0.5)]] = Field(
        default={"watch": 0.1, "serious": 0.1, "critical": 0.1}
    )
    quiet: Duration = dt.timedelta(days=7)
    escalate: dict[Severity, Duration] = Field(default={"critical": _HOUR / 4, "serious": 4 * _HOUR})

    keep_notices: Annotated[Duration, Field(ge=dt.timedelta(days=7))] = dt.timedelta(days=400)

    def rate(self, severity: Severity) -> float:
        """The share of false warnings accepted among those of a severity."""
        return self.q.get(severity, 0.1)


class CityModel(Model):
    """The head of a city folder."""

    id: Identifier
    name: Text
    centre: Text | None = None
    timezone: Annotated[str, AfterValidator(_known_zone)]
    languages: tuple[Literal["vi", "en"], ...] = Field(min_length=1)
    levels: tuple[Level, ...] = Field(min_length=1)
    calendar: Calendar = Calendar()
    reporting: tuple[Reporting, ...] = ()
    vintages: Vintages = Vintages()
    publisher: Publisher | None = None
    open_data: OpenPublishing | None = None
    warnings: Warnings = Warnings()
    obligations: Obligations = Obligations()
    groups: tuple[Group, ...] = ()
    directives: Directing = Directing()
    review: Review = Review()
    breaks: tuple[CityBreak, ...] = ()
    domains: tuple[Domain, ...] = Field(min_length=1)
    layer_groups: tuple[LayerGroup, ...] = ()
    units: tuple[Unit, ...] = Field(min_length=1)

    @property
    def zone(self) -> ZoneInfo:
        """The city's time zone."""
        return ZoneInfo(self.timezone)
