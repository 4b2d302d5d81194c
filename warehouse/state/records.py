"""What the state of warnings is made of: plain values, with all times in UTC."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, NamedTuple


class Status(StrEnum):
    """Where a rule stands for one area; *no data* and *too few* cases to judge are apart from normal."""

    NORMAL = "normal"
    PENDING = "pending"
    FIRING = "firing"
    RECOVERING = "recovering"
    NO_DATA = "no_data"
    TOO_FEW = "too_few"


class Kind(StrEnum):
    """Why a warning was opened: a limit was crossed, or the series vanished."""

    LIMIT = "limit"
    NO_DATA = "no_data"


class Outcome(StrEnum):
    """What a person found a warning to have been: right, a false alarm, or told by another one already."""

    TRUE = "true"
    FALSE = "false"
    DUPLICATE = "duplicate"


CLOSED: Final = "closed"
"""Resolution of a warning that a person closed while its series still stood."""


@dataclass(frozen=True, slots=True)
class SeriesState:
    """What a rule remembers of one area between two evaluations.

    ``since``: when it came into its status. ``breach_since``: start of the unbroken breach that it waits on
    or fires for. ``clear_since``: when it was first seen clear while recovering. ``judged_through``: time of
    the newest observation taken in. ``before``: the status that a series had which
    vanished or became too small to judge.
    """

    status: Status = Status.NORMAL
    since: dt.datetime | None = None
    breach_since: dt.datetime | None = None
    clear_since: dt.datetime | None = None
    judged_through: dt.datetime | None = None
    before: Status | None = None


SeriesKey = tuple[str, str]
"""Rule and area."""


class Mark(NamedTuple):
    """How far the history of warnings has been read: the last change of status, the last deed."""

    transition: int = 0
    deed: int = 0


@dataclass(frozen=True, slots=True)
class Transition:
    """One change of status, at the time of the observation that caused it."""

    rule: str
    area: str
    at: dt.datetime
    before: Status
    after: Status
    reason: str
    value: float | None
    limit: float | None


@dataclass(slots=True)
class Episode:
    """One warning from its opening to its end, as an evaluation writes it.

    It ends (``resolved_at``, ``resolution``) when its series is normal again, whether or not a person has
    closed it before: until then it goes on, and the series gets no second one.

    ``message`` and ``value`` are those of the opening, since what people were told is not rewritten;
    ``severity``, ``last_value`` and ``worst_value`` go on. ``id`` is None until it is stored.
    ``transitions`` are those that this evaluation adds.
    """

    rule: str
    area: str
    kind: Kind
    severity: str
    status: Status
    opened_at: dt.datetime
    firing_since: dt.datetime
    value: float | None
    limit: float | None
    message: dict[str, str]
    evidence: dict[str, Any]
    last_value: float | None = None
    worst_value: float | None = None
    resolved_at: dt.datetime | None = None
    resolution: str | None = None
    id: int | None = None
    transitions: list[Transition] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Warning:
    """A warning as people see it.

    ``resolved_at``: when it left the desk, because its series was normal again or a person closed it
    (``resolution`` is then ``closed``); None while it is open. ``ended_at`` and ``end_reason`` are when and
    why its series was normal again, None while that stands. ``recorded_at``: when people could first see it.
    ``outcome``, ``duplicate_of``, ``closed_at`` and ``closed_by`` are what a person made of it; ``escalated``
    counts the steps that were taken because nobody took notice.
    """

    id: int
    rule: str
    area: str
    kind: Kind
    severity: str
    status: Status
    opened_at: dt.datetime
    firing_since: dt.datetime
    resolved_at: dt.datetime | None
    resolution: str | None
    value: float | None
    limit: float | None
    last_value: float | None
    worst_value: float | None
    message: dict[str, str]
    evidence: dict[str, Any]
    recorded_at: dt.datetime
    acknowledged_at: dt.datetime | None
    acknowledged_by: str | None
    ended_at: dt.datetime | None = None
    end_reason: str | None = None
    closed_at: dt.datetime | None = None
    closed_by: str | None = None
    outcome: Outcome | None = None
    duplicate_of: int | None = None
    assigned_to: str | None = None
    assigned_at: dt.datetime | None = None
    escalated: int = 0

    @property
    def standing(self) -> bool:
        """Whether its series still stands, on the desk or not."""
        return self.ended_at is None

    @property
    def open(self) -> bool:
        """Whether it still stands."""
        return self.resolved_at is None


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a warning's history: what the engine saw or did (``who`` empty), or what a person did.

    ``detail`` is the reason or the comment, ``data`` what else belongs to the action: to whom it was
    assigned, with which outcome it was closed.
    """

    at: dt.datetime
    who: str
    action: str
    detail: str
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what to which object, and with which words."""

    id: int
    at: dt.datetime
    who: str
    action: str
    object: str
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Correction:
    """What people were told in a warning, and what is known since late or corrected data came in."""

    id: int
    warning: int
    at: dt.datetime
    who: str
    told: dict[str, Any]
    known: dict[str, Any]
    note: str


@dataclass(slots=True)
class Evaluation:
    """Everything that one evaluation of the rules changed, stored in one transaction or not at all.

    ``transitions`` holds those that belong to no warning (a breach that did not last); the others are in
    their episodes.
    """

    at: dt.datetime
    series: dict[SeriesKey, SeriesState] = field(default_factory=dict)
    episodes: list[Episode] = field(default_factory=list)
    transitions: list[Transition] = field(default_factory=list)

    @property
    def visible(self) -> bool:
        """Whether people would see a difference."""
        return bool(self.episodes or self.transitions)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to store."""
        return not (self.series or self.visible)
