"""Screens of the past say so, stay in it, and tell what a value was and where its series breaks."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType

import pytest
from dash._utils import to_json

from config import City
from config.models import Break, Indicator, Text
from dashboard import asof
from dashboard.components.past import cuts
from dashboard.context import ScreenContext
from dashboard.routes import Route
from dashboard.screens import render

Make = Callable[..., ScreenContext]
NOW = dt.datetime(2026, 11, 23, 1, 40, tzinfo=dt.UTC)
THEN = dt.datetime(2026, 5, 1, 1, 0, tzinfo=dt.UTC)


def told(ctx: ScreenContext) -> str:
    return json.dumps(json.loads(to_json(render(ctx))), ensure_ascii=False)


def monthly(city: City) -> str:
    return next(
        i.id for i in city.indicators.values()
        if i.kind == "measure" and "month" in i.periods and city.levels[0] in i.levels
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-05-01T08:00", THEN),
        ("2026-05-01 08:00", THEN),
        ("2026-05-01T01:00:00+00:00", THEN),
        ("2026-05-01T01:00:00 00:00", THEN),
        ("2026-05-01", dt.datetime(2026, 4, 30, 17, tzinfo=dt.UTC)),
        ("2027-01-01", None),
        ("0001-01-01", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_a_moment_in_an_address(city: City, text: str, at: dt.datetime | None) -> None:
    route = Route("vi", "area", city.areas.root.code, MappingProxyType({"as_of": text}))
    assert asof.chosen(city, route, NOW) == at
    assert asof.chosen(city, replace(route, kind="health"), NOW) is None
    assert route.key != Route("vi", "area", city.areas.root.code).key, "a page of its own in the cache"
    if at is not None:
        again = Route("vi", "wall", "", {"as_of": asof.written(at, city)})
        assert asof.chosen(city, again, NOW) == at


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("kind", ["area", "indicator", "wall"])
def test_the_past_says_so_and_stays_in_it(context: Make, city: City, lang: str, kind: str) -> None:
    target = monthly(city) if kind == "indicator" else ""
    params = {"period": "month", "as_of": "2026-05-01T08:00:00"}
    here = context(kind, target, lang, params, as_of=THEN)
    text = told(here)
    assert {"vi": "Trạng thái lúc 08:00 01/05/2026", "en": "As it stood at"}[lang] in text
    assert "data-as-of" in text
    assert here.same_page(as_of="") in text
    parts = (part.rstrip("\\") for part in text.split('"'))
    links = [part for part in parts if part.startswith(f"/{lang}/indicator/")]
    assert links
    assert [x for x in links if "as_of=2026-05-01" not in x and x != here.same_page(as_of="")] == []
    now = told(context(kind, target, lang, {"period": "month"}))
    assert "past-banner" not in now
    assert "as_of=" not in now


def test_a_revised_value_lists_what_it_was(context: Make, city: City) -> None:
    id_ = monthly(city)
    text = told(context("indicator", id_, params={"period": "month"}, revised=[id_]))
    assert "giá trị này đã sửa 1 lần" in text
    assert "as_of=2026-11-20T08%3A40%3A00" in text
    assert "giá trị này đã sửa" not in told(context("indicator", id_, params={"period": "month"}))


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_breaks_are_drawn_and_explained(context: Make, city: City, lang: str) -> None:
    id_ = monthly(city)
    note = Text({"vi": "Đổi phần mềm", "en": "New software"})
    broken = city.indicators[id_].model_copy(
        update={"breaks": (Break(date=dt.date(2026, 11, 10), note=note),)}
    )
    here = context("indicator", id_, lang, {"period": "month"}, revised=[id_])
    here = replace(here, city=replace(city, indicators={**city.indicators, id_: broken}))
    text = told(here)
    words = {
        "vi": ("Đổi phần mềm", "định nghĩa đổi (phiên bản 2)", "phép đo: từ «count(*)» thành «sum(n)»",
               "so sánh qua điểm gãy"),
        "en": ("New software", "definition changed (version 2)", "measure: from “count(*)” to “sum(n)”",
               "compares across a break"),
    }[lang]  # fmt: skip
    for word in words:
        assert word in text, word
    assert '"shapes": [{' in text


def test_the_city_of_the_past_has_the_definitions_of_then(city: City) -> None:
    id_ = monthly(city)
    now = city.indicators[id_]
    body = {**now.model_dump(mode="json", by_alias=True), "name": {"vi": "Tên cũ", "en": "Old name"}}
    then = asof.city_at(city, {id_: body, "unknown": {"kind": "none"}})
    assert then.indicators[id_].name.get("vi") == "Tên cũ"
    assert then.indicators[id_] == now.model_copy(update={"name": then.indicators[id_].name})
    assert set(then.indicators) == set(city.indicators)


def test_a_break_that_all_lines_share_is_said_once(context: Make, city: City) -> None:
    starts = [dt.date(2025, month, 1) for month in range(5, 10)]
    ctx = context()
    root, ward = city.levels[0], city.levels[-1]
    counted = [city.indicators[id_] for id_ in ("hotline_received", "hotline_closed")]
    [merger] = city.head.breaks
    mark = merger.note.get("vi")[:12]

    def labels(*members: Indicator, level: str = root) -> list[str]:
        found = cuts(ctx, members, level, "month", starts)
        assert all(cut.at == 1.5 for cut in found if mark in cut.label), "between June and July"
        return [cut.label for cut in found if mark in cut.label]

    [one] = labels(*counted)
    assert one.startswith(f"01/07/2025 {mark}")
    assert labels(*counted, level=ward) == []
    published = next(i for i in city.indicators.values() if i.kind == "reported" and root in i.levels)
    [alone] = labels(counted[0], published)
    assert alone.startswith(f"01/07/2025 {ctx.name(counted[0])}: ")
