"""Deadlines that come up: from stored rows to what people are told."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from config.models import Deadline
from indicators.rules.check import check
from indicators.rules.deadlines import reach
from warehouse.areas import sync_areas
from warehouse.facts import day_of, ensure_fact_table

if TYPE_CHECKING:
    from tests.indicators.rules.conftest import World

MONDAY = dt.date(2026, 3, 2)
WHEN = {"type": "deadline", "dataset": "dossiers", "due": "due_at", "done": "finished_at", "within": "24h"}
RULE: dict[str, Any] = {
    "indicator": None,
    "period": None,
    "level": "district",
    "when": WHEN,
    "message": {"vi": "{area}: {value}", "en": "{area}: {value} of {limit} since {since}"},
}
HOUR = dt.timedelta(hours=1)


def open_dossier(
    world: World,
    key: str,
    due: dt.datetime,
    area: str,
    *,
    done: dt.datetime | None = None,
    field: str = "land",
) -> None:
    """One row, handed in long ago."""
    feed = world.city.feeds["dossiers"]
    handed = due - 30 * 24 * HOUR
    moments = {"submitted_at": handed, "due_at": due, "finished_at": done}
    row: dict[str, Any] = {
        "dossier_id": key,
        "procedure_code": "1.001",
        "field": field,
        "service_level": "full",
        "agency_level": "district",
        "online": True,
        "digitised": True,
        "area_code": area,
        "_area": area,
    }
    for name, at in moments.items():
        row[name] = at and at.astimezone(dt.UTC).replace(tzinfo=None)
        row[day_of(name)] = at and at.astimezone(world.city.zone).date()
    with world.store.write() as cursor:
        ensure_fact_table(cursor, feed)
        cursor.execute("DELETE FROM fact_dossiers WHERE dossier_id = ?", [key])
        names = ", ".join(f'"{name}"' for name in row)
        cursor.execute(
            f"INSERT INTO fact_dossiers ({names}) VALUES ({', '.join('?' * len(row))})", list(row.values())
        )


def prepared(world: World, *rules: dict[str, Any]) -> World:
    """A world that knows its areas, under rules over deadlines."""
    sync_areas(world.store, world.city.areas)
    return world.with_rules(*(RULE | rule for rule in rules or [{}]))


def standing(world: World) -> list[tuple[str, float | None]]:
    return [(w.area, w.last_value) for w in world.warnings(open_only=True)]


def test_what_falls_due_in_three_working_days_is_told_with_the_first_rows(world: World) -> None:
    prepared(world)
    now = world.at(MONDAY, 9)
    for number in range(7):
        open_dossier(world, f"D{number}", world.at(MONDAY, 30 + number), "760")
    open_dossier(world, "LATE", world.at(MONDAY, 8), "760")  # overdue already: another rule's matter
    open_dossier(world, "FAR", world.at(MONDAY + dt.timedelta(days=3), 10), "760")
    open_dossier(world, "DONE", world.at(MONDAY, 30), "760", done=now - HOUR)
    open_dossier(world, "OTHER", world.at(MONDAY, 12), "761")
    world.judge(now)
    assert standing(world) == [("760", 7.0), ("761", 1.0)]
    first = world.warnings()[0]
    assert first.message["en"] == "District 1: 7 of 0 since 09:00, 2 Mar 2026"
    assert [row["dossier_id"] for row in first.evidence["rows"]] == ["D0", "D1", "D2", "D3", "D4"]
    assert first.evidence["rows"][0]["due_at"] == world.at(MONDAY, 30).isoformat()


def test_the_edge_belongs_to_it_and_the_weekend_is_passed_over(world: World) -> None:
    prepared(world, {"when": {**WHEN, "within": "8h"}})
    friday = MONDAY + dt.timedelta(days=4)
    monday = friday + dt.timedelta(days=3)
    open_dossier(world, "IN", world.at(monday, 16), "760")
    open_dossier(world, "OUT", world.at(monday, 16) + dt.timedelta(minutes=1), "761")
    world.judge(world.at(friday, 16))
    assert standing(world) == [("760", 1.0)]


def test_hours_of_the_clock(world: World) -> None:
    prepared(world, {"when": {**WHEN, "within": "8h", "working": False}})
    friday = MONDAY + dt.timedelta(days=4)
    open_dossier(world, "IN", world.at(friday, 24), "760")
    open_dossier(world, "OUT", world.at(friday + dt.timedelta(days=3), 16), "761")
    world.judge(world.at(friday, 16))
    assert standing(world) == [("760", 1.0)]


def test_it_follows_the_number_and_ends_when_nothing_is_left(world: World) -> None:
    prepared(world, {"when": {**WHEN, "above": 1}})
    now, due = world.at(MONDAY, 9), world.at(MONDAY, 16)
    for key in "ABC":
        open_dossier(world, key, due, "760")
    world.judge(now)
    open_dossier(world, "D", due, "760")
    world.judge(now + HOUR)
    assert standing(world) == [("760", 4.0)]
    before = world.told()
    world.judge(now + HOUR)  # the same again changes nothing
    assert world.told() == before
    for key in "ABC":
        open_dossier(world, key, due, "760", done=now)
    world.judge(now + 2 * HOUR)
    assert standing(world) == []
    (ended,) = world.warnings()
    assert ended.worst_value == 4.0


def test_rows_lie_in_everything_above_them_and_those_without_area_in_the_city(world: World) -> None:
    ward = next(
        a for a in world.city.areas.at("ward", MONDAY) if "760" in world.city.areas.path(a.code).values()
    )
    prepared(world, *({"id": level, "level": level} for level in ("city", "district", "ward")))
    open_dossier(world, "A", world.at(MONDAY, 12), ward.code)
    open_dossier(world, "B", world.at(MONDAY, 12), "79")
    with world.store.write() as cursor:
        cursor.execute("UPDATE fact_dossiers SET _area = NULL WHERE dossier_id = 'B'")
    world.judge(world.at(MONDAY, 9))
    assert sorted((w.rule, w.area, w.last_value) for w in world.warnings()) == [
        ("city", "79", 2.0),
        ("district", "760", 1.0),
        ("ward", ward.code, 1.0),
    ]
    assert len(world.warnings()[0].evidence["rows"]) == 2


def test_rows_of_a_unit_that_is_gone_lie_in_its_heir(world: World) -> None:
    prepared(world, {"level": "ward"})
    heir = next(
        h for h in world.city.areas.heirs if world.city.areas[h.unit].level == "ward" and h.until > MONDAY
    )
    open_dossier(world, "A", world.at(MONDAY, 12), heir.unit)
    world.judge(world.at(MONDAY, 9))
    assert standing(world) == [(heir.heir, 1.0)]


def test_where_narrows_the_rows(world: World) -> None:
    prepared(world, {"when": {**WHEN, "where": "field = 'construction' or field = 'land' and not online"}})
    open_dossier(world, "A", world.at(MONDAY, 12), "760", field="construction")
    open_dossier(world, "B", world.at(MONDAY, 12), "761", field="land")
    open_dossier(world, "C", world.at(MONDAY, 8), "762", field="construction")  # overdue
    world.judge(world.at(MONDAY, 9))
    assert standing(world) == [("760", 1.0)]


def test_a_day_falls_due_when_its_working_hours_are_over(world: World) -> None:
    condition = Deadline.model_validate({**WHEN, "within": "8h"})
    zone = world.city.zone
    at = world.at(MONDAY, 9).astimezone(zone)
    assert reach(world.city, condition, at, True) == (MONDAY - dt.timedelta(days=1), MONDAY)
    assert reach(world.city, condition, world.at(MONDAY, 18).astimezone(zone), True) == (
        MONDAY,
        MONDAY + dt.timedelta(days=1),
    )


def test_nothing_loaded_yet_is_nothing_due(world: World) -> None:
    prepared(world)
    world.judge(world.at(MONDAY, 9))
    assert world.warnings() == []


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("feild = 'land'", "column 'feild' is unknown (did you mean field?)"),
        ("field", "field"),
        ("field = ", ""),
    ],
)
def test_a_condition_that_cannot_be_read_is_told_with_its_line(world: World, where: str, told: str) -> None:
    rule = {"id": "hotline_overdue_high", "when": {**WHEN, "where": where}}
    (problem,) = check(prepared(world, rule).city)
    assert "hotline_overdue_high.when" in str(problem)
    assert told in str(problem)
    assert problem.file == "rules/feedback.yaml"
    assert problem.line > 1
