"""What the engine may take for granted of a column, by its contract."""

from __future__ import annotations

from dataclasses import replace

import pytest

from config import REFERENCE_CITY, load_city
from indicators.datasets import datasets


@pytest.mark.parametrize("mode", ["reject", "empty", "stop", "flag"])
def test_only_a_column_that_keeps_to_its_values_has_few(mode: str) -> None:
    city = load_city(REFERENCE_CITY)
    feed = next(
        feed
        for feed in city.feeds.values()
        if any(column.type == "text" and column.values for column in feed.columns)
        and any(
            column.type == "integer" and column.min is not None and column.max is not None
            for column in feed.columns
        )
    )
    columns = tuple(
        column.model_copy(update={"on_error": {"value": mode, "range": mode}}) for column in feed.columns
    )
    changed = feed.model_copy(update={"columns": columns})
    members = datasets(replace(city, feeds={feed.id: changed}))[feed.table].members
    assert bool(members) == (mode != "flag")
