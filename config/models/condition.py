"""``when:`` of a warning rule: what makes a number a breach."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal, get_args

from pydantic import Field, Tag, model_validator

from config.models.base import Identifier, LastingDuration, Model, Text, tag_or

Severity = Literal["watch", "serious", "critical"]
SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)
"""From the mildest to the gravest."""
GRAVITY: Final[Mapping[str, int]] = {severity: number for number, severity in enumerate(SEVERITIES)}
"""The place of each severity among them: the higher, the graver."""
Side = Literal["above", "below"]


class Limits(Model):
    """A limit on the one side or the other, and the level at which the warning clears again."""

    above: float | None = None
    clear_below: float | None = None
    below: float | None = None
    clear_above: float | None = None

    @model_validator(mode="after")
    def _one_side(self) -> Limits:
        if (self.above is None) == (self.below is None):
            raise ValueError("give either above or below")
        if (self.clear_above if self.below is None else self.clear_below) is not None:
            raise ValueError("above clears by clear_below, and below by clear_above")
        if self.above is not None and self.clear_below is not None and self.clear_below > self.above:
            raise ValueError("clear_below lies above the limit: the warning would clear while it fires")
        if self.below is not None and self.clear_above is not None and self.clear_above < self.below:
            raise ValueError("clear_above lies below the limit: the warning would clear while it fires")
        return self


class Threshold(Limits):
    """The value against a fixed limit, with hysteresis."""

    type: Literal["threshold"] = "threshold"


class Band(Model):
    """One class of a legend, from ``limit`` on; its ``severity`` takes the place of the rule's."""

    limit: float
    name: Text
    severity: Severity | None = None


class Banded(Model):
    """The class of a legend that the value falls into, such as alarm levels I, II and III of a river.

    ``bands`` begin with the mildest. On ``side: above`` a value is in the last band whose limit it exceeds.
    The warning clears when the value is ``clear_by`` on the safe side of the first limit; while it stands,
    its severity rises with the band and never falls.
    """

    type: Literal["band"]
    side: Side = "above"
    bands: tuple[Band, ...] = Field(min_length=1)
    clear_by: float = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _ordered(self) -> Banded:
        limits = [band.limit for band in self.bands]
        if limits != sorted(set(limits), reverse=self.side == "below"):
            raise ValueError("bands must go from the mildest limit to the gravest, each one once")
        return self


class Change(Limits):
    """The change against another period, in per cent for amounts and levels, in points for rates."""

    type: Literal["change"]
    against: Literal["previous", "last_year"]


class TargetGap(Limits):
    """How far what was attained lies on the wrong side of its target, in the indicator's unit; positive is
    worse.

    What is held against a target is the value, of a cumulative target the running total, of a rank the place
    (the gap is then one of places), of a milestone the best value so far, once its day has passed.
    """

    type: Literal["target_gap"]


class Worsening(Model):
    """So many ``periods`` in a row that were each worse than the one before, by the indicator's direction.

    ``by``: how much all of them together must amount to, in the indicator's unit. It clears with the first
    period that is not worse.
    """

    type: Literal["worsening"]
    periods: int = Field(ge=2, le=60)
    by: float = Field(default=0, ge=0)


class CountAnomaly(Model):
    """A count that trend, season, weekdays and moving holidays do not explain.

    ``scan`` also tests the sum of the last two periods, which finds what builds up. A rule over running sums
    that moves on by less than its window says so with ``overlapping``: its tests then cost four times as
    much of the false-alarm budget.
    """

    type: Literal["count_anomaly"]
    side: Literal["above", "below", "both"] = "above"
    scan: bool = True
    overlapping: bool = False


class LevelAnomaly(Model):
    """A level, rate or duration that its season, its trend and its last values do not explain."""

    type: Literal["level_anomaly"]
    side: Literal["above", "below", "both"] = "both"


class LevelShift(Model):
    """A series that has moved to another level and stayed there.

    It stands until a person confirms the new level, which then becomes what is normal.
    """

    type: Literal["level_shift"]
    side: Literal["above", "below", "both"] = "both"


class Projection(Limits):
    """The probability, in per cent, that the target of the year's end will be missed as things go.

    A history too short to tell is not judged.
    """

    type: Literal["projection"]

    @model_validator(mode="after")
    def _probable(self) -> Projection:
        given = (self.above, self.clear_below, self.below, self.clear_above)
        if any(limit is not None and not 0 <= limit <= 100 for limit in given):
            raise ValueError("a probability lies between 0 and 100 per cent")
        return self


class Deadline(Model):
    """Rows of a dataset that are still open and due soon: a warning before the deadline, not after it.

    ``due`` and ``done`` are columns of ``dataset``; ``within`` is the notice, in ``working`` hours of the
    city's calendar or hours of the clock. More than ``above`` such rows are a breach.
    """

    type: Literal["deadline"]
    dataset: Identifier
    due: Identifier
    done: Identifier
    within: LastingDuration
    working: bool = True
    where: str | None = None
    above: float = Field(default=0, ge=0)


class Stale(Model):
    """The age of the newest accepted row of a feed."""

    type: Literal["stale"]
    after: LastingDuration


class Late(Model):
    """A delivery that the feed's agency owes (``delivery`` of the feed) and that has not come."""

    type: Literal["late"]


class Silent(Model):
    """Nothing at all came from a feed for so long, accepted or not."""

    type: Literal["silent"]
    after: LastingDuration


class Incomplete(Model):
    """The newest complete day of a feed, in per cent of the areas that it covers, lies below ``below``."""

    type: Literal["incomplete"]
    below: float = Field(gt=0, le=100)


class Volume(Model):
    """Far more or far fewer rows of a feed in a day than its history, weekdays and holidays explain."""

    type: Literal["volume"]
    side: Literal["above", "below", "both"] = "both"


class Combined(Model):
    """``all``, ``any`` or ``at_least: k`` of other rules stand, for the area or for one that holds it."""

    type: Literal["combined"]
    rules: tuple[Identifier, ...] = Field(min_length=2)
    at_least: int | Literal["all", "any"] = "all"

    @property
    def needed(self) -> int:
        """How many of the rules must stand."""
        if isinstance(self.at_least, int):
            return self.at_least
        return 1 if self.at_least == "any" else len(self.rules)

    @model_validator(mode="after")
    def _can_be_met(self) -> Combined:
        if not 1 <= self.needed <= len(self.rules):
            raise ValueError(f"at_least is {self.at_least} of {len(self.rules)} rules")
        if len(set(self.rules)) < len(self.rules):
            raise ValueError("a rule is named twice")
        return self


OverFeed = Stale | Late | Silent | Incomplete | Volume
"""Conditions of a feed."""

Statistical = CountAnomaly | LevelAnomaly
"""Conditions whose p-values share the city's false-alarm budget."""

Condition = Annotated[
    Annotated[Threshold, Tag("threshold")]
    | Annotated[Banded, Tag("band")]
    | Annotated[Change, Tag("change")]
    | Annotated[TargetGap, Tag("target_gap")]
    | Annotated[Worsening, Tag("worsening")]
    | Annotated[CountAnomaly, Tag("count_anomaly")]
    | Annotated[LevelAnomaly, Tag("level_anomaly")]
    | Annotated[LevelShift, Tag("level_shift")]
    | Annotated[Projection, Tag("projection")]
    | Annotated[Deadline, Tag("deadline")]
    | Annotated[Stale, Tag("stale")]
    | Annotated[Late, Tag("late")]
    | Annotated[Silent, Tag("silent")]
    | Annotated[Incomplete, Tag("incomplete")]
    | Annotated[Volume, Tag("volume")]
    | Annotated[Combined, Tag("combined")],
    tag_or("type", "threshold"),
]
