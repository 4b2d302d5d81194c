"""What holds for all values: nothing is lost between levels, gaps stay gaps, rows account for values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from config import City
from config.models.indicator import Formula
from indicators.lineage import Lineages
from warehouse.reader import reading
from warehouse.scope import EVERYONE

if TYPE_CHECKING:
    from tests.indicators.conftest import World, WorldMaker

SPAN = (dt.date(2025, 5, 10), dt.date(2025, 7, 6))
NOW = dt.datetime(2025, 7, 5, 15, 30, tzinfo=dt.UTC)
SMALL = {"visits": 300, "readings": 120, "illness": 60, "services": 12, "figures": 24}


@pytest.fixture(scope="module")
def world(make_world: WorldMaker, lab: City, fill_world: Callable[..., None]) -> World:
    """A laboratory computed once."""
    made = make_world(lab)
    fill_world(made, SPAN, SMALL, seed=11)
    made.refresh(NOW)
    return made


@pytest.fixture(scope="module")
def values(world: World) -> pd.DataFrame:
    """Its values."""
    return world.values()


@pytest.mark.parametrize("id_", ["visits", "road_cost", "visits_closed", "open", "overdue"])
def test_nothing_is_lost_between_levels(world: World, values: pd.DataFrame, id_: str) -> None:
    """What districts count and what has no district is what the city counts."""
    item = world.city.indicators[id_]
    own = values[(values.indicator == id_) & (values.period == "day")]
    city = own[own.level == "city"].set_index("start").value
    districts = own[own.level == "district"].groupby("start").value.sum()
    with world.store.read() as cursor:
        assert not isinstance(item, Formula)
        loose = dict(
            cursor.execute(
                "SELECT opened_at__day, count(*) FROM fact_visits WHERE _area = 'C' GROUP BY 1"
            ).fetchall()
        )
    assert (city >= districts - 1e-9).all()
    if id_ == "visits":
        there = [loose.get(day.date(), 0) for day in city.index]
        assert list(city - districts) == there
        assert sum(there) > 0


def test_a_silent_day_has_no_value_and_a_quiet_ward_has_zero(world: World, values: pd.DataFrame) -> None:
    heard = {world.local_day(at) for at in world.facts["visits"].opened_at}
    own = values[(values.indicator == "visits") & (values.period == "day")]
    days = {start.date() for start in own.start}
    assert days == {day for day in heard if day is not None and day <= NOW.date()}
    assert (own[own.level == "ward"].value == 0).any()


def test_a_gap_does_not_bring_others_nearer(values: pd.DataFrame) -> None:
    own = values[(values.period == "day") & (values.area == "C")].set_index(["indicator", "start"]).value
    visits, before, three = own["visits"], own["visits_before"], own["visits_3"]
    day = pd.Timedelta(days=1)
    assert set(before.index) == {at + 3 * day for at in visits.index if (at + 3 * day).date() <= NOW.date()}
    assert all(before[at] == visits[at - 3 * day] for at in before.index)
    whole = {at for at in visits.index if {at - day, at - 2 * day} <= set(visits.index)}
    assert set(three.index) == whole
    assert len(whole) < len(visits)


def test_areas_have_values_only_while_they_exist(values: pd.DataFrame) -> None:
    days = values[values.period == "day"]
    reform = pd.Timestamp("2025-07-01")
    assert (days[days.area == "W2"].start < reform).all()
    assert (days[days.area == "W4"].start >= reform).all()
    assert set(values[(values.area == "W4") & (values.period == "quarter")].start) == {reform}


def test_coverage_never_exceeds_what_is_expected(values: pd.DataFrame) -> None:
    assert (values.present >= 1).all()
    assert (values.present <= values.expected).all()
    assert (values.data_through.notna()).all()


@pytest.mark.parametrize(
    "id_",
    ["visits", "visits_on_time", "road_cost", "mean_cost", "handling_hours", "handling_hours_p90", "illness"],
)
def test_as_many_rows_lie_behind_a_value_as_it_says(world: World, id_: str) -> None:
    with reading(world.store, world.city, EVERYONE) as reader:
        for area in ("C", "D1", "W3"):
            for period in ("day", "month", "year"):
                for value in reader.series([id_], area, period, 4)[id_]:
                    found = Lineages(world.city).rows(reader, value, limit=3)
                    assert found is not None
                    assert found.total == value.n
                    assert len(found.rows) == min(3, value.n)


@pytest.mark.parametrize("id_", ["open", "overdue", "services_full"])
def test_the_rows_of_a_stock_are_those_still_open(world: World, id_: str) -> None:
    with reading(world.store, world.city, EVERYONE) as reader:
        for area in ("C", "D2"):
            for period in ("day", "month", "year"):
                for value in reader.series([id_], area, period, 5)[id_]:
                    found = Lineages(world.city).rows(reader, value)
                    assert found is not None
                    assert found.total == value.value


def test_a_formula_has_parts_instead_of_rows(world: World) -> None:
    with reading(world.store, world.city, EVERYONE) as reader:
        value = reader.latest(["closing"], "C", "month")["closing"]
        assert Lineages(world.city).rows(reader, value) is None
        parts = {part.indicator: part.value for part in Lineages(world.city).parts(reader, value)}
    closed, all_ = parts["visits_closed"], parts["visits"]
    assert closed is not None
    assert closed.value
    assert all_ is not None
    assert all_.value
    assert value.value == pytest.approx(100 * closed.value / all_.value)
