"""Addresses: what is written is read back, and what does not exist is told apart from an error."""

from __future__ import annotations

import pytest

from config import REFERENCE_CITY, City, load_city
from dashboard.routes import Route, ScreenKind, href, parse


@pytest.fixture(scope="module")
def city() -> City:
    return load_city(REFERENCE_CITY)


def test_what_is_written_is_read_back(city: City) -> None:
    root = city.areas.root.code
    indicator = next(iter(city.indicators))
    cases: list[tuple[ScreenKind, str, dict[str, str]]] = [
        ("area", root, {}),
        ("area", city.areas.children(root)[0].code, {"period": "month"}),
        ("indicator", indicator, {"area": root, "period": "day"}),
        ("warnings", "", {"state": "firing"}),
        ("warning", "17", {}),
        ("rules", "", {"show": "untried"}),
        ("open", "", {}),
        ("reports", "", {}),
        ("rule", next(iter(city.rules)), {"backtest": "3"}),
        ("health", "", {}),
        ("wall", "", {}),
    ]
    for language in city.head.languages:
        for kind, target, params in cases:
            path, _, search = href(language, kind, target, **params).partition("?")
            assert parse(city, path, "?" + search) == Route(language, kind, target, params)


@pytest.mark.parametrize(
    "path",
    [
        "/vi/area/nowhere",
        "/en/indicator/none",
        "/fr",
        "/vi/area/79/x",
        "/x/y/z",
        "/vi/warning/x",
        "/vi/rule/none",
        "/vi/rule",
    ],
)
def test_what_does_not_exist_is_missing(city: City, path: str) -> None:
    assert parse(city, path).kind == "missing"


@pytest.mark.parametrize("path", ["", "/", "/vi", "/en/", "/en/city"])
def test_the_city_is_at_the_root(city: City, path: str) -> None:
    route = parse(city, path)
    assert (route.kind, route.target) == ("area", city.areas.root.code)
    assert route.language == ("en" if "en" in path else city.head.languages[0])


def test_headings_have_addresses(city: City) -> None:
    ward = city.areas.at(city.levels[-1])[0].code
    for domain in city.head.domains:
        route = parse(city, f"/vi/domain/{domain.id}", f"?area={ward}")
        assert route == Route("vi", "domain", domain.id, {"area": ward})
    assert parse(city, "/en/domains").kind == "domains"
    assert parse(city, "/vi/domain/none").kind == "missing"
