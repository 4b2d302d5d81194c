"""People and the engine at one desk: whatever people do, the engine goes its way; nothing is forgotten."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from config import City
from config.models import Rule
from indicators.rules.episodes import Desk
from indicators.rules.machine import Machine, Observation, Seen
from indicators.rules.sightings import Sighting
from warehouse.state import (
    AuditEntry,
    Escalation,
    Event,
    HandlingError,
    Outcome,
    SeriesKey,
    SeriesState,
    State,
    Status,
    Warning,
)

NOON = dt.datetime(2024, 5, 6, 12, tzinfo=dt.UTC)
MINUTE, HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)
MACHINE = Machine(HOUR, HOUR / 2, 3 * HOUR)
AREAS = ("760", "761")

SEEN = st.sampled_from(
    [
        (Seen.BREACH, 0),
        (Seen.BREACH, 1),
        (Seen.BREACH, 2),
        *[(Seen.CLEAR, -1)] * 4,
        (Seen.BETWEEN, -1),
        (Seen.TOO_FEW, -1),
        None,
    ]
)
"""What is seen of one area, with the class of the legend that it falls into; None: nothing comes."""
EVALUATIONS = st.tuples(st.just("evaluate"), st.tuples(SEEN, SEEN))
DEEDS = st.tuples(
    st.sampled_from(["acknowledge", "comment", "assign", "close", "close", "reopen", "escalate", "correct"]),
    st.tuples(st.integers(0, 5), st.sampled_from(list(Outcome))),
)
STEPS = st.lists(st.one_of(EVALUATIONS, DEEDS), min_size=20, max_size=50)


@pytest.fixture(scope="module")
def city(reference_city: City) -> City:
    rule = Rule.model_validate(
        {
            "id": "r",
            "name": {"en": "r"},
            "indicator": "hotline_on_time",
            "level": "district",
            "period": "day",
            "when": {
                "type": "band",
                "bands": [
                    {"limit": limit, "name": {"en": name}, "severity": name}
                    for limit, name in enumerate(("watch", "serious", "critical"))
                ],
            },
            "severity": "serious",
            "no_data": {"after": "3h", "then": "warn"},
            "message": {"en": "{area}: {value}"},
        }
    )
    return replace(reference_city, rules=MappingProxyType({"r": rule}))


class Engine:
    """The rule's machine and desk over hand-made observations, one an hour."""

    def __init__(self, city: City, state: State) -> None:
        self.city, self.state = city, state

    def evaluate(
        self, now: dt.datetime, seen: tuple[tuple[Seen, int] | None, ...]
    ) -> dict[SeriesKey, SeriesState]:
        """Take in what was seen of each area (None: nothing came), and store what follows."""
        rule, stored = self.city.rules["r"], self.state.load_series()
        desk = Desk(self.city, self.state.open_episodes(), now)
        for area, what in zip(AREAS, seen, strict=True):
            before = stored.get(("r", area), SeriesState())
            sighting = None
            if what is not None:
                sighting = Sighting(Observation(now, now - HOUR, what[0]), what[1] + 0.5, 1.0, band=what[1])
            after, reason = MACHINE.step(before, sighting.observation if sighting else None, now)
            if after.status is not before.status:
                desk.moved(rule, area, before, after, reason, sighting)
            if sighting is not None:
                desk.seen(rule, area, sighting)
            if after != before:
                desk.evaluation.series["r", area] = after
        self.state.record(desk.finish())
        return self.state.load_series()


def hasty(url: str) -> State:
    """A state that does not wait for the disk after each deed."""
    state = State.open(url)
    event.listen(state._engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
    state._engine.dispose()
    return state


def act(state: State, now: dt.datetime, deed: str, which: int, outcome: Outcome) -> None:
    """One deed on one of the warnings; what does not go with how it stands is refused and changes nothing."""
    warnings = sorted(state.warnings(areas=None, open_only=False), key=lambda w: w.id)
    if not warnings:
        return
    warning, other = warnings[which % len(warnings)], warnings[0]
    who: dict[str, Any] = {"areas": None}
    deeds: dict[str, Callable[[], object]] = {
        "acknowledge": lambda: state.acknowledge(warning.id, "An", "", now, **who),
        "comment": lambda: state.comment(warning.id, "An", "xem", now, **who),
        "assign": lambda: state.assign(warning.id, f"đội {which}", "An", "", now, **who),
        "close": lambda: state.conclude(
            warning.id,
            outcome,
            "An",
            "",
            now,
            duplicate_of=other.id if outcome is Outcome.DUPLICATE else None,
            **who,
        ),
        "reopen": lambda: state.reopen(warning.id, "An", "sai", now, **who),
        "escalate": lambda: state.escalate([Escalation(warning.id, warning.escalated + 1, now)], now),
        "correct": lambda: state.correct(warning.id, {"value": 2.0}, {"value": float(which)}, "", now),
    }
    before = everything(state)
    try:
        deeds[deed]()
    except HandlingError:
        assert everything(state) == before


def everything(state: State) -> tuple[object, ...]:
    warnings = state.warnings(areas=None, open_only=False)
    return (
        warnings,
        [state.history(w.id, areas=None) for w in warnings],
        state.audit(10_000),
        state.revision(),
    )


def told(warnings: list[Warning]) -> list[Warning]:
    """Without what is not kept from before."""
    return [replace(item, last_value=None, worst_value=None) for item in warnings]


def the_engines(warnings: list[Warning]) -> set[tuple[object, ...]]:
    """What the engine makes of warnings, whatever people do."""
    return {
        (w.area, w.kind, w.opened_at, w.recorded_at, w.ended_at, w.end_reason, w.status, w.message["en"])
        for w in warnings
    }


def grew(before: list[Event], after: list[Event]) -> bool:
    """Whether everything that was there is there still, in its order."""
    rest = iter(after)
    return all(event in rest for event in before)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_people_and_engine_never_get_into_each_others_way(
    city: City, tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, Any]]
) -> None:
    folder: Path = tmp_path_factory.mktemp("desk")
    state, alone = (hasty(f"sqlite:///{folder}/{name}.sqlite") for name in ("people", "alone"))
    now, read = NOON, []
    histories: dict[int, list[Event]] = {}
    trail: list[AuditEntry] = []
    for deed, what in steps:
        if deed == "evaluate":
            now = (now + HOUR).replace(minute=0)
            series = Engine(city, state).evaluate(now, what)
            assert Engine(city, alone).evaluate(now, what) == series
        else:
            now += MINUTE
            act(state, now, deed, *what)
        warnings = state.warnings(areas=None, open_only=False)
        # One warning of a series stands at most, closed by a person or not, and just when the series does.
        standing = [w.area for w in warnings if w.standing]
        assert len(standing) == len(set(standing))
        assert {w.area for w in warnings if w.open} <= set(standing)
        firing = {area for (_, area), s in state.load_series().items() if s.status is Status.FIRING}
        assert firing <= set(standing)
        # The engine does what it would do without people.
        assert the_engines(warnings) == the_engines(alone.warnings(areas=None, open_only=False))
        # Nothing that was written down is rewritten.
        for warning in warnings:
            history = state.history(warning.id, areas=None)
            assert grew(histories.get(warning.id, []), history)
            histories[warning.id] = history
        now_trail = state.audit(10_000)[::-1]
        assert now_trail[: len(trail)] == trail
        trail = now_trail
        deeds = [e for h in histories.values() for e in h if ">" not in e.action and e.action != "severity"]
        assert len(trail) == len(deeds)
        read.append((now, told(warnings)))
    for at, warnings in read:
        assert told(state.warnings_at(at, areas=None)) == warnings
    state.close()
    alone.close()
