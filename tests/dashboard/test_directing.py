"""Forms of directives do what they ask for or say what is missing; their screens tell what stands."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from plotly.io.json import to_json_plotly

from dashboard.components.directive_form import RESULTS, choices_of
from dashboard.directives.about import About, about_of
from dashboard.directives.book import DirectiveBook
from dashboard.directives.directing import Issue, Told, due_at, issue, tell
from dashboard.directives.units import units_for
from dashboard.i18n import words_in
from dashboard.screens import render
from tests.dashboard.conftest import NOW
from warehouse.state import PRIORITIES, Figure, Order, Result, State

if TYPE_CHECKING:
    from config import City
    from dashboard.context import ScreenContext

DAY = dt.timedelta(days=1)


def text_of(tree: Any) -> str:
    """All that a screen sends."""
    return json.dumps(json.loads(str(to_json_plotly(tree))), ensure_ascii=False)


MONTH = dt.date(2026, 6, 1)
DISTRICT = "760"
UNIT = f"district_office@{DISTRICT}"


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    state = State.open(f"sqlite:///{tmp_path}/state.sqlite")
    yield state
    state.close()


def about(city: City) -> About:
    return About(
        DISTRICT, "hotline_on_time", "month", MONTH, domain=city.indicators["hotline_on_time"].domain
    )


def ask(city: City, state: State, **given: Any) -> tuple[str, bool]:
    due = (NOW.astimezone(city.zone).date() + 7 * DAY).isoformat()
    form = {"text": "Xử lý dứt điểm", "unit": UNIT, "due": due, "who": "Lan"}
    asked = Issue(**{"about": about(city).written(), **form, **given})
    return issue(city, state, None, asked, lambda _: 81.25, NOW, "en")


def say(city: City, state: State, action: str, **given: str) -> tuple[str, bool]:
    asked = Told(1, action, **{"who": "Lan", "text": "xong", **given})
    return tell(city, state, None, asked, NOW, "en")


def test_what_a_form_is_about_is_read_as_it_was_written(city: City) -> None:
    whole = replace(about(city), warning=7, task="Đ1 & 2")
    assert about_of(city, whole.written()) == whole
    hourly = next(one for one in city.indicators.values() if "hour" in one.periods)
    moment = About(DISTRICT, hourly.id, "hour", dt.datetime(2026, 6, 1, 7), domain=hourly.domain)  # noqa: DTZ001
    assert about_of(city, moment.written()) == moment
    assert about_of(city, "area=nowhere") is None
    assert about_of(city, "area=760&indicator=nothing&period=day&start=2026-06-01") == About(DISTRICT)


def test_a_directive_keeps_the_figure_as_the_warehouse_has_it(city: City, state: State) -> None:
    assert ask(city, state, joining="health_department", priority="urgent") == (
        "Directive 1 was issued.",
        True,
    )
    (made,) = state.directives.all(areas=None)
    order = made.order
    assert order.figure == Figure("hotline_on_time", "month", dt.datetime(2026, 6, 1), 81.25)  # noqa: DTZ001
    assert (order.area, order.unit, order.joining) == (DISTRICT, UNIT, ("health_department",))
    assert (order.domain, order.priority) == ("feedback", "urgent")
    due = order.due_at.astimezone(city.zone)
    assert (due.hour, due.minute) == (17, 0), "until the working day is over"


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"text": ""}, "directive.needs_text"),
        ({"who": ""}, "action.needs_name"),
        ({"unit": ""}, "directive.needs_unit"),
        ({"unit": "nobody"}, "directive.needs_unit"),
        ({"due": ""}, "directive.needs_due"),
        ({"due": "2020-01-01"}, "directive.needs_due"),
        ({"priority": "at once"}, "directive.refused"),
        ({"about": "area=nowhere"}, "directive.refused"),
        ({"about": f"area={DISTRICT}&warning=99"}, "directive.refused"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_issued(
    city: City, state: State, given: dict[str, str], word: str
) -> None:
    assert ask(city, state, **given) == (words_in("en")(word), False)
    assert state.audit() == []


def test_every_choice_of_the_form_does_what_it_says(city: City, state: State) -> None:
    ask(city, state)
    done = (words_in("en")("action.done"), True)
    later = (NOW.astimezone(city.zone).date() + 20 * DAY).isoformat()
    assert say(city, state, "report", progress="40", evidence="https://vi.du") == done
    assert say(city, state, "ask", until=later) == done
    assert choices_of(state.directives.find(1, areas=None))[:2] == ["extend", "refuse"]
    assert say(city, state, "extend", text="") == done
    assert state.directives.find(1, areas=None).order.due_at == due_at(city, later)
    assert say(city, state, "close:done", text="") == done
    assert choices_of(state.directives.find(1, areas=None)) == ["comment", "reopen"]
    assert say(city, state, "comment") == done
    assert say(city, state, "reopen") == done
    assert say(city, state, "close:partly") == done
    assert [e.action for e in state.directives.history(1, areas=None)] == [
        *("issue", "report", "ask", "extend", "close", "comment", "reopen", "close"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("action", "given", "word"),
    [
        ("report", {"progress": "40", "who": ""}, "action.needs_name"),
        ("report", {"progress": "40", "text": ""}, "directive.needs_words"),
        ("report", {"progress": "most"}, "directive.needs_progress"),
        ("report", {"progress": "101"}, "directive.needs_progress"),
        ("ask", {"until": "soon"}, "directive.needs_due"),
        ("ask", {"until": "2020-01-01"}, "directive.not_so"),
        ("extend", {}, "directive.not_so"),
        ("close:done", {"who": "Minh"}, "directive.not_so"),
        ("close:well", {}, "directive.not_so"),
        ("reopen", {}, "directive.not_so"),
        ("burn", {}, "directive.not_so"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_done(
    city: City, state: State, action: str, given: dict[str, str], word: str
) -> None:
    ask(city, state)
    assert say(city, state, action, **given) == (words_in("en")(word), False)
    assert len(state.audit()) == 1


def test_one_that_is_gone_is_said(city: City, state: State) -> None:
    assert say(city, state, "comment") == (words_in("en")("directive.gone"), False)


def test_the_form_and_the_state_know_the_same_words() -> None:
    assert set(RESULTS) == {result.value for result in Result}
    assert PRIORITIES == ("normal", "high", "urgent")


def test_units_are_those_of_the_area_those_above_and_those_right_below(city: City) -> None:
    day = NOW.date()
    of_city = [office.key for office in units_for(city, city.areas.root.code, day)]
    assert "health_department" in of_city
    assert UNIT in of_city
    assert not any(key.startswith("ward_office@") for key in of_city)
    of_district = [office.key for office in units_for(city, DISTRICT, day)]
    assert [key for key in of_district if key.startswith("district_office@")] == [UNIT]
    wards = [key for key in of_district if key.startswith("ward_office@")]
    assert len(wards) == len(city.areas.children(DISTRICT, day))


@pytest.fixture
def desk(city: City, state: State, context: Callable[..., ScreenContext]) -> Callable[..., ScreenContext]:
    """Screens over three directives: one in time, one overdue, one closed late."""
    kept, root = state.directives, city.areas.root.code
    start = dt.datetime(2026, 5, 1)  # noqa: DTZ001
    figure = Figure("hotline_on_time", "month", start, 81.25)
    for days, area in ((9, DISTRICT), (-2, root), (-5, DISTRICT)):
        order = Order(f"Việc {days}", area, UNIT, NOW + days * DAY, domain="feedback", figure=figure)
        kept.issue(order, "Lan", NOW - 20 * DAY, areas=None)
    kept.report(1, "Minh", "Đã họp", 30, NOW - DAY, evidence="javascript:alert(1)", areas=None)
    kept.close(3, Result.DONE, "Lan", "", NOW - DAY, areas=None)

    def make(kind: str, target: str = "", **params: str) -> ScreenContext:
        book = DirectiveBook(city, state.directives, None, NOW)
        return context(kind, target, "vi", params, directives=book)

    return make


def test_the_desk_lists_what_is_asked_for(desk: Callable[..., ScreenContext]) -> None:
    def listed(**params: str) -> list[str]:
        text = text_of(render(desk("directives", **params)))
        return [days for days in ("9", "-2", "-5") if f"Việc {days}" in text]

    assert listed() == ["9", "-2"]
    assert listed(status="overdue") == ["-2"]
    assert listed(status="closed") == ["-5"]
    assert listed(area=DISTRICT) == ["9"]
    assert listed(unit="nobody") == []
    assert listed(domain="feedback") == ["9", "-2"]


def test_a_page_tells_the_figure_then_and_now_and_what_was_done(desk: Callable[..., ScreenContext]) -> None:
    tree = render(desk("directive", "1"))
    text = text_of(tree)
    assert re.search(r"81,[23]\W{0,6}%", text)
    assert "Khi chỉ đạo (Tháng 5" in text
    assert "báo cáo, tiến độ 30%" in text
    assert '"href": "javascript' not in text
    assert "Hoàn thành" in text_of(render(desk("directive", "3")))
    assert words_in("vi")("directive.gone") in text_of(render(desk("directive", "77")))


def test_what_is_being_done_stands_beside_the_figure_and_is_counted_in_the_menu(
    desk: Callable[..., ScreenContext],
) -> None:
    text = text_of(render(desk("indicator", "hotline_on_time", area=DISTRICT, period="month")))
    assert "Việc 9" in text
    assert "Việc -2" not in text, "that one is about the whole city"
    (badge,) = re.findall(r'"children": "(\d+)"[^{}]*"className": "count"', text)
    assert badge == "1"
