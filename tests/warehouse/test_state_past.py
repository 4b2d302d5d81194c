"""Warnings as they stood at any moment are those that were read then."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from warehouse.state import Episode, Evaluation, Kind, State, Status, Transition, Warning

NOON = dt.datetime(2024, 5, 6, 12, tzinfo=dt.UTC)
NEXT = {
    Status.FIRING: (Status.RECOVERING, Status.NO_DATA),
    Status.RECOVERING: (Status.FIRING, Status.NORMAL),
    Status.NO_DATA: (Status.FIRING, Status.NORMAL),
}


def opened(area: str, severity: str, at: dt.datetime) -> Episode:
    step = Transition("late", area, at, Status.PENDING, Status.FIRING, "held", 12.5, 10.0)
    return Episode(
        "late", area, Kind.LIMIT, severity, Status.FIRING, at, at, 12.5, 10.0, {"en": area}, {},
        transitions=[step],
    )  # fmt: skip


def told(warnings: list[Warning]) -> list[Warning]:
    """Without what is not kept from before."""
    return [replace(item, last_value=None, worst_value=None) for item in warnings]


@pytest.mark.parametrize("seed", range(4))
def test_any_moment_of_a_random_history_can_be_read_again(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    state = State.open(f"sqlite:///{tmp_path}/state.sqlite")
    now, seen = NOON, []
    for step in range(40):
        now += dt.timedelta(minutes=int(rng.integers(1, 90)))
        evaluation = Evaluation(now)
        held = state.open_episodes()
        for (_, area), episode in held.items():
            if rng.random() < 0.5:
                after = NEXT[episode.status][int(rng.integers(2))]
                # What caused it was seen some time before it was written down.
                at = now - dt.timedelta(minutes=int(rng.integers(0, 600)))
                move = Transition("late", area, at, episode.status, after, "so", 1.0, 10.0)
                ends = after is Status.NORMAL
                evaluation.episodes.append(
                    replace(
                        episode,
                        status=after,
                        resolved_at=at if ends else None,
                        resolution="so" if ends else None,
                        transitions=[move],
                    )
                )
        severity = str(rng.choice(["critical", "serious", "watch"]))
        if len(held) < 6:
            evaluation.episodes.append(opened(f"a{step}", severity, now - dt.timedelta(minutes=30)))
        state.record(evaluation)
        if held and rng.random() < 0.4:
            warning = state.warnings(areas=None)[0]
            state.acknowledge(warning.id, "An", "", now, areas=None)
        seen.append((now, told(state.warnings(areas=None, open_only=False))))
    for at, warnings in seen:
        assert told(state.warnings_at(at, areas=None)) == warnings
        assert told(state.warnings_at(at + dt.timedelta(seconds=30), areas=None)) == warnings
        assert told(state.warnings_at(at, areas={"a1"}, limit=1)) == [w for w in warnings if w.area == "a1"]
    assert state.warnings_at(NOON, areas=None) == []
    state.close()
