"""Turns: news that comes while a turn runs is taken together in the next, and a failure ends nothing."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from dashboard.running.turns import Turns


def test_requests_join_while_a_turn_runs_and_a_failed_turn_is_survived() -> None:
    gate, begun, done = threading.Event(), threading.Event(), threading.Event()
    taken: list[list[str]] = []

    def run(feeds: Sequence[str]) -> None:
        taken.append(list(feeds))
        if len(taken) == 1:
            begun.set()
            gate.wait(5)
            raise RuntimeError("a broken turn")
        done.set()

    turns = Turns(run)
    turns.start()
    turns.ask(["a"])
    assert begun.wait(5)
    turns.ask(["c"])
    turns.ask(["b", "c"])
    gate.set()
    assert done.wait(5)
    turns.stop()
    assert taken == [["a"], ["b", "c"]]


def test_a_turn_may_have_no_feed() -> None:
    done = threading.Event()
    turns = Turns(lambda _feeds: done.set())
    turns.start()
    turns.ask([])
    assert done.wait(5)
    turns.stop()
