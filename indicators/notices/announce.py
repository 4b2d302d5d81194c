"""From what happened to messages that wait to be sent: the one who decides for all, and writes it down.

``announce`` may be called as often as one likes: it takes in what is new of the warnings, looks again at what
is held, and stores decisions and messages in one transaction. Whoever evaluates need not tell it anything, so
that nothing is lost between an evaluation and its notices; and what was decided once is not decided again.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from config import City
from config.models import GRAVITY
from indicators.notices.bundles import Bundle, messages_of
from indicators.notices.decide import (
    Action,
    Decision,
    Fate,
    Kind,
    Occasion,
    Reason,
    Situation,
    decide,
)
from indicators.notices.escalate import escalate
from indicators.notices.facts import Links
from indicators.notices.happenings import Happening, happened, repeated, silences_end
from indicators.notices.obstacles import Obstacles, Quiet
from indicators.notices.offices import Office, office_named, offices
from indicators.notices.timing import last_digest
from indicators.subjects import cause_of
from warehouse.state import Kind as WarningKind
from warehouse.state import Message, Notice, Pruned, Standing, State

Look = Callable[[City, State, Sequence[Standing], dt.datetime], Obstacles]
"""What keeps warnings quiet at a moment, given all that stand."""

_DIGEST: Final = "digest"
_LATEST_DIGEST: Final = dt.timedelta(hours=2)
"""How late a digest may be, after which it waits for the next."""
_ORDER: Final = {kind: number for number, kind in enumerate(Kind)}
_UNTOLD: Final = frozenset({Kind.OPENED, Kind.RAISED, Kind.ESCALATED})


@dataclass(frozen=True)
class Announcement:
    """What one call did: how often it decided what, and the messages that now wait or have no channel."""

    decisions: Mapping[tuple[Action, Reason], int]
    messages: tuple[Message, ...]


@dataclass
class Announcer:
    """Decides for every recipient of a city. Safe to use from several threads."""

    city: City
    state: State
    links: Links
    look: Look = Quiet.look
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def announce(self, now: dt.datetime) -> Announcement:
        """Take in what happened, decide, compose and store. ``now`` must be aware."""
        with self._lock:
            turn = _Turn(self, now.astimezone(dt.UTC))
            turn.decide()
            messages = turn.compose()
            self.state.outbox.commit(turn.changed, turn.notices.values(), messages)
        counted = Counter((Action(item.action), Reason(item.reason)) for item in turn.notices.values())
        return Announcement(counted, tuple(messages))

    def forget(self, now: dt.datetime) -> Pruned:
        """Forget who was told of what is over for longer than the city keeps it."""
        return self.state.outbox.prune(now - self.city.head.warnings.keep_notices)


class _Turn:
    """One call of ``announce``: what is known at its beginning, and what it decides."""

    def __init__(self, announcer: Announcer, now: dt.datetime) -> None:
        self.city, self.outbox, self.now = announcer.city, announcer.state.outbox, now
        self.links = announcer.links
        self.standing = {item.id: item for item in self.outbox.open_warnings()}
        self.obstacles = announcer.look(self.city, announcer.state, list(self.standing.values()), now)
        if escalate(self.city, announcer.state, self.standing, self.obstacles, now):
            self.standing = {item.id: item for item in self.outbox.open_warnings()}
        self.changed = self.outbox.changed()
        self.held = {item.key: item for item in self.outbox.held()}
        ids = {item.id for item in self.changed} | set(self.standing)
        ids |= {item.warning for item in self.held.values() if item.warning is not None}
        self.warnings = self.standing | {item.id: item for item in self.changed}
        self.warnings |= self.outbox.warnings(sorted(ids - set(self.warnings)))
        self.openings = self.outbox.openings(sorted(ids))
        self.fates = {key: _fate(items) for key, items in self.openings.items()}
        windows = [recipient.rate.within for recipient in self.city.recipients.values()]
        windows += [recipient.group.interval for recipient in self.city.recipients.values()]
        self.told = self.outbox.told(now - max(windows, default=dt.timedelta(0)))
        self.sending: dict[str, set[str]] = {}
        self.notices: dict[str, Notice] = {}
        self.bundles: dict[tuple[str, str], Bundle] = {}

    def decide(self) -> None:
        """Decide of everything: what is new and what is held, the gravest first; the digests last."""
        found = [*self._fresh(), *self._again()]
        found.sort(
            key=lambda pair: (-GRAVITY[pair[1].warning.severity], pair[1].warning.id, _ORDER[pair[1].kind])
        )
        held: list[tuple[Notice, Happening]] = []
        for notice, happening in found:
            decided = self._decided(notice, happening)
            if decided.action == Action.HOLD and decided.reason == Reason.GROUPED:
                held.append((decided, happening))
            self._note(decided, happening)
        for notice, happening in held:
            # A message goes to their group anyway: what waited for the next one goes with it.
            if (notice.office, notice.topic) in self.bundles:
                self._note(replace(notice, action=Action.SEND, reason=Reason.GROUPED, due=None), happening)
        self._digests()

    def compose(self) -> list[Message]:
        """The messages of what is told now; their notices are marked with them."""
        messages: list[Message] = []
        named: dict[str, str] = {}
        for bundle in self.bundles.values():
            made = messages_of(self.city, bundle, self.links, self.now)
            messages += made
            told = [notice.key for notice, _ in bundle.told]
            told += [bundle.digest.key] if bundle.digest is not None else []
            named |= dict.fromkeys(told, made[0].bundle)
        for key, bundle_key in named.items():
            self.notices[key] = replace(self.notices[key], bundle=bundle_key)
        return messages

    def _fresh(self) -> Iterable[tuple[Notice, Happening]]:
        standing = list(self.standing.values())
        corrected = [item.id for item in self.changed if item.corrections]
        corrections = self.outbox.last_corrections(corrected)
        last_told = self.outbox.last_told([item.id for item in standing])
        found = [
            *happened(self.city, self.changed, self.openings, corrections),
            *repeated(self.city, standing, last_told, self.now),
            *silences_end(self.city, self.obstacles.ending(), self.standing),
        ]
        known = self.outbox.known([item.key for item in found])
        return [(self._notice(item), item) for item in found if item.key not in known]

    def _notice(self, item: Happening) -> Notice:
        return Notice(
            item.key,
            item.kind,
            item.warning.id,
            item.warning.rule,
            item.warning.area,
            item.warning.severity,
            item.office.recipient.id,
            item.office.key,
            _topic(self.city, item.office, item.warning),
            self.now,
            Action.HOLD,
            Reason.NEW,
            None,
            self.now,
            detail=dict(item.detail),
        )

    def _again(self) -> Iterator[tuple[Notice, Happening]]:
        """What is held; that of a recipient who is gone from the city's folder is dropped."""
        for key, notice in self.held.items():
            office = office_named(self.city, notice.office)
            if office is None or notice.warning is None:
                self.notices[key] = replace(
                    notice, action=Action.DROP, reason=Reason.GONE, due=None, decided_at=self.now
                )
                continue
            warning = self.warnings[notice.warning]
            yield notice, Happening(key, Kind(notice.kind), warning, office, notice.detail)

    def _decided(self, notice: Notice, item: Happening) -> Notice:
        warning, office = item.warning, item.office
        here = warning.area in self.city.areas
        occasion = Occasion(
            item.kind, warning.severity, notice.at, warning.over, warning.acknowledged_at is not None
        )
        situation = Situation(
            in_scope=here and office.covers(self.city, warning.area),
            opening=self.fates.get((warning.id, office.key), Fate.UNKNOWN),
            silenced=self.obstacles.silenced(warning),
            maintenance=self.obstacles.maintained(warning),
            inhibited=self.obstacles.inhibited(warning),
            group_told=max(
                (at for topic, at in self.told.get(office.key, ()) if topic == notice.topic), default=None
            ),
            room_at=self._room(office, notice.topic),
            held=None if notice.id is None else Decision(Action.HOLD, Reason(notice.reason), notice.due),
            has_channel=bool(office.channels),
        )
        found = decide(occasion, office.recipient, situation, self.now, self.city.zone)
        return replace(
            notice,
            action=found.action,
            reason=found.reason,
            due=found.due,
            severity=warning.severity,
            decided_at=self.now,
        )

    def _room(self, office: Office, topic: str) -> dt.datetime | None:
        """When the office may get another message; what goes into one that is under way takes no room."""
        rate, sending = office.recipient.rate, self.sending.get(office.key, set())
        if topic in sending:
            return None
        recent = [at for _, at in self.told.get(office.key, ()) if at > self.now - rate.within]
        over = len(recent) + len(sending) - rate.most
        if over < 0:
            return None
        return (recent[over] if over < len(recent) else self.now) + rate.within

    def _note(self, notice: Notice, item: Happening) -> None:
        """Keep a decision, and what follows from it for those to come."""
        before = self.held.get(notice.key)
        if before is None or _decision(before) != _decision(notice):
            self.notices[notice.key] = notice
        if item.kind in _UNTOLD:
            there = self.openings.setdefault((item.warning.id, item.office.key), [])
            there[:] = [*(other for other in there if other.key != notice.key), notice]
            self.fates[item.warning.id, item.office.key] = _fate(there)
        if _tells(notice):
            topic = _DIGEST if before is not None and before.reason == Reason.DIGEST else notice.topic
            self.sending.setdefault(notice.office, set()).add(topic)
            bundle = self.bundles.setdefault((notice.office, topic), Bundle(item.office, topic))
            bundle.told.append((notice, item))

    def _digests(self) -> None:
        """The digests that are due, with what was held for them and what stands."""
        stand: dict[str, list[Standing]] = {}
        for warning in self.standing.values():
            for office in offices(self.city, self.city.rules.get(warning.rule), warning.area):
                grave = GRAVITY[warning.severity] >= GRAVITY[office.recipient.least]
                if grave and office.covers(self.city, warning.area):
                    stand.setdefault(office.key, []).append(warning)
        keys = {*stand, *(key for key, topic in self.bundles if topic == _DIGEST)}
        keys |= {id_ for id_, recipient in self.city.recipients.items() if recipient.each is None}
        due: dict[str, tuple[Office, dt.datetime]] = {}
        for key in sorted(keys):
            told = office_named(self.city, key)
            if told is None or told.recipient.digest is None:
                continue
            at = last_digest(told.recipient.digest, self.now, self.city.zone)
            if self.now - at <= _LATEST_DIGEST:
                due[f"digest:{at:%Y%m%dT%H%M}:{key}"] = (told, at)
        known = self.outbox.known(list(due))
        for key, (office, at) in due.items():
            if key not in known:
                self._digest(key, office, at, stand.get(office.key, []))

    def _digest(self, key: str, office: Office, at: dt.datetime, stand: list[Standing]) -> None:
        bundle = self.bundles.get((office.key, _DIGEST))
        empty = bundle is None and not stand
        occasion = Occasion(Kind.DIGEST, "watch", at, empty=empty)
        found = decide(
            occasion, office.recipient, Situation(has_channel=bool(office.channels)), self.now, self.city.zone
        )
        severity = max((item.severity for item in stand), key=GRAVITY.__getitem__, default="watch")
        root = self.city.areas.root.code
        notice = Notice(
            key,
            Kind.DIGEST,
            None,
            "",
            office.area or root,
            severity,
            office.recipient.id,
            office.key,
            _DIGEST,
            at,
            found.action,
            found.reason,
            found.due,
            self.now,
        )
        if _tells(notice):
            bundle = self.bundles.setdefault((office.key, _DIGEST), Bundle(office, _DIGEST))
            bundle.stand, bundle.digest = stand, notice
        self.notices[key] = notice


def _decision(notice: Notice) -> tuple[str, str, dt.datetime | None]:
    return notice.action, notice.reason, notice.due


def _tells(notice: Notice) -> bool:
    """Whether it is put into words now, be there a channel or not."""
    return notice.action == Action.SEND or notice.reason == Reason.NO_CHANNEL


def _fate(notices: Sequence[Notice]) -> Fate:
    """What became of a warning's opening, by the best that can be said of what made it known."""
    if any(_tells(notice) for notice in notices):
        return Fate.TOLD
    held = [notice for notice in notices if notice.action == Action.HOLD]
    if any(notice.reason == Reason.DIGEST for notice in held):
        return Fate.DIGEST
    if held:
        return Fate.HELD
    return Fate.DROPPED if notices else Fate.UNKNOWN


def _topic(city: City, office: Office, warning: Standing) -> str:
    """What a warning's messages are grouped by, as its recipient wants it."""
    rule = city.rules.get(warning.rule)
    indicator = city.indicators.get(rule.indicator or "") if rule is not None else None
    known: dict[str, Any] = {
        "rule": warning.rule,
        "area": warning.area,
        "domain": indicator.domain if indicator is not None else "",
        "cause": cause_of(city, warning.rule, missing=warning.kind == WarningKind.NO_DATA),
    }
    return "|".join(f"{name}={known[name]}" for name in office.recipient.group.by)
