"""Programmes on screen: what is attained, whose tasks are late, filters in the address, one task in full."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any

import pytest
from plotly.io.json import to_json_plotly

from config import City
from config.models import Programme
from dashboard.context import ScreenContext
from dashboard.programmes import Board
from dashboard.screens import render
from tests.dashboard.conftest import NOW, Synthetic
from warehouse.programmes import Cell, Entry, Owned, Report

Make = Callable[..., ScreenContext]
TODAY = dt.date(2026, 11, 23)


@dataclass
class Ledger:
    """Answers like a ProgrammeReader; remembers what was asked of it."""

    city: City
    empty: bool = False

    def __post_init__(self) -> None:
        self.asked: dict[str, Any] = {}

    def cells(self, programme: Programme, _: dt.date) -> list[Cell]:
        areas = [] if self.empty else self.city.areas.at(programme.level, TODAY)
        return [
            Cell(one.id, area.code, len(one.tasks), place % (len(one.tasks) + 1), place == 0, 0, place == 1)
            for one in programme.criteria
            for place, area in enumerate(areas)
        ]

    def owners(self, programme: Programme, _day: dt.date, areas: Sequence[str]) -> list[Owned]:
        return [Owned(one.id, 10 * len(areas), 4, 3, 2, 41) for one in programme.owners]

    def entries(
        self, programme: Programme, _: dt.date, areas: Sequence[str], **given: Any
    ) -> tuple[list[Entry], int]:
        self.asked = {"areas": list(areas), **given}
        return [self._entry(programme, areas[0], k) for k in range(4)], 9

    def entry(self, programme: Programme, _: dt.date, entry_id: str) -> Entry | None:
        late = entry_id.endswith(".late")
        return self._entry(programme, "79", 0 if late else 3) if entry_id.startswith("79.") else None

    def milestones(self, programme: Programme, _: dt.date) -> dict[str, Entry]:
        first = self._entry(programme, self.city.areas.root.code, 3)
        return {one.id: first for one in programme.milestones[:1]}

    def reports(self, *_: object) -> list[Report]:
        return [Report(NOW.replace(tzinfo=None), "running", 45, "Tổ <công nghệ>", "đang làm")]

    def _entry(self, programme: Programme, area: str, place: int) -> Entry:
        criterion, task = programme.tasks[0]
        state = ("overdue", "running", "waiting", "done")[place]
        done = TODAY if state == "done" else None
        return Entry(
            f"{area}.{task.id}", task.id, criterion.id, task.owner, "Tổ", area, dt.date(2026, 10, 1), None,
            done, 100 if done else 35, "javascript:alert(1)" if done else None, done, state,  # type: ignore[arg-type]
        )  # fmt: skip


@pytest.fixture
def ledger(city: City, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    made = Ledger(city)
    monkeypatch.setattr(Synthetic, "programmes", made, raising=False)
    return made


def told(ctx: ScreenContext) -> str:
    return unescape(json.dumps(json.loads(str(to_json_plotly(render(ctx)))), ensure_ascii=False))


@pytest.mark.usefixtures("ledger")
@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_programme_shows_its_criteria_owners_and_milestones(
    lang: str, city: City, context: Make
) -> None:
    listed = told(context("programmes", lang=lang))
    for programme in city.programmes.values():
        assert programme.name.get(lang) in listed
        text = told(context("programme", programme.id, lang))
        names = [one.name for one in (*programme.owners, *programme.groups)]
        names += [one.name for one in programme.criteria] + [one.name for one in programme.milestones]
        for name in names:
            assert name.get(lang) in text
        assert ("Sample criteria" if lang == "en" else "Bộ tiêu chí mẫu") in text
        assert "NaN" not in text


def test_the_address_chooses_areas_owner_state_and_criteria(
    city: City, context: Make, ledger: Ledger
) -> None:
    programme = next(p for p in city.programmes.values() if p.level != city.levels[0])
    area, group = city.areas.at(programme.level, TODAY)[3].code, programme.groups[2].id
    told(context("programme", programme.id))
    assert ledger.asked["state"] == "overdue"
    assert len(ledger.asked["areas"]) == len(city.areas.at(programme.level, TODAY))
    params = {"area": area, "group": group, "state": "every", "owner": programme.owners[1].id}
    text = told(context("programme", programme.id, params=params))
    assert ledger.asked == {
        "areas": [area],
        "criteria": [one.id for one in programme.criteria if one.group == group],
        "owner": programme.owners[1].id,
        "state": "",
        "limit": 60,
    }
    assert f"area={area}&owner={programme.owners[1].id}" in text, "other filters keep what is chosen"
    told(context("programme", programme.id, params={"area": "nowhere", "state": "odd"}))
    assert ledger.asked["state"] == "overdue"


@pytest.mark.usefixtures("ledger")
def test_one_task_is_shown_with_its_history_and_no_link_that_is_none(city: City, context: Make) -> None:
    programme = next(iter(city.programmes.values()))
    text = told(context("programme", programme.id, params={"entry": "79.one"}))
    assert "đang làm" in text
    assert 'href="javascript' not in text.replace("\\\\", "")
    assert '"href": "javascript' not in text
    missing = told(context("programme", programme.id, params={"entry": "80.one"}))
    assert "Không tìm thấy nhiệm vụ này" in missing


@pytest.mark.usefixtures("ledger")
def test_a_directive_can_be_issued_about_a_task_that_is_not_done(city: City, context: Make) -> None:
    programme = next(iter(city.programmes.values()))
    late = told(context("programme", programme.id, params={"entry": "79.late"}))
    assert f"task={programme.id}%2F79.{programme.tasks[0][1].id}" in late
    assert "directive-issue" not in told(context("programme", programme.id, params={"entry": "79.one"}))


def test_before_anything_came_the_screen_says_so(city: City, context: Make, ledger: Ledger) -> None:
    ledger.empty = True
    for programme in city.programmes.values():
        assert "notice-empty" in told(context("programme", programme.id))


def test_a_score_weighs_criteria_and_takes_an_indicator_as_near_as_it_comes(city: City) -> None:
    programme = next(
        p for p in city.programmes.values() if any(c.attained.by == "indicator" for c in p.criteria)
    )
    by_tasks = next(c for c in programme.criteria if c.attained.by == "tasks")
    by_value = next(c for c in programme.criteria if c.attained.by == "indicator")
    assert by_value.attained.by == "indicator"
    floor = by_value.attained.at_least
    assert floor is not None
    area = city.areas.at(programme.level)[0]
    reader = Synthetic(city)
    value = reader.value(by_value.attained.indicator, area.code, "month", dt.date(2026, 10, 1))
    assert value is not None
    cells = {(by_tasks.id, area.code): Cell(by_tasks.id, area.code, 4, 3, 1, 0, 0)}
    near = Board(programme, [area], cells, {(by_value.id, area.code): value._replace(value=floor / 2)})
    assert near.attained(by_tasks, area.code) == 0.75
    assert near.attained(by_value, area.code) == 0.5
    weights = by_tasks.weight + by_value.weight
    wanted = (0.75 * by_tasks.weight + 0.5 * by_value.weight) / weights
    assert near.score([by_tasks, by_value], [area.code]) == pytest.approx(wanted)
    over = Board(programme, [area], cells, {(by_value.id, area.code): value._replace(value=2 * floor)})
    assert over.attained(by_value, area.code) == 1
    assert over.whole([area.code]) == (1, len(programme.criteria))
    assert over.score([programme.criteria[-1]], [area.code]) is None
