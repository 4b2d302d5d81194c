"""What holds of the state machine whatever happens."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from indicators.rules.machine import Machine, Observation, Reason, Seen
from warehouse.state import SeriesState, Status

BEGIN = dt.datetime(2024, 5, 6, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)

WORDS = st.lists(st.sampled_from([*Seen, None]), min_size=1, max_size=60)
MACHINES = st.builds(
    Machine,
    hold=st.integers(0, 4).map(lambda n: n * MINUTE),
    keep_firing=st.integers(0, 4).map(lambda n: n * MINUTE),
    no_data_after=st.none() | st.integers(1, 4).map(lambda n: n * MINUTE),
)


@dataclass(frozen=True)
class Step:
    seen: Seen | None
    before: SeriesState
    after: SeriesState
    reason: Reason


def run(machine: Machine, words: list[Seen | None], times: int = 1) -> list[Step]:
    state, steps = SeriesState(), []
    for index, word in enumerate(words):
        at = BEGIN + (index + 1) * MINUTE
        observation = None if word is None else Observation(at, at - MINUTE, word)
        for _ in range(times):
            after, reason = machine.step(state, observation, at)
            steps.append(Step(word, state, after, reason))
            state = after
    return steps


def changes(steps: list[Step]) -> list[tuple[Status, Status, Reason]]:
    return [(s.before.status, s.after.status, s.reason) for s in steps if s.before.status != s.after.status]


@given(MACHINES, WORDS)
def test_observing_again_changes_nothing(machine: Machine, words: list[Seen | None]) -> None:
    once, thrice = run(machine, words), run(machine, words, times=3)
    assert changes(once) == changes(thrice)
    assert once[-1].after == thrice[-1].after


@given(MACHINES, WORDS)
def test_a_warning_ends_only_by_a_value_that_is_clear(machine: Machine, words: list[Seen | None]) -> None:
    for step in run(machine, words):
        standing = step.before.status in (Status.FIRING, Status.RECOVERING) or (
            step.before.status in (Status.NO_DATA, Status.TOO_FEW)
            and step.before.before in (Status.FIRING, Status.RECOVERING)
        )
        if standing and step.after.status is Status.NORMAL:
            assert step.seen is Seen.CLEAR


@given(MACHINES, WORDS)
def test_a_warning_begins_only_after_enough_breaches(machine: Machine, words: list[Seen | None]) -> None:
    steps = run(machine, words)
    for number, step in enumerate(steps):
        was = step.before.before or step.before.status
        begins = step.after.status is Status.FIRING and was in (Status.NORMAL, Status.PENDING)
        if begins:
            run_of = 0
            for earlier in reversed(steps[: number + 1]):
                if earlier.seen is Seen.BREACH:
                    run_of += 1
                elif earlier.seen not in (None, Seen.UNJUDGED, Seen.TOO_FEW):
                    break
            assert run_of * MINUTE >= machine.hold


@given(MACHINES, WORDS)
def test_silence_leads_to_no_data_and_nowhere_else(machine: Machine, words: list[Seen | None]) -> None:
    for step in run(machine, words):
        if step.seen is None and step.before.status is not step.after.status:
            assert step.after.status is Status.NO_DATA
            # A series that was too small to judge is remembered as what it was before that.
            assert step.after.before is (step.before.before or step.before.status)
            assert step.reason is Reason.VANISHED


@given(MACHINES, WORDS)
def test_states_remember_only_what_they_need(machine: Machine, words: list[Seen | None]) -> None:
    for step in run(machine, words):
        state = step.after
        away = state.status in (Status.NO_DATA, Status.TOO_FEW)
        assert (state.before is not None) == away
        assert state.before not in (Status.NO_DATA, Status.TOO_FEW)
        alive = state.before if away else state.status
        assert (state.breach_since is not None) == (alive is not Status.NORMAL)
        assert (state.clear_since is not None) == (alive is Status.RECOVERING)


def test_an_older_observation_is_not_taken_in() -> None:
    machine = Machine()
    at = BEGIN + 5 * MINUTE
    state, _ = machine.step(SeriesState(), Observation(at, at - MINUTE, Seen.CLEAR), at)
    late = Observation(at - MINUTE, at - 2 * MINUTE, Seen.BREACH)
    assert machine.step(state, late, at) == (state, Reason.REPEATED)


def test_no_data_is_dated_by_the_miss_not_by_the_look() -> None:
    machine = Machine(no_data_after=3 * MINUTE)
    state, _ = machine.step(SeriesState(), Observation(BEGIN, BEGIN - MINUTE, Seen.CLEAR), BEGIN)
    early, _ = machine.step(state, None, BEGIN + 3 * MINUTE)
    late, _ = machine.step(state, None, BEGIN + 300 * MINUTE)
    assert early == late
    assert early.since == BEGIN + 3 * MINUTE
