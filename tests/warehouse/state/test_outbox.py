"""Notices in the state, on either database: kept once, changed as a whole, taken by one sender at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from itertools import product

import pytest
from sqlalchemy.exc import IntegrityError

from tests.warehouse.state.conftest import HOUR, NOON, Office
from warehouse.state import Delivery, Message, Notice, Outcome, Pruned, State


def _notice(key: str, warning: int | None, action: str = "send", reason: str = "new") -> Notice:
    return Notice(
        key, "opened", warning, "late", "a1", "serious", "duty", "duty@a1", "", NOON, action, reason, None,
        NOON,
        detail={"who": "Hạnh"},
    )  # fmt: skip


def _message(key: str, severity: str = "serious") -> Message:
    return Message(
        key, key, "duty", "duty@a1", "", "json://${HOST}", "vi", severity, "Trễ hạn", "Quận 1\n", NOON,
        Delivery.WAITING, NOON,
    )  # fmt: skip


def test_what_changed_is_what_is_not_taken_in_yet(state: State) -> None:
    office, outbox = Office(state), state.outbox
    first, second = office.tell("a1"), office.tell("a2")
    (one, two) = outbox.changed()
    assert (one.id, two.id, one.seen_over, one.message) == (first.id, second.id, None, {"en": "Late"})
    outbox.commit([one, two], [], [])
    assert outbox.changed() == []
    state.conclude(first.id, Outcome.TRUE, "Hạnh", "", NOON + HOUR, areas=None)
    state.correct(second.id, {"value": 12.5}, {"value": 9.0}, "muộn", NOON + HOUR, areas=None)
    one, two = outbox.changed()
    assert (one.over, one.seen_over, one.resolution) == (True, False, "closed")
    assert (two.over, two.corrections, two.seen_corrections) == (False, 1, 0)
    assert outbox.last_corrections([one.id, two.id]) == {
        two.id: {"told": {"value": 12.5}, "known": {"value": 9.0}, "note": "muộn"}
    }
    outbox.commit([one], [], [])
    state.reopen(first.id, "Hạnh", "vẫn còn", NOON + 2 * HOUR, areas=None)
    assert [(item.id, item.over, item.seen_over) for item in outbox.changed()] == [
        (one.id, False, True),
        (two.id, False, False),
    ]
    assert [item.id for item in outbox.open_warnings()] == [first.id, second.id]


def test_a_notice_is_kept_once_with_the_history_of_what_was_decided(state: State) -> None:
    outbox, warning = state.outbox, Office(state).tell().id
    held = replace(_notice("k", warning, "hold", "quiet_hours"), due=NOON + HOUR)
    outbox.commit([], [held], [])
    assert [item.key for item in outbox.held()] == ["k"]
    sent = replace(held, action="send", reason="new", due=None, decided_at=NOON + HOUR, bundle="b")
    outbox.commit([], [sent], [_message("b")])
    (found,) = outbox.notices(warning=warning)
    assert replace(found, id=None) == sent
    assert found.id is not None
    assert [(step.at, step.action, step.reason, step.due) for step in outbox.history(found.id)] == [
        (NOON, "hold", "quiet_hours", NOON + HOUR),
        (NOON + HOUR, "send", "new", None),
    ]
    assert outbox.known(["k", "other"]) == {"k"}
    assert outbox.notices(office="nobody") == []
    assert outbox.last_told([warning]) == {(warning, "duty@a1"): (NOON + HOUR, 0)}


def test_all_of_a_turn_is_stored_or_nothing(state: State) -> None:
    outbox, warning = state.outbox, Office(state).tell().id
    with pytest.raises(IntegrityError):
        outbox.commit(outbox.changed(), [_notice("k", warning)], [_message("m"), _message("m")])
    assert len(outbox.changed()) == 1
    assert (outbox.notices(), outbox.messages()) == ([], [])


def test_a_message_is_the_same_however_often_it_is_written(state: State) -> None:
    for _ in range(3):
        state.outbox.commit([], [], [_message("m")])
    (found,) = state.outbox.messages()
    assert replace(found, id=None) == _message("m")
    assert state.outbox.told(NOON - HOUR) == {"duty@a1": [("", NOON)]}
    assert state.outbox.told(NOON) == {}


def test_the_gravest_is_due_first_and_only_what_waits(state: State) -> None:
    outbox = state.outbox
    outbox.commit([], [], [_message("w", "watch"), _message("s"), _message("c", "critical")])
    due = outbox.due(NOON)
    assert [message.key for message in due] == ["c", "s", "w"]
    assert outbox.due(NOON - HOUR) == []
    ids = [message.id or 0 for message in due]
    assert outbox.claim(ids[0])
    assert not outbox.claim(ids[0])
    outbox.settle(ids[0], NOON)
    assert outbox.claim(ids[1])
    outbox.settle(ids[1], NOON, "refused", NOON + HOUR)
    assert [message.key for message in outbox.due(NOON)] == ["w"]
    assert [message.key for message in outbox.due(NOON + HOUR)] == ["s", "w"]
    assert outbox.attempts(ids[1]) == [(NOON, "refused")]
    assert outbox.claim(ids[2])
    assert outbox.recover(NOON + HOUR) == 1
    assert [message.key for message in outbox.due(NOON + HOUR)] == ["s", "w"]


def test_a_message_that_is_sent_again_by_hand_says_so_in_the_history(state: State) -> None:
    outbox, warning = state.outbox, Office(state).tell().id
    outbox.commit([], [replace(_notice("k", warning), bundle="m")], [_message("m")])
    (message,) = outbox.due(NOON)
    assert message.id is not None
    assert outbox.claim(message.id)
    outbox.settle(message.id, NOON, "refused")
    outbox.retry(message.id, NOON + HOUR)
    (notice,) = outbox.notices()
    assert notice.id is not None
    assert [(step.at, step.reason) for step in outbox.history(notice.id)] == [
        (NOON, "new"),
        (NOON + HOUR, "retry"),
    ]
    assert [item.key for item in outbox.due(NOON + HOUR)] == ["m"]


def test_of_many_senders_one_takes_a_message(opened: Callable[[], State]) -> None:
    states = [opened() for _ in range(4)]
    states[0].outbox.commit([], [], [_message(f"m{number}") for number in range(25)])
    ids = [message.id or 0 for message in states[0].outbox.due(NOON)]
    taken: list[int] = []

    def take(state: State) -> None:
        taken.extend(id_ for id_ in ids if state.outbox.claim(id_))

    threads = [threading.Thread(target=take, args=(state,)) for state in states]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(ids)


LONG_AGO, LATELY = NOON - 500 * 24 * HOUR, NOON - 24 * HOUR
BEFORE = NOON - 400 * 24 * HOUR
STATES = ["", "stands", "over long ago", "over lately"]
SENDS = ["", "waiting", "sending", "sent long ago", "sent lately", "given up"]


def _told_of(office: Office) -> dict[str, int | None]:
    """A warning in each of ``STATES``, by it; for the empty one, as with a digest, none."""
    found: dict[str, int | None] = {"": None}
    for number, name in enumerate(STATES[1:]):
        found[name] = warning = office.tell(f"a{number}", at=LONG_AGO).id
        assert warning is not None
        if name != "stands":
            at = LONG_AGO if name == "over long ago" else LATELY
            office.state.conclude(warning, Outcome.TRUE, "Hạnh", "", at, areas=None)
    return found


def test_what_is_long_over_is_forgotten_and_nothing_that_is_pending(state: State) -> None:
    outbox, office = state.outbox, Office(state)
    warnings = _told_of(office)
    outbox.commit(outbox.changed(), [], [])
    kept_notices, kept_messages = set(), set()
    for name, action, at, sent in product(STATES, ("hold", "send", "drop"), (LONG_AGO, LATELY), SENDS):
        key = f"{name}|{action}|{at:%Y}|{sent}"
        notice = replace(
            _notice(key, warnings[name], action), at=at, decided_at=at, bundle=key if sent else None
        )
        message = replace(_message(key), created_at=at, due=at)
        outbox.commit([], [notice], [message] if sent else [])
        if sent not in ("", "waiting"):
            (there,) = [found for found in outbox.messages(1) if found.key == key]
            assert there.id is not None
            assert outbox.claim(there.id)
            if sent != "sending":
                error = "refused" if sent == "given up" else None
                outbox.settle(there.id, LATELY if sent == "sent lately" else at, error)
        # In plain words: it waits or is on its way, is of late, or its warning stands or stood of late.
        pending = action == "hold" or sent in ("waiting", "sending")
        if pending or at == LATELY or name in ("stands", "over lately") or sent == "sent lately":
            kept_notices.add(key)
            kept_messages |= {key} if sent else set()
    before = len(outbox.notices()), len(outbox.messages(1000))
    gone = outbox.prune(BEFORE)
    assert {notice.key for notice in outbox.notices()} == kept_notices
    assert {message.key for message in outbox.messages(1000)} == kept_messages
    assert (gone.notices, gone.messages) == (before[0] - len(kept_notices), before[1] - len(kept_messages))
    assert gone.notices > 0
    assert gone.messages > 0
    assert outbox.prune(BEFORE) == Pruned(0, 0)
    assert outbox.changed() == [], "what was taken in stays, or all of it would be told anew"


def test_a_message_goes_with_the_last_of_what_it_told(state: State) -> None:
    outbox, office = state.outbox, Office(state)
    warnings = _told_of(office)
    notices = [
        replace(_notice(name, warnings[name]), at=LONG_AGO, decided_at=LONG_AGO, bundle="b")
        for name in ("over long ago", "stands")
    ]
    outbox.commit([], notices, [replace(_message("b"), created_at=LONG_AGO, due=LONG_AGO)])
    (message,) = outbox.due(NOON)
    assert message.id is not None
    assert outbox.claim(message.id)
    outbox.settle(message.id, LONG_AGO)
    assert outbox.prune(BEFORE) == Pruned(1, 0)
    assert warnings["stands"] is not None
    state.conclude(warnings["stands"], Outcome.TRUE, "Hạnh", "", LONG_AGO + HOUR, areas=None)
    assert outbox.prune(BEFORE) == Pruned(1, 1)
    assert outbox.attempts(message.id) == []
