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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
from pydantic import Field, ValidationError

from config.messages import problems_of
from config.models import Banded, Rule, Threshold, Worsening
from config.models.base import LastingDuration, Model
from config.problems import Problem, did_you_mean
from config.yamlio import Document, Path_, read_yaml
from indicators.rules.conditions import Verdict, band, threshold, worsening
from indicators.rules.machine import Machine, Observation, Reason, Seen
from warehouse.state import SeriesState, Status

_WORD: Final = re.compile(r"(_|\?|~|[-+]?\d+(?:\.\d+)?)(?:\*(\d+))?")
_MARKS: Final = {"?": Seen.UNJUDGED, "~": Seen.TOO_FEW}
_ZERO: Final = dt.timedelta(0)
_MOST: Final = 100_000
"""Values of one scenario: more are a slip of the pen."""

Told = tuple[int, str, str]
"""A change of status: number of the value (from 1), the new status, the reason."""


class ScenarioError(Exception):
    """A file cannot be played; ``problems`` says where and why."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


class _UnplayableError(Exception):
    """A scenario has a mistake at some of its keys."""

    def __init__(self, keys: Path_, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.keys, self.message, self.hint = keys, message, hint


class Scenario(Model):
    """One scenario. ``readings``: values are of moments, not of periods."""

    name: str
    rule: str | dict[str, Any]
    zone: str = "UTC"
    every: LastingDuration = dt.timedelta(minutes=1)
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
    """The scenarios of a file, ready to run. Raises ScenarioError with every mistake in it."""
    document, problems = read_yaml(path, str(path))
    if document is not None and not (isinstance(document.data, list) and document.data):
        hint = "begin each with “- name: …”"
        problems.append(Problem(str(path), 1, "file", "is no list of scenarios", hint))
    if document is None or problems:
        raise ScenarioError(problems)
    plays = [_play(document, number, rules, problems) for number in range(len(document.data))]
    if problems:
        raise ScenarioError(problems)
    return [each for each in plays if each is not None]


def _play(document: Document, number: int, rules: Mapping[str, Rule], problems: list[Problem]) -> Play | None:
    item = document.data[number]
    name = item.get("name") if isinstance(item, dict) else None
    object_ = f"scenario {name or f'number {number + 1}'}"
    place: Path_ = (number,)
    annotation: type[Model] = Scenario
    try:
        scenario = Scenario.model_validate(item)
        annotation, place = Rule, (number, "rule")
        return play(scenario, rules)
    except ValidationError as error:
        object_ += ".rule" * (annotation is Rule)
        problems += problems_of(annotation, error, document, place, object_)
    except _UnplayableError as error:
        line = document.line((number, *error.keys))
        where = ".".join(map(str, (object_, *error.keys)))
        problems.append(Problem(document.file, line, where, error.message, error.hint))
    return None


def play(scenario: Scenario, rules: Mapping[str, Rule]) -> Play:
    """The scenario ready to run. Raises _UnplayableError, or ValidationError for an unsound rule."""
    rule = _rule(scenario, rules)
    if scenario.zone not in available_timezones():
        raise _UnplayableError(
            ("zone",), f"{scenario.zone!r} is not an IANA time zone", "such as Asia/Bangkok"
        )
    zone = ZoneInfo(scenario.zone)
    words = _words(str(scenario.values))
    _expected(scenario, len(words))
    values = np.array([np.nan if word in "_?~" else float(word) for word in words])
    verdict = _verdict(rule, values)
    begin = _begin(scenario.begin, zone)
    try:
        begin + len(words) * scenario.every
    except OverflowError as error:
        raise _UnplayableError(("values",), "run beyond the year 9999", "give a shorter every") from error
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


def _begin(of: dt.date | dt.datetime, zone: ZoneInfo) -> dt.datetime:
    if not isinstance(of, dt.datetime):
        of = dt.datetime.combine(of, dt.time())
    return of.replace(tzinfo=zone) if of.tzinfo is None else of.astimezone(zone)


def _rule(scenario: Scenario, rules: Mapping[str, Rule]) -> Rule:
    if isinstance(scenario.rule, str):
        if scenario.rule not in rules:
            hint = did_you_mean(scenario.rule, rules)
            raise _UnplayableError(("rule",), f"rule {scenario.rule!r} is unknown", hint)
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
            what = f"a {rule.when.type} rule is not judged by its values alone"
            raise _UnplayableError(("rule",), what, "try ioc rules backtest")


def _words(text: str) -> list[str]:
    words: list[str] = []
    for part in text.split():
        match = _WORD.fullmatch(part)
        if match is None:
            raise _UnplayableError(
                ("values",), f"{part!r} is neither a number nor one of _ ? ~", "3 times 12: 12*3"
            )
        if len(words) + int(match[2] or 1) > _MOST:
            raise _UnplayableError(("values",), f"are more than {_MOST:,}", "play a part of them")
        words += [match[1]] * int(match[2] or 1)
    return words


def _expected(scenario: Scenario, values: int) -> None:
    """Raises _UnplayableError where what is expected can never come."""
    for index, (number, status, reason) in enumerate(scenario.expect):
        if not 1 <= number <= values:
            raise _UnplayableError(("expect", index), f"there is no value number {number}", f"1 to {values}")
        for what, word, known in (("status", status, Status), ("reason", reason, Reason)):
            if word not in list(known):
                hint = did_you_mean(word, [str(each) for each in known])
                raise _UnplayableError(("expect", index), f"{what} {word!r} is unknown", hint)
