"""Weights, what is missing, and indices, through the whole engine: against the facts, and after changes."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from config import City, load_city
from indicators.check import check
from indicators.explain import statements
from indicators.planner import make_plan
from indicators.sql.prelude import Moment

if TYPE_CHECKING:
    from tests.indicators.conftest import World, WorldMaker

HERE = Path(__file__).parent
SPAN = (dt.date(2025, 5, 20), dt.date(2025, 7, 8))
NOW = dt.datetime(2025, 7, 8, 3, 30, tzinfo=dt.UTC)
SIZES = {"visits": 500, "readings": 20, "figures": 10, "services": 10, "illness": 60}
MORE = ("visits_whole", "readings_quiet", "open_whole", "weighted_cost", "cost_share", "visits_index")
KEYS = ["level", "area", "period", "start"]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> City:
    """The laboratory with some indicators more."""
    folder = tmp_path_factory.mktemp("city") / "lab"
    shutil.copytree(HERE.parent / "lab", folder)
    shutil.copy(HERE / "more.yaml", folder / "indicators")
    made = load_city(folder)
    assert check(made) == []
    return made


@pytest.fixture(scope="module")
def world(make_world: WorldMaker, city: City, fill_world: Callable[..., None]) -> World:
    """That city, computed."""
    made = make_world(city)
    fill_world(made, SPAN, SIZES, seed=3)
    made.refresh(NOW)
    return made


@pytest.mark.parametrize("indicator", ["cost_share", "visits_index", "quality", "quality_place"])
def test_sql(city: City, golden: Callable[[Path, str], None], indicator: str) -> None:
    step = make_plan(city).step_of(indicator)
    golden(
        HERE / "golden" / f"{indicator}.sql",
        statements(city, step, indicator, Moment.of(city, NOW))[-1] + ";\n",
    )


def values(world: World, indicator: str) -> pd.DataFrame:
    """The values of one indicator by their keys."""
    found = world.values()
    return found[found.indicator == indicator].set_index(KEYS)


def both(world: World, one: str, other: str) -> pd.DataFrame:
    """Values of an indicator (x) beside those of another (y)."""
    left, right = values(world, one), values(world, other)
    return left.join(right, how="left", lsuffix="_x", rsuffix="_y")


@pytest.mark.parametrize(("whole", "usual"), [("visits_whole", "visits"), ("open_whole", "open")])
def test_any_missing_cell_takes_the_value_away(world: World, whole: str, usual: str) -> None:
    found = both(world, whole, usual)
    complete = found.present_x == found.expected_x
    assert 0 < complete.sum() < len(found)
    assert (found.value_x[complete] == found.value_y[complete]).all()
    assert found.value_x[~complete].isna().all()
    assert (found.n_x == found.n_y).all()


def test_zero_fills_every_period_since_the_first_delivery(world: World) -> None:
    found = both(world, "readings_quiet", "readings")
    quiet = found.value_y.isna()
    assert quiet.any()
    assert (found.value_x[quiet] == 0).all()
    assert (found.present_x[quiet] == 0).all()
    assert (found.expected_x > 0).all()
    assert (found.value_x[~quiet] == found.value_y[~quiet]).all()
    days = found.xs(("city", "C", "day")).index
    assert list(days) == list(pd.date_range(days.min(), days.max()))
    usual = values(world, "readings")
    assert (usual.present > 0).all()


def test_weights_are_taken_where_there_is_something_to_weigh(world: World) -> None:
    rows = world.facts["visits"]
    rows = rows[rows.online.eq(True) & rows.cost.notna()]
    rows = rows.assign(day=[str(world.local_day(at)) for at in rows.opened_at], w=rows.rooms.fillna(0) + 1)
    rows = rows[rows.opened_at.le(NOW.replace(tzinfo=None))]
    found = values(world, "weighted_cost").xs(("city", "C", "day"))
    for day, group in rows.groupby("day"):
        row = found.loc[pd.Timestamp(str(day))]
        assert row.value == pytest.approx((group.cost * group.w).sum() / group.w.sum())
        assert row.denominator == pytest.approx(group.w.sum())
        assert row.n == len(group)


def test_a_share_keeps_its_parts_and_an_index_its_base(world: World) -> None:
    share = both(world, "cost_share", "visits")
    assert (share.denominator_x == share.value_y).all()
    assert share.value_x.dropna().to_list() == pytest.approx(
        (100 * share.numerator_x / share.denominator_x)[share.value_x.notna()].to_list()
    )
    index = both(world, "visits_index", "visits").xs("month", level="period")
    june = index.xs(pd.Timestamp("2025-06-01"), level="start")
    assert (june.value_x == 100).all()
    assert index.value_x.to_list() == pytest.approx((100 * index.numerator_x / index.denominator_x).to_list())


def test_places_and_scores_of_the_districts(world: World) -> None:
    score = values(world, "quality").xs(("district", "month"), level=("level", "period"))
    place = values(world, "quality_place").xs(("district", "month"), level=("level", "period"))
    assert score.value.between(0, 100).all()
    wanted = score.value.groupby(level="start").rank(method="min", ascending=False)
    assert (place.value == wanted.reindex(place.index)).all()
    assert (place.denominator == score.value.groupby(level="start").transform("size")).all()


def test_after_changes_all_is_as_if_made_anew(
    make_world: WorldMaker, city: City, fill_world: Callable[..., None]
) -> None:
    world, now = make_world(city), NOW - dt.timedelta(days=3)
    fill_world(world, SPAN, SIZES, seed=4)
    world.refresh(now)
    readings = world.facts["readings"]
    first = min(readings.measured_at)
    steps: list[tuple[str, pd.DataFrame]] = [
        ("readings", readings[readings.measured_at != first]),
        ("readings", readings),
        (
            "readings",
            pd.concat([readings, readings.head(2).assign(measured_at=first - dt.timedelta(days=9))]),
        ),
        ("visits", world.facts["visits"].iloc[40:]),
    ]
    for dataset, frame in steps:
        now += dt.timedelta(hours=14)
        world.put(dataset, frame.reset_index(drop=True), now)
        world.refresh(now)
        again = make_world(city)
        again.through = dict(world.through)
        for name, facts in world.facts.items():
            again.put(name, facts, now)
        with world.store.read() as cursor:
            status = cursor.execute("SELECT * FROM feed_status").fetchall()
        with again.store.write() as cursor:
            cursor.execute("DELETE FROM feed_status")
            cursor.executemany(
                "INSERT INTO feed_status VALUES (?, ?, ?, ?, ?)", [list(row) for row in status]
            )
        again.refresh(now)
        for indicator in (*MORE, "quality", "quality_place"):
            columns = ["value", "numerator", "denominator", "n", "present", "expected"]
            one, two = (values(made, indicator)[columns].sort_index() for made in (world, again))
            pd.testing.assert_frame_equal(one, two, obj=f"{indicator} after {dataset}")
