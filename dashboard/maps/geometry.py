"""GeoJSON of a city's folder as flat arrays: boundaries of its units, and what its own layers draw."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from config import City
from config.models import Area

Line = NDArray[np.float64]
"""Points of a line or ring, one a row: longitude and latitude in degrees."""


@dataclass(frozen=True)
class Shape:
    """A feature: its properties, its points, its lines, and its polygons: an outline and its holes each."""

    properties: dict[str, Any]
    points: Line = field(default_factory=lambda: np.empty((0, 2)))
    lines: tuple[Line, ...] = ()
    polygons: tuple[tuple[Line, ...], ...] = ()

    @property
    def rings(self) -> list[Line]:
        """Outlines and holes alike, as a pen draws them."""
        return [ring for polygon in self.polygons for ring in polygon]

    def name(self, language: str) -> str:
        """What a feature is called: ``name_en`` in English where there is one, else ``name``."""
        return str(self.properties.get(f"name_{language}") or self.properties.get("name") or "")

    @property
    def size(self) -> int:
        """Features count once, however many parts they have; points each."""
        return max(1, len(self.points))


@lru_cache(maxsize=64)
def shapes(path: Path) -> tuple[Shape, ...]:
    """The features of a GeoJSON file; a city is read once, and so are its files."""
    told = json.loads(path.read_text(encoding="utf-8"))
    return tuple(_shape(entry) for entry in told["features"] if entry.get("geometry"))


def layer_shapes(city: City, name: str) -> tuple[Shape, ...]:
    """What the file of a layer draws."""
    return shapes(city.path / "layers" / name)


def boundaries(city: City, areas: Sequence[Area]) -> dict[str, Shape]:
    """The outlines of units by their code, as far as the city supplies them.

    Files of ``areas/boundaries`` name units under ``code``, by their own code or the official one. Of several
    files, which may tell of several times, the one that knows most of the ``areas`` is taken, and among
    equals the one with the fewest others: a reform gives old codes to new units.
    """
    best: dict[str, Shape] = {}
    fewest = 0
    for path in sorted((city.path / "areas" / "boundaries").glob("*.geojson")):
        known = {str(shape.properties.get("code")): shape for shape in shapes(path) if shape.rings}
        found = {a.code: known.get(a.code) or known.get(a.official) for a in areas}
        here = {code: shape for code, shape in found.items() if shape is not None}
        others = len(known) - len(here)
        if len(here) > len(best) or (here and len(here) == len(best) and others < fewest):
            best, fewest = here, others
    return best


def _shape(entry: dict[str, Any]) -> Shape:
    points, lines, polygons = [], [], []
    for kind, coordinates in _parts(entry["geometry"]):
        if kind == "Point":
            points.append(coordinates[:2])
        elif kind == "LineString":
            lines.append(_line(coordinates))
        elif kind == "Polygon":
            polygons.append(tuple(_line(ring) for ring in coordinates))
    given = np.array(points, dtype=float).reshape(-1, 2)
    return Shape(entry.get("properties") or {}, given, tuple(lines), tuple(polygons))


def _parts(geometry: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """A geometry taken apart into points, lines and polygons."""
    kind: str = geometry["type"]
    if kind == "GeometryCollection":
        for part in geometry["geometries"]:
            yield from _parts(part)
    elif kind.startswith("Multi"):
        for part in geometry["coordinates"]:
            yield kind.removeprefix("Multi"), part
    else:
        yield kind, geometry["coordinates"]


def _line(coordinates: Any) -> Line:
    return np.array([position[:2] for position in coordinates], dtype=float).reshape(-1, 2)


@dataclass(frozen=True)
class Frame:
    """A stretch of ground on a drawing ``width`` units wide: degrees become units, north is up.

    Over a city an equirectangular projection at its own latitude keeps shapes.
    """

    west: float
    south: float
    east: float
    north: float
    width: float = 1000.0

    @classmethod
    def around(cls, places: Line, margin: float = 0.04) -> Frame:
        """A frame that holds some points, with a margin as a share of its size."""
        (west, south), (east, north) = places.min(axis=0), places.max(axis=0)
        room_x, room_y = (max(high - low, 1e-3) * margin for low, high in ((west, east), (south, north)))
        return cls(west - room_x, south - room_y, east + room_x, north + room_y)

    @property
    def scale(self) -> float:
        """Units for a degree of longitude."""
        return self.width / (self.east - self.west)

    @property
    def height(self) -> float:
        """Units from south to north."""
        return (self.north - self.south) * self._scale_y

    @property
    def _scale_y(self) -> float:
        return self.scale / float(np.cos(np.radians((self.north + self.south) / 2)))

    def xy(self, line: Line) -> Line:
        """Longitudes and latitudes as units from the top left, to a tenth."""
        across = (line[:, 0] - self.west) * self.scale
        down = (self.north - line[:, 1]) * self._scale_y
        placed: Line = np.column_stack((across, down)).round(1)
        return placed

    def line(self, line: Line, closed: bool = False) -> str:
        """SVG path data of a line or ring."""
        pairs = self.xy(line).tolist()
        return "M" + "L".join(f"{x:g} {y:g}" for x, y in pairs) + ("Z" if closed else "") if pairs else ""

    def dots(self, line: Line) -> str:
        """SVG path data of points: strokes without length, which round ends make dots."""
        return "".join(f"M{x:g} {y:g}h0" for x, y in self.xy(line).tolist())
