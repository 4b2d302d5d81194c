"""Values for the terminal: what is asked for is found, or named with its neighbour."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable

import pytest
from rich.console import Console

from config import City
from dashboard.cli.values import UnknownError, as_table, moment, read_values
from dashboard.context import ScreenContext

Make = Callable[..., ScreenContext]


def test_a_moment_is_by_the_city_s_clock_unless_it_says_otherwise(city: City) -> None:
    at = dt.datetime(2026, 5, 1, 1, tzinfo=dt.UTC)
    assert moment(city, "2026-05-01T08:00") == at
    assert moment(city, "2026-05-01T01:00+00:00") == at
    with pytest.raises(UnknownError, match="2026-05-01T08:00"):
        moment(city, "yesterday")


def test_what_does_not_exist_is_named_with_its_neighbour(context: Make, city: City) -> None:
    reader = context().reader
    id_ = next(i.id for i in city.indicators.values() if "year" not in i.periods)
    for area, period, words in ((None, "year", "it has"), ("7600", None, "did you mean")):
        with pytest.raises(UnknownError, match=words):
            read_values(city, reader, id_, area, period, 3)
    with pytest.raises(UnknownError, match="did you mean"):
        read_values(city, reader, id_[:-1], None, None, 3)


def test_the_table_has_a_line_for_each_value(context: Make, city: City) -> None:
    id_ = next(i.id for i in city.indicators.values() if city.levels[0] in i.levels)
    found = read_values(city, context().reader, id_, None, None, 5)
    console = Console(width=200, file=io.StringIO())
    console.print(as_table(city, found, "title"))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert all(str(value.start) in text for value in found)
    assert text.count("3/4") == 5
