"""What happened to warnings since notices last looked: the difference between each and what was taken in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from config import City
from config.models import GRAVITY, Rule
from indicators.notices.decide import Kind
from indicators.notices.escalate import follower
from indicators.notices.obstacles import Ending
from indicators.notices.offices import Office, office_named, offices, offices_of
from warehouse.state import Notice, Standing

Openings = Mapping[tuple[int, str], list[Notice]]
"""Per warning and office what was decided of what made it known."""


@dataclass(frozen=True, slots=True)
class Happening:
    """Something to tell one office. ``key`` is the same whenever it is found."""

    key: str
    kind: Kind
    warning: Standing
    office: Office
    detail: Mapping[str, Any] = field(default_factory=dict)


def happened(
    city: City,
    changed: Iterable[Standing],
    openings: Openings,
    corrections: Mapping[int, Mapping[str, Any]],
) -> Iterator[Happening]:
    """What is new of the warnings that changed, for everybody whom it concerns.

    ``corrections`` holds what was corrected last of those that were.
    """
    told: dict[int, list[str]] = {}
    for id_, key in openings:
        told.setdefault(id_, []).append(key)
    for warning in changed:
        rule = city.rules.get(warning.rule)
        named = offices(city, rule, warning.area)
        if warning.seen_over is None:
            yield from _each(warning, Kind.OPENED, "opened", named)
        yield from _escalated(city, warning, rule)
        if warning.seen_over is None:
            continue
        # Told to whoever was told that it began, even if the rule has changed its mind since.
        those = {office.key: office for office in named}
        for key in told.get(warning.id, ()):
            if (office := office_named(city, key)) is not None:
                those[key] = office
        if warning.corrections > (warning.seen_corrections or 0):
            token, detail = f"corrected:{warning.corrections}", corrections.get(warning.id, {})
            yield from _each(warning, Kind.CORRECTED, token, those.values(), detail)
        if GRAVITY[warning.severity] > GRAVITY.get(warning.seen_severity or "", 0) and not warning.over:
            yield from _each(warning, Kind.RAISED, f"raised:{warning.severity}", named)
        if warning.over and not warning.seen_over:
            assert warning.resolved_at is not None
            token = f"resolved:{warning.resolved_at.astimezone(dt.UTC):%Y%m%dT%H%M%S}"
            yield from _each(warning, Kind.RESOLVED, token, those.values())


def _escalated(city: City, warning: Standing, rule: Rule | None) -> Iterator[Happening]:
    if rule is None or warning.over:
        return
    for step in range((warning.seen_escalated or 0) + 1, warning.escalated + 1):
        next_ = [id_ for name in rule.notify if (id_ := follower(city, name, step)) is not None]
        yield from _each(warning, Kind.ESCALATED, f"escalated:{step}", offices_of(city, next_, warning.area))


def repeated(
    city: City,
    standing: Iterable[Standing],
    last_told: Mapping[tuple[int, str], tuple[dt.datetime, int]],
    now: dt.datetime,
) -> Iterator[Happening]:
    """Warnings that stand, that nobody took on, and that were told long enough ago to be told again."""
    for warning in standing:
        if warning.acknowledged_at is not None:
            continue
        for office in offices(city, city.rules.get(warning.rule), warning.area):
            every = office.recipient.group.repeat
            told = last_told.get((warning.id, office.key))
            if every is not None and told is not None and told[0] + every <= now:
                yield from _each(warning, Kind.REPEATED, f"repeated:{told[1] + 1}", [office])


def silences_end(
    city: City, endings: Iterable[Ending], standing: Mapping[int, Standing]
) -> Iterator[Happening]:
    """Silences about to end over warnings that stand."""
    for ending in endings:
        warning = standing.get(ending.warning)
        if warning is None:
            continue
        token = f"silence:{ending.silence}:{ending.until.astimezone(dt.UTC):%Y%m%dT%H%M%S}"
        detail = {"until": ending.until.isoformat(), "who": ending.who, "reason": ending.reason}
        named = offices(city, city.rules.get(warning.rule), warning.area)
        yield from _each(warning, Kind.SILENCE_ENDS, token, named, detail)


def _each(
    warning: Standing,
    kind: Kind,
    token: str,
    those: Iterable[Office],
    detail: Mapping[str, Any] | None = None,
) -> Iterator[Happening]:
    for office in those:
        yield Happening(f"w{warning.id}:{token}:{office.key}", kind, warning, office, detail or {})
