"""What waits is sent: again when it fails, once more after a crash, never by the thread that judges."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from sqlalchemy.exc import OperationalError

from indicators.notices.announce import Announcer
from indicators.notices.courier import Courier
from indicators.notices.send import by_apprise
from tests.conftest import Hook
from tests.indicators.notices.conftest import NOON, Mailbox, Ward, link
from warehouse.state import Delivery, Message, UnknownMessageError

Make = Callable[..., Ward]
HOOK = {"channels": ["json://127.0.0.1:9/hook"]}


@dataclass
class Post:
    """Sends nothing; fails as often as it is told to."""

    failures: int = 0
    sent: list[Message] = field(default_factory=list)
    threads: set[str] = field(default_factory=set)

    def __call__(self, message: Message) -> str | None:
        self.threads.add(threading.current_thread().name)
        if self.failures:
            self.failures -= 1
            return "refused"
        self.sent.append(message)
        return None


def _courier(desk: Ward, post: Callable[[Message], str | None]) -> Courier:
    announcer = Announcer(desk.city, desk.state, link)
    return Courier(announcer, desk.outbox, post, lambda: desk.now)


def test_what_is_due_is_sent_once_and_written_down(ward: Make) -> None:
    desk = ward({"id": "duty"} | HOOK)
    desk.open("T1")
    desk.announce()
    post = Post()
    courier = _courier(desk, post)
    assert courier.deliver() == 1
    assert courier.deliver() == 0
    (message,) = desk.outbox.messages()
    assert message.id is not None
    assert (message.status, message.attempts, message.sent_at) == (Delivery.SENT, 1, NOON)
    assert desk.outbox.attempts(message.id) == [(NOON, None)]
    assert (post.sent[0].subject, post.sent[0].body) == (message.subject, message.body)


def test_a_failure_waits_twice_as_long_each_time_and_a_restart_changes_nothing(ward: Make) -> None:
    desk = ward({"id": "duty"} | HOOK)
    desk.open("T1")
    desk.announce()
    waits = []
    post = Post(failures=12)
    while not post.sent:
        _courier(desk, post).deliver()  # a new one each time, as after a restart
        (message,) = desk.outbox.messages()
        if message.due is not None:
            waits.append((message.due - desk.now).total_seconds())
            desk.now = message.due - dt.timedelta(seconds=1)
            assert _courier(desk, post).deliver() == 0
            desk.now = message.due
    assert waits == [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600, 3600]
    assert (message.attempts, message.status, message.error) == (13, Delivery.SENT, None)
    assert message.id is not None
    assert [error for _, error in desk.outbox.attempts(message.id)] == ["refused"] * 12 + [None]


def test_after_a_day_it_is_given_up_until_a_person_wants_it_again(ward: Make) -> None:
    desk = ward({"id": "duty"} | HOOK)
    desk.open("T1")
    desk.announce()
    post = Post(failures=1)
    desk.after(days=1)
    _courier(desk, post).deliver()
    (message,) = desk.outbox.messages()
    assert (message.status, message.due, message.error) == (Delivery.FAILED, None, "refused")
    assert message.id is not None
    desk.outbox.retry(message.id, desk.after(hours=1))
    _courier(desk, post).deliver()
    assert desk.outbox.messages()[0].status is Delivery.SENT
    with pytest.raises(ValueError, match="nothing to send again"):
        desk.outbox.retry(message.id, desk.now)
    with pytest.raises(UnknownMessageError):
        desk.outbox.retry(99, desk.now)


class PowerCutError(BaseException):
    """The end of a process."""


@pytest.mark.parametrize("sent_before", [False, True])
def test_a_crash_while_sending_sends_again_under_the_same_key(ward: Make, sent_before: bool) -> None:
    desk = ward({"id": "duty"} | HOOK)
    desk.open("T1")
    desk.announce()
    keys = []

    def die(message: Message) -> str | None:
        if sent_before:
            keys.append(message.key)
        raise PowerCutError

    with pytest.raises(PowerCutError):
        _courier(desk, die).deliver()
    assert desk.outbox.messages()[0].status is Delivery.SENDING
    post = Post()
    courier = _courier(desk, post)
    assert courier.deliver() == 0
    desk.outbox.recover(desk.now)
    courier.deliver()
    keys += [message.key for message in post.sent]
    assert len(keys) == 1 + sent_before
    assert len(set(keys)) == 1


def test_two_couriers_never_take_the_same_message(ward: Make) -> None:
    desk = ward({"id": "duty", "channels": [f"json://127.0.0.1:9/{n}" for n in range(40)]})
    desk.open("T1")
    desk.announce()
    posts = [Post(), Post()]
    threads = [threading.Thread(target=_courier(desk, post).deliver) for post in posts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sent = [message.key for post in posts for message in post.sent]
    assert sorted(sent) == sorted(set(sent))
    assert len(sent) == 40


def test_one_channel_that_fails_holds_no_other_up(ward: Make, hook: Hook) -> None:
    desk = ward({"id": "duty", "channels": ["json://127.0.0.1:9/dead", "${NOT_SET}", hook.url]})
    desk.open("T1")
    desk.announce()
    _courier(desk, by_apprise({})).deliver()
    found = {m.channel: (m.status, m.error) for m in desk.outbox.messages()}
    assert found[hook.url] == (Delivery.SENT, None)
    assert found["${NOT_SET}"] == (Delivery.WAITING, "environment variable NOT_SET is not set")
    assert found["json://127.0.0.1:9/dead"][0] is Delivery.WAITING


def test_from_a_warning_to_two_real_servers_on_its_own_thread(
    ward: Make, hook: Hook, mailbox: Mailbox
) -> None:
    mail = f"mailto://127.0.0.1:{mailbox.port}?from=ioc@city.example&to=duty@city.example&mode=insecure"
    desk = ward(
        {"id": "duty", "channels": [hook.url]}, {"id": "office", "channels": [mail], "language": "en"}
    )
    courier = _courier(desk, by_apprise({}))
    courier.start()
    desk.open("T1", "T2")
    courier.wake()
    assert hook.arrived.wait(20)
    courier.stop()
    assert "2 cảnh báo" in hook.posts[0]["title"]
    assert [str(mail["Subject"]) for mail in mailbox.mails] == [
        "[Serious] 2 warnings: 2 new – District One, District Two"
    ]


def test_a_database_that_is_away_for_a_while_ends_nothing(
    ward: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = ward({"id": "duty"} | HOOK)
    post = Post()
    announcer = Announcer(desk.city, desk.state, link)
    courier = Courier(announcer, desk.outbox, post, lambda: desk.now)
    failed = threading.Event()
    announce = announcer.announce

    def away(now: dt.datetime) -> object:
        if not failed.is_set():
            failed.set()
            raise OperationalError("select", None, Exception("gone"))
        return announce(now)

    monkeypatch.setattr(announcer, "announce", away)
    desk.open("T1")
    courier.start()
    assert failed.wait(20)
    while not post.sent:
        courier.wake()
        threading.Event().wait(0.01)
    courier.stop()
    assert len(post.sent) == 1
    assert all(name.startswith("notice") for name in post.threads)


def test_a_channel_that_hangs_holds_up_neither_others_nor_what_comes_later(ward: Make) -> None:
    """However much waits for it: what is told by another channel in the meantime goes out at once."""
    hanging, calm = "json://127.0.0.1:9/hangs", "json://127.0.0.1:9/calm"
    desk = ward(
        {"id": "duty", "channels": [calm], "areas": ["T2"]},
        *({"id": f"office_{number}", "channels": [hanging], "areas": ["T1"]} for number in range(12)),
    )
    began, go_on, later = threading.Event(), threading.Event(), threading.Event()
    sent: list[str] = []

    def send(message: Message) -> str | None:
        if message.channel == hanging:
            began.set()
            assert go_on.wait(20)
        sent.append(message.channel)
        if message.channel == calm:
            later.set()
        return None

    courier = _courier(desk, send)
    desk.open("T1")
    courier.start()
    try:
        assert began.wait(20)
        desk.open("T2")
        courier.wake()
        assert later.wait(10)
        assert sent == [calm]
    finally:
        go_on.set()
        while len(sent) < 13:
            threading.Event().wait(0.01)
        courier.stop()
    assert sorted(sent) == sorted([calm, *[hanging] * 12])
    assert {item.status for item in desk.outbox.messages()} == {Delivery.SENT}


def test_what_nobody_foresaw_does_not_end_the_notices(
    ward: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The courier's thread is the only one that tells anybody: a slip in it must not silence a city."""
    desk = ward({"id": "duty"} | HOOK)
    post = Post()
    announcer = Announcer(desk.city, desk.state, link)
    courier = Courier(announcer, desk.outbox, post, lambda: desk.now)
    failed = threading.Event()
    announce = announcer.announce

    def slip(now: dt.datetime) -> object:
        if not failed.is_set():
            failed.set()
            raise KeyError("a rule that is gone")
        return announce(now)

    monkeypatch.setattr(announcer, "announce", slip)
    desk.open("T1")
    courier.start()
    thread = next(thread for thread in threading.enumerate() if thread.name == "notices")
    assert failed.wait(20)
    while not post.sent and thread.is_alive():
        courier.wake()
        threading.Event().wait(0.01)
    courier.stop()
    assert len(post.sent) == 1
    assert "a rule that is gone" in caplog.text


def test_once_a_day_what_is_long_over_is_forgotten_and_the_rest_goes_on(ward: Make) -> None:
    desk = ward({"id": "duty"} | HOOK)
    post = Post()
    courier = _courier(desk, post)

    def turn() -> int:
        courier.look()
        tried = courier.deliver()
        courier.tidy()
        return tried

    desk.open("T1", "T2")
    turn()
    desk.after(days=1)
    desk.close("T1")
    turn()
    told = [n.kind for n in desk.outbox.notices()]
    assert told == ["opened", "opened", "resolved"]
    keep = desk.city.head.warnings.keep_notices
    desk.now += keep - dt.timedelta(hours=1)
    turn()
    assert len(desk.outbox.notices()) == 3
    desk.after(hours=2)
    turn()
    assert len(desk.outbox.notices()) == 3, "it was tidied two hours ago"
    desk.after(hours=23)
    turn()
    # T2 stands, and its end is told to whom its beginning was: nobody knows T1 any more, nor is told anew.
    assert [(n.area, n.kind) for n in desk.outbox.notices()] == [("T2", "opened")]
    desk.close("T2")
    assert turn() == 1
    assert [(n.area, n.kind, n.action) for n in desk.outbox.notices()] == [
        ("T2", "opened", "send"), ("T2", "resolved", "send"),
    ]  # fmt: skip
    assert len(desk.outbox.messages()) == 2


def test_a_recipient_is_asked_for_by_name_whatever_offices_they_have(ward: Make) -> None:
    desk = ward({"id": "office", "each": "district"} | HOOK, {"id": "duty"} | HOOK)
    desk.open("T1")
    desk.open("T2")
    desk.announce()
    assert {item.office for item in desk.outbox.messages(office="office")} == {"office@T1", "office@T2"}
    assert {item.office for item in desk.outbox.notices(office="office")} == {"office@T1", "office@T2"}
    assert [item.office for item in desk.outbox.messages(office="office@T2")] == ["office@T2"]
    assert [item.office for item in desk.outbox.messages(office="duty")] == ["duty"]
