"""What a form of the warnings desk asks for is done, or refused with a sentence that helps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dashboard.components.causes import cause_card, causes
from dashboard.components.handling import choices_of, form, handled
from dashboard.i18n import words_in
from dashboard.screens.wall import _calls
from dashboard.warnings.actions import Asked, handle, handle_all
from dashboard.warnings.alerts import Alert, alerts_from
from warehouse.state import Earlier, Episode, Evaluation, Event, Kind, Outcome, State, Status

if TYPE_CHECKING:
    from config import City
    from dashboard.context import ScreenContext

NOON = dt.datetime(2024, 5, 6, 12, tzinfo=dt.UTC)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    state = State.open(f"sqlite:///{tmp_path}/state.sqlite")
    texts: dict[str, str] = {"en": "Late"}
    episodes = [
        Episode("late", area, Kind.LIMIT, "serious", Status.FIRING, NOON, NOON, 2.0, 1.0, texts, {})
        for area in ("a1", "a2")
    ]
    state.record(Evaluation(NOON, episodes=episodes))
    yield state
    state.close()


def ask(city: City, state: State, action: str, **more: Any) -> tuple[str, bool]:
    asked = Asked(**{"warning": 1, "action": action, "who": "Lan", **more})
    return handle(city, state, None, asked, NOON, "en")


def test_every_form_does_what_it_says(city: City, state: State) -> None:
    done = (words_in("en")("action.done"), True)
    assert ask(city, state, "acknowledge") == done
    assert ask(city, state, "comment", comment="on the way") == done
    assert ask(city, state, "assign", other="Team 1") == done
    assert ask(city, state, "silence", choice="4h", comment="works") == done
    assert ask(city, state, "close", choice="duplicate", other="2") == done
    assert ask(city, state, "reopen", comment="not the same") == done
    assert (
        ask(city, state, "close", choice="false", other="2", comment="sensor") == done
    )  # the number is not asked for
    assert [a.action for a in reversed(state.audit())] == [
        "acknowledge", "comment", "assign", "add", "close", "reopen", "close",
    ]  # fmt: skip
    (silence,) = state.silences.all()
    assert (silence.rule, silence.area, silence.until) == ("late", "a1", NOON + dt.timedelta(hours=4))


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        ({"action": "acknowledge", "who": ""}, "needs_name"),
        ({"action": "comment"}, "needs_comment"),
        ({"action": "assign"}, "needs_to"),
        ({"action": "silence", "choice": "1h"}, "needs_reason"),
        ({"action": "reopen"}, "needs_reason"),
        ({"action": "close", "choice": "duplicate", "other": ""}, "needs_number"),
        ({"action": "close", "choice": "duplicate", "other": "two"}, "needs_number"),
        ({"action": "close", "choice": "duplicate", "other": "1"}, "refused"),
        ({"action": "close", "choice": "duplicate", "other": "77"}, "gone"),
        ({"action": "reopen", "comment": "x"}, "refused"),
        ({"action": "silence", "choice": "9y", "comment": "x"}, "refused"),
        ({"action": "acknowledge", "warning": 77}, "gone"),
        ({"action": "rebase", "choice": "moved"}, "needs_reason"),
        ({"action": "rebase", "choice": "moved", "comment": "x"}, "refused"),  # it tells of no shift
        ({"action": "rebase", "choice": "lost", "comment": "x"}, "refused"),
        ({"action": "unbase", "comment": "x"}, "refused"),
    ],
)
def test_what_is_missing_or_cannot_be_is_said_and_nothing_is_done(
    city: City, state: State, asked: dict[str, Any], word: str
) -> None:
    assert ask(city, state, **asked) == (words_in("en").of("action", word), False)
    assert state.audit() == []
    assert state.silences.all() == []


def test_several_warnings_are_dealt_with_at_once_each_as_it_stands(city: City, state: State) -> None:
    def both(action: str, **more: Any) -> tuple[str, bool]:
        wanted = [Asked(**{"warning": n, "action": action, "who": "Lan", **more}) for n in (1, 2)]
        return handle_all(city, state, None, wanted, NOON, "en")

    assert handle_all(city, state, None, [], NOON, "en") == (words_in("en")("action.gone"), False)
    assert both("comment") == (words_in("en")("action.needs_comment"), False)
    assert both("acknowledge") == ("Recorded for 2 warnings.", True)
    assert ask(city, state, "close", choice="true")[1]
    some = "Recorded for 1 of 2; the others do not allow it as they stand."
    assert both("close", choice="false") == (some, True)
    assert both("reopen", comment="not over yet") == ("Recorded for 2 warnings.", True)
    assert both("reopen", comment="once more") == (words_in("en")("action.refused"), False)


def test_a_shift_is_confirmed_and_taken_back(city: City, state: State) -> None:
    rule = next(rule for rule in city.rules.values() if rule.indicator is not None)
    texts, evidence = {"en": "Another level"}, {"began": "2024-03-04T00:00:00"}
    told = Episode(rule.id, "a1", Kind.LIMIT, "watch", Status.FIRING, NOON, NOON, 2.0, 1.0, texts, evidence)
    state.record(Evaluation(NOON, episodes=[told]))
    done = (words_in("en")("action.done"), True)
    assert ask(city, state, "rebase", warning=3, choice="moved", comment="new register") == done
    (level,) = state.new_levels.standing()
    assert (level.indicator, level.began.isoformat()) == (rule.indicator, evidence["began"])
    assert level.earlier is Earlier.MOVED
    assert state.warning(3, areas=None).outcome is Outcome.TRUE
    refused = (words_in("en")("action.refused"), False)
    assert ask(city, state, "rebase", warning=3, choice="cut", comment="once more") == refused
    assert ask(city, state, "unbase", warning=3, comment="a long event") == done
    assert ask(city, state, "rebase", warning=3, choice="cut", comment="for good after all") == done
    assert [level.earlier for level in state.new_levels.standing()] == ["cut"]
    assert [a.action for a in reversed(state.audit())] == ["rebase", "close", "unbase", "rebase"]


def choices(tree: Any) -> list[str]:
    (select,) = [part for part in tree._traverse() if getattr(part, "id", {}).get("type") == "handle-what"]
    assert select.value == select.options[0]["value"]
    return [option["value"] for option in select.options]


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_a_card_offers_what_can_be_done_with_its_warning(
    context: Callable[..., ScreenContext], alert: Callable[..., Alert], lang: str
) -> None:
    ctx = context("warnings", lang=lang)
    over = NOON + dt.timedelta(hours=1)
    close = ["close:true", "close:false", "close:duplicate"]

    def offered(**given: Any) -> list[str]:
        shift = given.pop("shift", "none")
        return choices(form(ctx, 1, [("1", "#1")], choices_of(alert(**given), shift)))

    more = ["assign", *close, "silence:1h", "silence:4h", "silence:1d", "silence:7d"]
    assert offered() == ["acknowledge", "comment", *more]
    rebase = ["rebase:moved", "rebase:cut"]
    assert offered(shift="proposed") == ["acknowledge", "comment", *rebase, *more]
    assert offered(shift="confirmed", closed_at=over, outcome="true") == ["reopen", "unbase"]
    assert offered(taken_at=NOON) == ["comment", *more]
    assert offered(closed_at=over) == close
    assert offered(closed_at=over, outcome="true") == ["reopen"]


def test_what_is_kept_quiet_says_until_when_and_does_not_take_over_the_wall(
    state: State, city: City, context: Callable[..., ScreenContext], alert: Callable[..., Alert]
) -> None:
    rule, area = next(iter(city.rules.values())), city.areas.root
    texts: dict[str, str] = {"en": "Late"}
    episode = Episode(
        rule.id, area.code, Kind.LIMIT, "critical", Status.FIRING, NOON, NOON, 2.0, 1.0, texts, {}
    )
    state.record(Evaluation(NOON, episodes=[episode]))
    hour = dt.timedelta(hours=1)
    state.silences.add(
        area=area.code, ends_at=NOON + hour, reason="x", who="Lan", now=NOON + hour / 2, areas=None
    )

    def until(at: dt.datetime) -> dt.datetime | None:
        warnings = state.warnings(areas={area.code})
        (found,) = alerts_from(city, warnings, state.silences.all(), at)
        return found.quiet_until

    # Before somebody wrote it down, while it runs, when it is over.
    assert [until(NOON + hour * k) for k in (0.2, 0.7, 1.0)] == [None, NOON + hour, None]
    quiet = alert(severity="critical", quiet_until=NOON + hour)
    ctx = context("warnings", lang="en", alerts=[quiet])
    assert "Kept quiet until" in str(cause_card(ctx, causes(ctx, [quiet])[0]).to_plotly_json())
    assert [_calls(a) for a in (quiet, alert(), alert(taken_at=NOON), alert(closed_at=NOON))] == [
        False, True, False, False,
    ]  # fmt: skip


def test_the_story_of_a_warning_is_told_in_words(context: Callable[..., ScreenContext]) -> None:
    ctx = context("warnings", lang="en")
    told = [
        Event(NOON, "Lan", "assign", "", {"to": "Team 1"}),
        Event(NOON, "Lan", "assign", "", {"to": None}),
        Event(NOON, "Lan", "close", "sensor", {"outcome": "duplicate", "duplicate_of": 7}),
        Event(NOON, "", "escalate", "", {"step": 1}),
        Event(NOON, "", "severity", "", {"before": "watch", "after": "critical"}),
        Event(NOON, "Lan", "rebase", "", {"began": "2024-03-04T00:00:00", "earlier": "moved"}),
        Event(NOON, "Lan", "unbase", "", {}),
    ]
    said = [handled(ctx, event).to_plotly_json()["props"]["children"][1].children for event in told]
    assert [[getattr(part, "children", part) for part in line][:-1] for line in said] == [
        ["Lan", " ", "assigned it to Team 1"],
        ["Lan", " ", "assigned it to nobody"],
        ["Lan", " ", "closed it: duplicate of 7"],
        ["Not acknowledged in time, the next in line is told"],
        ["Severity now: Critical"],
        ["Lan", " ", "confirmed the new level since 4 Mar 2024"],
        ["Lan", " ", "took the new level back"],
    ]
