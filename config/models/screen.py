"""``screens/*.yaml``: what stands on a screen, in which order."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Tag

from config.models.base import Identifier, LastingDuration, Model, Text, tag_or
from config.models.indicator import Period


class PanelBase(Model):
    """A titled part of a screen; ``width`` in twelfths of the row."""

    title: Text | None = None
    width: int = Field(default=12, ge=2, le=12)


class Tiles(PanelBase):
    """Headline numbers with sparkline, change and target."""

    type: Literal["tiles"]
    indicators: tuple[Identifier, ...] = Field(min_length=1)
    period: Period
    history: int = Field(default=30, ge=2, le=400)


class Trend(PanelBase):
    """One or several indicators over time."""

    type: Literal["trend"]
    indicators: tuple[Identifier, ...] = Field(min_length=1, max_length=5)
    period: Period
    history: int = Field(default=36, ge=2, le=400)
    style: Literal["line", "bar"] = "line"


class Ranking(PanelBase):
    """The areas of one level ordered by an indicator, from the ``order`` end on.

    ``top`` keeps the first few.
    """

    type: Literal["ranking"]
    indicator: Identifier
    level: Identifier
    period: Period
    top: int | None = Field(default=None, ge=1)
    order: Literal["best", "worst"] = "best"


class TileMap(PanelBase):
    """Equal-size tile map of one level, coloured by an indicator.

    Each tile counts the features of the map ``layers`` that lie in it; on a wall it does not.
    """

    type: Literal["map"]
    indicator: Identifier
    level: Identifier
    period: Period
    layers: tuple[Identifier, ...] = Field(default=(), max_length=3)


class Matrix(PanelBase):
    """Areas of one level against several indicators."""

    type: Literal["matrix"]
    indicators: tuple[Identifier, ...] = Field(min_length=1)
    level: Identifier
    period: Period


class Members(PanelBase):
    """The values of column ``by`` (agencies, kinds) against several indicators that are told by it."""

    type: Literal["members"]
    by: Identifier
    indicators: tuple[Identifier, ...] = Field(min_length=1)
    period: Period


class WarningList(PanelBase):
    """The warnings of the area, worst first."""

    type: Literal["warnings"]
    limit: int = Field(default=8, ge=1)


Panel = Annotated[
    Tiles | Trend | Ranking | TileMap | Matrix | Members | WarningList, Field(discriminator="type")
]


class AreaScreen(Model):
    """The screen of every area of one level (the city's own overview, a district, a ward)."""

    kind: Literal["area"] = "area"
    id: Identifier
    title: Text
    level: Identifier
    panels: tuple[Panel, ...] = Field(min_length=1)


class DomainScreen(Model):
    """The screen of one heading of the catalogue, for the city and each area of ``levels``."""

    kind: Literal["domain"]
    id: Identifier
    domain: Identifier
    levels: tuple[Identifier, ...] = Field(min_length=1)
    note: Text | None = None
    panels: tuple[Panel, ...] = Field(min_length=1)


class WallPage(Model):
    """One page of the wall's rotation."""

    title: Text
    dwell: LastingDuration
    area: str | None = None
    panels: tuple[Panel, ...] = Field(min_length=1)


class WallScreen(Model):
    """A rotating, unattended playlist for a wall display."""

    kind: Literal["wall"]
    id: Identifier
    title: Text
    pages: tuple[WallPage, ...] = Field(min_length=1)


Screen = Annotated[
    Annotated[AreaScreen, Tag("area")]
    | Annotated[DomainScreen, Tag("domain")]
    | Annotated[WallScreen, Tag("wall")],
    tag_or("kind", "area"),
]
