"""Which warnings nobody took notice of for too long."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from warehouse.state.records import Warning

Limits = Mapping[str, Sequence[dt.timedelta]]
"""For each severity after how long without notice each step is due, shortest first; none: never."""

_NO: Mapping[int, dt.datetime] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Escalation:
    """A step (1, 2, …) that is due for a warning, and since when."""

    warning: int
    step: int
    due_at: dt.datetime


def due_escalations(
    warnings: Iterable[Warning],
    now: dt.datetime,
    limits: Limits,
    told: Mapping[int, dt.datetime] = _NO,
) -> list[Escalation]:
    """The steps that are due at ``now`` and were not taken yet, of each warning in order.

    The time runs from when people could first see the warning, or from what ``told`` says of it: for one
    that was silenced, the end of the silence. A warning that left the desk or was acknowledged is not
    escalated. Pure: nothing is stored (``State.escalate`` does).
    """
    found = []
    for warning in warnings:
        if not warning.open or warning.acknowledged_at is not None:
            continue
        begin = max(warning.recorded_at, told.get(warning.id, warning.recorded_at))
        for step, limit in enumerate(limits.get(warning.severity, ()), start=1):
            if step > warning.escalated and now - begin >= limit:
                found.append(Escalation(warning.id, step, begin + limit))
    return found
