"""Backtests are kept as they were made, one of a rule at a time; how much there is of a rule is counted."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from warehouse.state import (
    STOPPED,
    BacktestError,
    Evaluation,
    Findings,
    Held,
    RuleCounts,
    SeriesState,
    State,
    Status,
    WouldTell,
)

if TYPE_CHECKING:
    from tests.warehouse.state.conftest import Office

NOON = dt.datetime(2024, 5, 6, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
HERE = ZoneInfo("Asia/Ho_Chi_Minh")
FIRST, UNTIL = dt.date(2023, 5, 6), dt.date(2024, 5, 6)
DEFINITION = {"indicator": "late", "when": {"above": 2.0}}
FOUND = Findings(
    22,
    8030,
    NOON - 24 * HOUR,
    (
        WouldTell("a1", "serious", NOON.astimezone(HERE), NOON + HOUR, NOON + 9 * HOUR, 3.5, 4.5, 2.0),
        WouldTell("a2", "watch", NOON, NOON + HOUR, None, None, None, None),
    ),
    (
        Held("a1", dt.date(2024, 5, 1), dt.date(2024, 5, 7), "ngập", 5),
        Held("a3", dt.date(2024, 1, 1), dt.date(2024, 1, 1), "#7", None, 7),
    ),
    1,
)


def begun(state: State, rule: str = "late", at: dt.datetime = NOON) -> int:
    return state.backtests.begin(rule, FIRST, UNTIL, DEFINITION, "Lan", at)


def test_what_one_found_is_read_as_it_was_kept(state: State) -> None:
    before = state.revision()
    number = begun(state)
    (running,) = state.backtests.all()
    assert (running.running, running.done, running.told) == (True, False, None)
    assert state.revision() > before, "open pages show that it is being made"
    assert state.backtests.findings(number, areas=None) is None

    before = state.revision()
    state.backtests.finish(number, FOUND, NOON + HOUR)
    assert state.revision() > before
    (made,) = state.backtests.all("late")
    assert (made.id, made.rule, made.first, made.until, made.who) == (number, "late", FIRST, UNTIL, "Lan")
    assert (made.started_at, made.finished_at, made.error) == (NOON, NOON + HOUR, None)
    assert (made.series, made.tests, made.told, made.unfounded) == (22, 8030, 2, 1)
    assert (made.definition, made.known_since, made.done) == (DEFINITION, NOON - 24 * HOUR, True)
    assert made.a_week == pytest.approx(2 / (366 / 7))
    assert state.backtests.findings(number, areas=None) == FOUND
    (noted,) = state.audit()
    assert (noted.who, noted.action, noted.object) == ("Lan", "backtest", "rule late")
    assert noted.detail == {"backtest": number, "first": "2023-05-06", "until": "2024-05-06"}


def test_who_may_see_some_areas_reads_of_these_alone(state: State) -> None:
    number = begun(state)
    state.backtests.finish(number, FOUND, NOON + HOUR)
    found = state.backtests.findings(number, areas={"a2", "a3"})
    assert found is not None
    assert [one.area for one in found.warnings] == ["a2"]
    assert [one.area for one in found.incidents] == ["a3"]


def test_one_of_a_rule_at_a_time_and_the_newest_first(state: State) -> None:
    first = begun(state)
    with pytest.raises(BacktestError, match="under way"):
        begun(state)
    other = begun(state, "silent")
    state.backtests.fail(first, "ValueError: nothing there", NOON + HOUR)
    second = begun(state, at=NOON + 2 * HOUR)
    assert [made.id for made in state.backtests.all()] == [second, other, first]
    failed = state.backtests.all("late")[1]
    assert (failed.running, failed.done, failed.error) == (False, False, "ValueError: nothing there")
    for id_ in (first, 99):
        with pytest.raises(BacktestError, match="not under way"):
            state.backtests.finish(id_, FOUND, NOON + HOUR)
    with pytest.raises(ValueError, match="name"):
        state.backtests.begin("other", FIRST, UNTIL, DEFINITION, "  ", NOON)


def test_of_those_who_ask_at_once_one_gets_it(state: State) -> None:
    outcomes: Counter[str] = Counter()

    def ask() -> None:
        try:
            begun(state)
            outcomes["begun"] += 1
        except BacktestError:
            outcomes["refused"] += 1

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == {"begun": 1, "refused": 4}


def test_one_that_an_earlier_process_left_is_over(state: State) -> None:
    left = begun(state)
    done = begun(state, "silent")
    state.backtests.finish(done, FOUND, NOON)
    state.backtests.abandon(NOON + HOUR)
    revision = state.revision()
    assert [(m.id, m.error, m.running) for m in state.backtests.all()] == [
        (done, None, False),
        (left, STOPPED, False),
    ]
    state.backtests.abandon(NOON + 2 * HOUR)
    assert state.revision() == revision, "nothing was left, nothing is new"
    with pytest.raises(BacktestError):
        state.backtests.finish(left, FOUND, NOON)


def test_what_there_is_of_a_rule_is_counted(office: Office) -> None:
    told = [
        office.tell(area, rule=rule, at=NOON + hours * HOUR)
        for rule, area, hours in (
            ("late", "a1", 0),
            ("late", "a2", 5),
            ("late", "a3", 10),
            ("silent", "a1", 3),
            ("silent", "b1", 40),
        )
    ]
    office.settle(told[1], NOON + 8 * HOUR)
    judged = {("late", "a1"), ("late", "a2"), ("late", "a9"), ("silent", "b1"), ("calm", "a1")}
    series = {key: SeriesState(Status.NORMAL, NOON) for key in judged}
    office.state.record(Evaluation(NOON, series=series))
    start, end = NOON + HOUR, NOON + 12 * HOUR

    def counted(areas: set[str] | None) -> dict[str, RuleCounts]:
        here = [office.state.warning(w.id, areas=None) for w in told if areas is None or w.area in areas]
        seen = [rule for rule, area in judged if areas is None or area in areas]
        return {
            rule: RuleCounts(
                seen.count(rule),
                sum(w.open for w in here if w.rule == rule),
                sum(start <= w.opened_at < end for w in here if w.rule == rule),
            )
            for rule in {w.rule for w in here} | set(seen)
        }

    for areas in (None, {"a1", "a2"}, {"b1"}, set[str]()):
        assert office.state.rule_counts(start, end, areas=areas) == counted(areas)
