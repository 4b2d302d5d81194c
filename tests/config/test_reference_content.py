"""What the reference city promises to show: breadth, and words that tell things apart."""

from __future__ import annotations

from collections import Counter

import pytest

from config import City, load_city
from config.loader import REFERENCE_CITY
from config.models import PERIODS, AreaScreen, Formula, WallScreen


@pytest.fixture(scope="module")
def city() -> City:
    return load_city(REFERENCE_CITY)


def test_indicators_are_many_and_of_every_kind(city: City) -> None:
    indicators = city.indicators.values()
    assert len(indicators) >= 48
    assert len({i.domain for i in indicators}) >= 8
    assert {i.kind for i in indicators} == {"measure", "stock", "reported", "formula", "composite"}
    assert {level for i in indicators for level in i.levels} == set(city.levels)
    assert {period for i in indicators for period in i.periods} >= {*PERIODS, "reporting_month"}


def test_no_two_indicators_or_rules_are_called_the_same(city: City) -> None:
    for language in city.head.languages:
        for names in (
            [i.name.get(language) for i in city.indicators.values()],
            [(i.short or i.name).get(language) for i in city.indicators.values()],
            [r.name.get(language) for r in city.rules.values()],
        ):
            assert [name for name, count in Counter(names).items() if count > 1] == []


def test_short_names_are_short(city: City) -> None:
    for indicator in city.indicators.values():
        for text in (indicator.short or indicator.name).root.values():
            assert len(text) <= 28, f"{indicator.id}: {text}"


def test_no_two_indicators_compute_the_same(city: City) -> None:
    leave_out = {
        "id",
        "name",
        "short",
        "note",
        "levels",
        "periods",
        "by",
        "targets",
        "owner",
        "source",
        "min_n",
    }
    bodies = Counter(i.model_dump_json(exclude=leave_out) for i in city.indicators.values())
    assert [body for body, count in bodies.items() if count > 1] == []


def test_every_level_has_its_screen_and_the_wall_has_pages(city: City) -> None:
    screens = city.screens.values()
    assert {s.level for s in screens if isinstance(s, AreaScreen)} == set(city.levels)
    (wall,) = [s for s in screens if isinstance(s, WallScreen)]
    assert len(wall.pages) >= 5


def test_the_published_aims_are_encoded(city: City) -> None:
    floors = {
        id_: {t.value for t in city.indicators[id_].targets}
        for id_ in (
            "dossiers_online",
            "dossiers_digitised_department",
            "dossiers_digitised_district",
            "dossiers_digitised_commune",
        )
    }
    assert floors == {
        "dossiers_online": {60},
        "dossiers_digitised_department": {50},
        "dossiers_digitised_district": {40},
        "dossiers_digitised_commune": {35},
    }
    path = city.indicators["digital_economy_share"].targets
    assert {(t.date.year, t.value) for t in path if t.date} >= {(2025, 25), (2030, 40)}
    assert isinstance(city.indicators["online_procedures_full_share"], Formula)
