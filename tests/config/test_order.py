"""Feeds are loaded behind those that they come after, else in the order of the folder."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise, permutations

import pytest

from config import REFERENCE_CITY, load_city
from config.models import Feed
from config.order import cycle, loading_order

SAMPLE = next(iter(load_city(REFERENCE_CITY).feeds.values()))


def feeds(after: Mapping[str, tuple[str, ...]]) -> dict[str, Feed]:
    return {id_: SAMPLE.model_copy(update={"id": id_, "after": names}) for id_, names in after.items()}


@pytest.mark.parametrize(
    ("after", "wanted", "expected"),
    [
        ({"b": (), "a": (), "c": ()}, "bac", "bac"),
        ({"b": (), "a": (), "c": ()}, "ca", "ac"),
        ({"a": ("b",), "b": ("c",), "c": ()}, "abc", "cba"),
        ({"a": ("b",), "b": ("c",), "c": ()}, "ac", "ca"),  # b is not loaded now; a waits for c all the same
        ({"a": ("gone",), "b": ()}, "ab", "ab"),
        ({}, "", ""),
    ],
)
def test_the_order(after: dict[str, tuple[str, ...]], wanted: str, expected: str) -> None:
    assert [feed.id for feed in loading_order(feeds(after), wanted)] == list(expected)


def test_the_order_of_the_folder_never_breaks_a_dependency() -> None:
    for order in permutations("abcd"):
        given = {id_: {"a": ("b", "c"), "b": ("d",), "c": ("d",), "d": ()}[id_] for id_ in order}
        found = [feed.id for feed in loading_order(feeds(given), "abcd")]
        for id_, names in given.items():
            assert all(found.index(name) < found.index(id_) for name in names), (order, found)


def test_a_ring_is_found() -> None:
    ring = cycle(feeds({"a": ("b",), "b": ("c",), "c": ("a",), "d": ("a",)}))
    assert ring[0] == ring[-1]
    assert sorted(ring[1:]) == ["a", "b", "c"]
    assert all(feeds({"a": ("b",), "b": ("c",), "c": ("a",)})[x].after == (y,) for x, y in pairwise(ring))
    assert cycle(feeds({"a": ("b",), "b": ()})) == []
