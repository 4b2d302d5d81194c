"""Directing: how directives are followed up, and the meeting at which it is looked at what came of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field, field_validator, model_validator

from config.models.base import Duration, Identifier, LastingDuration, Model

_DAY = timedelta(days=1)
_WEEK = 7 * _DAY

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Directing(Model):
    """How directives are followed up.

    ``remind``: how long before the due time the units are reminded. ``soon``: for so long before it the desk
    calls a directive due soon. ``report``: how long after it was issued the first report of the unit is due.
    ``follow`` names recipients of the whole city who follow up for the leaders: they are told of reports, of
    requests for more time and of what is overdue.
    """

    remind: tuple[Duration, ...] = (3 * _DAY, _DAY)
    soon: Duration = 3 * _DAY
    report: LastingDuration = 7 * _DAY
    follow: tuple[Identifier, ...] = ()

    @model_validator(mode="after")
    def _comes_closer(self) -> Directing:
        if list(self.remind) != sorted(set(self.remind), reverse=True):
            raise ValueError("remind must fall: each reminder comes closer to the due time")
        return self


class Review(Model):
    """The regular meeting at which leaders go through what changed: ``every`` so many weeks, on a weekday.

    The span that it looks at ends with the day before. Spans are counted from Monday, 1 January 2001.
    """

    every: LastingDuration = Field(default=2 * _WEEK)
    on: Weekday = "mon"

    @field_validator("every")
    @classmethod
    def _weeks(cls, every: timedelta) -> timedelta:
        if every % _WEEK or every > 13 * _WEEK:
            raise ValueError("a meeting is every so many whole weeks, 13 at most: write 1w, 2w or 4w")
        return every
