"""Warnings of rules without an indicator, as screens show them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
from plotly.io.json import to_json_plotly

from config import City
from dashboard.screens import render
from dashboard.standing import late_feeds
from dashboard.warnings.alerts import Alert, alerts_from
from warehouse.state import Kind, Status, Warning

NOW = dt.datetime(2026, 11, 23, 2, tzinfo=dt.UTC)
Make = Callable[..., Any]


def warning(rule: str, area: str, **evidence: Any) -> Warning:
    return Warning(
        1, rule, area, Kind.LIMIT, "watch", Status.FIRING, NOW, NOW, None, None, 3.0, 0.0, 3.0, 3.0,
        {"vi": "Sắp đến hạn", "en": "Due soon"}, evidence, NOW, None, None,
    )  # fmt: skip


def shown(component: Any) -> str:
    return json.dumps(json.loads(str(to_json_plotly(component))), ensure_ascii=False)


def of(city: City, rule: str, area: str, **evidence: Any) -> Alert:
    (alert,) = alerts_from(city, [warning(rule, area, **evidence)], [], NOW)
    return alert


@pytest.mark.parametrize("rule", ["dossiers_due_soon", "dossiers_strained"])
def test_every_screen_shows_one_without_indicator_or_feed(city: City, context: Make, rule: str) -> None:
    alert = of(city, rule, "760")
    for kind in ("warnings", "area", "wall"):
        assert "Sắp đến hạn" in shown(render(context(kind, alerts=[alert])))


def test_an_odd_volume_does_not_make_a_feed_late(city: City, context: Make) -> None:
    root = city.areas.root.code
    old, odd = of(city, "stale_dossiers", root), of(city, "volume_hotline", root)
    before = late_feeds(context("health"))
    assert late_feeds(context("health", alerts=[odd])) == before
    assert late_feeds(context("health", alerts=[old, odd])) == before | {"dossiers"}
