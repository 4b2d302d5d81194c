"""What notices are made of: plain values, with all times in UTC."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Delivery(StrEnum):
    """How far a message has come."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    """Given up after the last attempt."""
    NO_CHANNEL = "no_channel"
    """Nobody to send it to: written down alone."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A warning as notices need it, and what they have taken in of it so far.

    ``escalated`` and ``corrections`` count; ``seen_…`` is None where nothing was taken in.
    """

    id: int
    rule: str
    area: str
    kind: str
    severity: str
    opened_at: dt.datetime
    firing_since: dt.datetime
    resolved_at: dt.datetime | None
    resolution: str | None
    value: float | None
    limit: float | None
    last_value: float | None
    message: dict[str, str]
    evidence: dict[str, Any]
    acknowledged_at: dt.datetime | None
    recorded_at: dt.datetime
    escalated: int = 0
    corrections: int = 0
    seen_severity: str | None = None
    seen_over: bool | None = None
    seen_escalated: int | None = None
    seen_corrections: int | None = None

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.resolved_at is not None


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell one office (a recipient, or what it is in one area), and what was decided of it.

    ``topic`` is what messages are grouped by. ``bundle`` joins it to the messages that told it.
    """

    key: str
    kind: str
    warning: int | None
    rule: str
    area: str
    severity: str
    recipient: str
    office: str
    topic: str
    at: dt.datetime
    action: str
    reason: str
    due: dt.datetime | None
    decided_at: dt.datetime
    bundle: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    id: int | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one channel, with the very words. ``channel`` holds no secret, only its name."""

    key: str
    bundle: str
    recipient: str
    office: str
    topic: str
    channel: str
    language: str
    severity: str
    subject: str
    body: str
    created_at: dt.datetime
    status: Delivery
    due: dt.datetime | None
    attempts: int = 0
    sent_at: dt.datetime | None = None
    error: str | None = None
    id: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One decision of a notice's history."""

    at: dt.datetime
    action: str
    reason: str
    due: dt.datetime | None
