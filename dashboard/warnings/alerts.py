"""Warnings as screens show them, made from people's state."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast

from config import City
from config.models import Severity
from indicators.subjects import subject_of
from warehouse.state import Kind, Maintenance, Silence, Status, Warning, running, silenced_until

Phase = Literal["firing", "recovering", "no_data", "too_few", "closed"]


@dataclass(frozen=True, slots=True)
class Alert:
    """One warning: what it says, where, since when, and whether somebody took it on. Times are UTC.

    ``message`` holds the text in each language. ``indicator`` or ``feed`` is what its rule watches, neither
    when the rule has gone since. ``outcome`` is what a person closed it as,
    ``quiet_until`` the end of the silence or maintenance that keeps it quiet.
    """

    id: int
    rule: str
    severity: Severity
    phase: Phase
    area: str
    indicator: str | None
    feed: str | None
    period: str | None
    since: dt.datetime
    closed_at: dt.datetime | None
    message: Mapping[str, str]
    taken_at: dt.datetime | None
    assigned_to: str | None = None
    outcome: str | None = None
    quiet_until: dt.datetime | None = None

    @property
    def open(self) -> bool:
        """Whether it still stands."""
        return self.closed_at is None

    @property
    def taken(self) -> bool:
        """Whether somebody took it on."""
        return self.taken_at is not None


def alerts_from(
    city: City, warnings: Iterable[Warning], quiet: Sequence[Silence | Maintenance], now: dt.datetime
) -> list[Alert]:
    """Warnings of people's state with what their rules watch; those of areas that are gone are left out.

    ``quiet``: silences and windows of maintenance, of which those written down by ``now`` count.
    """
    known = running([span for span in quiet if span.created_at <= now], now)

    def quiet_until(warning: Warning) -> dt.datetime | None:
        if not known or not warning.open:
            return None
        return silenced_until(known, subject_of(city, warning.rule, warning.area), now)

    return [_alert(city, warning, quiet_until(warning)) for warning in warnings if warning.area in city.areas]


def _alert(city: City, warning: Warning, quiet_until: dt.datetime | None) -> Alert:
    rule = city.rules.get(warning.rule)
    return Alert(
        id=warning.id,
        rule=warning.rule,
        severity=cast(Severity, warning.severity),
        phase=_phase(warning),
        area=warning.area,
        indicator=rule.indicator if rule else None,
        feed=rule.feed if rule else None,
        period=rule.period if rule else None,
        since=_utc(warning.firing_since),
        closed_at=_utc(warning.resolved_at) if warning.resolved_at else None,
        message=warning.message,
        taken_at=_utc(warning.acknowledged_at) if warning.acknowledged_at else None,
        assigned_to=warning.assigned_to,
        outcome=warning.outcome.value if warning.outcome else None,
        quiet_until=quiet_until,
    )


def _phase(warning: Warning) -> Phase:
    if not warning.open:
        return "closed"
    if warning.status is Status.NO_DATA or warning.kind is Kind.NO_DATA:
        return "no_data"
    if warning.status is Status.TOO_FEW:
        return "too_few"
    return "recovering" if warning.status is Status.RECOVERING else "firing"


def _utc(at: dt.datetime) -> dt.datetime:
    return at if at.tzinfo else at.replace(tzinfo=dt.UTC)
