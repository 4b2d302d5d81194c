"""``rules/*.yaml``: when a number becomes a warning."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from config.models.base import Duration, Identifier, LastingDuration, Model, Text
from config.models.condition import Combined, Condition, Deadline, OverFeed, Severity
from config.models.indicator import Period
from config.models.public import Public


class NoData(Model):
    """What a series that vanished does.

    After ``after`` without a value it is *no data*, and a warning when ``then: warn``.
    """

    after: LastingDuration
    then: Literal["warn", "show"] = "show"


class Rule(Model):
    """One warning rule.

    Most watch an ``indicator`` over every area of ``level``; conditions of a feed watch a ``feed``; deadlines
    and combined rules have a ``level`` alone. Whole periods are judged, one after another; with ``partial``
    the running one as well, as far as its data go. ``settle`` is for figures that go on growing after their
    period, such as cases that are reported late: a period is judged only so long after its end. ``for``: how
    long the breach must have lasted, from the start of its first period: ``3d`` is three days.
    ``keep_firing``: how long it must then have been clear, from when that was first seen. ``inhibited_by``
    names rules that explain this one: while one of them stands for the area, or for one that holds it, nobody
    is told of this. ``notify`` names recipients, who are told. ``message`` may hold ``{area}``, ``{value}``,
    ``{limit}``, ``{since}`` and, where the condition knows it, ``{expected}`` or ``{band}``; ``playbook``
    says what to do. ``public`` marks what a person may release to the public. ``serves``
    names rows of ``systems.yaml``.
    """

    id: Identifier
    name: Text
    indicator: Identifier | None = None
    level: Identifier | None = None
    period: Period | None = None
    feed: Identifier | None = None
    when: Condition
    partial: bool = False
    settle: Duration | None = None
    hold: Duration | None = Field(default=None, alias="for")
    keep_firing: Duration | None = None
    no_data: NoData | None = None
    severity: Severity
    inhibited_by: tuple[Identifier, ...] = ()
    notify: tuple[str, ...] = ()
    message: Text
    playbook: Text | None = None
    public: Public | None = None
    serves: tuple[Identifier, ...] = ()

    @model_validator(mode="after")
    def _watches_one_thing(self) -> Rule:
        given = {name for name in ("indicator", "level", "period", "feed") if getattr(self, name) is not None}
        if isinstance(self.when, OverFeed):
            if given != {"feed"}:
                raise ValueError(
                    f"a {self.when.type} rule watches a feed: give feed, and no indicator, level or period"
                )
        elif isinstance(self.when, Deadline | Combined):
            if given != {"level"}:
                raise ValueError(f"a {self.when.type} rule needs level, and no indicator, period or feed")
        elif given != {"indicator", "level", "period"}:
            raise ValueError("this rule watches an indicator: give indicator, level and period, not feed")
        if self.settle is not None and (self.partial or self.indicator is None):
            raise ValueError("settle waits for whole periods of an indicator: leave it out, or partial")
        return self
