"""Late and corrected data: history is judged again, and what people were told stands as it was told."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from warehouse.state import SeriesState, Status

if TYPE_CHECKING:
    from tests.indicators.rules.conftest import World

FIRST = dt.date(2024, 5, 6)
DAY = dt.timedelta(days=1)
RULE = {"when": {"below": 80, "clear_above": 88}, "for": "2d", "keep_firing": "1d"}


def evening(world: World, days: int, hours: float = 2) -> dt.datetime:
    """Two hours after the end of the ``days``-th day from FIRST on."""
    return world.at(FIRST + days * DAY, hours)


def test_a_warning_that_corrected_data_do_not_bear_out_ends_and_says_so(world: World) -> None:
    world.with_rules(RULE)
    world.days("760", FIRST, 95, 70, 71)
    world.judge(evening(world, 3))
    (told,) = world.warnings()
    world.days("760", FIRST + DAY, 93, 92)
    report = world.judge(evening(world, 3, 5))
    assert world.brief(report.transitions) == [("760", "normal", "corrected")]
    (ended,) = world.warnings()
    assert (ended.status, ended.end_reason) == (Status.NORMAL, "corrected")
    assert (ended.message, ended.value, ended.evidence) == (told.message, 71.0, told.evidence)
    notes = [(c.told, c.known, c.note) for c in world.state.corrections(ended.id, areas=None)]
    assert notes[-1][2] == "not_justified"
    assert (notes[-1][0]["value"], notes[-1][1]["value"]) == (71.0, 92.0)


def test_a_breach_that_becomes_known_late_is_told_when_it_is_learnt(world: World) -> None:
    world.with_rules(RULE)
    world.days("760", FIRST, 95, 93, 92)
    world.judge(evening(world, 3))
    world.days("760", FIRST + DAY, 70, 71)
    report = world.judge(evening(world, 3, 5))
    assert world.brief(report.transitions) == [("760", "firing", "corrected")]
    (warning,) = world.warnings()
    assert warning.opened_at == evening(world, 3, 5)
    assert warning.firing_since == world.at(FIRST + DAY)


def test_a_standing_warning_keeps_its_words_beside_the_corrected_figure(world: World) -> None:
    world.with_rules(RULE)
    world.days("760", FIRST, 95, 70, 71)
    world.judge(evening(world, 3))
    world.days("760", FIRST + 2 * DAY, 60)
    assert world.judge(evening(world, 3, 5)).transitions == ()
    (warning,) = world.warnings()
    assert (warning.status, warning.value) == (Status.FIRING, 71.0)
    (correction,) = world.state.corrections(warning.id, areas=None)
    assert (correction.told, correction.known, correction.note) == (
        {"value": 71.0},
        {"value": 60.0},
        "revised",
    )
    # The same again is no news.
    world.days("760", FIRST + 2 * DAY, 60)
    world.judge(evening(world, 3, 6))
    assert len(world.state.corrections(warning.id, areas=None)) == 1


def test_a_past_warning_is_marked_when_it_proves_to_have_been_wrong(world: World) -> None:
    world.with_rules(RULE)
    world.days("760", FIRST, 70, 71, 95, 95, 95)
    world.judge(evening(world, 5))
    (past,) = world.warnings()
    assert not past.open
    world.days("760", FIRST, 90, 91)
    assert world.judge(evening(world, 5, 5)).transitions == ()
    (correction,) = world.state.corrections(past.id, areas=None)
    assert correction.note == "not_justified"
    assert world.warnings()[0].message == past.message


def test_a_late_day_between_judged_ones_is_judged(world: World) -> None:
    world.with_rules({**RULE, "for": "3d"})
    world.days("760", FIRST, 70, None, 71)
    world.judge(evening(world, 3))
    assert world.told() == [("pending", "limit_crossed")]
    world.days("760", FIRST + DAY, 72)
    world.judge(evening(world, 3, 5))
    assert world.told()[-1] == ("firing", "corrected")


VALUE = st.sampled_from([60.0, 75.0, 84.0, 90.0, 95.0])


@given(
    history=st.lists(VALUE, min_size=6, max_size=14),
    edits=st.lists(st.tuples(st.integers(0, 13), VALUE), max_size=6),
    stops=st.lists(st.integers(1, 14), max_size=4),
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_after_corrections_a_series_stands_where_it_would_had_they_been_known(
    pair: tuple[World, World], history: list[float], edits: list[tuple[int, float]], stops: list[int]
) -> None:
    lived, knowing = pair
    for world in pair:
        world.clear()
        world.with_rules(RULE)
    final = list(history)
    for stop in sorted(stops):
        lived.days("760", FIRST, *final[: min(stop, len(final))])
        lived.judge(evening(lived, min(stop, len(final))))
    lived.days("760", FIRST, *final)
    lived.judge(evening(lived, len(final), 2.5))
    for number, (day, value) in enumerate(edits):
        if day < len(final):
            final[day] = value
            lived.days("760", FIRST + day * DAY, value)
            lived.judge(evening(lived, len(final), 3 + number))
    knowing.days("760", FIRST, *final)
    knowing.judge(evening(knowing, len(final), 12))

    def stands(world: World) -> SeriesState:
        return world.state.load_series()["r", "760"]

    a, b = stands(lived), stands(knowing)
    assert (a.status, a.breach_since, a.clear_since, a.judged_through) == (
        b.status,
        b.breach_since,
        b.clear_since,
        b.judged_through,
    )
    # What is over before it is known is told to nobody.
    told = {Status.FIRING: (1,), Status.RECOVERING: (0, 1)}.get(a.status, (0,))
    assert len(lived.warnings(open_only=True)) in told


@pytest.mark.parametrize("area", ["760", "761"])
def test_other_series_are_left_alone(world: World, area: str) -> None:
    world.with_rules(RULE)
    for code in ("760", "761"):
        world.days(code, FIRST, 70, 71)
    world.judge(evening(world, 2))
    world.days(area, FIRST, 95, 95)
    assert [t.area for t in world.judge(evening(world, 2, 5)).transitions] == [area]


def test_figures_that_come_in_late_are_judged_once_they_have_settled(world: World) -> None:
    world.with_rules(RULE | {"for": None, "when": {"below": 80}, "settle": "2d"})
    world.days("760", FIRST, 95, 60)
    assert world.judge(evening(world, 2)).transitions == ()
    world.days("760", FIRST + DAY, 90, 70)  # the second day has filled up, the third has not yet
    assert world.judge(evening(world, 3)).transitions == ()
    report = world.judge(evening(world, 4))
    assert (report.transitions, report.corrections) == ((), ())
    assert world.state.load_series()["r", "760"].judged_through == evening(world, 2, 0)
    world.judge(evening(world, 4, 23))
    assert world.warnings() == []
    world.judge(evening(world, 5, 0))  # nothing came, and two days have passed
    (warning,) = world.warnings()
    assert (warning.opened_at, warning.value) == (evening(world, 3, 0), 70)
    assert world.state.corrections(warning.id, areas=None) == []


@pytest.mark.parametrize("more", [{"partial": True}, {"indicator": None, "level": None, "period": None}])
def test_only_whole_periods_of_an_indicator_can_settle(world: World, more: dict[str, object]) -> None:
    feed = {"feed": "hotline_requests", "when": {"type": "stale", "after": "1d"}} if "level" in more else {}
    with pytest.raises(ValueError, match="settle waits for whole periods"):
        world.with_rules({"when": {"below": 80}, "settle": "2d"} | more | feed)
