"""Scenarios: a rule's life told value by value in a text file, and whether the rule lives it so.

- name: three days over the limit make a warning
  rule: hotline_overdue_high        # a rule of the city, or a definition: {when: {above: 10}, for: 3d}
  every: 1d                         # from one value to the next (default: 1m)
  values: 6 11 12*2 _ ? ~ 5         # "12*2" twice 12, "_" nothing came, "?" not judged, "~" too few cases
  expect:                           # every change of status: number of the value, status, reason
    - [2, pending, limit_crossed]
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import yaml
from pydantic import Field, ValidationError

from config.models import Banded, Rule, Threshold, Worsening
from config.models.base import Duration, Model
from config.problems import did_you_mean
from indicators.rules.conditions import Verdict, band, threshold, worsening
from indicators.rules.machine import Machine, Observation, Seen
from warehouse.state import SeriesState

_WORD: Final = re.compile(r"(_|\?|~|[-+]?\d+(?:\.\d+)?)(?:\*(\d+))?")
_MARKS: Final = {"?": Seen.UNJUDGED, "~": Seen.TOO_FEW}
_ZERO: Final = dt.timedelta(0)

Told = tuple[int, str, str]
"""A change of status: number of the value (from 1), the new status, the reason."""


class ScenarioError(Exception):
    """The file cannot be played; the message says where and why."""


class Scenario(Model):
    """One scenario. ``readings``: values are of moments, not of periods."""

    name: str
    rule: str | dict[str, Any]
    zone: str = "UTC"
    every: Duration = dt.timedelta(minutes=1)
    begin: dt.date | dt.datetime = Field(default=dt.date(2024, 5, 6), alias="from")
    values: str | int | float
    readings: bool = False
    expect: tuple[Told, ...] = ()


@dataclass
class Play:
    """A scenario ready to run: the machine and, value by value, the time and what was seen."""

    name: str
    machine: Machine
    steps: list[tuple[dt.datetime, Observation | None]]
    zone: ZoneInfo
    expected: tuple[Told, ...]
    told: list[Told] = field(default_factory=list)

    def take(self, number: int, state: SeriesState, times: int = 1) -> SeriesState:
        """One value of the scenario, possibly told several times."""
        at, observation = self.steps[number]
        for _ in range(times):
            after, reason = self.machine.step(state, observation, at)
            if after.status is not state.status:
                self.told.append((number + 1, after.status.value, reason.value))
            state = after
        return state

    def run(self) -> bool:
        """Play it; whether every change of status was as expected, and no other one."""
        state = SeriesState()
        for number in range(len(self.steps)):
            state = self.take(number, state)
        return tuple(self.told) == self.expected


def read_scenarios(path: Path, rules: Mapping[str, Rule]) -> list[Play]:
    """The scenarios of a file, ready to run. Raises ScenarioError where it cannot be understood."""
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ScenarioError(f"{path}: cannot be read: {error}") from error
    if not isinstance(found, list):
        raise ScenarioError(f"{path}: is no list of scenarios; begin each with “- name: …”")
    return [_play(path, number, item, rules) for number, item in enumerate(found, start=1)]


def _play(path: Path, number: int, item: object, rules: Mapping[str, Rule]) -> Play:
    name = item.get("name", f"number {number}") if isinstance(item, dict) else f"number {number}"
    try:
        return play(Scenario.model_validate(item), rules)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ScenarioError(f"{path}: scenario {name!r}: {where}: {first['msg']}") from error
    except ScenarioError as error:
        raise ScenarioError(f"{path}: scenario {name!r}: {error}") from error


def play(scenario: Scenario, rules: Mapping[str, Rule]) -> Play:
    """The scenario ready to run. Raises ScenarioError, or pydantic's ValidationError for an unsound rule."""
    rule = _rule(scenario, rules)
    if scenario.zone not in available_timezones():
        raise ScenarioError(f"zone: {scenario.zone!r} is not an IANA time zone")
    zone = ZoneInfo(scenario.zone)
    words = _words(str(scenario.values))
    values = np.array([np.nan if word in "_?~" else float(word) for word in words])
    verdict = _verdict(rule, values)
    midnight = dt.datetime.combine(scenario.begin, dt.time())
    begin = (scenario.begin if isinstance(scenario.begin, dt.datetime) else midnight).replace(tzinfo=zone)
    steps: list[tuple[dt.datetime, Observation | None]] = []
    for index, word in enumerate(words):
        at = begin + (index + 1) * scenario.every
        start = at if scenario.readings else at - scenario.every
        seen = _MARKS.get(word) or (
            Seen.BREACH if verdict.breach[index] else Seen.CLEAR if verdict.clear[index] else Seen.BETWEEN
        )
        steps.append((at, None if word == "_" else Observation(at, start, seen)))
    machine = Machine(
        rule.hold or _ZERO, rule.keep_firing or _ZERO, rule.no_data.after if rule.no_data else None
    )
    return Play(scenario.name, machine, steps, zone, scenario.expect)


def _rule(scenario: Scenario, rules: Mapping[str, Rule]) -> Rule:
    if isinstance(scenario.rule, str):
        if scenario.rule not in rules:
            hint = did_you_mean(scenario.rule, rules)
            raise ScenarioError(f"rule {scenario.rule!r} is unknown ({hint})")
        return rules[scenario.rule]
    plain = {"id": "r", "name": {"en": "r"}, "indicator": "i", "level": "l", "period": "day"}
    return Rule.model_validate(plain | {"severity": "watch", "message": {"en": "m"}} | scenario.rule)


def _verdict(rule: Rule, values: np.ndarray[Any, np.dtype[np.float64]]) -> Verdict:
    match rule.when:
        case Threshold():
            return threshold.judge(rule.when, values)
        case Banded():
            return band.judge(rule.when, values)
        case Worsening():
            told = worsening.judge(rule.when, values[None, :], "down")
            return Verdict(told.breach[0], told.clear[0], told.measure[0], told.limit[0])
        case _:
            raise ScenarioError(
                f"a {rule.when.type} rule is not judged by its values alone: try ioc rules backtest"
            )


def _words(text: str) -> list[str]:
    words: list[str] = []
    for part in text.split():
        match = _WORD.fullmatch(part)
        if match is None:
            raise ScenarioError(f"values: {part!r} is neither a number nor one of _ ? ~ (3 times 12: 12*3)")
        words += [match[1]] * int(match[2] or 1)
    return words
