"""The register of map layers: as many as were reported, each in a group, no two called the same."""

from __future__ import annotations

import pytest

from config import REFERENCE_CITY, City, load_city


@pytest.fixture(scope="module")
def city() -> City:
    return load_city(REFERENCE_CITY)


def test_as_many_layers_are_registered_as_were_reported(city: City) -> None:
    assert len(city.layers) == 87
    assert {layer.scale for layer in city.layers.values()} == {"1:2000", "1:5000", None}
    assert {layer.kind for layer in city.layers.values()} == {"point", "line", "zone", "choropleth"}


def test_every_group_has_layers_and_no_two_are_called_the_same(city: City) -> None:
    groups = [group.id for group in city.head.layer_groups]
    assert {layer.group for layer in city.layers.values()} == set(groups)
    for language in city.head.languages:
        names = [layer.name.get(language) for layer in city.layers.values()]
        assert len(set(names)) == len(names)
