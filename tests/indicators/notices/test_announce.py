"""From warnings in the state to decisions and messages: who is told what, together with what, and why not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from sqlalchemy.exc import OperationalError

from config import City
from indicators.notices.announce import Announcer
from indicators.notices.decide import Action, Reason
from indicators.notices.obstacles import Ending
from tests.indicators.notices.conftest import NOON, Ward, link
from warehouse.state import Delivery, Kind, Message, Outcome, Standing

Make = Callable[..., Ward]
HOOK = {"channels": ["json://127.0.0.1:9/hook"]}
FOUR_HOURS = {"serious": dt.timedelta(hours=4)}


def test_one_evaluation_is_one_message_and_never_told_twice(ward: Make) -> None:
    desk = ward({"id": "duty"} | HOOK)
    desk.open("T1", "T2")
    told = desk.announce()
    assert told.decisions == {(Action.SEND, Reason.NEW): 2}
    (message,) = desk.outbox.messages()
    assert "2 cảnh báo: 2 mới – Quận Một, Quận Hai" in message.subject
    assert desk.announce().decisions == {}
    assert len(desk.outbox.messages()) == 1
    assert {notice.bundle for notice in desk.outbox.notices()} == {message.bundle}


@pytest.mark.parametrize(
    ("by", "messages"), [([], 1), (["area"], 2), (["rule"], 2), (["area", "rule"], 3), (["domain"], 2)]
)
def test_messages_are_grouped_as_the_recipient_wants(ward: Make, by: list[str], messages: int) -> None:
    """Late in T1 and T2 (feedback), a silent feed in T1 (of no domain)."""
    desk = ward({"id": "duty", "group": {"by": by}} | HOOK)
    desk.open("T1", "T2")
    desk.open("T1", rule="silent")
    desk.announce()
    assert len(desk.outbox.messages()) == messages


def test_a_cause_that_several_areas_share_makes_one_message(ward: Make) -> None:
    desk = ward({"id": "duty", "group": {"by": ["cause"]}} | HOOK)
    desk.open("T1", "T2")
    desk.open("T3", kind=Kind.NO_DATA)
    desk.open("T1", rule="silent")
    desk.announce()
    late, silent = (desk.city.rules[rule] for rule in ("late", "silent"))
    assert {message.topic for message in desk.outbox.messages()} == {
        f"cause={late.indicator}:fall",
        f"cause={late.indicator}:missing",
        f"cause={silent.feed}:rise",
    }


def test_every_channel_and_every_recipient_gets_its_message(ward: Make) -> None:
    two = ["json://127.0.0.1:9/a", "${DUTY_MAIL}"]
    desk = ward({"id": "duty", "channels": two}, {"id": "leaders", "language": "en"} | HOOK)
    desk.open("T1")
    desk.announce()
    found = [(m.office, m.channel, m.language) for m in reversed(desk.outbox.messages())]
    assert found == [
        ("duty", "json://127.0.0.1:9/a", "vi"),
        ("duty", "${DUTY_MAIL}", "vi"),
        ("leaders", "json://127.0.0.1:9/hook", "en"),
    ]


def test_without_a_channel_it_is_written_down_with_its_words(ward: Make) -> None:
    desk = ward({"id": "duty"})
    desk.open("T1")
    desk.announce()
    assert desk.decisions() == [("duty", "opened", "drop", "no_channel")]
    (message,) = desk.outbox.messages()
    assert (message.status, message.due) == (Delivery.NO_CHANNEL, None)
    assert "Quận Một" in message.subject
    assert desk.outbox.due(desk.after(days=9)) == []
    desk.close("T1")
    desk.announce()
    assert desk.decisions()[-1] == ("duty", "resolved", "drop", "no_channel")


def test_the_end_is_told_to_whom_the_beginning_was(ward: Make) -> None:
    desk = ward(
        {"id": "duty"} | HOOK, {"id": "calm", "resolved": False} | HOOK, {"id": "far", "areas": ["T2"]} | HOOK
    )
    desk.open("T1")
    desk.announce()
    desk.after(minutes=10)
    desk.close("T1")
    desk.announce()
    assert desk.decisions() == [
        ("duty", "opened", "send", "new"),
        ("calm", "opened", "send", "new"),
        ("far", "opened", "drop", "out_of_scope"),
        ("duty", "resolved", "send", "resolved"),
        ("calm", "resolved", "drop", "not_wanted"),
        ("far", "resolved", "drop", "out_of_scope"),
    ]


def test_the_end_is_told_although_the_rule_names_others_by_now(ward: Make, tiny: City) -> None:
    desk = ward({"id": "duty"} | HOOK, {"id": "other"} | HOOK, notify=["duty"])
    desk.open("T1")
    desk.announce()
    rules = {id_: rule.model_copy(update={"notify": ("other",)}) for id_, rule in tiny.rules.items()}
    object.__setattr__(desk.city, "rules", rules)
    desk.after(minutes=10)
    desk.close("T1")
    desk.announce()
    assert desk.decisions()[1:] == [
        ("other", "resolved", "drop", "never_told"),
        ("duty", "resolved", "send", "resolved"),
    ]


def test_what_is_over_before_it_can_be_told_is_not_told(ward: Make) -> None:
    desk = ward({"id": "duty"} | HOOK)
    desk.open("T1")
    desk.close("T1")
    desk.announce()
    assert desk.decisions() == [("duty", "opened", "drop", "ended")]


def test_quiet_hours_hold_until_their_end_and_then_tell_at_once(ward: Make) -> None:
    desk = ward({"id": "duty", "quiet": {"from": "21:00", "to": "06:00"}} | HOOK)
    desk.now = NOON + dt.timedelta(hours=11)  # 23:00
    desk.open("T1", "T2")
    desk.announce()
    (notice, _) = desk.outbox.held()
    assert (notice.reason, notice.due) == ("quiet_hours", NOON + dt.timedelta(hours=18))
    desk.announce(NOON + dt.timedelta(hours=14))
    desk.close("T2")
    desk.announce(NOON + dt.timedelta(hours=18))
    assert desk.decisions() == [
        ("duty", "opened", "send", "new"),
        ("duty", "opened", "drop", "ended"),
        ("duty", "resolved", "drop", "never_told"),
    ]
    assert desk.course() == ["quiet_hours", "new"]


def test_what_is_grave_enough_breaks_through(ward: Make) -> None:
    quiet = {"from": "00:00", "to": "23:59", "unless": "critical"}
    desk = ward({"id": "duty", "quiet": quiet} | HOOK)
    desk.open("T1", severity="critical")
    desk.open("T2")
    desk.announce()
    assert desk.decisions() == [
        ("duty", "opened", "send", "new"),
        ("duty", "opened", "hold", "quiet_hours"),
    ]


def test_a_held_warning_that_becomes_graver_is_told_once(ward: Make) -> None:
    desk = ward({"id": "duty", "quiet": {"from": "00:00", "to": "23:59"}} | HOOK)
    (number,) = desk.open("T1")
    desk.announce()
    raise_to(desk, number, "critical")
    desk.announce(desk.after(minutes=1))
    assert desk.decisions() == [("duty", "opened", "send", "new"), ("duty", "raised", "send", "raised")]
    assert len(desk.outbox.messages()) == 1
    assert "Khẩn cấp" in desk.outbox.messages()[0].subject


def raise_to(desk: Ward, warning: int, severity: str) -> None:
    with desk.state._engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE warning SET severity = '{severity}' WHERE id = {warning}")


def test_a_graver_warning_is_told_again(ward: Make) -> None:
    desk = ward({"id": "duty"} | HOOK, {"id": "leaders", "least": "critical"} | HOOK)
    (number,) = desk.open("T1")
    desk.announce()
    raise_to(desk, number, "critical")
    desk.announce(desk.after(minutes=1))
    assert desk.decisions() == [
        ("duty", "opened", "send", "new"),
        ("leaders", "opened", "drop", "out_of_scope"),
        ("duty", "raised", "send", "raised"),
        ("leaders", "raised", "send", "raised"),
    ]


def test_the_next_message_of_a_group_waits_and_gathers(ward: Make) -> None:
    desk = ward({"id": "duty", "group": {"interval": "5m"}} | HOOK)
    desk.open("T1")
    desk.announce()
    desk.after(minutes=2)
    desk.open("T2")
    desk.announce()
    desk.after(minutes=1)
    desk.open("T", rule="silent")
    desk.announce()
    assert [n.due for n in desk.outbox.held()] == [NOON + dt.timedelta(minutes=5)] * 2
    desk.announce(NOON + dt.timedelta(minutes=5))
    assert [m.subject.count("2 cảnh báo") for m in desk.outbox.messages()] == [1, 0]


def test_what_waits_goes_with_a_message_that_cannot_wait(ward: Make) -> None:
    desk = ward({"id": "duty"} | HOOK)
    desk.open("T1")
    desk.announce()
    desk.after(minutes=1)
    desk.open("T2")
    desk.announce()
    assert desk.outbox.held()[0].reason == "grouped"
    desk.open("T", rule="silent", severity="critical")
    desk.announce(desk.after(seconds=1))
    assert desk.outbox.held() == []
    assert [(n.area, n.reason) for n in desk.outbox.notices()] == [
        ("T1", "new"),
        ("T2", "grouped"),
        ("T", "new"),
    ]
    assert len(desk.outbox.messages()) == 2


def test_the_first_of_a_group_may_wait_for_others(ward: Make) -> None:
    desk = ward({"id": "duty", "group": {"wait": "30s"}} | HOOK)
    desk.open("T1")
    desk.announce()
    desk.open("T2")
    desk.announce(desk.after(seconds=20))
    desk.announce(desk.after(seconds=10))
    (message,) = desk.outbox.messages()
    assert "2 cảnh báo" in message.subject


def test_more_than_the_rate_is_gathered_until_there_is_room(ward: Make) -> None:
    rare = {"group": {"interval": "0s", "by": ["area"]}, "rate": {"most": 2, "within": "1h"}}
    desk = ward({"id": "duty"} | rare | HOOK)
    for area, minutes in (("T1", 0), ("T2", 10), ("T", 10)):
        desk.after(minutes=minutes)
        desk.open(area, rule="silent")
        desk.announce()
    (notice,) = desk.outbox.held()
    assert (notice.area, notice.reason, notice.due) == ("T", "rate", NOON + dt.timedelta(hours=1))
    desk.open("T1", severity="critical")
    desk.announce()
    assert len(desk.outbox.messages()) == 3
    desk.announce(NOON + dt.timedelta(hours=1, seconds=1))
    assert [n.reason for n in desk.outbox.held()] == ["rate"]  # the critical one took the room
    desk.announce(NOON + dt.timedelta(hours=1, minutes=10, seconds=1))
    assert desk.outbox.held() == []


def test_a_digest_tells_what_is_new_what_ended_and_what_stands(ward: Make) -> None:
    desk = ward({"id": "office", "digest": {"at": ["07:30"]}} | HOOK)
    desk.open("T1", "T2", severity="watch")
    desk.open("T", rule="silent", severity="serious")
    desk.announce()
    desk.announce(desk.after(hours=2))
    desk.close("T2")
    desk.announce(desk.after(hours=2))
    morning = dt.datetime(2026, 11, 24, 0, 30, tzinfo=dt.UTC)
    assert {n.due for n in desk.outbox.held()} == {morning}
    desk.announce(morning - dt.timedelta(seconds=1))
    assert len(desk.outbox.messages()) == 1
    desk.announce(morning)
    digest, _ = desk.outbox.messages()
    assert digest.subject == "Bản tin cảnh báo 07:30 24/11/2026: 1 mới, 1 đã hết, 1 đang mở"
    assert {(n.kind, n.reason) for n in desk.outbox.notices() if n.bundle == digest.bundle} == {
        ("opened", "digest"), ("resolved", "digest"), ("digest", "digest")
    }  # fmt: skip
    desk.announce(morning + dt.timedelta(minutes=5))
    assert len(desk.outbox.messages()) == 2
    desk.announce(morning + dt.timedelta(days=1))
    assert "2 đang mở" in desk.outbox.messages()[0].subject


def test_an_empty_digest_is_not_sent_and_says_why(ward: Make) -> None:
    desk = ward({"id": "office", "digest": {"at": ["12:00"]}} | HOOK)
    desk.announce()
    assert desk.decisions() == [("office", "digest", "drop", "nothing_new")]


def test_a_digest_that_is_far_too_late_waits_for_the_next(ward: Make) -> None:
    desk = ward({"id": "office", "digest": {"at": ["07:30"]}} | HOOK)
    desk.announce()
    assert desk.decisions() == []


def test_an_office_of_each_area_is_told_of_its_own(ward: Make) -> None:
    own = {"T2": ["json://127.0.0.1:9/two"]}
    desk = ward({"id": "office", "each": "district", "channels_of": own} | HOOK)
    desk.open("T1", "T2")
    desk.open("T", rule="silent")
    desk.announce()
    found = {m.office: m.channel.rpartition("/")[2] for m in desk.outbox.messages()}
    assert found == {"office@T1": "hook", "office@T2": "two", "office": "hook"}
    assert "Quận Hai" in next(m.body for m in desk.outbox.messages() if m.office == "office@T2")


def test_a_warning_that_nobody_took_on_is_repeated(ward: Make) -> None:
    desk = ward({"id": "duty", "group": {"repeat": "4h"}} | HOOK)
    first, second = desk.open("T1", "T2")
    desk.announce()
    desk.announce(desk.after(hours=3, minutes=59))
    desk.state.acknowledge(second, "Hạnh", "", desk.now, areas=None)
    desk.announce(desk.after(minutes=1))
    desk.announce(desk.after(hours=4))
    repeats = [(n.warning, n.key) for n in desk.outbox.notices() if n.kind == "repeated"]
    assert repeats == [(first, f"w{first}:repeated:1:duty"), (first, f"w{first}:repeated:2:duty")]


@dataclass
class Kept:
    """Warnings that a test keeps quiet."""

    silent: dict[str, dt.datetime] = field(default_factory=dict)
    worked: dict[str, dt.datetime] = field(default_factory=dict)
    explained: set[str] = field(default_factory=set)
    endings: list[Ending] = field(default_factory=list)

    def silenced(self, warning: Standing) -> dt.datetime | None:
        return self.silent.get(warning.area)

    def maintained(self, warning: Standing) -> dt.datetime | None:
        return self.worked.get(warning.area)

    def inhibited(self, warning: Standing) -> bool:
        return warning.area in self.explained

    def heard_since(self, warning: Standing) -> dt.datetime:
        return warning.recorded_at

    def ending(self) -> list[Ending]:
        return self.endings


def test_what_is_kept_quiet_is_held_and_told_when_that_ends_and_it_still_stands(ward: Make) -> None:
    desk = ward({"id": "duty"} | HOOK)
    later = NOON + dt.timedelta(hours=2)
    quiet = Kept({"T1": later}, {"T2": later}, {"T"})
    desk.obstacles = quiet
    desk.open("T1", "T2", "T")
    desk.announce()
    assert [n.reason for n in desk.outbox.held()] == ["silenced", "maintenance", "inhibited"]
    quiet.explained.clear()
    desk.announce(desk.after(minutes=10))
    desk.close("T1")
    desk.announce(later)
    assert desk.decisions() == [
        ("duty", "opened", "drop", "ended"),
        ("duty", "opened", "send", "new"),
        ("duty", "opened", "send", "new"),
        ("duty", "resolved", "drop", "never_told"),
    ]


def test_the_end_of_a_silence_is_announced_once(ward: Make) -> None:
    desk = ward({"id": "duty", "language": "en"} | HOOK)
    until = NOON + dt.timedelta(hours=1)
    quiet = Kept({"T1": until})
    desk.obstacles = quiet
    (number,) = desk.open("T1")
    desk.announce()
    quiet.endings.append(Ending(7, number, until, "Hạnh", "road works"))
    desk.announce(desk.after(minutes=1))
    desk.announce(desk.after(minutes=1))
    (message,) = desk.outbox.messages()
    assert "The silence set by Hạnh ends at 13:00 23/11/2026 (reason: road works)." in message.body


def test_a_recipient_who_is_gone_is_dropped_and_not_waited_for(ward: Make) -> None:
    desk = ward({"id": "duty", "group": {"wait": "1h"}} | HOOK)
    desk.open("T1")
    desk.announce()
    object.__setattr__(desk.city, "recipients", {})
    desk.announce(desk.after(hours=2))
    assert desk.decisions() == [("duty", "opened", "drop", "gone")]


def test_a_crash_before_the_end_of_the_transaction_loses_and_doubles_nothing(
    ward: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = ward({"id": "duty"} | HOOK)
    desk.open("T1")
    outbox = desk.outbox
    announcer = Announcer(desk.city, desk.state, link)
    composed: list[str] = []

    def die(*given: object) -> None:
        composed.extend(message.key for message in given[-1] if isinstance(message, Message))  # type: ignore[attr-defined]
        raise OperationalError("commit", None, Exception("power cut"))

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "commit", die)
        with pytest.raises(OperationalError):
            announcer.announce(desk.now)
    assert desk.outbox.notices() == []
    announcer.announce(desk.after(seconds=9))
    announcer.announce(desk.after(seconds=9))
    assert [message.key for message in desk.outbox.messages()] == composed


def test_what_is_told_follows_from_the_state_however_often_one_looks(ward: Make) -> None:
    """Looking after each step, and looking at other moments besides, tells the same."""
    told = []
    for looks in (1, 3):
        desk = ward({"id": "duty", "quiet": {"from": "13:00", "to": "14:00"}} | HOOK)
        for step in range(20):
            if step % 3 == 0:
                desk.open("T1")
            elif step % 3 == 2:
                desk.close("T1")
            for _ in range(looks):
                desk.announce(desk.after(seconds=600 // looks))
        told.append(
            [
                (n.kind, n.area, n.reason)
                for n in desk.outbox.notices()
                if n.action == "send" or n.reason == "ended"
            ]
        )
    assert told[0] == told[1]


def test_what_nobody_takes_on_goes_to_the_next_in_line(ward: Make) -> None:
    """Serious warnings after 4 hours each; whoever has nobody to follow is told again, once."""
    desk = ward(
        {"id": "office", "escalates_to": "duty"} | HOOK,
        {"id": "duty", "escalates_to": "leaders"} | HOOK,
        {"id": "leaders"} | HOOK,
        {"id": "press"} | HOOK,
        notify=["office", "press"],
        escalate=FOUR_HOURS,
    )
    first, second = desk.open("T1", "T2")
    desk.announce()
    desk.state.acknowledge(second, "Hạnh", "", desk.after(hours=1), areas=None)
    for _ in range(30):
        desk.announce(desk.after(minutes=30))
    told = [(n.office, n.warning, (n.at - NOON) // dt.timedelta(hours=1)) for n in desk.outbox.notices()[4:]]
    assert told == [("duty", first, 4), ("press", first, 4), ("leaders", first, 8)]
    assert {n.reason for n in desk.outbox.notices()[4:]} == {"escalated"}
    assert [e.action for e in desk.state.history(first, areas=None)][-2:] == ["escalate", "escalate"]


def test_a_silence_holds_notices_and_escalation_and_is_announced_before_it_ends(ward: Make) -> None:
    desk = ward({"id": "duty"} | HOOK, escalate=FOUR_HOURS)
    desk.state.silences.add(
        ends_at=NOON + dt.timedelta(hours=6), reason="đào đường", who="Hạnh", now=NOON, areas=None, area="T1"
    )
    desk.open("T1", "T2")
    for _ in range(60):
        desk.announce()
        desk.after(minutes=10)
    assert [
        (n.area, n.kind, n.reason, (n.decided_at - NOON).total_seconds() / 3600)
        for n in desk.outbox.notices()
    ] == [
        ("T1", "opened", "new", 6),
        ("T2", "opened", "new", 0),
        ("T2", "escalated", "escalated", 4),
        ("T1", "silence_ends", "silence_ends", 5),
    ]
    desk.announce(NOON + dt.timedelta(hours=10))
    assert desk.decisions()[-1] == ("duty", "escalated", "send", "escalated")  # 4 hours after it was heard


def test_work_on_a_feed_holds_what_hangs_on_it(ward: Make) -> None:
    """The rule over an indicator hangs on the feed of its data."""
    desk = ward({"id": "duty"} | HOOK)
    desk.state.maintenance.add(
        ends_at=NOON + dt.timedelta(hours=2),
        reason="nâng cấp",
        who="Hạnh",
        now=NOON,
        areas=None,
        feed="requests",
    )
    desk.open("T1")
    desk.open("T", rule="silent")
    desk.announce()
    assert [n.reason for n in desk.outbox.held()] == ["maintenance", "maintenance"]
    desk.announce(desk.after(hours=2))
    assert desk.outbox.held() == []


def test_a_warning_that_is_explained_waits_for_what_explains_it(ward: Make, tiny: City) -> None:
    """``late`` is inhibited by ``silent``: for the area itself and for those below."""
    rules = dict(tiny.rules)
    rules["late"] = rules["late"].model_copy(update={"inhibited_by": ("silent",)})
    city = replace(tiny, rules=rules)
    desk = ward({"id": "duty"} | HOOK, city=city)
    desk.open("T", rule="silent")
    desk.open("T1", "T2")
    desk.announce()
    assert [(n.area, n.reason) for n in desk.outbox.held()] == [("T1", "inhibited"), ("T2", "inhibited")]
    desk.close("T1")
    desk.announce(desk.after(hours=1))
    desk.close("T", rule="silent")
    desk.announce(desk.after(hours=1))
    assert [(n.area, n.kind, n.reason) for n in desk.outbox.notices()] == [
        ("T1", "opened", "ended"),
        ("T2", "opened", "new"),
        ("T", "opened", "new"),
        ("T1", "resolved", "never_told"),
        ("T", "resolved", "resolved"),
    ]


def test_a_correction_is_told_to_whom_the_warning_was(ward: Make) -> None:
    desk = ward({"id": "duty"} | HOOK, {"id": "far", "areas": ["T2"]} | HOOK)
    (number,) = desk.open("T1")
    desk.announce()
    desk.state.correct(number, {"value": 72.0}, {"value": 93.5}, "nộp muộn", desk.after(days=1), areas=None)
    desk.announce()
    desk.announce(desk.after(hours=1))
    assert desk.decisions()[2:] == [
        ("duty", "corrected", "send", "corrected"),
        ("far", "corrected", "drop", "out_of_scope"),
    ]
    assert "72,0% → 93,5%; nộp muộn" in desk.outbox.messages()[0].body


def test_a_warning_that_a_person_closed_is_told_as_ended_and_not_again_when_reopened(ward: Make) -> None:
    desk = ward({"id": "duty"} | HOOK)
    (number,) = desk.open("T1")
    desk.announce()
    desk.state.conclude(number, Outcome.TRUE, "Hạnh", "xong", desk.after(hours=1), areas=None)
    desk.announce()
    desk.state.reopen(number, "Hạnh", "vẫn còn", desk.after(hours=1), areas=None)
    desk.announce()
    desk.state.conclude(number, Outcome.TRUE, "Hạnh", "xong hẳn", desk.after(hours=1), areas=None)
    desk.announce()
    assert [reason for *_, reason in desk.decisions()] == ["new", "resolved", "resolved"]
    assert "đã được đóng" in desk.outbox.messages()[0].body


def test_a_ring_of_followers_comes_to_an_end(ward: Make) -> None:
    desk = ward(
        {"id": "a", "escalates_to": "b"} | HOOK,
        {"id": "b", "escalates_to": "a"} | HOOK,
        notify=["a"],
        escalate=FOUR_HOURS,
    )
    desk.open("T1")
    for _ in range(40):
        desk.announce(desk.after(hours=1))
    assert [(n.office, n.kind) for n in desk.outbox.notices()] == [("a", "opened"), ("b", "escalated")]
