"""A directive from being issued to its outcome: what each deed changes, who may, and that all is kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.state import (
    Directive,
    DirectiveError,
    Figure,
    Order,
    Phase,
    Result,
    State,
    UnknownDirectiveError,
    reminders,
)

if TYPE_CHECKING:
    from tests.warehouse.state.conftest import Office

NOON = dt.datetime(2024, 5, 6, 12, tzinfo=dt.UTC)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
START = dt.datetime(2024, 4, 1)  # noqa: DTZ001 -- starts are of the city's clock
FIGURE = Figure("hotline_on_time", "month", START, 81.25)


def order(**given: Any) -> Order:
    return Order(
        **{"text": "Xử lý dứt điểm", "area": "a1", "unit": "office@a1", "due_at": NOON + 5 * DAY, **given}
    )


def test_a_directive_is_followed_to_its_end_and_every_step_is_kept(office: Office) -> None:
    state, warning = office.state, office.tell()
    kept = state.directives
    made = kept.issue(
        order(figure=FIGURE, warning=warning.id, joining=("cdc", "office@a1", "cdc"), priority="urgent"),
        " Bà Lan ", NOON, areas=None,
    )  # fmt: skip
    assert (made.issued_by, made.first_due_at, made.open, made.result) == (
        "Bà Lan",
        NOON + 5 * DAY,
        True,
        None,
    )
    assert (made.order.figure, made.order.warning, made.order.joining) == (FIGURE, warning.id, ("cdc",))
    kept.report(made.id, "Minh", "Đã họp", 30, NOON + DAY, evidence="https://vi.du/bien-ban", areas=None)
    again = kept.report(made.id, "Minh", "Đã làm", 80, NOON + 2 * DAY, areas=None)
    assert (again.progress, again.reported_at) == (80, NOON + DAY), "the first report stands"
    asked = kept.ask_extension(made.id, NOON + 9 * DAY, "Minh", "chờ kinh phí", NOON + 4 * DAY, areas=None)
    assert (asked.asked_until, asked.order.due_at) == (NOON + 9 * DAY, NOON + 5 * DAY), (
        "asking grants nothing"
    )
    longer = kept.answer_extension(made.id, True, "bà lan", "", NOON + 4 * DAY + HOUR, areas=None)
    assert (longer.order.due_at, longer.asked_until, longer.extended) == (NOON + 9 * DAY, None, 1)
    assert longer.first_due_at == NOON + 5 * DAY
    kept.comment(made.id, "Hoa", "theo dõi tiếp", NOON + 5 * DAY, areas=None)
    closed = kept.close(made.id, Result.DONE, "Bà Lan", "", NOON + 8 * DAY, areas=None)
    assert (closed.result, closed.closed_at, closed.closed_by) == (Result.DONE, NOON + 8 * DAY, "Bà Lan")
    opened = kept.reopen(made.id, "Bà Lan", "chưa xong", NOON + 10 * DAY, areas=None)
    assert (opened.open, opened.result, opened.closed_by, opened.progress) == (True, None, None, 80)
    steps: list[tuple[str, str, str, dict[str, object]]] = [
        ("Bà Lan", "issue", "Xử lý dứt điểm", {"due": "2024-05-11T12:00:00+00:00"}),
        ("Minh", "report", "Đã họp", {"progress": 30, "evidence": "https://vi.du/bien-ban"}),
        ("Minh", "report", "Đã làm", {"progress": 80}),
        ("Minh", "ask", "chờ kinh phí", {"until": "2024-05-15T12:00:00+00:00"}),
        ("bà lan", "extend", "", {"until": "2024-05-15T12:00:00+00:00"}),
        ("Hoa", "comment", "theo dõi tiếp", {}),
        ("Bà Lan", "close", "", {"result": "done"}),
        ("Bà Lan", "reopen", "chưa xong", {}),
    ]
    assert [(e.who, e.action, e.detail, e.data) for e in kept.history(made.id, areas=None)] == steps
    assert office.audited() == [
        (who, action, f"directive {made.id}", {"comment": comment, **data})
        for who, action, comment, data in steps
    ]
    assert [deed for _, _, deed in kept.deeds(NOON + 5 * DAY, NOON + 10 * DAY)] == [
        event for event in kept.history(made.id, areas=None) if event.action in ("comment", "close")
    ]


DEEDS: dict[str, Callable[[State, int, str], Directive]] = {
    "report": lambda s, n, who: s.directives.report(n, who, "xong", 100, NOON, areas=None),
    "ask": lambda s, n, who: s.directives.ask_extension(n, NOON + 9 * DAY, who, "chờ", NOON, areas=None),
    "extend": lambda s, n, who: s.directives.answer_extension(n, True, who, "", NOON, areas=None),
    "close": lambda s, n, who: s.directives.close(n, Result.PARTLY, who, "còn lại", NOON, areas=None),
    "reopen": lambda s, n, who: s.directives.reopen(n, who, "chưa", NOON, areas=None),
}


@pytest.mark.parametrize(
    ("done", "then", "who"),
    [
        ((), "extend", "Lan"),  # nobody asks
        ((), "reopen", "Lan"),  # it is open
        ((), "close", "Minh"),  # who did not issue it
        (("ask",), "extend", "Minh"),
        (("close",), "reopen", "Minh"),
        (("close",), "report", "Minh"),
        (("close",), "ask", "Minh"),
        (("close",), "close", "Lan"),
        (("ask", "close"), "extend", "Lan"),  # what is over has nothing left to extend
    ],
)
def test_what_does_not_go_with_how_it_stands_is_refused_and_changes_nothing(
    state: State, done: tuple[str, ...], then: str, who: str
) -> None:
    number = state.directives.issue(order(), "Lan", NOON, areas=None).id
    for name in done:
        DEEDS[name](state, number, "Lan")
    before = state.directives.find(number, areas=None), state.audit()
    with pytest.raises(DirectiveError):
        DEEDS[then](state, number, who)
    assert (state.directives.find(number, areas=None), state.audit()) == before


@pytest.mark.parametrize(
    "ask",
    [
        lambda d: d.issue(order(text=" "), "Lan", NOON, areas=None),
        lambda d: d.issue(order(), " ", NOON, areas=None),
        lambda d: d.issue(order(due_at=NOON), "Lan", NOON, areas=None),
        lambda d: d.issue(order(unit=""), "Lan", NOON, areas=None),
        lambda d: d.issue(order(priority="at once"), "Lan", NOON, areas=None),
        lambda d: d.report(1, "Minh", "xong", 101, NOON, areas=None),
        lambda d: d.report(1, "Minh", " ", 50, NOON, areas=None),
        lambda d: d.answer_extension(1, False, "Lan", "", NOON, areas=None),
        lambda d: d.close(1, Result.NOT_DONE, "Lan", "", NOON, areas=None),
        lambda d: d.reopen(1, "Lan", " ", NOON, areas=None),
    ],
)
def test_words_and_bounds_are_needed(state: State, ask: Callable[[Any], object]) -> None:
    state.directives.issue(order(), "Lan", NOON, areas=None)
    with pytest.raises(ValueError, match=r".+"):
        ask(state.directives)
    assert len(state.audit()) == 1


def test_nobody_sees_or_touches_what_lies_outside_their_areas(state: State) -> None:
    kept = state.directives
    number = kept.issue(order(), "Lan", NOON, areas={"a1"}).id
    kept.issue(order(area="a2"), "Lan", NOON, areas=None)
    with pytest.raises(UnknownDirectiveError):
        kept.issue(order(area="a2"), "Lan", NOON, areas={"a1"})
    assert [d.order.area for d in kept.all(areas={"a1"})] == ["a1"]
    assert kept.overdue(NOON + 6 * DAY, areas={"a1"}) == 1
    for ask in (
        lambda: kept.find(number, areas={"a2"}),
        lambda: kept.history(number, areas={"a2"}),
        lambda: kept.report(number, "Minh", "xong", 100, NOON, areas={"a2"}),
        lambda: kept.close(number, Result.DONE, "Lan", "", NOON, areas={"a2"}),
    ):
        with pytest.raises(UnknownDirectiveError):
            ask()


def test_the_desk_has_what_is_due_first_and_closed_ones_after(state: State) -> None:
    kept = state.directives
    first = kept.issue(order(due_at=NOON + 9 * DAY, figure=FIGURE), "Lan", NOON, areas=None)
    second = kept.issue(order(due_at=NOON + 2 * DAY), "Lan", NOON, areas=None)
    third = kept.issue(order(due_at=NOON + 4 * DAY), "Lan", NOON, areas=None)
    kept.close(third.id, Result.WITHDRAWN, "Lan", "nhầm", NOON + DAY, areas=None)
    assert [d.id for d in kept.all(areas=None)] == [second.id, first.id, third.id]
    assert [d.id for d in kept.all(areas=None, open_only=True, limit=1)] == [second.id]
    assert [d.id for d in kept.all(areas=None, indicator="hotline_on_time")] == [first.id]
    assert [kept.overdue(NOON + days * DAY, areas=None) for days in (1, 3, 10)] == [0, 1, 2]
    assert [kept.turns(NOON + days * DAY, 2 * DAY) for days in (0, 1, 3, 8, 10)] == [0, 1, 2, 3, 4]
    changed, reached = kept.changed_since(3)
    assert ([d.id for d in changed], reached) == ([third.id], 4)
    assert kept.changed_since(reached) == ([], reached)


def test_screens_hear_of_each_deed(state: State) -> None:
    revision = state.revision()
    number = state.directives.issue(order(), "Lan", NOON, areas=None).id
    assert state.revision() > revision
    revision = state.revision()
    state.directives.comment(number, "Hoa", "nhắc", NOON, areas=None)
    assert state.revision() > revision


def _one(due: dt.datetime, closed: dt.datetime | None = None) -> Directive:
    return Directive(1, order(due_at=due), NOON, "Lan", due, closed_at=closed)


HOURS = st.integers(min_value=0, max_value=24 * 40).map(lambda hours: NOON + hours * HOUR)


@given(HOURS, HOURS, st.none() | HOURS, st.integers(0, 10).map(lambda days: days * DAY))
def test_where_it_stands_follows_from_the_clock(
    due: dt.datetime, now: dt.datetime, closed: dt.datetime | None, soon: dt.timedelta
) -> None:
    directive = _one(due, closed)
    phase, late = directive.phase(now, soon), directive.late(now)
    assert (phase is Phase.CLOSED) == (closed is not None)
    assert (late > 0) == ((closed or now) > due)
    if closed is None:
        assert (phase is Phase.OVERDUE) == (late > 0)
        assert (phase is Phase.DUE_SOON) == (due - soon <= now <= due)
    assert late == pytest.approx(max(((closed or now) - due).total_seconds(), 0) / 86400)


@given(HOURS, HOURS, st.lists(st.integers(1, 10).map(lambda days: days * DAY), unique=True))
def test_reminders_come_before_the_due_time_and_after_it_was_issued(
    due: dt.datetime, now: dt.datetime, before: list[dt.timedelta]
) -> None:
    told = reminders(_one(due), tuple(before), now)
    assert [at for _, at in told] == sorted(due - span for span in before if NOON < due - span <= now)
    assert all(due - at == span for span, at in told)
    assert reminders(_one(due, NOON), tuple(before), now) == []
