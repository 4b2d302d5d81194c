"""Whether somebody is told of something, and the named reason why, or why not.

``decide`` is pure: all that it knows is given to it, and the same again gives the same answer.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from config.models import GRAVITY, Recipient
from indicators.notices.timing import next_digest, quiet_until


class Kind(StrEnum):
    """What happened to a warning that somebody may have to be told of."""

    OPENED = "opened"
    RAISED = "raised"
    """Its severity rose."""
    RESOLVED = "resolved"
    ESCALATED = "escalated"
    """Nobody took it on in time."""
    CORRECTED = "corrected"
    """Late or corrected data say something else than people were told."""
    REPEATED = "repeated"
    """It stands, and nobody took it on since it was told."""
    SILENCE_ENDS = "silence_ends"
    DIGEST = "digest"
    """A digest is due; of no single warning."""


class Action(StrEnum):
    """What is done about it."""

    SEND = "send"
    HOLD = "hold"
    DROP = "drop"


class Reason(StrEnum):
    """Why it is sent, held or dropped."""

    # sent
    NEW = "new"
    RAISED = "raised"
    RESOLVED = "resolved"
    ESCALATED = "escalated"
    CORRECTED = "corrected"
    REPEATED = "repeated"
    SILENCE_ENDS = "silence_ends"
    RETRY = "retry"
    """Sent once more by a person's wish."""
    # sent, or held for it
    DIGEST = "digest"
    GROUPED = "grouped"
    """Held until its group may be told again; sent with a message that goes to its group anyway."""
    # held
    QUIET_HOURS = "quiet_hours"
    SILENCED = "silenced"
    MAINTENANCE = "maintenance"
    INHIBITED = "inhibited"
    """A warning that explains it stands."""
    RATE = "rate"
    # dropped
    DUPLICATE = "duplicate"
    """Told already."""
    OUT_OF_SCOPE = "out_of_scope"
    """Not the areas, levels or severities that they are told of."""
    NOT_WANTED = "not_wanted"
    """They are not told of ends."""
    ENDED = "ended"
    """Over before it could be told."""
    TAKEN = "taken"
    """Somebody took it on meanwhile."""
    NEVER_TOLD = "never_told"
    """They do not know of what ended or was corrected."""
    FOLDED = "folded"
    """Told together with what is held of the same warning."""
    NOTHING_NEW = "nothing_new"
    """A digest without content."""
    GONE = "gone"
    """The recipient is no more."""
    NO_CHANNEL = "no_channel"
    """Written down and shown, but nothing to send it by."""


class Fate(StrEnum):
    """What became of the opening of a warning for one recipient."""

    UNKNOWN = "unknown"
    TOLD = "told"
    HELD = "held"
    DIGEST = "digest"
    """Held for the digest."""
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Decision:
    """What is done and why; ``due`` is when it is looked at again, None: each time (held), or never."""

    action: Action
    reason: Reason
    due: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Occasion:
    """Something that happened: its kind, the warning's severity as it is now, and when it came to be known.

    ``over``: the warning has ended. ``taken``: somebody took it on. ``empty``: a digest without content.
    """

    kind: Kind
    severity: str
    at: dt.datetime
    over: bool = False
    taken: bool = False
    empty: bool = False


@dataclass(frozen=True, slots=True)
class Situation:
    """What stands in the way of telling one recipient.

    ``in_scope``: it happened where the recipient is told of. ``told``: they were told of this very thing.
    ``opening``: what became of the warning's opening. ``silenced``, ``maintenance``: until when.
    ``group_told``: when the last message went to its group. ``room_at``: when another message may go to the
    recipient, None: now. ``held``: what was decided of it before. ``has_channel``: there is something to send
    it by.
    """

    in_scope: bool = True
    told: bool = False
    opening: Fate = Fate.UNKNOWN
    silenced: dt.datetime | None = None
    maintenance: dt.datetime | None = None
    inhibited: bool = False
    group_told: dt.datetime | None = None
    room_at: dt.datetime | None = None
    held: Decision | None = None
    has_channel: bool = True


_SENT: Final = {
    Kind.OPENED: Reason.NEW,
    Kind.RAISED: Reason.RAISED,
    Kind.RESOLVED: Reason.RESOLVED,
    Kind.ESCALATED: Reason.ESCALATED,
    Kind.CORRECTED: Reason.CORRECTED,
    Kind.REPEATED: Reason.REPEATED,
    Kind.SILENCE_ENDS: Reason.SILENCE_ENDS,
    Kind.DIGEST: Reason.DIGEST,
}

_FOLDED: Final = {Kind.RAISED: (Fate.HELD, Fate.DIGEST), Kind.ESCALATED: (Fate.HELD,)}
"""What the opening will tell as well once it is told; an escalation waits for no digest."""


def decide(
    occasion: Occasion, recipient: Recipient, situation: Situation, now: dt.datetime, zone: ZoneInfo
) -> Decision:
    """Whether ``recipient`` is told of ``occasion`` now, later or never. ``now`` must be aware."""
    found = (
        _pointless(occasion, recipient, situation)
        or _hushed(occasion, situation, now)
        or _postponed(occasion, recipient, situation, now, zone)
    )
    if found is not None:
        return found
    if not situation.has_channel:
        return Decision(Action.DROP, Reason.NO_CHANNEL)
    waited = situation.held is not None and situation.held.reason is Reason.DIGEST
    return Decision(Action.SEND, Reason.DIGEST if waited else _SENT[occasion.kind])


def _pointless(occasion: Occasion, recipient: Recipient, situation: Situation) -> Decision | None:
    """Why there is nothing to tell, whenever one looks."""
    kind, reason = occasion.kind, None
    if situation.told:
        reason = Reason.DUPLICATE
    elif kind is Kind.DIGEST:
        reason = Reason.NOTHING_NEW if occasion.empty else None
    elif not situation.in_scope or GRAVITY[occasion.severity] < GRAVITY[recipient.least]:
        # Whoever was told of a warning is told how it went on, though it be milder by now.
        if kind not in (Kind.RESOLVED, Kind.CORRECTED) or situation.opening is not Fate.TOLD:
            reason = Reason.OUT_OF_SCOPE
    elif kind is Kind.RESOLVED and not recipient.resolved:
        reason = Reason.NOT_WANTED
    if reason is None and kind in (Kind.RESOLVED, Kind.CORRECTED):
        if situation.opening not in (Fate.TOLD, Fate.DIGEST):
            reason = Reason.NEVER_TOLD
    elif reason is None and situation.opening in _FOLDED.get(kind, ()):
        reason = Reason.FOLDED
    elif reason is None and kind in (Kind.ESCALATED, Kind.REPEATED) and occasion.taken:
        reason = Reason.TAKEN
    if reason is None and occasion.over and kind in (Kind.OPENED, Kind.RAISED, Kind.ESCALATED, Kind.REPEATED):
        # A digest reports what happened since the last one, and that is not undone by being over.
        waits = situation.held is not None and situation.held.reason is Reason.DIGEST
        reason = None if waits else Reason.ENDED
    return None if reason is None else Decision(Action.DROP, reason)


def _hushed(occasion: Occasion, situation: Situation, now: dt.datetime) -> Decision | None:
    """Why nobody is to hear of it for the time being."""
    if occasion.kind in (Kind.SILENCE_ENDS, Kind.DIGEST):
        return None
    for until, reason in (
        (situation.silenced, Reason.SILENCED),
        (situation.maintenance, Reason.MAINTENANCE),
    ):
        if until is not None and until > now:
            return Decision(Action.HOLD, reason, until)
    return Decision(Action.HOLD, Reason.INHIBITED) if situation.inhibited else None


def _postponed(
    occasion: Occasion, recipient: Recipient, situation: Situation, now: dt.datetime, zone: ZoneInfo
) -> Decision | None:
    """Why this recipient hears of it later."""
    kind, gravity = occasion.kind, GRAVITY[occasion.severity]
    if kind is Kind.DIGEST:
        return None
    held, digest = situation.held, recipient.digest
    if held is not None and held.reason is Reason.DIGEST and held.due is not None and held.due <= now:
        return None
    if digest is not None and kind is not Kind.ESCALATED:
        follows = situation.opening is Fate.DIGEST and kind in (Kind.RESOLVED, Kind.CORRECTED)
        if occasion.severity in digest.holds or follows:
            return Decision(Action.HOLD, Reason.DIGEST, next_digest(digest, now, zone))
    if recipient.quiet is not None and gravity < GRAVITY[recipient.quiet.unless]:
        until = quiet_until(recipient.quiet, now, zone)
        if until is not None:
            return Decision(Action.HOLD, Reason.QUIET_HOURS, until)
    if situation.room_at is not None and situation.room_at > now and occasion.severity != "critical":
        return Decision(Action.HOLD, Reason.RATE, situation.room_at)
    group = recipient.group
    if gravity >= GRAVITY[group.unless]:
        return None
    after = occasion.at + group.wait
    if situation.group_told is not None:
        after = max(after, situation.group_told + group.interval)
    return Decision(Action.HOLD, Reason.GROUPED, after) if after > now else None
