"""Every deed on a warning: what it changes, what it leaves alone, and its line in the audit trail."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from warehouse.state import CLOSED, Escalation, HandlingError, Outcome, UnknownWarningError, due_escalations

if TYPE_CHECKING:
    from tests.warehouse.state.conftest import Office

NOON = dt.datetime(2024, 5, 6, 12, tzinfo=dt.UTC)
MINUTE, HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)


def test_a_warning_is_followed_to_its_end_and_every_step_can_be_read_again(office: Office) -> None:
    state, w = office.state, office.tell()
    state.acknowledge(w.id, "Lan", "đã nhận", NOON + MINUTE, areas=None)
    state.assign(w.id, " Đội 1 ", "Lan", "gần nhất", NOON + 2 * MINUTE, areas=None)
    state.assign(w.id, "Đội 2", "Minh", "", NOON + 3 * MINUTE, areas=None)
    state.comment(w.id, "Minh", "đang đi", NOON + 4 * MINUTE, areas=None)
    closed = state.conclude(w.id, Outcome.TRUE, "Minh", "đã xử lý", NOON + 5 * MINUTE, areas=None)
    assert (closed.outcome, closed.closed_by, closed.closed_at) == (Outcome.TRUE, "Minh", NOON + 5 * MINUTE)
    assert (closed.resolved_at, closed.resolution) == (NOON + 5 * MINUTE, CLOSED)
    assert (closed.assigned_to, closed.assigned_at) == ("Đội 2", NOON + 3 * MINUTE)
    again = state.reopen(w.id, "Lan", "chưa xong", NOON + 6 * MINUTE, areas=None)
    assert (again.open, again.outcome, again.closed_by, again.resolution) == (True, None, None, None)
    assert (again.acknowledged_by, again.assigned_to) == ("Lan", "Đội 2")
    state.correct(w.id, {"value": 12.5}, {"value": 9.0}, "số liệu bổ sung", NOON + 7 * MINUTE)
    steps: list[tuple[str, str, str, dict[str, object]]] = [
        ("Lan", "acknowledge", "đã nhận", {}),
        ("Lan", "assign", "gần nhất", {"to": "Đội 1"}),
        ("Minh", "assign", "", {"to": "Đội 2"}),
        ("Minh", "comment", "đang đi", {}),
        ("Minh", "close", "đã xử lý", {"outcome": "true", "standing": True}),
        ("Lan", "reopen", "chưa xong", {}),
        ("", "correct", "số liệu bổ sung", {"told": {"value": 12.5}, "known": {"value": 9.0}}),
    ]
    assert office.said(w.id) == steps
    assert office.audited() == [
        (who, action, f"warning {w.id}", {"comment": comment, **data}) for who, action, comment, data in steps
    ]
    assert [a.at for a in reversed(state.audit())] == [NOON + k * MINUTE for k in range(1, 8)]
    # What people were told is as it was.
    kept = state.warning(w.id, areas=None)
    assert (kept.message, kept.value, kept.evidence) == (w.message, w.value, w.evidence)


def test_what_a_person_closed_stays_away_until_its_series_was_normal(office: Office) -> None:
    state, w = office.state, office.tell()
    state.conclude(w.id, Outcome.FALSE, "Lan", "cảm biến hỏng", NOON + HOUR, areas=None)
    assert state.warnings(areas=None) == []
    # The engine goes on with it, so that it opens no other.
    assert state.open_episodes()["late", "a1"].id == w.id
    office.settle(w, NOON + 2 * HOUR)
    ended = state.warning(w.id, areas=None)
    assert (ended.resolved_at, ended.resolution) == (NOON + HOUR, CLOSED)
    assert (ended.ended_at, ended.end_reason) == (NOON + 2 * HOUR, "cleared")
    assert state.open_episodes() == {}
    assert office.tell(at=NOON + 3 * HOUR).id != w.id


def test_a_warning_that_ended_by_itself_gets_its_outcome_later(office: Office) -> None:
    state, w = office.state, office.tell()
    office.settle(w, NOON + HOUR)
    judged = state.conclude(w.id, Outcome.TRUE, "Lan", "mưa lớn", NOON + 5 * HOUR, areas=None)
    assert (judged.outcome, judged.closed_at) == (Outcome.TRUE, NOON + 5 * HOUR)
    assert (judged.resolved_at, judged.resolution) == (NOON + HOUR, "cleared")
    assert office.said(w.id)[-1][3] == {"outcome": "true", "standing": False}


def test_reopening_puts_on_the_desk_what_still_stands_and_nothing_else(office: Office) -> None:
    state, w = office.state, office.tell()
    state.conclude(w.id, Outcome.FALSE, "Lan", "", NOON + HOUR, areas=None)
    office.settle(w, NOON + 2 * HOUR)
    newer = office.tell(at=NOON + 3 * HOUR)
    # It turns out to have been right: the outcome is taken back, the past does not come to life again.
    again = state.reopen(w.id, "Minh", "đúng là có sự cố", NOON + 4 * HOUR, areas=None)
    assert (again.outcome, again.resolved_at, again.resolution) == (None, NOON + 2 * HOUR, "cleared")
    assert [x.id for x in state.warnings(areas=None)] == [newer.id]
    assert state.conclude(w.id, Outcome.TRUE, "Minh", "", NOON + 5 * HOUR, areas=None).outcome is Outcome.TRUE


def test_a_duplicate_names_the_warning_that_it_repeats(office: Office) -> None:
    state, first, second, third = office.state, office.tell(), office.tell("a2"), office.tell("a3")
    closed = state.conclude(
        second.id, Outcome.DUPLICATE, "Lan", "", NOON + HOUR, areas=None, duplicate_of=first.id
    )
    assert closed.duplicate_of == first.id
    assert office.said(second.id)[-1][3] == {
        "outcome": "duplicate",
        "standing": True,
        "duplicate_of": first.id,
    }
    for other, error in ((None, "must name"), (third.id, "cannot be"), (second.id, "name the first one")):
        with pytest.raises(HandlingError, match=error):
            state.conclude(third.id, Outcome.DUPLICATE, "Lan", "", NOON, areas=None, duplicate_of=other)
    with pytest.raises(HandlingError, match="repeats no other"):
        state.conclude(third.id, Outcome.TRUE, "Lan", "", NOON, areas=None, duplicate_of=first.id)
    with pytest.raises(UnknownWarningError):
        state.conclude(third.id, Outcome.DUPLICATE, "Lan", "", NOON, areas={"a3"}, duplicate_of=first.id)


def test_who_closes_has_taken_notice_and_who_assigns_has_not(office: Office) -> None:
    state, first, second = office.state, office.tell(), office.tell("a2")
    assert state.assign(first.id, "Đội 1", "Lan", "", NOON, areas=None).acknowledged_by is None
    nobody = state.assign(first.id, " ", "Lan", "nhầm", NOON + MINUTE, areas=None)
    assert (nobody.assigned_to, nobody.assigned_at) == (None, NOON + MINUTE)
    closed = state.conclude(second.id, Outcome.TRUE, "Minh", "", NOON + HOUR, areas=None)
    assert (closed.acknowledged_by, closed.acknowledged_at) == ("Minh", NOON + HOUR)


def test_what_does_not_go_with_how_it_stands_is_refused_and_leaves_no_trace(office: Office) -> None:
    state, w = office.state, office.tell()
    with pytest.raises(HandlingError, match="not closed by a person"):
        state.reopen(w.id, "Lan", "?", NOON, areas=None)
    state.conclude(w.id, Outcome.TRUE, "Lan", "", NOON + HOUR, areas=None)
    before = (office.audited(), state.revision(), state.warning(w.id, areas=None))
    refused: list[tuple[type[Exception], str, Callable[[], object]]] = [
        (
            HandlingError,
            "true by Lan; reopen",
            lambda: state.conclude(w.id, Outcome.FALSE, "An", "", NOON, areas=None),
        ),
        (HandlingError, "is closed", lambda: state.assign(w.id, "Đội 1", "An", "", NOON, areas=None)),
        (ValueError, "say why", lambda: state.reopen(w.id, "An", " ", NOON, areas=None)),
        (ValueError, "name of the person", lambda: state.assign(w.id, "Đội 1", "", "", NOON, areas=None)),
        (
            ValueError,
            "name of the person",
            lambda: state.conclude(w.id, Outcome.TRUE, " ", "", NOON, areas=None),
        ),
        (ValueError, "name of the person", lambda: state.reopen(w.id, "", "?", NOON, areas=None)),
        (UnknownWarningError, "no warning", lambda: state.reopen(w.id, "An", "?", NOON, areas={"a9"})),
        (UnknownWarningError, "no warning", lambda: state.assign(99, "Đội 1", "An", "", NOON, areas=None)),
        (UnknownWarningError, "no warning", lambda: state.correct(99, {}, {"value": 1}, "", NOON)),
    ]
    for kind, message, deed in refused:
        with pytest.raises(kind, match=message):
            deed()
    assert (office.audited(), state.revision(), state.warning(w.id, areas=None)) == before


def test_a_correction_stands_beside_what_was_told_and_is_said_once(office: Office) -> None:
    state, w = office.state, office.tell()
    told = {"value": 12.5}
    assert state.correct(w.id, told, {"value": 12.5}, "", NOON) is None  # nothing is different
    first = state.correct(w.id, told, {"value": 9.0}, "bản mới", NOON + HOUR)
    revision = state.revision()
    assert state.correct(w.id, told, {"value": 9.0}, "bản mới", NOON + 2 * HOUR) is None
    assert state.revision() == revision
    back = state.correct(w.id, told, {"value": 12.5}, "rút lại", NOON + 3 * HOUR, who="Lan", areas={"a1"})
    assert state.corrections(w.id, areas=None) == [first, back]
    assert back is not None
    assert (back.who, back.told, back.known, back.note) == ("Lan", told, {"value": 12.5}, "rút lại")
    assert state.warning(w.id, areas=None).value == 12.5
    with pytest.raises(UnknownWarningError):
        state.corrections(w.id, areas={"a9"})


LIMITS = {"critical": (15 * MINUTE, HOUR), "serious": (4 * HOUR,)}


def test_escalation_is_due_by_severity_and_taken_once_a_step(office: Office) -> None:
    state = office.state
    grave, serious, mild = (
        office.tell(area, severity=severity)
        for area, severity in (("a1", "critical"), ("a2", "serious"), ("a3", "watch"))
    )

    def due(now: dt.datetime) -> list[Escalation]:
        return due_escalations(state.warnings(areas=None), now, LIMITS)

    assert due(NOON + 14 * MINUTE) == []
    assert due(NOON + 15 * MINUTE) == [Escalation(grave.id, 1, NOON + 15 * MINUTE)]
    first = due(NOON + 20 * MINUTE)
    assert state.escalate(first, NOON + 20 * MINUTE) == first
    revision = state.revision()
    # Somebody else, who looked at the same moment, is late.
    assert state.escalate(first, NOON + 21 * MINUTE) == []
    assert state.revision() == revision
    assert due(NOON + 59 * MINUTE) == []
    assert due(NOON + 4 * HOUR) == [
        Escalation(grave.id, 2, NOON + HOUR),
        Escalation(serious.id, 1, NOON + 4 * HOUR),
    ]
    state.acknowledge(serious.id, "Lan", "", NOON + 3 * HOUR, areas=None)
    late = due_escalations([serious, grave], NOON + 9 * HOUR, LIMITS)
    assert state.escalate(late, NOON + 9 * HOUR) == [Escalation(grave.id, 2, NOON + HOUR)]
    assert office.said(grave.id) == [("", "escalate", "", {"step": 1}), ("", "escalate", "", {"step": 2})]
    assert office.audited()[0] == ("", "escalate", f"warning {grave.id}", {"comment": "", "step": 1})
    assert due(NOON + 900 * HOUR) == []
    assert mild.id not in {e.warning for e in due_escalations([mild], NOON + 900 * HOUR, LIMITS)}


def test_two_steps_that_were_missed_are_taken_in_their_order(office: Office) -> None:
    w = office.tell(severity="critical")
    due = due_escalations([w], NOON + 9 * HOUR, LIMITS)
    assert [e.step for e in due] == [1, 2]
    assert office.state.escalate(due, NOON + 9 * HOUR) == due
    assert office.state.warning(w.id, areas=None).escalated == 2


def test_time_before_people_were_told_does_not_count(office: Office) -> None:
    w = office.tell(severity="critical")
    told = {w.id: NOON + HOUR}
    assert due_escalations([w], NOON + HOUR + 14 * MINUTE, LIMITS, told) == []
    (due,) = due_escalations([w], NOON + HOUR + 15 * MINUTE, LIMITS, told)
    assert due.due_at == NOON + HOUR + 15 * MINUTE
    # A silence that was over before it opened is of no account.
    assert due_escalations([w], NOON + 15 * MINUTE, LIMITS, {w.id: NOON - HOUR}) != []


def test_the_past_is_read_as_it_was_through_closing_and_reopening(office: Office) -> None:
    state, w = office.state, office.tell(severity="critical")

    def then(minutes: float) -> tuple[object, ...]:
        (found,) = state.warnings_at(NOON + minutes * MINUTE, areas=None)
        return found.open, found.outcome, found.closed_by, found.assigned_to, found.escalated, found.standing

    state.escalate([Escalation(w.id, 1, NOON)], NOON + 5 * MINUTE)
    state.assign(w.id, "Đội 1", "Lan", "", NOON + 10 * MINUTE, areas=None)
    state.conclude(w.id, Outcome.FALSE, "Lan", "", NOON + 20 * MINUTE, areas=None)
    state.reopen(w.id, "Minh", "sai", NOON + 30 * MINUTE, areas=None)
    state.assign(w.id, "Đội 2", "Minh", "", NOON + 40 * MINUTE, areas=None)
    state.conclude(w.id, Outcome.TRUE, "Minh", "", NOON + 50 * MINUTE, areas=None)
    office.settle(w, NOON + 60 * MINUTE)
    assert [then(m) for m in (0, 5, 10, 20, 29.9, 30, 40, 50, 60)] == [
        (True, None, None, None, 0, True),
        (True, None, None, None, 1, True),
        (True, None, None, "Đội 1", 1, True),
        (False, Outcome.FALSE, "Lan", "Đội 1", 1, True),
        (False, Outcome.FALSE, "Lan", "Đội 1", 1, True),
        (True, None, None, "Đội 1", 1, True),
        (True, None, None, "Đội 2", 1, True),
        (False, Outcome.TRUE, "Minh", "Đội 2", 1, True),
        (False, Outcome.TRUE, "Minh", "Đội 2", 1, False),
    ]
