"""What agencies owe: when a delivery is due, and what follows when it does not come."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field, model_validator

from config.models.base import Cron, Duration, Identifier, LastingDuration, Model


class Delivery(Model):
    """What the agency owes: a delivery each ``every``; the feed is late when ``grace`` has passed on top.

    ``due`` says when exactly: a cron expression in the city's zone. Left out, one is due at the end of each
    span of ``every``: the hour, the day, and for longer ones counted from Monday, 1 January 2001. ``remind``
    names the recipients who are reminded.
    """

    every: LastingDuration
    due: Cron | None = None
    grace: Duration
    remind: tuple[Identifier, ...] = ()


class Obligations(Model):
    """What follows when agencies are late.

    ``remind_after``: how long after the deadline an agency is reminded, once for each, until it delivers;
    deliveries that are missed one after the other are one matter. ``review`` reminders ``within`` a span put
    the agency under review, ``escalate`` have it escalated: the recipients ``review_to`` and ``escalate_to``
    are told then.
    """

    remind_after: tuple[Duration, ...] = (timedelta(0), timedelta(hours=24), timedelta(hours=72))
    within: LastingDuration = timedelta(days=365)
    review: int = Field(default=3, ge=1)
    escalate: int = Field(default=6, ge=1)
    review_to: tuple[Identifier, ...] = ()
    escalate_to: tuple[Identifier, ...] = ()

    @model_validator(mode="after")
    def _rises(self) -> Obligations:
        if list(self.remind_after) != sorted(set(self.remind_after)):
            raise ValueError("remind_after must rise: each reminder comes after the one before")
        if self.escalate <= self.review:
            raise ValueError(f"escalate ({self.escalate}) must be more than review ({self.review})")
        return self
