"""Silences and windows of maintenance: what they cover, when they end, and who did what to them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.state import (
    Maintenance,
    QuietError,
    Silence,
    State,
    Subject,
    due_at,
    ending_soon,
    heard_since,
    quiet_time,
    running,
    silenced,
)

if TYPE_CHECKING:
    from tests.warehouse.state.conftest import Office

NOON = dt.datetime(2024, 5, 6, 12, tzinfo=dt.UTC)
ONE: dict[str, Any] = {"who": "Lan", "areas": None}
MINUTE, HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)
WARD = Subject("late", "health", frozenset({"c", "d1", "w1"}), frozenset({"hotline"}))


def silence(id: int = 1, start: float = 0, end: float = 1, **what: str) -> Silence:
    """Hours from noon on."""
    rule, area, domain = (what.get(name) for name in ("rule", "area", "domain"))
    begin, until = NOON + start * HOUR, NOON + end * HOUR
    return Silence(id, rule, area, domain, begin, until, "thử", "Lan", NOON)


def window(start: float, end: float, feed: str | None = "hotline", area: str | None = None) -> Maintenance:
    return Maintenance(1, feed, area, NOON + start * HOUR, NOON + end * HOUR, "bảo trì", "Lan", NOON)


@pytest.mark.parametrize(
    ("what", "covers"),
    [
        ({"rule": "late"}, True),
        ({"rule": "other"}, False),
        ({"area": "w1"}, True),
        ({"area": "d1"}, True),  # everything below it
        ({"area": "c"}, True),
        ({"area": "d2"}, False),
        ({"domain": "health"}, True),
        ({"domain": "traffic"}, False),
        ({"rule": "late", "area": "d1", "domain": "health"}, True),
        ({"rule": "late", "area": "d2"}, False),
        ({"rule": "other", "area": "d1"}, False),
        ({"area": "d1", "domain": "traffic"}, False),
    ],
)
def test_a_silence_covers_what_it_names_all_of_it(what: dict[str, Any], covers: bool) -> None:
    assert silence(**what).covers(WARD) is covers


def test_a_window_covers_a_feed_an_area_or_the_feed_in_the_area() -> None:
    assert window(0, 1).covers(WARD)
    assert not window(0, 1, "other").covers(WARD)
    assert window(0, 1, None, "d1").covers(WARD)
    assert not window(0, 1, None, "d2").covers(WARD)
    assert window(0, 1, "hotline", "d1").covers(WARD)
    assert not window(0, 1, "hotline", "d2").covers(WARD)


def test_a_silence_runs_from_its_start_to_before_its_end() -> None:
    short, long = silence(1, 0, 1, rule="late"), silence(2, 0.5, 2, area="d1")
    both = [short, long]
    assert [silenced(both, WARD, NOON + h * HOUR) for h in (-0.1, 0, 0.5, 1, 1.9, 2)] == [
        None, short, long, long, long, None,
    ]  # fmt: skip
    assert running(both, NOON + 0.5 * HOUR) == [short, long]
    assert ending_soon(both, NOON + 0.5 * HOUR, HOUR) == [short]
    assert ending_soon(both, NOON + 1.5 * HOUR, HOUR) == [long]
    assert ending_soon(both, NOON + 2 * HOUR, HOUR) == []


SPANS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 12)), max_size=6)


@given(spans=SPANS, start=st.integers(0, 40), length=st.integers(0, 40), need=st.integers(0, 30))
def test_quiet_time_is_counted_minute_by_minute(
    spans: list[tuple[int, int]], start: int, length: int, need: int
) -> None:
    windows = [window(begin / 60, (begin + long) / 60) for begin, long in spans]
    quiet = {minute for begin, long in spans for minute in range(begin, begin + long)}
    begin, end = NOON + start * MINUTE, NOON + (start + length) * MINUTE
    counted = sum(minute in quiet for minute in range(start, start + length))
    assert quiet_time(windows, WARD, begin, end) == counted * MINUTE
    # And the other way round: when as much time has gone by that was not quiet.
    gone, minute = 0, start
    while gone < need:
        gone += minute not in quiet
        minute += 1
    assert due_at(windows, WARD, begin, need * MINUTE) == NOON + minute * MINUTE
    assert quiet_time(windows, Subject("x", None, frozenset()), begin, end) == 0 * MINUTE


def test_people_hear_of_a_warning_when_the_silence_is_over() -> None:
    spans = [silence(1, 1, 2, rule="late"), silence(2, 3, 9, rule="late"), silence(3, 1, 4, rule="other")]
    assert heard_since(spans, WARD, NOON, NOON + 0.5 * HOUR) == NOON
    assert heard_since(spans, WARD, NOON, NOON + 5 * HOUR) == NOON + 2 * HOUR
    assert heard_since(spans, WARD, NOON + 2.5 * HOUR, NOON + 5 * HOUR) == NOON + 2.5 * HOUR


def test_a_silence_is_kept_extended_and_ended_with_names_and_reasons(office: Office) -> None:
    state, who = office.state, ONE
    made = state.silences.add(area="d1", rule="late", ends_at=NOON + HOUR, reason=" lễ hội ", now=NOON, **who)
    assert (made.rule, made.area, made.domain, made.reason) == ("late", "d1", None, "lễ hội")
    assert (made.starts_at, made.ends_at, made.created_at, made.who) == (NOON, NOON + HOUR, NOON, "Lan")
    longer = state.silences.extend(
        made.id, NOON + 3 * HOUR, "Minh", "kéo dài", NOON + 30 * MINUTE, areas=None
    )
    assert longer.until == NOON + 3 * HOUR
    ended = state.silences.end(made.id, "Lan", "xong sớm", NOON + 2 * HOUR, areas=None)
    assert (ended.until, ended.ended_by, ended.ends_at) == (NOON + 2 * HOUR, "Lan", NOON + 3 * HOUR)
    assert state.silences.all() == [ended]
    assert state.silences.all(until_after=NOON + 1.9 * HOUR) == [ended]
    assert state.silences.all(until_after=NOON + 2 * HOUR) == []
    at = {k: (NOON + k * HOUR).isoformat() for k in (0, 1, 3)}
    thing = f"silence {made.id}"
    assert office.audited() == [
        ("Lan", "add", thing, {"rule": "late", "area": "d1", "starts_at": at[0], "ends_at": at[1],
                               "reason": "lễ hội"}),
        ("Minh", "extend", thing, {"reason": "kéo dài", "before": at[1], "after": at[3]}),
        ("Lan", "end", thing, {"reason": "xong sớm"}),
    ]  # fmt: skip


def test_a_window_is_kept_in_the_same_way_and_may_have_begun_before(office: Office) -> None:
    state = office.state
    made = state.maintenance.add(
        feed="hotline", starts_at=NOON - HOUR, ends_at=NOON + HOUR, reason="nâng cấp", now=NOON, **ONE
    )
    assert (made.feed, made.area, made.starts_at) == ("hotline", None, NOON - HOUR)
    assert state.maintenance.end(made.id, "Lan", "xong", NOON + MINUTE, areas=None).until == NOON + MINUTE
    assert [line[1:3] for line in office.audited()] == [("add", "maintenance 1"), ("end", "maintenance 1")]


def test_a_silence_does_not_reach_into_the_past(state: State) -> None:
    made = state.silences.add(
        rule="late", starts_at=NOON - HOUR, ends_at=NOON + HOUR, reason="x", who="Lan", now=NOON, areas=None
    )
    assert made.starts_at == NOON


def test_what_makes_no_sense_is_refused_and_leaves_no_trace(office: Office) -> None:
    silences = office.state.silences
    rest: dict[str, Any] = {"reason": "x", "who": "Lan", "now": NOON, "areas": None}
    soon = rest | {"rule": "r", "ends_at": NOON + HOUR}
    over = silences.add(rule="late", ends_at=NOON + MINUTE, **rest)
    wide = silences.add(rule="late", ends_at=NOON + 9 * HOUR, **rest)
    before, late = (office.audited(), office.state.revision()), NOON + 9 * HOUR
    some: dict[str, Any] = {"areas": {"d1"}}
    refused: list[tuple[type[Exception], str, Callable[[], object]]] = [
        (QuietError, "what is to be quiet", lambda: silences.add(ends_at=NOON + HOUR, **rest)),
        (QuietError, "must end", lambda: silences.add(rule="r", ends_at=NOON, **rest)),
        (QuietError, "must end", lambda: silences.add(starts_at=NOON + HOUR, **soon)),
        (ValueError, "say why", lambda: silences.add(**soon | {"reason": " "})),
        (ValueError, "name", lambda: silences.add(**soon | {"who": ""})),
        (QuietError, "beyond", lambda: silences.add(**soon | some)),
        (QuietError, "beyond", lambda: silences.add(area="d2", ends_at=NOON + HOUR, **rest | some)),
        (QuietError, "beyond", lambda: silences.end(wide.id, "An", "x", NOON, **some)),
        (QuietError, "is over", lambda: silences.end(over.id, "An", "x", NOON + HOUR, areas=None)),
        (QuietError, "is over", lambda: silences.extend(over.id, late, "An", "x", NOON + HOUR, areas=None)),
        (QuietError, "already", lambda: silences.extend(wide.id, NOON + HOUR, "An", "x", NOON, areas=None)),
        (ValueError, "say why", lambda: silences.end(wide.id, "An", "", NOON, areas=None)),
        (QuietError, "no silence 99", lambda: silences.end(99, "An", "x", NOON, areas=None)),
    ]  # fmt: skip
    for kind, message, deed in refused:
        with pytest.raises(kind, match=message):
            deed()
    assert (office.audited(), office.state.revision()) == before


def test_a_district_keeps_its_own_areas_quiet(state: State) -> None:
    rest: dict[str, Any] = {"reason": "x", "now": NOON, "ends_at": NOON + HOUR}
    own = state.silences.add(area="d1", who="Lan", areas={"d1", "w1"}, **rest)
    other = state.silences.add(area="d2", who="Minh", areas=None, **rest)
    everywhere = state.silences.add(rule="late", who="Minh", areas=None, **rest)
    assert {s.id for s in state.silences.all(areas={"d1", "w1"})} == {own.id, everywhere.id}
    with pytest.raises(QuietError, match=f"no silence {other.id}"):
        state.silences.end(other.id, "Lan", "x", NOON, areas={"d1"})
    assert state.silences.end(own.id, "Lan", "x", NOON, areas={"d1"}).ended_by == "Lan"


def test_time_alone_makes_a_new_version_once_at_each_turn(state: State) -> None:
    rest: dict[str, Any] = {"reason": "x", "who": "Lan", "now": NOON, "areas": None}
    assert state.turns(NOON, HOUR) == 0
    state.silences.add(area="d1", starts_at=NOON + HOUR, ends_at=NOON + 4 * HOUR, **rest)
    early = state.silences.add(area="d2", ends_at=NOON + 9 * HOUR, **rest)
    state.silences.end(early.id, "Lan", "x", NOON + MINUTE, areas=None)
    state.maintenance.add(area="d2", ends_at=NOON + 6 * HOUR, **rest)
    looked = [NOON + minute * MINUTE for minute in range(5, 8 * 60, 5)]
    counts = [state.turns(at, HOUR) for at in looked]
    assert counts == sorted(counts)
    turned = [(at - NOON) / HOUR for at, (a, b) in zip(looked[1:], pairwise(counts), strict=True) if a < b]
    assert turned == [1, 3, 4, 5, 6]


def test_the_audit_trail_tells_of_some_kinds_of_things_alone(office: Office) -> None:
    state = office.state
    rest: dict[str, Any] = {"reason": "x", "who": "Lan", "now": NOON, "areas": None}
    state.silences.add(rule="late", ends_at=NOON + HOUR, **rest)
    state.acknowledge(office.tell().id, "Lan", "", NOON, areas=None)
    state.maintenance.add(feed="hotline", ends_at=NOON + HOUR, **rest)
    assert [entry.object for entry in state.audit(about=("silence", "maintenance"))] == [
        "maintenance 1", "silence 1",
    ]  # fmt: skip
    assert [entry.object for entry in state.audit(about=("maintenance",))] == ["maintenance 1"]
    assert len(state.audit()) == 3
