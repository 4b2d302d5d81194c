"""What is quiet and when: silences of warnings, maintenance of feeds and areas. Pure; silences.py keeps them.

A silence stops notices and what is pushed to the wall, never the judging: warnings open and end as always,
and are on the desk. A window of maintenance does the same for warnings about what its feeds tell, and besides
no data are missed in it: time inside of a window does not count towards *late*, *silent* and *no data*.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar


@dataclass(frozen=True, slots=True)
class Subject:
    """What a warning is about: rule, the rule's domain, the area with all above it, the feeds behind it."""

    rule: str
    domain: str | None
    areas: frozenset[str]
    feeds: frozenset[str] = frozenset()


class _Ended:
    """When something ends that may be ended before its time."""

    __slots__ = ()
    ends_at: dt.datetime
    ended_at: dt.datetime | None

    @property
    def until(self) -> dt.datetime:
        """When it is over: as planned, or as somebody ended it before."""
        return self.ended_at or self.ends_at


@dataclass(frozen=True, slots=True)
class Silence(_Ended):
    """Warnings of a rule, of an area with everything below it, of a domain: of whichever are given, all."""

    id: int
    rule: str | None
    area: str | None
    domain: str | None
    starts_at: dt.datetime
    ends_at: dt.datetime
    reason: str
    who: str
    created_at: dt.datetime
    ended_at: dt.datetime | None = None
    ended_by: str | None = None

    def covers(self, subject: Subject) -> bool:
        """Whether it is about ``subject``, at whatever time."""
        return (
            self.rule in (None, subject.rule)
            and self.domain in (None, subject.domain)
            and (self.area is None or self.area in subject.areas)
        )


@dataclass(frozen=True, slots=True)
class Maintenance(_Ended):
    """Work on what a feed delivers, on an area with everything below it, or on the feed in the area."""

    id: int
    feed: str | None
    area: str | None
    starts_at: dt.datetime
    ends_at: dt.datetime
    reason: str
    who: str
    created_at: dt.datetime
    ended_at: dt.datetime | None = None
    ended_by: str | None = None

    def covers(self, subject: Subject) -> bool:
        """Whether it is about ``subject``, at whatever time."""
        return (self.feed is None or self.feed in subject.feeds) and (
            self.area is None or self.area in subject.areas
        )


class Span(Protocol):
    """A time in which something is quiet: ``starts_at`` ≤ time < ``until``."""

    @property
    def starts_at(self) -> dt.datetime: ...

    @property
    def until(self) -> dt.datetime: ...

    def covers(self, subject: Subject) -> bool: ...


S = TypeVar("S", bound=Span)


def running(spans: Iterable[S], now: dt.datetime) -> list[S]:
    """Those that run at ``now``, the next to end first."""
    found = [span for span in spans if span.starts_at <= now < span.until]
    return sorted(found, key=lambda span: span.until)


def silenced(spans: Iterable[S], subject: Subject, now: dt.datetime) -> S | None:
    """The one of ``spans`` that keeps ``subject`` quiet at ``now``, of several the last to end."""
    covering = [span for span in running(spans, now) if span.covers(subject)]
    return covering[-1] if covering else None


def silenced_until(spans: Iterable[Span], subject: Subject, now: dt.datetime) -> dt.datetime | None:
    """Until when ``spans`` keep ``subject`` quiet at ``now``; None: it is heard."""
    found = silenced(spans, subject, now)
    return found.until if found is not None else None


def ending_soon(spans: Iterable[S], now: dt.datetime, within: dt.timedelta) -> list[S]:
    """Those that run and end within ``within``: time to say so, and to extend them where it is due."""
    return [span for span in running(spans, now) if span.until - now <= within]


def quiet_time(spans: Iterable[Span], subject: Subject, start: dt.datetime, end: dt.datetime) -> dt.timedelta:
    """How much of ``start`` ≤ time < ``end`` was quiet for ``subject``; what overlaps counts once."""
    total, reached = dt.timedelta(0), start
    for span in _covering(spans, subject):
        low, high = max(span.starts_at, reached), min(span.until, end)
        if low < high:
            total, reached = total + (high - low), high
    return total


def due_at(spans: Iterable[Span], subject: Subject, start: dt.datetime, after: dt.timedelta) -> dt.datetime:
    """When ``after`` has gone by since ``start`` without what was quiet for ``subject``."""
    due, reached = start + after, start
    for span in _covering(spans, subject):
        low, high = max(span.starts_at, reached), span.until
        if low < min(high, due):
            due, reached = due + (high - low), high
    return due


def _covering(spans: Iterable[Span], subject: Subject) -> list[Span]:
    return sorted((span for span in spans if span.covers(subject)), key=lambda span: span.starts_at)


def heard_since(spans: Iterable[Span], subject: Subject, since: dt.datetime, now: dt.datetime) -> dt.datetime:
    """Since when people can have heard of ``subject``: ``since``, or the end of the last quiet time after."""
    ends = [s.until for s in spans if s.covers(subject) and since < s.until <= now and s.starts_at < s.until]
    return max([since, *ends])
