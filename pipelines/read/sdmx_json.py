"""SDMX-JSON (1.0, 2.0 and the draft before them) as rows.

The package that reads SDMX-ML knows of the draft alone, and loses attributes of series; the format itself is
plain: observations hold places in lists of values.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any, Final

VALUE: Final = "OBS_VALUE"

Row = dict[str, str | None]
Components = Sequence[Mapping[str, Any]]


def rows_of(stream: IO[bytes]) -> Iterator[Row]:
    """Each observation with its dimensions, ``OBS_VALUE`` (further measures by their ids) and attributes.

    Raises ValueError, KeyError, IndexError or TypeError when the document is none of these.
    """
    document = json.load(stream, parse_float=str)  # numbers as they are written
    if document.get("errors"):
        raise ValueError(f"the service tells of an error: {json.dumps(document['errors'])[:200]}")
    data = document.get("data", document)  # the draft has no envelope
    structures = data["structures"] if "structures" in data else [data["structure"]]
    for dataset in data["dataSets"]:
        yield from _dataset(dataset, structures[int(dataset.get("structure") or 0)])


def _dataset(dataset: Mapping[str, Any], structure: Mapping[str, Any]) -> Iterator[Row]:
    dimensions, attributes = structure["dimensions"], structure.get("attributes", {})
    measures = [m["id"] for m in structure.get("measures", {}).get("observation", [])] or [VALUE]
    fixed = _at("0:" * len(dimensions.get("dataSet", [])), dimensions.get("dataSet", []))
    shared = _chosen(dataset.get("attributes", []), attributes.get("dataSet", []))

    def observations(found: Mapping[str, Any], key: Row, told: Row) -> Iterator[Row]:
        for place, cells in found.items():
            row = key | _at(place, dimensions.get("observation", []))
            row |= {name: _text(cell) for name, cell in zip(measures, cells, strict=False)}
            row.setdefault(VALUE, None)
            yield row | told | _chosen(cells[len(measures) :], attributes.get("observation", []))

    for place, series in dataset.get("series", {}).items():
        key = fixed | _at(place, dimensions.get("series", []))
        told = shared | _chosen(series.get("attributes", []), attributes.get("series", []))
        yield from observations(series.get("observations", {}), key, told)
    yield from observations(dataset.get("observations", {}), fixed, shared)


def _at(place: str, dimensions: Components) -> Row:
    """The dimensions' values at a place such as ``0:3:1``."""
    numbers = [int(number) for number in place.split(":") if number]
    return {d["id"]: _named(d["values"][n]) for d, n in zip(dimensions, numbers, strict=True)}


def _chosen(cells: Sequence[Any], components: Components) -> Row:
    """Attributes whose cells are places in their lists of values, or the values themselves."""
    row: Row = {}
    for cell, component in zip(cells, components, strict=False):
        values = component.get("values") or []
        listed = isinstance(cell, int) and not isinstance(cell, bool) and values
        row[component["id"]] = _named(values[cell]) if listed else _text(cell)
    return row


def _named(value: Any) -> str | None:
    """A code by its id; a value without one as it is."""
    if not isinstance(value, Mapping):
        return _text(value)
    return _text(next((value[key] for key in ("id", "value", "name") if value.get(key) is not None), None))


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
