"""The panel that parts a value by the members of a dimension."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable

import pytest
from plotly.io.json import to_json_plotly

from config import City
from config.models import Column
from config.models.indicator import Measure, Stock
from dashboard.components.breakdown import breakdown_panel, member_name
from dashboard.context import ScreenContext
from indicators.breakdown import dimensions

Make = Callable[..., ScreenContext]


@pytest.fixture(scope="module")
def parted(city: City) -> Measure | Stock:
    """An indicator of the reference city that has several dimensions, with words for their members."""
    found = max(
        (
            item
            for item in city.indicators.values()
            if all(column(city, item, name).labels for name in dimensions(city, item))  # type: ignore[arg-type]
        ),
        key=lambda item: len(dimensions(city, item)),
    )
    assert isinstance(found, Measure | Stock)
    assert len(found.by) > 1
    return found


def column(city: City, item: Measure | Stock, name: str) -> Column:
    return next(c for c in city.datasets[item.dataset].columns if c.name == name)


def told(ctx: ScreenContext, item: Measure | Stock, period: str = "month") -> str:
    made = breakdown_panel(ctx, item, ctx.city.areas.root.code, period)
    return json.dumps(json.loads(str(to_json_plotly(made))), ensure_ascii=False)


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_members_are_called_by_their_labels(
    lang: str, context: Make, city: City, parted: Measure | Stock
) -> None:
    for name in parted.by:
        given = column(city, parted, name)
        text = told(context("indicator", parted.id, lang, params={"by": name}), parted)
        for member in list(given.values or ())[:2]:
            assert given.labels[str(member)].get(lang) in text
        assert {"vi": "Không rõ", "en": "Unknown"}[lang] in text
        assert {"vi": "Các nhóm khác", "en": "All others"}[lang] in text


def test_the_address_chooses_the_dimension(context: Make, city: City, parted: Measure | Stock) -> None:
    text = told(context("indicator", parted.id), parted)
    links = re.findall(r"by=(\w+)", text)
    assert links == list(parted.by)
    second = column(city, parted, parted.by[1])
    assert second.title is not None
    chosen = told(context("indicator", parted.id, params={"by": parted.by[1]}), parted)
    assert second.labels[str((second.values or ("",))[0])].get("vi") in chosen
    assert chosen != text


def test_days_are_told_by_the_month_that_holds_them(context: Make, city: City) -> None:
    item = next(
        i for i in city.indicators.values() if dimensions(city, i) and {"day", "month"} <= set(i.periods)
    )
    assert isinstance(item, Measure | Stock)
    ctx = context("indicator", item.id)
    assert told(ctx, item, "day").replace("period=day", "period=month") == told(ctx, item, "month")


def test_members_that_are_definitions_of_the_city_are_called_as_these_are(city: City, context: Make) -> None:
    item = city.indicators["warnings_told"]
    rule, domain = next(iter(city.rules.values())), city.head.domains[0]
    for language in ("vi", "en"):
        ctx = context("indicator", item.id, lang=language)
        assert member_name(ctx, item, "rule", rule.id) == rule.name.get(language)
        assert member_name(ctx, item, "domain", domain.id) == domain.name.get(language)
        assert member_name(ctx, item, "rule", "a_rule_that_is_gone") == "a_rule_that_is_gone"


def test_no_dimension_no_panel(context: Make, city: City) -> None:
    item = next(i for i in city.indicators.values() if not dimensions(city, i))
    assert breakdown_panel(context("indicator", item.id), item, city.areas.root.code, "month") is None


def test_nothing_is_told_where_nothing_is_known(context: Make, parted: Measure | Stock) -> None:
    assert 'className": "rank"' in told(context("indicator", parted.id), parted)
    assert 'className": "rank"' not in told(context("indicator", parted.id, absent=True), parted)


def test_the_past_has_no_members(context: Make, parted: Measure | Stock) -> None:
    then = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
    text = told(context("indicator", parted.id, as_of=then), parted)
    assert "số liệu hiện hành" in text
    assert "rank" not in text


def test_a_member_without_a_label_is_called_as_it_stands(context: Make, parted: Measure | Stock) -> None:
    ctx = context("indicator", parted.id, "en")
    assert member_name(ctx, parted, parted.by[0], "as delivered") == "as delivered"
