"""Map layers as GeoJSON, for the map's own page and others: ``/api/layers/<id>.geojson?lang=en``."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from fastapi import FastAPI, Response

from config import City
from dashboard.maps.geometry import Shape, layer_shapes
from dashboard.maps.layers import LayerState, positions

States = Callable[[], Mapping[str, LayerState]]


def register(server: FastAPI, city: City, states: States) -> None:
    """Add the address of layers to a server; ``states`` tells what they hold just now."""

    @server.get("/api/layers/{id_}.geojson")
    def layer(id_: str, lang: str = "") -> Response:
        state = states().get(id_)
        if state is None or not state.filled:
            return Response(status_code=404)
        language = lang if lang in city.head.languages else city.head.languages[0]
        body = json.dumps(collection(city, state, language), ensure_ascii=False, separators=(",", ":"))
        return Response(body, media_type="application/geo+json", headers={"Cache-Control": "no-cache"})


def collection(city: City, state: LayerState, language: str) -> dict[str, Any]:
    """The features of a layer: each with its name, the layer's and what is wrong, if anything is."""
    layer = state.layer
    title = layer.name.get(language)
    features: list[dict[str, Any]] = []
    if state.places is not None:
        rows = layer.rows
        wrong = rows.trouble.word.get(language) if rows is not None and rows.trouble is not None else None
        lying = np.round(positions(city, state.places), 5).tolist()
        told = zip(lying, state.places.name, state.places.area, state.places.trouble, strict=True)
        features = [
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": place} if place[0] == place[0] else None,
                "properties": {"name": name, "area": area, "layer": title, "trouble": wrong if bad else None},
            }
            for place, name, area, bad in told
        ]
    elif layer.file is not None:
        features = [_feature(shape, title, language) for shape in layer_shapes(city, layer.file)]
    return {"type": "FeatureCollection", "name": title, "features": features}


def _feature(shape: Shape, title: str, language: str) -> dict[str, Any]:
    geometry: dict[str, Any] | None = None
    if len(shape.points) == 1:
        geometry = {"type": "Point", "coordinates": shape.points[0].tolist()}
    elif len(shape.points):
        geometry = {"type": "MultiPoint", "coordinates": shape.points.tolist()}
    elif shape.lines:
        geometry = {"type": "MultiLineString", "coordinates": [line.tolist() for line in shape.lines]}
    elif shape.polygons:
        rings = [[ring.tolist() for ring in polygon] for polygon in shape.polygons]
        geometry = {"type": "MultiPolygon", "coordinates": rings}
    return {
        "type": "Feature",
        "geometry": geometry,
        "properties": {"name": shape.name(language), "layer": title},
    }
