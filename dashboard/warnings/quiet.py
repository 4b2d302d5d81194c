"""What is kept quiet, for screens and the command line: since when, until when, and how much it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from rich.table import Table

from config import City
from config.models.base import parse_duration
from config.problems import did_you_mean
from dashboard.cli.values import UnknownError, moment
from dashboard.warnings.alerts import Alert
from indicators.notices.facts import clock
from indicators.notices.obstacles import NOTICE
from indicators.subjects import subject_of
from warehouse.state import Maintenance, Silence, Warning

Span = Silence | Maintenance
Kind = Literal["silence", "maintenance"]
Phase = Literal["running", "ends_soon", "planned", "over"]

RECENT = dt.timedelta(days=14)
"""For how long one that is over is told of."""
SCOPES: Mapping[Kind, tuple[str, ...]] = {
    "silence": ("rule", "domain", "area"),
    "maintenance": ("feed", "area"),
}
"""What either may be about."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A silence or a window of maintenance at a moment, and the open warnings that it covers: those that it
    keeps quiet, or will once it begins; none when it is over.
    """

    span: Span
    phase: Phase
    warnings: tuple[int, ...] = ()

    @property
    def kind(self) -> Kind:
        """Which of the two it is."""
        return "silence" if isinstance(self.span, Silence) else "maintenance"

    @property
    def key(self) -> str:
        """What tells it from all others, such as ``silence-3``; the audit trail says ``silence 3``."""
        return f"{self.kind}-{self.span.id}"

    @property
    def scope(self) -> dict[str, str]:
        """What it is about, by ``rule``, ``domain``, ``feed`` and ``area``."""
        given = {name: getattr(self.span, name) for name in SCOPES[self.kind]}
        return {name: id_ for name, id_ in given.items() if id_ is not None}


def kept(
    city: City, spans: Iterable[Span], warnings: Iterable[Warning | Alert], now: dt.datetime
) -> list[Kept]:
    """What runs, the next to end first, then what is planned, the next to begin first, then what is over, the
    last to end first.
    """
    subjects = [(item.id, subject_of(city, item.rule, item.area)) for item in warnings if item.open]
    found = []
    for span in spans:
        phase = _phase(span, now)
        covered = () if phase == "over" else tuple(id_ for id_, it in subjects if span.covers(it))
        found.append(Kept(span, phase, covered))
    return sorted(found, key=_order)


def _phase(span: Span, now: dt.datetime) -> Phase:
    if span.until <= now:
        return "over"
    if span.starts_at > now:
        return "planned"
    return "ends_soon" if span.until - now <= NOTICE else "running"


def _order(item: Kept) -> tuple[int, float]:
    match item.phase:
        case "planned":
            return 1, item.span.starts_at.timestamp()
        case "over":
            return 2, -item.span.until.timestamp()
        case _:
            return 0, item.span.until.timestamp()


def demand_known(city: City, scope: Mapping[str, str | None]) -> None:
    """Raise UnknownError when the city has no such rule, domain, feed or area."""
    there: dict[str, Sequence[str]] = {
        "rule": list(city.rules),
        "domain": [domain.id for domain in city.head.domains],
        "feed": list(city.feeds),
        "area": [area.code for area in city.areas.all()],
    }
    for name, id_ in scope.items():
        if id_ is not None and id_ not in there[name]:
            raise UnknownError(f"there is no {name} {id_!r} ({did_you_mean(id_, there[name])})")


def end_of(city: City, text: str, start: dt.datetime) -> dt.datetime:
    """When something ends: so long after ``start`` (``4h``), or at a moment by the city's clock.

    Raises UnknownError.
    """
    try:
        length = parse_duration(text)
        assert isinstance(length, dt.timedelta)
        return start + length
    except ValueError:
        return moment(city, text)
    except OverflowError:
        raise UnknownError(f"{text!r} is beyond the calendar") from None


def as_table(city: City, found: Iterable[Kept]) -> Table:
    """What is kept quiet, one line each; times by the city's clock."""
    table = Table("id", "state", "what", "from", "until", "warnings", "who", "why")
    for item in found:
        span = item.span
        table.add_row(
            str(span.id),
            item.phase.replace("_", " "),
            ", ".join(f"{name} {id_}" for name, id_ in item.scope.items()),
            clock(span.starts_at, city.zone),
            clock(span.until, city.zone),
            str(len(item.warnings)),
            span.who,
            span.reason,
        )
    return table


def as_data(item: Kept) -> dict[str, Any]:
    """One of them for machines; times are UTC."""
    span = item.span
    times = {
        name: at.isoformat() if (at := getattr(span, name)) is not None else None
        for name in ("starts_at", "ends_at", "ended_at", "created_at")
    }
    return {
        "id": span.id,
        "kind": item.kind,
        "state": item.phase,
        **{name: item.scope.get(name) for name in SCOPES[item.kind]},
        **times,
        "ended_by": span.ended_by,
        "reason": span.reason,
        "who": span.who,
        "warnings": list(item.warnings),
    }
