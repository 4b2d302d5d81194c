"""The state machine, minute by minute, as the YAML beside this file tells it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import yaml

from config.models import Rule, Threshold
from config.models.base import parse_duration
from indicators.rules.conditions import threshold
from indicators.rules.machine import Machine, Observation, Reason, Seen
from warehouse.state import Evaluation, SeriesState, State

TOLD: list[dict[str, Any]] = [
    scenario
    for file in sorted((Path(__file__).parent / "scenarios").glob("*.yaml"))
    for scenario in yaml.safe_load(file.read_text(encoding="utf-8"))
]
SCENARIOS = [pytest.param(scenario, id=scenario["name"]) for scenario in TOLD]
KEY = ("r", "a")


@dataclass
class Play:
    """A scenario ready to run: the machine and, minute by minute, the time and what was seen."""

    machine: Machine
    steps: list[tuple[dt.datetime, Observation | None]]
    zone: ZoneInfo
    seen: list[tuple[int, str, str]] = field(default_factory=list)

    def take(self, number: int, state: SeriesState, times: int = 1) -> SeriesState:
        """One minute of the scenario, possibly told several times."""
        at, observation = self.steps[number]
        for _ in range(times):
            after, reason = self.machine.step(state, observation, at)
            if after.status is not state.status:
                self.seen.append((number + 1, after.status.value, reason.value))
            state = after
        return state


def play(scenario: dict[str, Any]) -> Play:
    body = {"id": "r", "name": {"en": "r"}, "indicator": "i", "level": "l", "period": "day"}
    rule = Rule.model_validate(body | {"severity": "watch", "message": {"en": "m"}} | scenario["rule"])
    assert isinstance(rule.when, Threshold)
    zone = ZoneInfo(scenario.get("zone", "UTC"))
    every = parse_duration(scenario.get("every", "1m"))
    assert isinstance(every, dt.timedelta)
    begin = dt.datetime.fromisoformat(str(scenario.get("from", "2024-05-06"))).replace(tzinfo=zone)
    words = [
        word
        for part in str(scenario["values"]).split()
        for word in [part.split("*")[0]] * int(([*part.split("*"), "1"])[1])
    ]
    values = np.array([np.nan if w in "_?~" else float(w) for w in words])
    verdict = threshold.judge(rule.when, values)
    steps: list[tuple[dt.datetime, Observation | None]] = []
    for index, word in enumerate(words):
        at = begin + (index + 1) * every
        start = at if scenario.get("readings") else at - every
        kind = Seen.BREACH if verdict.breach[index] else Seen.CLEAR if verdict.clear[index] else Seen.BETWEEN
        kind = {"?": Seen.UNJUDGED, "~": Seen.TOO_FEW}.get(word, kind)
        steps.append((at, None if word == "_" else Observation(at, start, kind)))
    none = rule.no_data.after if rule.no_data else None
    zero = dt.timedelta(0)
    return Play(Machine(rule.hold or zero, rule.keep_firing or zero, none), steps, zone)


def expected(scenario: dict[str, Any]) -> list[tuple[int, str, str]]:
    return [(minute, status, reason) for minute, status, reason in scenario["expect"]]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scenario(scenario: dict[str, Any]) -> None:
    run = play(scenario)
    state = SeriesState()
    for number in range(len(run.steps)):
        state = run.take(number, state)
    assert run.seen == expected(scenario)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_same_observation_twice_is_one(scenario: dict[str, Any]) -> None:
    run = play(scenario)
    state = SeriesState()
    for number in range(len(run.steps)):
        state = run.take(number, state, times=3)
    assert run.seen == expected(scenario)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_restart_after_every_step_changes_nothing(scenario: dict[str, Any], tmp_path: Path) -> None:
    run = play(scenario)
    url = f"sqlite:///{tmp_path}/state.sqlite"
    for number in range(len(run.steps)):
        database = State.open(url)
        state = zoned(database.load_series().get(KEY, SeriesState()), run.zone)
        database.record(Evaluation(run.steps[number][0], series={KEY: run.take(number, state)}))
        database.close()
    assert run.seen == expected(scenario)


def zoned(state: SeriesState, zone: ZoneInfo) -> SeriesState:
    """A stored state's times in the scenario's zone, as the evaluation gives them to the machine."""
    local = {
        name: value.astimezone(zone) if (value := getattr(state, name)) else None
        for name in ("since", "breach_since", "clear_since", "judged_through")
    }
    return SeriesState(state.status, before=state.before, **local)


def test_scenarios_cover_every_reason_that_changes_a_status() -> None:
    told = {reason for scenario in TOLD for _, _, reason in expected(scenario)}
    quiet = {
        Reason.REPEATED,
        Reason.WITHIN_LIMIT,
        Reason.NOT_JUDGED,
        Reason.WAITING,
        Reason.STILL_FIRING,
        Reason.BETWEEN_LIMITS,
        Reason.STILL_RECOVERING,
        Reason.NEVER_SEEN,
        Reason.NOT_YET_MISSED,
        Reason.STILL_MISSING,
        Reason.STILL_TOO_FEW,
        Reason.RULE_WITHDRAWN,
        Reason.AREA_DISSOLVED,
        Reason.CORRECTED,
    }
    assert told == {reason.value for reason in set(Reason) - quiet}
