"""The state machine, minute by minute, as the YAML beside this file tells it."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from config import City
from indicators.rules.machine import Reason
from indicators.rules.scenario import Play, Scenario, ScenarioError, read_scenarios
from indicators.rules.scenario import play as ready
from warehouse.state import Evaluation, SeriesState, State

TOLD: list[dict[str, Any]] = [
    scenario
    for file in sorted((Path(__file__).parent / "scenarios").glob("*.yaml"))
    for scenario in yaml.safe_load(file.read_text(encoding="utf-8"))
]
SCENARIOS = [pytest.param(scenario, id=scenario["name"]) for scenario in TOLD]
KEY = ("r", "a")


def play(scenario: dict[str, Any]) -> Play:
    return ready(Scenario.model_validate(scenario), {})


def expected(scenario: dict[str, Any]) -> list[tuple[int, str, str]]:
    return [(minute, status, reason) for minute, status, reason in scenario["expect"]]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scenario(scenario: dict[str, Any]) -> None:
    run = play(scenario)
    state = SeriesState()
    for number in range(len(run.steps)):
        state = run.take(number, state)
    assert run.told == list(run.expected)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_same_observation_twice_is_one(scenario: dict[str, Any]) -> None:
    run = play(scenario)
    state = SeriesState()
    for number in range(len(run.steps)):
        state = run.take(number, state, times=3)
    assert run.told == list(run.expected)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_restart_after_every_step_changes_nothing(scenario: dict[str, Any], tmp_path: Path) -> None:
    run = play(scenario)
    url = f"sqlite:///{tmp_path}/state.sqlite"
    for number in range(len(run.steps)):
        database = State.open(url)
        state = zoned(database.load_series().get(KEY, SeriesState()), run.zone)
        database.record(Evaluation(run.steps[number][0], series={KEY: run.take(number, state)}))
        database.close()
    assert run.told == list(run.expected)


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


def test_analysts_write_scenarios_of_their_own_rules(reference_city: City, tmp_path: Path) -> None:
    rule = next(id_ for id_, rule in reference_city.rules.items() if rule.when.type == "threshold")
    file = tmp_path / "own.yaml"
    file.write_text(
        f"- {{name: a, rule: {rule}, every: 1d, values: '_ _'}}\n"
        "- {name: b, rule: {when: {above: 1}}, values: 2 0, expect: [[1, firing, limit_crossed]]}\n",
        encoding="utf-8",
    )
    a, b = read_scenarios(file, reference_city.rules)
    assert a.run()
    assert not b.run()
    assert b.told == [(1, "firing", "limit_crossed"), (2, "normal", "cleared")]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{a: 1}", "wrong.yaml:1: file: is no list of scenarios (begin each with"),
        ("", "wrong.yaml:1: file: is no list of scenarios"),
        (
            "- name: x\n  rule: {when: {above: 1}}\n  values: 1 zwei",
            "wrong.yaml:3: scenario x.values: 'zwei' is neither a number nor one of _ ? ~ (3 times 12: 12*3)",
        ),
        ("- {name: x, rule: hotline_overdue_hihg, values: 1}", "did you mean hotline_overdue_high"),
        (
            "- {name: x, rule: {when: {type: change, against: previous, above: 1}}, values: 1}",
            "ioc rules backtest",
        ),
        ("- {rule: {when: {above: 1}}, values: 1}", "scenario number 1: key 'name' is missing"),
        (
            "- name: x\n  values: 1\n  rule:\n    when: {over: 1}",
            "wrong.yaml:4: scenario x.rule.when: key 'over' is unknown",
        ),
        ("- {name: x, rule: {when: {above: 1}}, values: 1*999999999999}", "are more than 100,000"),
        (
            "- {name: x, rule: {when: {above: 1}}, every: 100w, values: 1*99999}",
            "values: run beyond the year 9999",
        ),
        ("- {name: x, rule: {when: {above: 1}}, every: 0d, values: 1}", "every: is no time at all"),
        ("- {name: x, rule: {when: {above: 1}}, zone: Mars, values: 1}", "zone: 'Mars' is not an IANA"),
        (
            "- {name: x, rule: {when: {above: 1}}, values: 1, expect: [[2, firing, limit_crossed]]}",
            "expect.0: there is no value number 2 (1 to 1)",
        ),
        (
            "- {name: x, rule: {when: {above: 1}}, values: 1, expect: [[1, firign, limit_crossed]]}",
            "expect.0: status 'firign' is unknown (did you mean firing?)",
        ),
        ("- {name: x, rule: {when: {above: 1}}, from: 2026-13-01, values: 1}", "month must be in 1..12"),
        ("- [", "file: is not YAML"),
    ],
)
def test_what_is_wrong_with_a_file_is_told(reference_city: City, tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"wrong\.yaml") as told:
        read_scenarios(file, reference_city.rules)
    assert why in str(told.value)


def test_every_mistake_of_a_file_is_told_at_once(reference_city: City, tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text("- {name: x, rule: nope, values: 1}\n- {name: y, values: 1}\n", encoding="utf-8")
    with pytest.raises(ScenarioError) as told:
        read_scenarios(file, reference_city.rules)
    assert [(each.line, each.object) for each in told.value.problems] == [
        (1, "scenario x.rule"),
        (2, "scenario y"),
    ]


def test_a_begin_with_an_offset_is_that_moment(reference_city: City, tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    when = "2024-05-06T08:00:00+09:00"
    file.write_text(
        f"- {{name: a, rule: {{when: {{above: 1}}}}, zone: Asia/Bangkok, from: {when}, values: 1}}\n",
        encoding="utf-8",
    )
    (play,) = read_scenarios(file, reference_city.rules)
    assert play.steps[0][0].isoformat() == "2024-05-06T06:01:00+07:00"
