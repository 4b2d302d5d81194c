"""Telling the next in line of warnings that nobody took on in time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from config import City
from indicators.notices.obstacles import Obstacles, hushed
from warehouse.state import Escalation, Limits, Standing, State, due_escalations


def escalate(
    city: City, state: State, standing: Mapping[int, Standing], obstacles: Obstacles, now: dt.datetime
) -> list[Escalation]:
    """Note the steps that are due. What is kept quiet waits, and its time runs anew once it is heard."""
    heard = {id_: item for id_, item in standing.items() if not hushed(obstacles, item)}
    waiting = [item for item in heard.values() if item.acknowledged_at is None]
    if not waiting:
        return []
    told = {item.id: obstacles.heard_since(item) for item in waiting}
    warnings = [item for item in state.warnings(areas=None) if item.id in told]
    return state.escalate(due_escalations(warnings, now, limits_of(city), told), now)


def limits_of(city: City) -> Limits:
    """When each step is due: after each span of the city's another, as long as anybody follows."""
    steps = max([1, *(len(_line(city, id_)) for id_ in city.recipients)])
    return {
        severity: [span * step for step in range(1, steps + 1)]
        for severity, span in city.head.warnings.escalate.items()
    }


def follower(city: City, id_: str, step: int) -> str | None:
    """Who is told at a step in place of a recipient; at the first step themselves, where nobody follows."""
    line = _line(city, id_)
    if not line:
        return id_ if step == 1 else None
    return line[step - 1] if step <= len(line) else None


def _line(city: City, id_: str) -> list[str]:
    """Those who follow a recipient, one after another; a ring ends where it would begin anew."""
    line: list[str] = []
    here = city.recipients.get(id_)
    while here is not None and here.escalates_to is not None and here.escalates_to not in (id_, *line):
        line.append(here.escalates_to)
        here = city.recipients.get(here.escalates_to)
    return line
