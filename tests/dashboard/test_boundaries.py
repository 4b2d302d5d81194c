"""Figures on the boundaries of another day: chosen by address, carried along, marked and explained."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable

import pytest
from plotly.utils import PlotlyJSONEncoder

from config import City
from dashboard.boundaries import choices, chosen
from dashboard.components.trend import build
from dashboard.context import ScreenContext
from dashboard.drawing.figures import plotly
from dashboard.routes import parse
from dashboard.screens import render

REFORM = dt.date(2025, 7, 1)
TODAY = dt.date(2026, 11, 23)
NEW, OLD, UNTOUCHED = "26740", "26737-2020", "760"
Make = Callable[..., ScreenContext]


def written(ctx: ScreenContext) -> str:
    return json.dumps(render(ctx), cls=PlotlyJSONEncoder, ensure_ascii=False)


@pytest.mark.parametrize(
    ("path", "search", "day"),
    [
        (f"/vi/area/{NEW}", "?boundaries=2025-07-01", REFORM),
        ("/vi/indicator/hotline_received", f"?area={NEW}&boundaries=2025-07-01", REFORM),
        (f"/vi/area/{NEW}", "", None),
        (f"/vi/area/{NEW}", "?boundaries=yesterday", None),
        ("/vi/wall", "?boundaries=2025-07-01", None),
    ],
)
def test_the_address_says_it(city: City, path: str, search: str, day: dt.date | None) -> None:
    assert chosen(city, parse(city, path, search)) == day


def test_other_boundaries_are_another_page(city: City) -> None:
    keys = {parse(city, f"/vi/area/{NEW}", search).key for search in ("", "?boundaries=2025-07-01")}
    assert len(keys) == 2


def test_there_is_a_choice_where_ground_changed_hands(city: City) -> None:
    assert [(c.on, c.word) for c in choices(city, NEW, TODAY)] == [(None, "time"), (REFORM, "now")]
    assert [(c.on, c.word) for c in choices(city, OLD, TODAY)] == [
        (None, "time"),
        (dt.date(2025, 6, 30), "until"),
    ]
    assert choices(city, UNTOUCHED, TODAY) == []
    assert [(c.on, c.word) for c in choices(city, city.areas.root.code, TODAY)] == [
        (None, "time"),
        (REFORM, "now"),
        (dt.date(2025, 6, 30), "until"),
    ]
    assert choices(city, "718", TODAY) == []


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_an_area_names_what_it_was_made_of(context: Make, city: City, lang: str) -> None:
    page = written(context(target=NEW, lang=lang))
    for source in ("26740-2020", "26737-2020", "26746"):
        assert f"/{lang}/area/{source}" in page
        assert city.areas[source].name(lang) in page
    assert "(50%)" in page
    former = written(context(target=OLD, lang=lang))
    assert f"/{lang}/area/26737" in former
    assert f"/{lang}/area/{NEW}" in former


def test_estimates_are_marked_and_explained(context: Make) -> None:
    params = {"area": NEW, "period": "month", "boundaries": "2025-07-01"}
    page = written(context("indicator", "hotline_received", params=params, estimated=True))
    assert "Ước tính" in page
    assert "chỉ tính theo tỷ lệ" in page
    assert "boundaries=2025-07-01" in page, "links keep the choice"
    plain = written(context("indicator", "hotline_received", params={"area": NEW, "period": "month"}))
    assert "Ước tính" not in plain
    assert "boundaries=2025-07-01" in plain, "the choice is offered"


def test_a_city_that_grew_says_what_is_left_out_and_what_is_missed(context: Make, city: City) -> None:
    root = city.areas.root.code
    former = written(context(target=root, params={"boundaries": "2025-06-30"}))
    assert "không gồm địa bàn nhập vào từ ngày 01/07/2025" in former
    assert "(28% dân số)" in written(context(target=root, params={"boundaries": "2025-07-01"}))
    assert "Joined the city on 1 Jul 2025" in written(context(target="718", lang="en"))
    assert "chiếm 28% dân số" in written(context(target=root))


def test_a_unit_that_was_not_there_says_so(context: Make) -> None:
    page = written(context(target=NEW, params={"boundaries": "2025-01-01"}))
    assert "không tồn tại vào ngày" in page


def test_estimated_stretches_are_dashed(context: Make, city: City) -> None:
    ctx = context("indicator", "hotline_received", params={"area": NEW}, estimated=True)
    indicator = city.indicators["hotline_received"]
    values = ctx.reader.series([indicator.id], NEW, "month", 12)[indicator.id]
    mixed = [v._replace(estimated=v.start < dt.date(2026, 5, 1)) for v in values]
    for bars, trait in ((False, "dash"), (True, "pattern")):
        chart = build(ctx, NEW, [indicator], {indicator.id: mixed}, "month", bars=bars)
        assert trait in json.dumps(plotly(chart, [""] * len(chart.scale.ticks))["data"])
        assert any("ước tính" in text for text in chart.lines[0].texts)
        assert not all("ước tính" in text for text in chart.lines[0].texts)
