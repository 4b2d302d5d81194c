"""Targets on screens: totals, places and milestones of hand-made values, by hand-computed figures."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from config import City
from config.models import Target
from config.periods import next_start, shift
from config.targets import Attained
from dashboard.components.goal import goal_line, goal_parts, target_terms
from dashboard.components.ranking import ranking
from dashboard.components.target_line import target_line, total_chart
from dashboard.context import ScreenContext
from dashboard.drawing.compact import markup
from dashboard.goals import totals_of
from dashboard.standing import goal, mark_of
from dashboard.warnings.alerts import Alert
from warehouse.reader import Value

Make = Callable[..., ScreenContext]
JAN = dt.date(2026, 1, 1)
NOV = dt.date(2026, 11, 1)
NOW = dt.datetime(2026, 11, 23, 1, 40, tzinfo=dt.UTC).replace(tzinfo=None)


class Hand:
    """Answers like a Reader with the values that it was given, monthly ones of one indicator."""

    recaster = None

    def __init__(
        self, city: City, id_: str, areas: Mapping[str, Sequence[float | None]], n: int = 1000
    ) -> None:
        self.values: dict[tuple[str, dt.date], Value] = {}
        for area, amounts in areas.items():
            for k, amount in enumerate(amounts):
                start = shift("month", NOV, k + 1 - len(amounts))
                if amount is not None:
                    end = dt.datetime.combine(next_start("month", start), dt.time()) - dt.timedelta(hours=7)
                    level, through = city.areas[area].level, min(end, NOW)
                    upper, lower = (amount / 100 * n, float(n)) if amount <= 100 else (amount, None)
                    self.values[area, start] = Value(
                        id_, level, area, "month", start, amount, upper, lower, n, 1, 1, through, NOW, 1, 1
                    )

    def series(
        self, ids: Sequence[str], area: str, _period: str, count: int, until: dt.date | None = None
    ) -> dict[str, list[Value]]:
        found = sorted(
            (v for (a, s), v in self.values.items() if a == area and s <= (until or NOV)), key=_start
        )
        return dict.fromkeys(ids, found[-count:])

    def latest(self, ids: Sequence[str], area: str, period: str) -> dict[str, Value]:
        return {id_: v[-1] for id_, v in self.series(ids, area, period, 1).items() if v}

    def ranking(self, *_: Any, **__: Any) -> list[Value]:
        return [v for (_, start), v in self.values.items() if start == NOV and v.level != "city"]

    def at(
        self, _period: str, keys: Collection[tuple[str, str, dt.date]]
    ) -> dict[tuple[str, str, dt.date], Value]:
        return {key: self.values[key[1:]] for key in keys if key[1:] in self.values}


def _start(value: Value) -> dt.date:
    return value.start


def aimed(city: City, id_: str, direction: str, *targets: dict[str, Any], min_n: int = 0) -> City:
    """The city with other targets for one indicator."""
    given = {
        "targets": tuple(Target.model_validate(t) for t in targets), "direction": direction, "min_n": min_n,
    }  # fmt: skip
    item = city.indicators[id_].model_copy(update=given)
    return replace(city, indicators=MappingProxyType({**city.indicators, id_: item}))


def over(
    ctx: ScreenContext, city: City, id_: str, areas: Mapping[str, Sequence[float | None]], n: int = 1000
) -> tuple[ScreenContext, dict[str, Value]]:
    """The context over hand-made values, and those of November."""
    hand = Hand(city, id_, areas, n)
    made = replace(ctx, city=city, reader=hand)  # type: ignore[arg-type]
    return made, {a: v for (a, s), v in hand.values.items() if s == NOV}


YEAR = {"kind": "cumulative", "value": 365, "from": "2026-01-01", "date": "2026-12-31"}
MONTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31]


def test_a_total_is_held_against_what_is_due_on_the_last_day_of_its_data(context: Make, city: City) -> None:
    city = aimed(city, "dossiers_finished", "up", YEAR)
    ctx, now = over(context(), city, "dossiers_finished", {"79": [999, *MONTHS, 20], "760": [*MONTHS, 30]})
    item = city.indicators["dossiers_finished"]
    # 304 days up to October, 23 of November: one is due each day.
    found = goal(ctx, item, now["79"])
    assert found is not None
    assert found.aim.value == pytest.approx(327)
    assert (found.day, found.attained) == (dt.date(2026, 11, 23), Attained(324.0))
    assert found.distance == pytest.approx(-3)
    assert found.attainment == pytest.approx(32400 / 327)
    assert found.progress == pytest.approx(32400 / 365)
    assert mark_of(ctx, item, "79", now["79"]) == "missed"
    assert mark_of(ctx, item, "760", now["760"]) == "met"
    assert goal_line(ctx, item, found) == "Lũy kế 324 / 327\N{NO-BREAK SPACE}hồ sơ"
    assert goal_parts(ctx, item, found).startswith(
        "−3\N{NO-BREAK SPACE}hồ sơ, kém hơn · 99,1% mức phải đạt · 88,8%"
    )


def test_a_total_with_a_gap_is_not_called_short(context: Make, city: City) -> None:
    city = aimed(city, "dossiers_finished", "up", YEAR)
    gap: list[float | None] = [31, None, *MONTHS[2:], 20]
    ctx, now = over(context(), city, "dossiers_finished", {"79": gap})
    item = city.indicators["dossiers_finished"]
    found = goal(ctx, item, now["79"])
    assert found is not None
    assert (found.attained, found.state) == (Attained(296.0, whole=False), None)
    assert mark_of(ctx, item, "79", now["79"]) == "none"
    assert "có kỳ thiếu số liệu" in goal_parts(ctx, item, found)


def test_totals_of_many_areas_in_one_read_are_those_of_each(context: Make, city: City) -> None:
    city = aimed(city, "dossiers_finished", "up", YEAR)
    areas: dict[str, list[float | None]] = {
        "760": [*MONTHS, 20],
        "761": [1.0] * 11,
        "764": [5.0, None, 7.0],
        "765": [None, 3.0],
    }
    item = city.indicators["dossiers_finished"]
    alone, now = over(context(), city, "dossiers_finished", areas)
    beside, _ = over(context(), city, "dossiers_finished", areas)
    for value in now.values():
        assert goal(alone, item, value) == goal(beside, item, value, list(now.values()))


def test_what_is_due_in_each_period_adds_up_to_the_whole(context: Make, city: City) -> None:
    points = [{"date": "2026-06-30", "value": 100}]
    city = aimed(city, "dossiers_finished", "up", {**YEAR, "points": points})
    ctx, now = over(context(), city, "dossiers_finished", {"79": [*MONTHS, 20]})
    item = city.indicators["dossiers_finished"]
    starts = [shift("month", JAN, k) for k in range(-1, 12)]
    line = target_line(ctx, item, "city", "79", "month", starts)
    assert line.values[0] is None
    parts = [v for v in line.values[1:] if v is not None]
    assert sum(parts[:6]) == pytest.approx(100)
    assert sum(parts) == pytest.approx(365)
    assert parts[0] == pytest.approx(100 * 31 / 181)
    found = goal(ctx, item, now["79"])
    assert found is not None
    rows = totals_of(ctx, item, found.aim, now["79"])
    assert [total for _, total, _ in rows][-2:] == [304, 324]
    assert rows[5][2] == pytest.approx(100)
    assert total_chart(ctx, item, found, now["79"]) is not None


def test_a_place_is_one_among_the_whole_level(context: Make, city: City) -> None:
    city = aimed(
        city, "dossiers_on_time", "up", {"kind": "rank", "value": 2, "levels": ["district"]}, min_n=20
    )
    areas = {"79": [90.0], "760": [95.0], "761": [80.0], "764": [80.0], "765": [99.0]}
    ctx, now = over(context(), city, "dossiers_on_time", areas)
    item = city.indicators["dossiers_on_time"]
    found = goal(ctx, item, now["761"])
    assert found is not None
    assert (found.attained, found.state, found.distance) == (Attained(3.0, pool=4), "missed", -1)
    assert found.attainment == pytest.approx(100 * 2 / 3)
    assert goal_line(ctx, item, found) == "Hạng 3/4, mục tiêu ≤ 2"
    assert goal(ctx, item, now["79"]) is None
    line = target_line(ctx, item, "district", "761", "month", [NOV])
    assert (line.values, line.name) == ([None], "")


def test_a_milestone_was_reached_once(context: Make, city: City) -> None:
    until = {"kind": "milestone", "value": 70, "date": "2026-09-30"}
    city = aimed(city, "dossiers_on_time", "up", until)
    areas = {"760": [50, 75, 60, 40], "761": [50, 60, 72, 40], "764": [50, 60, 60, 69]}
    ctx, now = over(context(lang="en"), city, "dossiers_on_time", areas)
    item = city.indicators["dossiers_on_time"]
    held = {area: goal(ctx, item, value) for area, value in now.items()}
    assert {a: g.state for a, g in held.items() if g} == {"760": "met", "761": "late", "764": "missed"}
    assert {a: mark_of(ctx, item, a, v) for a, v in now.items()} == {
        "760": "met",
        "761": "met",
        "764": "missed",
    }
    assert held["761"]
    assert goal_line(ctx, item, held["761"]) == "≥\N{NO-BREAK SPACE}70.0% by 30 Sep 2026: reached late"
    starts = [shift("month", NOV, k) for k in range(-3, 1)]
    line = target_line(ctx, item, "district", "760", "month", starts)
    assert (line.values, line.marker) == ([70, 70, None, None], 1)


def test_before_its_day_a_milestone_is_awaited_and_nothing_is_missed(context: Make, city: City) -> None:
    city = aimed(city, "dossiers_on_time", "up", {"kind": "milestone", "value": 70, "date": "2026-11-30"})
    ctx, now = over(context(), city, "dossiers_on_time", {"760": [50], "761": [71]})
    item = city.indicators["dossiers_on_time"]
    assert [g.state for v in now.values() if (g := goal(ctx, item, v))] == ["awaited", "ahead"]
    assert [mark_of(ctx, item, a, v) for a, v in now.items()] == ["none", "met"]


def test_targets_in_words_name_all_that_narrows_them(context: Make, city: City) -> None:
    ctx = context(lang="en")
    told = [
        target_terms(ctx, city.indicators[id_], city.indicators[id_].targets[0])
        for id_ in ("dengue_cases", "dossiers_full_service_online", "hotline_digital_channel", "pm25")
    ]
    assert told[0].startswith(
        "40,000\N{NO-BREAK SPACE}cases in total · from 1 Jan 2026 to 31 Dec 2026 · by way of 6,700"
    )
    assert told[1].startswith("Reach 70.0% · by 31 Dec 2025")
    assert told[2].startswith("Place 5 or better · from 1 Jul 2025 · district · Thu Duc City")
    assert "day" in told[3]


def told(ctx: ScreenContext, id_: str) -> tuple[list[str], str]:
    """The places that a ranking of the districts shows, and all of its HTML."""
    text = markup(ranking(ctx, "79", id_, "district", "month"))
    return re.findall(r'class="place">([^<]*)<', text), text


def test_places_are_ranges_where_limits_are_known(context: Make, city: City) -> None:
    areas = {"760": [95.0], "761": [94.0], "764": [60.0]}
    ctx, _ = over(context(), city, "dossiers_on_time", areas)
    places, text = told(ctx, "dossiers_on_time")
    assert places == ["1–2", "1–2", "3"]
    # Wilson, 950 of 1,000.
    assert "n = 1.000 · 95%: 93,5% – 96,2% · hạng 1–2 / 3" in text
    assert text.count('class="whisker"') == 3
    sure, _ = over(context(), city, "dossiers_processing_days", areas)
    places, text = told(sure, "dossiers_processing_days")
    assert places == ["1", "2", "3"]
    assert "Không tính được khoảng tin cậy" in text
    assert "whisker" not in text


def test_units_over_too_few_rows_stand_last_and_say_so(context: Make, city: City) -> None:
    ctx, _ = over(context(), city, "dossiers_on_time", {"760": [95.0], "761": [99.0]}, n=19)
    places, text = told(ctx, "dossiers_on_time")
    assert places == ["", ""]
    assert text.count("n = 19, quá ít để xếp hạng") == 2


def test_a_value_over_too_few_rows_wears_no_warning(
    context: Make, city: City, alert: Callable[..., Alert]
) -> None:
    item = city.indicators["dossiers_on_time"]
    for n, phase, expected in (
        (19, "firing", "insufficient"),
        (1000, "firing", "serious"),
        (1000, "too_few", "missed"),
    ):
        given = alert(indicator=item.id, area="760", phase=phase)
        ctx, now = over(context(alerts=[given]), city, item.id, {"760": [50.0]}, n=n)
        assert mark_of(ctx, item, "760", now["760"]) == expected
