"""``layers.yaml``: the registry of the city's map layers, with or without data of their own."""

from __future__ import annotations

from datetime import date
from typing import Literal, Self

from pydantic import Field, model_validator

from config.models.base import Identifier, LastingDuration, Model, Text
from config.models.indicator import Period

Scale = Literal["1:2000", "1:5000"]


class LayerTrouble(Model):
    """Which places of a layer are in trouble: those of which ``when`` is true.

    ``when`` is a condition on the row of the place itself or, with a ``dataset``, on the newest row that
    has the place's key in column ``by`` there. ``word`` says what is wrong.
    """

    dataset: Identifier | None = None
    by: Identifier | None = None
    when: str
    word: Text

    @model_validator(mode="after")
    def _named(self) -> Self:
        if (self.dataset is None) != (self.by is None):
            raise ValueError("`dataset` and `by` go together: the rows and their column with the place's key")
        return self


class LayerRows(Model):
    """Places that are rows of a dataset.

    ``lat`` and ``lon`` are columns in degrees; without them a place lies in the middle of its unit. ``key``
    tells the places apart: of several rows with the same key the newest counts (left out: each row is a
    place). ``name`` is the column that names a place. ``where`` narrows the rows; with ``within`` only those
    of the last so many days before the newest count.
    """

    dataset: Identifier
    lat: Identifier | None = None
    lon: Identifier | None = None
    key: Identifier | None = None
    name: Identifier | None = None
    where: str | None = None
    within: LastingDuration | None = None
    trouble: LayerTrouble | None = None

    @model_validator(mode="after")
    def _paired(self) -> Self:
        if (self.lat is None) != (self.lon is None):
            raise ValueError("`lat` and `lon` go together")
        if self.trouble is not None and self.trouble.dataset is not None and self.key is None:
            raise ValueError("trouble in another dataset needs the `key` of the places")
        return self


class LayerIndicator(Model):
    """An indicator told for each area of a level."""

    indicator: Identifier
    level: Identifier
    period: Period


class Layer(Model):
    """One layer of the map, in a ``group`` of ``city.yaml``.

    ``scale`` is that of the survey, ``owner`` who keeps it, ``cycle`` how often it must be brought up to
    date, ``registered`` since when it has been in the registry. Its data are ``rows`` of a dataset, a
    GeoJSON ``file`` below ``layers/`` of the city's folder, an ``indicator``, or the units of a ``level``;
    without any of them it is registered and has no data here. Features of a file carry a ``name``, and
    ``name_en`` where English has another, among their properties.
    """

    id: Identifier
    name: Text
    group: Identifier
    kind: Literal["point", "line", "zone", "choropleth"]
    scale: Scale | None = None
    owner: Text
    cycle: LastingDuration
    registered: date
    note: Text | None = None
    rows: LayerRows | None = None
    file: str | None = Field(default=None, pattern=r"^[\w./-]+\.geojson$")
    indicator: LayerIndicator | None = None
    level: Identifier | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [name for name in ("rows", "file", "indicator", "level") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(
                f"has {' and '.join(f'`{name}`' for name in given)}; a layer has one kind of data"
            )
        if self.indicator is not None and self.kind != "choropleth":
            raise ValueError("an indicator makes a layer of kind choropleth")
        if self.rows is not None and self.kind != "point":
            raise ValueError("rows of a dataset make a layer of kind point")
        return self

    @property
    def has_source(self) -> bool:
        """Whether data are defined for it here."""
        return any(part is not None for part in (self.rows, self.file, self.indicator, self.level))
