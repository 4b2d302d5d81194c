"""Rules over stored values: what fires when, told once, and whatever happens in between."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.models import Break, Target, Text
from config.periods import shift
from indicators.rules.grid import Group, read_grids
from indicators.rules.watch import Watch
from warehouse.state import Kind, Status

if TYPE_CHECKING:
    from tests.indicators.rules.conftest import World

FIRST = dt.date(2024, 5, 6)
DAY = dt.timedelta(days=1)
LOW = {"when": {"below": 80, "clear_above": 88}, "for": "2d", "keep_firing": "1d"}


def evening(world: World, days: int, hours: float = 2) -> dt.datetime:
    """Two hours after the end of the ``days``-th day from FIRST on."""
    return world.at(FIRST + days * DAY, hours)


def test_values_are_read_whatever_was_asked_before(world: World) -> None:
    world.days("760", FIRST, 95, 70)
    group = Group("hotline_on_time", "district", "day")
    with world.store.read() as cursor:
        cursor.execute("SELECT * FROM range(9)").fetchone()
        (grid,) = read_grids(cursor, world.city.periods, {group: [(FIRST, FIRST + 9 * DAY)]}).values()
    assert (grid.areas, grid.starts) == (("760",), (FIRST, FIRST + DAY))
    assert grid.value.tolist() == [[95, 70]]


def test_a_rule_fires_says_so_once_and_ends(world: World) -> None:
    world.with_rules(LOW)
    world.days("760", FIRST, 95, 70, 71)
    assert world.brief(world.judge(evening(world, 3)).transitions) == [
        ("760", "pending", "limit_crossed"),
        ("760", "firing", "held_long_enough"),
    ]
    (warning,) = world.warnings()
    assert (warning.status, warning.severity, warning.kind) == (Status.FIRING, "serious", Kind.LIMIT)
    assert warning.firing_since == world.at(FIRST + DAY)
    assert warning.opened_at == world.at(FIRST + 3 * DAY)
    assert (warning.value, warning.limit) == (71.0, 80.0)
    assert warning.message == {
        "vi": "Quận 1: 71,0% / 80,0% từ 07/05/2024",
        "en": "District 1: 71.0% / 80.0% since 7 May 2024",
    }
    assert warning.evidence == {"seen": [["2024-05-06", 95.0], ["2024-05-07", 70.0], ["2024-05-08", 71.0]]}

    world.days("760", FIRST + 3 * DAY, 60, 85, 90, 91)
    world.judge(evening(world, 7))
    (ended,) = world.warnings()
    assert world.told() == [
        ("pending", "limit_crossed"),
        ("firing", "held_long_enough"),
        ("recovering", "cleared"),
        ("normal", "clear_long_enough"),
    ]
    assert (ended.resolved_at, ended.resolution) == (world.at(FIRST + 7 * DAY), "clear_long_enough")
    assert (ended.value, ended.worst_value, ended.last_value) == (71.0, 60.0, 90.0)
    assert ended.message == warning.message


def test_evaluating_again_changes_nothing(world: World) -> None:
    world.with_rules(LOW, {"id": "feed", **STALE})
    world.days("760", FIRST, 95, 70, 71, 69)
    world.feed("hotline_requests", world.at(FIRST))
    now = evening(world, 4)
    assert world.judge(now).transitions
    before = (world.state.revision(), world.state.load_series(), world.warnings())
    for later in (0, 1, 5):
        assert world.judge(now + dt.timedelta(minutes=later)).transitions == ()
    assert (world.state.revision(), world.state.load_series(), world.warnings()) == before


STALE = {
    "indicator": None,
    "level": None,
    "period": None,
    "feed": "hotline_requests",
    "when": {"type": "stale", "after": "36h"},
    "message": {"vi": "cũ {value} ({limit}) {since}", "en": "{value} old ({limit}) {since}"},
}


def test_a_stale_feed_warns_for_the_whole_city_until_it_delivers(world: World) -> None:
    world.with_rules(STALE)
    world.feed("hotline_requests", world.at(FIRST))
    assert world.judge(world.at(FIRST, 36)).transitions == ()
    assert world.brief(world.judge(world.at(FIRST, 53)).transitions) == [("79", "firing", "limit_crossed")]
    (warning,) = world.warnings()
    assert warning.message == {
        "vi": "cũ 2 ngày 5 giờ (1 ngày 12 giờ) 05:00 08/05/2024",
        "en": "2 days 5 hours old (1 day 12 hours) 05:00, 8 May 2024",
    }
    world.feed("hotline_requests", world.at(FIRST, 52))
    assert world.brief(world.judge(world.at(FIRST, 54)).transitions) == [("79", "normal", "cleared")]


def test_a_feed_that_never_delivered_is_stale(world: World) -> None:
    world.with_rules(STALE)
    world.judge(world.at(FIRST))
    (warning,) = world.warnings()
    assert warning.value is None
    assert warning.message["en"].endswith(": nothing was ever received (allowed: 1 day 12 hours).")


def test_only_complete_periods_are_judged(world: World) -> None:
    world.with_rules({"when": {"below": 80}})
    world.put("hotline_on_time", "district", "day", {("760", FIRST): 10.0}, through=world.at(FIRST, 20))
    assert world.judge(world.at(FIRST, 21)).transitions == ()
    assert world.judge(world.at(FIRST, 30)).transitions == ()
    world.put("hotline_on_time", "district", "day", {("760", FIRST): 10.0})
    assert world.brief(world.judge(world.at(FIRST, 30)).transitions) == [("760", "firing", "limit_crossed")]


def test_a_partial_rule_takes_the_running_day_as_far_as_its_data_go(world: World) -> None:
    rule = {"indicator": "water_level_peak", "partial": True, "when": {"above": 150}, "keep_firing": "6h"}
    world.with_rules(rule)

    def gauge(day: dt.date, hours: float, level: float) -> None:
        through = world.at(day, hours)
        world.put("water_level_peak", "district", "day", {("760", day): level}, through=through)

    gauge(FIRST, 15, 149)
    assert world.judge(world.at(FIRST, 15.1)).transitions == ()
    gauge(FIRST, 16, 155)
    world.judge(world.at(FIRST, 16.1))
    (warning,) = world.warnings()
    assert warning.opened_at == warning.firing_since == world.at(FIRST, 16)
    assert (
        warning.message["vi"]
        == "Quận 1: 155\N{NO-BREAK SPACE}cm / 150\N{NO-BREAK SPACE}cm từ 16:00 06/05/2024"
    )
    gauge(FIRST, 30, 155)
    gauge(FIRST + DAY, 6, 90)
    world.judge(world.at(FIRST + DAY, 6.1))
    assert world.warnings()[0].status is Status.RECOVERING
    gauge(FIRST + DAY, 13, 100)
    world.judge(world.at(FIRST + DAY, 13.1))
    assert world.told()[-1] == ("normal", "clear_long_enough")


def test_values_over_too_few_cases_are_not_judged(world: World) -> None:
    world.with_rules({"when": {"below": 80}})
    world.put("hotline_on_time", "district", "day", {("760", FIRST): 10.0}, n=19)
    assert world.brief(world.judge(evening(world, 1)).transitions) == [("760", "too_few", "too_few")]
    assert world.warnings() == []
    world.put("hotline_on_time", "district", "day", {("760", FIRST + DAY): 10.0}, n=20)
    assert len(world.judge(evening(world, 2)).transitions) == 1
    assert len(world.warnings()) == 1


def test_a_warning_over_a_series_that_became_too_small_stays_open(world: World) -> None:
    world.with_rules({"when": {"below": 80}})
    world.days("760", FIRST, 70)
    world.judge(evening(world, 1))
    for k in range(1, 4):
        world.put("hotline_on_time", "district", "day", {("760", FIRST + k * DAY): 100.0}, n=19)
        world.judge(evening(world, k + 1))
    (warning,) = world.warnings(open_only=True)
    assert warning.status is Status.TOO_FEW
    assert world.told() == [("firing", "limit_crossed"), ("too_few", "too_few")]
    world.days("760", FIRST + 4 * DAY, 95)
    world.judge(evening(world, 5))
    assert world.warnings(open_only=True) == []


def test_a_change_from_a_value_over_too_few_cases_is_not_judged(world: World) -> None:
    world.with_rules({"when": {"type": "change", "against": "previous", "below": -5}})
    world.put("hotline_on_time", "district", "day", {("760", FIRST): 100.0}, n=19)
    world.days("760", FIRST + DAY, 80, 70)
    world.judge(evening(world, 3))
    (warning,) = world.warnings()
    assert (warning.value, warning.firing_since) == (-10.0, world.at(FIRST + 2 * DAY))


def test_a_value_without_content_is_not_judged(world: World) -> None:
    world.with_rules({"when": {"below": 80}})
    world.put(
        "hotline_on_time", "district", "day", {("760", FIRST): 10.0, ("760", FIRST + DAY): None}, n=None
    )
    world.judge(evening(world, 2))
    assert world.told() == [("firing", "limit_crossed")]


@pytest.mark.parametrize(("against", "base"), [("previous", FIRST - DAY), ("last_year", FIRST - 364 * DAY)])
def test_change_is_held_against_the_right_period(world: World, against: str, base: dt.date) -> None:
    when = {"type": "change", "against": against, "above": 40, "clear_below": 20}
    world.with_rules({"indicator": "hotline_received", "when": when})
    world.days("760", base, 100, indicator="hotline_received")
    world.days("760", FIRST, 150, indicator="hotline_received")
    world.days("761", FIRST, 150, indicator="hotline_received")
    world.judge(evening(world, 1))
    (warning,) = world.warnings()
    assert (warning.area, warning.value) == ("760", 50.0)
    assert warning.message["vi"].startswith("Quận 1: 50,0% / 40,0%")


@pytest.mark.parametrize(
    ("broken", "told"), [(FIRST - 30 * DAY, 0), (FIRST - 400 * DAY, 1), (FIRST + DAY, 1)]
)
def test_no_change_is_told_across_a_break(world: World, broken: dt.date, told: int) -> None:
    when = {"type": "change", "against": "last_year", "above": 40, "clear_below": 20}
    parted = Break(date=broken, note=Text({"vi": "Sáp nhập", "en": "Merger"}))
    indicator = world.city.indicators["hotline_received"].model_copy(update={"breaks": (parted,)})
    indicators = {**world.city.indicators, "hotline_received": indicator}
    world.city = replace(world.city, indicators=indicators)
    world.with_rules({"indicator": "hotline_received", "when": when})
    world.days("760", FIRST - 364 * DAY, 100, indicator="hotline_received")
    world.days("760", FIRST, 150, indicator="hotline_received")
    world.judge(evening(world, 1))
    assert len(world.warnings()) == told


def test_the_gap_to_a_target_counts_points(world: World) -> None:
    world.with_rules({"when": {"type": "target_gap", "above": 3, "clear_below": 1}})
    world.days("760", FIRST, 93, 91.5)
    world.judge(evening(world, 2))
    (warning,) = world.warnings()
    assert warning.value == pytest.approx(3.5)
    assert warning.message["vi"].startswith("Quận 1: 3,5 điểm phần trăm / 3,0 điểm phần trăm")


def test_a_path_is_followed_between_its_dates(world: World) -> None:
    rule = {"indicator": "digital_economy_share", "level": "city", "period": "year"}
    world.with_rules({**rule, "when": {"type": "target_gap", "above": 1}})
    # The path goes from 19 at the end of 2022 to 25 at the end of 2025: 21 at the end of 2023.
    years = {("79", dt.date(2022, 1, 1)): 18.5, ("79", dt.date(2023, 1, 1)): 18.22}
    world.put("digital_economy_share", "city", "year", years, n=1, through=world.at(dt.date(2022, 6, 1)))
    world.judge(world.at(dt.date(2024, 10, 1)))
    (warning,) = world.warnings()
    assert warning.value == pytest.approx(21.0 - 18.22, abs=0.01)
    assert warning.firing_since == world.at(dt.date(2023, 1, 1))


def aimed(world: World, id_: str, **target: object) -> None:
    """Give an indicator of the world one target in place of its own."""
    given_ = Target.model_validate(target)
    item = world.city.indicators[id_].model_copy(update={"targets": (given_,), "direction": "up"})
    world.city = replace(world.city, indicators=MappingProxyType({**world.city.indicators, id_: item}))


MONTHLY = {"indicator": "dossiers_finished", "level": "district", "period": "month"}


def months(world: World, *values: float | None, area: str = "760", n: int = 1000) -> None:
    """Monthly values from January 2024 on."""
    told = {(area, shift("month", dt.date(2024, 1, 1), k)): v for k, v in enumerate(values) if v is not None}
    world.put("dossiers_finished", "district", "month", told, n=n)


def test_a_running_total_falls_behind_what_is_due(world: World) -> None:
    world.with_rules({**MONTHLY, "when": {"type": "target_gap", "above": 5}})
    aimed(
        world,
        "dossiers_finished",
        kind="cumulative",
        value=366,
        **{"from": "2024-01-01", "date": "2024-12-31"},
    )
    # One is due each day: after March 91, of which 85 are there; after April 121 of 121.
    months(world, 31, 28, 26, 36)
    world.judge(world.at(dt.date(2024, 4, 1), 3))
    (warning,) = world.warnings()
    assert warning.value == pytest.approx(6.0)
    assert warning.firing_since == world.at(dt.date(2024, 3, 1))
    world.judge(world.at(dt.date(2024, 5, 1), 3))
    assert world.told() == [("firing", "limit_crossed"), ("normal", "cleared")]


def test_a_total_with_a_gap_is_not_called_short(world: World) -> None:
    world.with_rules({**MONTHLY, "when": {"type": "target_gap", "above": 5}})
    aimed(
        world,
        "dossiers_finished",
        kind="cumulative",
        value=366,
        **{"from": "2024-01-01", "date": "2024-12-31"},
    )
    months(world, 31, None, 31)
    months(world, 31, 1, 1, area="761")
    world.judge(world.at(dt.date(2024, 4, 1), 3))
    assert {w.area for w in world.warnings()} == {"761"}


def test_a_total_looks_back_to_the_beginning_of_its_span_however_late_it_is_judged(world: World) -> None:
    world.with_rules({**MONTHLY, "when": {"type": "target_gap", "above": 0}})
    span = {"from": "2020-01-01", "date": "2024-12-31"}
    aimed(world, "dossiers_finished", kind="cumulative", value=1827, **span)
    starts = world.periods("month", dt.date(2020, 1, 1), 60)
    days = {("760", s): float((shift("month", s, 1) - s).days) for s in starts}
    world.put("dossiers_finished", "district", "month", days)
    world.judge(world.at(dt.date(2024, 12, 1), 3))
    world.put("dossiers_finished", "district", "month", {("760", dt.date(2024, 12, 1)): 30.0})
    world.judge(world.at(dt.date(2025, 1, 1), 3))
    (warning,) = world.warnings()
    assert warning.value == pytest.approx(1.0)


def test_a_place_is_held_against_the_level(world: World) -> None:
    world.with_rules({**MONTHLY, "when": {"type": "target_gap", "above": 0}})
    aimed(world, "dossiers_finished", kind="rank", value=2)
    for area, value in (("760", 50), ("761", 40), ("764", 30), ("765", 20)):
        months(world, value, area=area)
    world.judge(world.at(dt.date(2024, 2, 1), 3))
    assert {w.area: w.value for w in world.warnings()} == {"764": 1.0, "765": 2.0}
    assert [w.message["en"].split(" since")[0] for w in world.warnings()] == [
        "Go Vap District: 1 place / 0 places",
        "Binh Thanh District: 2 places / 0 places",
    ]


def test_a_milestone_is_missed_after_its_day_and_what_was_reached_stays(world: World) -> None:
    world.with_rules({**MONTHLY, "when": {"type": "target_gap", "above": 0}})
    aimed(world, "dossiers_finished", kind="milestone", value=40, date="2024-03-31")
    months(world, 10, 20, 30, 30, 45, 10)
    months(world, 10, 40, 10, 10, 10, 10, area="761")
    for month in range(2, 8):
        world.judge(world.at(dt.date(2024, month, 1), 3))
    (warning,) = world.warnings()
    assert (warning.area, warning.value, warning.firing_since) == ("760", 10.0, world.at(dt.date(2024, 4, 1)))
    assert world.told() == [("firing", "limit_crossed"), ("normal", "cleared")]


def test_a_vanished_series_stays_open_and_is_shown_as_such(world: World) -> None:
    world.with_rules({"when": {"below": 80}, "no_data": {"after": "2d"}})
    world.days("760", FIRST, 70)
    world.judge(evening(world, 1))
    for days in (2, 3, 30, 300):
        world.judge(evening(world, days))
    (warning,) = world.warnings(open_only=True)
    assert warning.status is Status.NO_DATA
    assert world.told() == [("firing", "limit_crossed"), ("no_data", "vanished")]
    world.days("760", FIRST + 300 * DAY, 95)
    world.judge(evening(world, 301))
    assert world.told()[-1] == ("normal", "cleared")
    assert world.warnings(open_only=True) == []


@pytest.mark.parametrize("then", ["warn", "show"])
def test_silence_is_a_warning_where_the_rule_says_so(world: World, then: str) -> None:
    world.with_rules({"when": {"below": 80}, "no_data": {"after": "2d", "then": then}})
    world.days("760", FIRST, 95)
    world.judge(evening(world, 1))
    world.judge(evening(world, 4))
    found = world.warnings()
    assert world.told() == [("no_data", "vanished")]
    if then == "show":
        assert found == []
        return
    assert [(w.kind, w.status, w.resolved_at) for w in found] == [(Kind.NO_DATA, Status.NO_DATA, None)]
    assert found[0].message["en"] == "District 1: no figures for “Requests handled on time” since 7 May 2024."
    # It comes back in breach: the silence ends, another warning begins.
    world.days("760", FIRST + 4 * DAY, 70)
    world.judge(evening(world, 5))
    assert [(w.kind, w.open) for w in world.warnings()] == [(Kind.NO_DATA, False), (Kind.LIMIT, True)]


def test_a_late_district_is_judged_when_it_comes(world: World) -> None:
    world.with_rules({"when": {"below": 80}})
    world.days("760", FIRST, 95, 95)
    world.days("761", FIRST, 95)
    world.judge(evening(world, 2))
    world.days("761", FIRST + DAY, 70)
    assert world.brief(world.judge(evening(world, 2, 5)).transitions) == [("761", "firing", "limit_crossed")]


def test_the_first_evaluation_looks_back_a_bounded_time(world: World) -> None:
    world.with_rules({"when": {"below": 80}})
    world.days("760", FIRST - 121 * DAY, 70, 95)
    world.days("760", FIRST - 100 * DAY, 70, 95)
    world.judge(world.at(FIRST, 3))
    assert [w.opened_at for w in world.warnings()] == [world.at(FIRST - 99 * DAY)]


def test_a_withdrawn_rule_leaves_no_open_warning(world: World) -> None:
    world.with_rules({"when": {"below": 80}})
    world.days("760", FIRST, 70)
    world.judge(evening(world, 1))
    world.city = replace(world.city, rules=MappingProxyType({}))
    world.judge(evening(world, 1, 3))
    assert world.told()[-1] == ("normal", "rule_withdrawn")
    assert world.warnings(open_only=True) == []
    assert world.judge(evening(world, 1, 4)).transitions == ()


def test_a_rule_that_moves_to_another_level_leaves_none_behind(world: World) -> None:
    world.with_rules({"when": {"below": 80}, "no_data": {"after": "2d", "then": "warn"}})
    world.days("760", FIRST, 70)
    world.judge(evening(world, 1))
    world.with_rules({"when": {"below": 80}, "no_data": {"after": "2d", "then": "warn"}, "level": "city"})
    world.put("hotline_on_time", "city", "day", {("79", FIRST): 70.0})
    world.judge(evening(world, 1, 3))
    assert world.told()[-1] == ("normal", "rule_withdrawn")
    assert [w.area for w in world.warnings(open_only=True)] == ["79"]
    world.put("hotline_on_time", "city", "day", {("79", FIRST + 9 * DAY): 70.0})
    world.judge(evening(world, 10))
    assert [w.area for w in world.warnings(open_only=True)] == ["79"]


def test_the_warning_of_an_area_ends_with_the_area(world: World) -> None:
    (ward, *_) = [a for a in world.city.areas.at("ward") if a.valid_to == dt.date(2025, 7, 1)]
    rule = {"level": "ward", "when": {"below": 80}, "no_data": {"after": "2d", "then": "warn"}}
    world.with_rules(rule)
    last = dt.date(2025, 6, 30)
    world.put("hotline_on_time", "ward", "day", {(ward.code, last): 70.0})
    world.judge(world.at(last, 23))
    world.put("hotline_on_time", "ward", "day", {(ward.code, last): 70.0})
    world.judge(world.at(last, 26))
    assert world.told(area=ward.code) == [("firing", "limit_crossed"), ("normal", "area_dissolved")]
    (warning,) = world.warnings()
    assert (warning.resolved_at, warning.resolution) == (world.at(dt.date(2025, 7, 1)), "area_dissolved")
    assert world.judge(world.at(last, 200)).transitions == ()


def test_a_crash_while_storing_leaves_the_old_state(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.with_rules({"when": {"below": 80}})
    world.days("760", FIRST, 70)

    def fails(*_: object) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("warehouse.state.recording._save_episode", fails)
        with pytest.raises(OSError, match="no space"):
            world.judge(evening(world, 1))
    assert world.state.load_series() == {}
    assert world.told() == []
    world.judge(evening(world, 1))
    assert world.told() == [("firing", "limit_crossed")]


SERIES = st.lists(
    st.lists(st.sampled_from([70.0, 85.0, 95.0, None]), min_size=1, max_size=10), min_size=1, max_size=3
)
RULES = st.fixed_dictionaries(
    {
        "when": st.just({"below": 80, "clear_above": 88}),
        "for": st.sampled_from(["0d", "1d", "2d", "3d"]),
        "keep_firing": st.sampled_from(["0d", "1d", "2d"]),
        "no_data": st.sampled_from([None, {"after": "2d"}, {"after": "3d", "then": "warn"}]),
    }
)
SLOW = settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])


def everything(world: World) -> tuple[object, ...]:
    stored = {area: world.told(area=area) for area in ("760", "761", "764")}
    return (
        stored,
        [replace(w, id=0, recorded_at=w.opened_at) for w in world.warnings()],
        world.state.load_series(),
    )


def ruled(pair: tuple[World, World], rule: dict[str, object]) -> tuple[World, World]:
    for world in pair:
        world.clear()
        world.with_rules(rule)
    return pair


def deliver(world: World, series: list[list[float | None]], day: int) -> None:
    for area, values in zip(("760", "761", "764"), series, strict=False):
        if day < len(values):
            world.days(area, FIRST + day * DAY, values[day])


@SLOW
@given(RULES, SERIES, st.sets(st.integers(0, 11)))
def test_a_restart_between_any_two_evaluations_changes_nothing(
    pair: tuple[World, World],
    rule: dict[str, object],
    series: list[list[float | None]],
    restarts: set[int],
) -> None:
    straight, broken = ruled(pair, rule)
    for day in range(12):
        for world in (straight, broken):
            deliver(world, series, day)
            if world is broken and day in restarts:
                world.restart()
            world.judge(evening(world, day + 1))
    assert everything(broken) == everything(straight)


@SLOW
@given(
    RULES,
    st.lists(st.lists(st.sampled_from([70.0, 85.0, 95.0]), min_size=10, max_size=10), max_size=3),
    st.data(),
)
def test_one_late_evaluation_equals_many_in_time(
    pair: tuple[World, World], rule: dict[str, object], series: list[list[float]], data: st.DataObject
) -> None:
    """Without gaps, nothing depends on how often somebody looked."""
    often, once = ruled(pair, rule)
    stops = data.draw(st.sets(st.integers(1, 9))) | {10}
    for day in range(10):
        deliver(often, [list(values) for values in series], day)
        deliver(once, [list(values) for values in series], day)
        often.judge(evening(often, day + 1))
        if day + 1 in stops:
            once.judge(evening(once, day + 1))
    late = [everything(world) for world in (often, once)]
    assert late[0] == late[1]


def test_one_evaluation_tells_several_warnings_of_a_series_in_their_order(pair: tuple[World, World]) -> None:
    rule: dict[str, object] = {
        "when": {"below": 80, "clear_above": 88},
        "for": "2d",
        "keep_firing": "0d",
        "no_data": None,
    }
    often, once = ruled(pair, rule)
    series: list[list[float | None]] = [[*([70.0] * 8), 95.0, 70.0]]
    for day in range(10):
        deliver(often, series, day)
        deliver(once, series, day)
        often.judge(evening(often, day + 1))
    once.judge(evening(once, 10))
    assert everything(once) == everything(often)


def test_a_rule_that_breaks_stays_as_it_stands_and_keeps_no_other_from_being_judged(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world.with_rules({"id": "bad", **LOW}, {"id": "good", **LOW})
    world.days("760", FIRST, 95, 70, 71)
    world.judge(evening(world, 3))
    assert [(w.rule, w.open) for w in world.warnings()] == [("bad", True), ("good", True)]

    course = Watch.course

    def breaks(self: Watch, *given: Any) -> Any:
        if self.rule.id == "bad":
            raise ZeroDivisionError("a bug")
        return course(self, *given)

    world.days("760", FIRST + 3 * DAY, 60, 95, 96, 97)
    with monkeypatch.context() as patch:
        patch.setattr(Watch, "course", breaks)
        report = world.judge(evening(world, 7))
    assert {rule: str(error) for rule, error in report.broken.items()} == {"bad": "a bug"}
    assert "rule bad could not be judged" in caplog.text
    assert [(w.rule, w.open) for w in world.warnings()] == [("bad", True), ("good", False)]
    # Once it is mended it is judged on all that it missed, as if nothing had been.
    assert world.judge(evening(world, 7)).broken == {}
    bad, good = world.warnings()
    assert (bad.resolved_at, bad.resolution) == (good.resolved_at, good.resolution)
    assert world.told("bad") == world.told("good")
