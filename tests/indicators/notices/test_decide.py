"""The one pure decision: a table of cases, and what must hold whatever the case."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from config.models import Recipient
from indicators.notices.decide import (
    Action,
    Decision,
    Fate,
    Kind,
    Occasion,
    Reason,
    Situation,
    decide,
)

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
NOON = dt.datetime(2026, 11, 23, 5, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
CASES = yaml.safe_load((Path(__file__).parent / "decisions.yaml").read_text(encoding="utf-8"))


def _who(**given: Any) -> Recipient:
    name = {"vi": "Trực ban", "en": "Duty officer"}
    return Recipient.model_validate({"id": "duty", "name": name} | given)


def _at(hours: float) -> dt.datetime:
    return NOON + hours * HOUR


@pytest.mark.parametrize(
    "case",
    CASES,
    ids=[f"{n}-{case['occasion']['kind']}-{case['then'][1]}" for n, case in enumerate(CASES)],
)
def test_each_case_has_its_reason(case: dict[str, Any]) -> None:
    given, when = dict(case["occasion"]), dict(case.get("when", {}))
    for key in ("silenced", "maintenance", "group_told", "room_at"):
        if key in when:
            when[key] = _at(when[key])
    if "opening" in when:
        when["opening"] = Fate(when["opening"])
    if "held" in when:
        held = when["held"]
        when["held"] = Decision(Action(held["action"]), Reason(held["reason"]), _at(held["due"]))
    occasion = Occasion(Kind(given.pop("kind")), given.pop("severity"), NOON, **given)
    found = decide(occasion, _who(**case.get("to", {})), Situation(**when), NOON, ZONE)
    action, reason, *due = case["then"]
    assert found == Decision(Action(action), Reason(reason), _at(due[0]) if due else None)


def test_every_reason_that_can_be_decided_has_a_case() -> None:
    """Gone recipients and messages sent once more by hand are not for ``decide``."""
    told = {case["then"][1] for case in CASES}
    assert told == {reason.value for reason in Reason} - {"gone", "retry"}


CLOCKS = st.builds(lambda h, m: f"{h:02}:{m:02}", st.integers(0, 23), st.integers(0, 59))
SEVERITIES = st.sampled_from(["watch", "serious", "critical"])
TIMES = st.none() | st.floats(-30, 30).map(_at)


@st.composite
def recipients(draw: st.DrawFn) -> Recipient:
    given: dict[str, Any] = {"least": draw(SEVERITIES), "resolved": draw(st.booleans())}
    start, end = draw(CLOCKS), draw(CLOCKS)
    if draw(st.booleans()) and start != end:
        given["quiet"] = {"from": start, "to": end, "unless": draw(SEVERITIES)}
    if draw(st.booleans()):
        given["digest"] = {"at": [draw(CLOCKS)], "holds": draw(st.lists(SEVERITIES, unique=True))}
    minutes = st.integers(0, 120).map(lambda m: f"{m}m")
    given["group"] = {"wait": draw(minutes), "interval": draw(minutes), "unless": draw(SEVERITIES)}
    return _who(**given)


SITUATIONS = st.builds(
    Situation,
    in_scope=st.booleans(),
    told=st.booleans(),
    opening=st.sampled_from(Fate),
    silenced=TIMES,
    maintenance=TIMES,
    inhibited=st.booleans(),
    group_told=st.none() | st.floats(-30, 0).map(_at),
    room_at=TIMES,
    has_channel=st.booleans(),
)
OCCASIONS = st.builds(
    Occasion,
    kind=st.sampled_from(Kind),
    severity=SEVERITIES,
    at=st.floats(-30, 0).map(_at),
    over=st.booleans(),
    taken=st.booleans(),
    empty=st.booleans(),
)


@given(OCCASIONS, recipients(), SITUATIONS)
def test_what_is_held_is_held_for_a_time_to_come_and_nothing_is_sent_twice(
    occasion: Occasion, recipient: Recipient, situation: Situation
) -> None:
    found = decide(occasion, recipient, situation, NOON, ZONE)
    assert found == decide(occasion, recipient, situation, NOON, ZONE)
    if found.action is Action.HOLD and found.reason is not Reason.INHIBITED:
        assert found.due is not None
        assert found.due > NOON
    if situation.told:
        assert found == Decision(Action.DROP, Reason.DUPLICATE)
    if not situation.has_channel:
        assert found.action is not Action.SEND


@given(OCCASIONS, recipients(), SITUATIONS)
def test_what_is_held_comes_to_an_end(occasion: Occasion, recipient: Recipient, situation: Situation) -> None:
    """Looked at again whenever it is due, with nothing new in its way, it is sent or dropped before long."""
    now, held = NOON, None
    for _ in range(12):
        plain = Situation(
            situation.in_scope, situation.told, situation.opening, situation.silenced, situation.maintenance,
            False, situation.group_told, situation.room_at, held, situation.has_channel,
        )  # fmt: skip
        found = decide(occasion, recipient, plain, now, ZONE)
        if found.action is not Action.HOLD:
            return
        assert found.due is not None
        assert found.due > now
        now, held = found.due, found
    pytest.fail(f"still held: {found}")


@given(recipients(), SEVERITIES)
def test_a_critical_warning_waits_for_no_group_and_no_room(recipient: Recipient, unless: str) -> None:
    del unless
    situation = Situation(group_told=NOON, room_at=_at(9))
    found = decide(Occasion(Kind.OPENED, "critical", NOON), recipient, situation, NOON, ZONE)
    assert found.reason not in (Reason.GROUPED, Reason.RATE)
