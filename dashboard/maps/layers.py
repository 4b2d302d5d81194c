"""What map layers hold just now: places, counts and the time of the data, read once per data version."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from config import City
from config.models import Layer
from dashboard.maps.geometry import Line, layer_shapes
from warehouse.layers import Places

if TYPE_CHECKING:
    from warehouse.reader import Reader


@dataclass(frozen=True)
class LayerState:
    """What a layer holds: so many features, of which some are in ``trouble``, and since when it tells that.

    ``at`` is UTC without offset, None where nothing ever came or the layer is drawn from the city's folder;
    ``places`` are those of a layer of rows.
    """

    layer: Layer
    features: int
    trouble: int = 0
    at: dt.datetime | None = None
    places: Places | None = None

    @property
    def filled(self) -> bool:
        """Whether there is anything to show."""
        return self.features > 0

    def current(self, now: dt.datetime) -> bool | None:
        """Whether the data are no older than the layer's cycle at ``now`` (aware); None: nobody knows."""
        if self.at is None:
            return None
        return now - self.at.replace(tzinfo=dt.UTC) <= self.layer.cycle


class LayerBook:
    """The state of every layer for one viewer's scope, kept for as long as the data version stands."""

    def __init__(self, city: City) -> None:
        self._city = city
        self._version = ""
        self._states: Mapping[str, LayerState] = {}
        self._lock = threading.Lock()

    def states(self, version: str, reader: Reader, today: dt.date) -> Mapping[str, LayerState]:
        """By layer what it holds in this data version; read when the first viewer asks for it."""
        with self._lock:
            if version != self._version:
                self._states = {
                    id_: state_of(self._city, layer, reader, today)
                    for id_, layer in self._city.layers.items()
                }
                self._version = version
            return self._states


def state_of(city: City, layer: Layer, reader: Reader, today: dt.date) -> LayerState:
    """What one layer holds."""
    if layer.rows is not None:
        places = reader.places(layer.rows, today)
        status = reader.feeds().get(city.datasets[layer.rows.dataset].id)
        # A register says how things stand whenever it comes; what happens has its own time.
        moving = layer.rows.within is not None or layer.rows.trouble is not None
        at = places.newest if moving or status is None else status.last_loaded_at
        return LayerState(layer, len(places), int(places.trouble.sum()), at, places)
    if layer.indicator is not None:
        told = layer.indicator
        values = reader.ranking(told.indicator, told.level, told.period)
        known = [v for v in values if v.value is not None]
        return LayerState(layer, len(known), at=max((v.data_through for v in known), default=None))
    if layer.level is not None:
        return LayerState(layer, len(city.areas.at(layer.level, today)))
    if layer.file is not None:
        return LayerState(layer, sum(shape.size for shape in layer_shapes(city, layer.file)))
    return LayerState(layer, 0)


def positions(city: City, places: Places) -> Line:
    """Longitude and latitude of places; those that have none lie in the middle of their unit."""
    given = np.column_stack((places.lon, places.lat))
    bare = np.isnan(given).any(axis=1)
    if bare.any():
        centres = {
            a.code: (a.lon, a.lat) for a in city.areas.all() if a.lat is not None and a.lon is not None
        }
        nowhere = (np.nan, np.nan)
        given[bare] = [centres.get(code, nowhere) for code in places.area[bare]]
    return given
