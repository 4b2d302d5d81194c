"""What a layer says of groups, datasets, their columns, indicators and files."""

from __future__ import annotations

import json
from collections.abc import Iterator

from config.lint.place import Keys, Place
from config.models import Feed, Layer, LayerRows
from config.problems import Problem

_NUMERIC = ("number", "integer")


def lint_layer(place: Place, layer: Layer) -> Iterator[Problem]:
    """Every broken reference of one layer; conditions are checked where SQL is known."""
    city = place.city
    yield from place.texts(layer)
    yield from place.known(("group",), "group", layer.group, [g.id for g in city.head.layer_groups])
    if layer.level is not None:
        yield from place.known(("level",), "level", layer.level, city.levels)
    if layer.indicator is not None:
        told = layer.indicator
        yield from place.known(("indicator", "period"), "period", told.period, city.periods.ids)
        yield from place.known(("indicator", "level"), "level", told.level, city.levels)
        yield from place.computed(("indicator", "indicator"), told.indicator, told.level, told.period)
    if layer.file is not None:
        yield from _file(place, layer.file)
    if layer.rows is not None:
        yield from _rows(place, layer.rows)


def _rows(place: Place, rows: LayerRows) -> Iterator[Problem]:
    feed = place.city.datasets.get(rows.dataset)
    if feed is None:
        known = {*place.city.datasets, *place.named("feed")}
        yield from place.known(("rows", "dataset"), "dataset", rows.dataset, known)
        return
    for key in ("lat", "lon"):
        yield from _column(place, ("rows", key), feed, getattr(rows, key), _NUMERIC)
    for key in ("key", "name"):
        yield from _column(place, ("rows", key), feed, getattr(rows, key))
    if rows.trouble is None or rows.trouble.dataset is None:
        return
    other = place.city.datasets.get(rows.trouble.dataset)
    keys = ("rows", "trouble")
    if other is None:
        known = {*place.city.datasets, *place.named("feed")}
        yield from place.known((*keys, "dataset"), "dataset", rows.trouble.dataset, known)
    else:
        yield from _column(place, (*keys, "by"), other, rows.trouble.by)


def _column(
    place: Place, keys: Keys, feed: Feed, name: str | None, types: tuple[str, ...] = ()
) -> Iterator[Problem]:
    if name is None:
        return
    columns = {column.name: column.type for column in feed.columns}
    yield from place.known(keys, "column", name, columns)
    if types and name in columns and columns[name] not in types:
        yield place.problem(keys, f"column {name!r} is a {columns[name]}, not a number", "name another one")


def _file(place: Place, name: str) -> Iterator[Problem]:
    path = place.city.path / "layers" / name
    if not path.is_file():
        yield place.problem(("file",), f"there is no layers/{name}", "put it there, or leave `file` out")
        return
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        sound = told["type"] == "FeatureCollection" and all(f["geometry"]["type"] for f in told["features"])
    except (ValueError, KeyError, TypeError):
        sound = False
    if not sound:
        hint = "GeoJSON: a FeatureCollection whose features have a geometry"
        yield place.problem(("file",), f"layers/{name} is no collection of features", hint)
