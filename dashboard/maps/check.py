"""What is wrong with the conditions of map layers."""

from __future__ import annotations

from collections.abc import Iterator

from config import City, Problem
from config.models import Layer
from warehouse.expression import ExpressionError, parse_condition
from warehouse.layers import columns_of


def check(city: City) -> list[Problem]:
    """Every condition of a layer that cannot be read."""
    return [problem for layer in city.layers.values() for problem in _problems(city, layer)]


def _problems(city: City, layer: Layer) -> Iterator[Problem]:
    rows = layer.rows
    if rows is None or rows.dataset not in city.datasets:
        return
    asked: list[tuple[tuple[str, ...], str | None, str]] = [(("rows", "where"), rows.where, rows.dataset)]
    if rows.trouble is not None:
        other = rows.trouble.dataset or rows.dataset
        asked.append((("rows", "trouble", "when"), rows.trouble.when, other))
    for keys, text, dataset in asked:
        if text is None or dataset not in city.datasets:
            continue
        try:
            parse_condition(text, columns_of(city.datasets[dataset]))
        except ExpressionError as error:
            yield city.problem("layer", layer.id, keys, error.message, error.hint)
