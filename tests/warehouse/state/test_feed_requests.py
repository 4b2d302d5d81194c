"""What is asked of feeds: one thing at a time, taken up once, taken up again after a crash, not for ever."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable

import pytest

from warehouse.state import ENDED, FeedRequest, RequestError, RequestState, State

NOON = dt.datetime(2024, 5, 6, 12, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
FIRST, LAST = dt.date(2024, 1, 1), dt.date(2024, 3, 31)


def test_a_request_from_asking_to_its_end(state: State) -> None:
    kept = state.feed_requests
    before = state.revision()
    asked = kept.ask("rain", "backfill", "Lan", NOON, FIRST, LAST)
    assert (asked.state, asked.first, asked.last, asked.over) == (RequestState.WAITING, FIRST, LAST, False)
    assert state.revision() > before, "open pages show that it waits"
    (taken,) = kept.take(NOON + MINUTE)
    assert (taken.id, taken.state, taken.tries, taken.started_at) == (
        asked.id,
        RequestState.RUNNING,
        1,
        NOON + MINUTE,
    )
    assert kept.take(NOON + MINUTE) == [], "nobody else gets it"
    drawn = state.revision()
    kept.progress(asked.id, "fetch", 2, 3)
    assert state.revision() == drawn, "a bar that moves draws no screen anew"
    kept.finish(asked.id, {"word": "loaded", "rows": 4000}, NOON + 2 * MINUTE)
    over = kept.find(asked.id)
    assert (over.state, over.done, over.total, over.step, over.told) == (
        RequestState.DONE,
        2,
        3,
        "fetch",
        {"word": "loaded", "rows": 4000},
    )
    assert over.over
    with pytest.raises(RequestError, match="not under way"):
        kept.fail(asked.id, {"word": "late"}, NOON)
    assert [(a.who, a.action, a.object, a.detail) for a in state.audit()] == [
        ("Lan", "backfill", "feed rain", {"request": asked.id, "from": "2024-01-01", "to": "2024-03-31"})
    ]


def test_a_feed_has_one_request_at_a_time(state: State) -> None:
    kept = state.feed_requests
    one = kept.ask("rain", "run", "Lan", NOON)
    assert kept.ask("rain", "run", "Hoa", NOON + MINUTE) == one, "who asks for the same follows the same"
    with pytest.raises(RequestError, match="a run is under way"):
        kept.ask("rain", "reload", "Hoa", NOON)
    kept.ask("noise", "reload", "Hoa", NOON)
    assert [r.feed for r in kept.take(NOON)] == ["rain", "noise"]
    kept.finish(one.id, {"word": "nothing"}, NOON)
    assert kept.ask("rain", "reload", "Hoa", NOON).id > one.id
    assert [r.feed for r in kept.all()] == ["rain", "noise", "rain"], "what is under way comes first"
    assert [r.kind for r in kept.all("rain")] == ["reload", "run"]


@pytest.mark.parametrize(
    ("kind", "first", "last"),
    [("backfill", None, None), ("backfill", FIRST, None), ("run", FIRST, LAST), ("backfill", LAST, FIRST)],
)
def test_days_must_go_with_the_kind(
    state: State, kind: str, first: dt.date | None, last: dt.date | None
) -> None:
    with pytest.raises(ValueError, match=r"days|before"):
        state.feed_requests.ask("rain", kind, "Lan", NOON, first, last)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="name"):
        state.feed_requests.ask("rain", "run", " ", NOON)
    assert state.feed_requests.all() == []


def test_one_that_is_postponed_keeps_what_it_has_done(state: State) -> None:
    kept = state.feed_requests
    id_ = kept.ask("rain", "backfill", "Lan", NOON, FIRST, LAST).id
    kept.take(NOON)
    kept.progress(id_, "fetch", 2, 3)
    kept.postpone(id_, NOON + 4 * MINUTE, {"word": "waits"})
    assert kept.take(NOON + 3 * MINUTE) == []
    assert kept.find(id_).told == {"word": "waits"}
    (again,) = kept.take(NOON + 4 * MINUTE)
    assert (again.done, again.tries, again.told, again.started_at) == (2, 1, {"word": "waits"}, NOON)


def test_a_crash_lets_it_wait_again_but_not_for_ever(opened: Callable[[], State]) -> None:
    first = opened().feed_requests
    id_ = first.ask("rain", "run", "Lan", NOON).id
    done = first.ask("noise", "run", "Lan", NOON).id
    first.take(NOON)
    first.finish(done, {"word": "nothing"}, NOON)
    seen: list[FeedRequest] = []
    for _ in range(3):
        later = opened().feed_requests
        seen += later.recover(NOON + MINUTE)
        later.take(NOON + MINUTE)
    assert [(r.id, r.state, r.told) for r in seen] == [
        (id_, RequestState.WAITING, None),
        (id_, RequestState.WAITING, None),
        (id_, RequestState.FAILED, ENDED),
    ]
    assert first.find(id_).finished_at == NOON + MINUTE
    assert first.recover(NOON) == []


def test_one_that_gets_on_is_taken_up_as_often_as_need_be(opened: Callable[[], State]) -> None:
    kept = opened().feed_requests
    id_ = kept.ask("rain", "backfill", "Lan", NOON, FIRST, LAST).id
    other = kept.ask("noise", "run", "Lan", NOON).id
    assert [r.id for r in kept.take(NOON, only=id_)] == [id_]
    assert kept.find(other).state is RequestState.WAITING
    for part in range(6):
        kept.keep(id_, {"word": "loaded", "parts": part})
        [found] = kept.recover(NOON)
        assert (found.state, found.told) == (RequestState.WAITING, {"word": "loaded", "parts": part})
        kept.take(NOON, only=id_)


def test_of_many_who_ask_and_take_at_once_each_gets_his_own(opened: Callable[[], State]) -> None:
    states = [opened() for _ in range(4)]
    taken: list[list[int]] = [[] for _ in states]
    numbers: list[int] = []

    def work(place: int) -> None:
        kept = states[place].feed_requests
        numbers.append(kept.ask("rain", "run", "Lan", NOON).id)
        for feed in range(5):
            kept.ask(f"feed{feed}_{place}", "run", "Lan", NOON)
            taken[place] += [request.id for request in kept.take(NOON)]

    threads = [threading.Thread(target=work, args=[place]) for place in range(len(states))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    everyone = [id_ for ids in taken for id_ in ids]
    assert len(set(numbers)) == 1
    assert len(everyone) == len(set(everyone)) == 21
