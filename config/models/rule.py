"""``rules/*.yaml``: when a number becomes a warning."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Tag, model_validator

from config.models.base import Duration, Identifier, Model, Text, tag_or
from config.models.indicator import Period
from config.models.public import Public

Severity = Literal["watch", "serious", "critical"]


class _UpperOrLower(Model):
    above: float | None = None
    clear_below: float | None = None
    below: float | None = None
    clear_above: float | None = None

    @model_validator(mode="after")
    def _one_side(self) -> _UpperOrLower:
        if (self.above is None) == (self.below is None):
            raise ValueError("give either above or below")
        if self.above is not None and self.clear_below is not None and self.clear_below > self.above:
            raise ValueError("clear_below lies above the limit: the warning would clear while it fires")
        if self.below is not None and self.clear_above is not None and self.clear_above < self.below:
            raise ValueError("clear_above lies below the limit: the warning would clear while it fires")
        return self


class Threshold(_UpperOrLower):
    """The value against a fixed limit, with hysteresis."""

    type: Literal["threshold"] = "threshold"


class Change(_UpperOrLower):
    """The change against another period, in per cent for amounts and levels, in points for rates."""

    type: Literal["change"]
    against: Literal["previous", "last_year"]


class TargetGap(_UpperOrLower):
    """How far what was attained lies on the wrong side of its target, in the indicator's unit; positive is
    worse.

    What is held against a target is the value, of a cumulative target the running total, of a rank the place
    (the gap is then one of places), of a milestone the best value so far, once its day has passed.
    """

    type: Literal["target_gap"]


class Stale(Model):
    """The age of the newest accepted row of a feed."""

    type: Literal["stale"]
    after: Duration


Condition = Annotated[
    Annotated[Threshold, Tag("threshold")]
    | Annotated[Change, Tag("change")]
    | Annotated[TargetGap, Tag("target_gap")]
    | Annotated[Stale, Tag("stale")],
    tag_or("type", "threshold"),
]


class NoData(Model):
    """What a series that vanished does.

    After ``after`` without a value it is *no data*, and a warning when ``then: warn``.
    """

    after: Duration
    then: Literal["warn", "show"] = "show"


class Rule(Model):
    """One warning rule. ``indicator`` rules watch every area of ``level``; ``feed`` rules watch a feed.

    Whole periods are judged, one after another; with ``partial`` the running one as well, as far as its
    data go. ``for``: how long the breach must have lasted, from the start of its first period: ``3d`` is
    three days. ``keep_firing``: how long it must then have been clear, from when that was first seen.
    ``notify`` names recipients, who are told. ``message`` may hold ``{area}``, ``{value}``, ``{limit}`` and
    ``{since}``; ``playbook`` says what to do. ``public`` marks what a person may release to the public.
    """

    id: Identifier
    name: Text
    indicator: Identifier | None = None
    level: Identifier | None = None
    period: Period | None = None
    feed: Identifier | None = None
    when: Condition
    partial: bool = False
    hold: Duration | None = Field(default=None, alias="for")
    keep_firing: Duration | None = None
    no_data: NoData | None = None
    severity: Severity
    notify: tuple[str, ...] = ()
    message: Text
    playbook: Text | None = None
    public: Public | None = None

    @model_validator(mode="after")
    def _watches_one_thing(self) -> Rule:
        if isinstance(self.when, Stale):
            if self.feed is None or self.indicator is not None:
                raise ValueError("a stale rule watches a feed: give feed, not indicator")
        elif self.feed is not None or None in (self.indicator, self.level, self.period):
            raise ValueError("this rule watches an indicator: give indicator, level and period, not feed")
        return self
