"""What a map shows: the choice that an address makes, and where the features of layers lie on it."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from config.models import Area, AreaScreen, Indicator, Layer, Period, TileMap
from dashboard.components.ground import Overlay
from dashboard.components.tilemap import Shading
from dashboard.context import ScreenContext
from dashboard.maps.geometry import boundaries, layer_shapes
from dashboard.maps.layers import LayerState, positions
from dashboard.routes import day_in

View = Literal["tiles", "ground"]

MOST = 6
"""Layers that are shown at once: as many as there are marks to tell them apart."""


@dataclass(frozen=True)
class Choice:
    """What the address asks for, put right where it makes no sense."""

    indicator: Indicator
    level: str
    period: Period
    start: dt.date | None
    area: str
    layers: tuple[str, ...]


def chosen(ctx: ScreenContext) -> Choice | None:
    """What the address asks for; None where the city has nothing that a map could show."""
    params, city = ctx.route.params, ctx.city
    levels = city.levels[1:]
    mapped = {i.id: i for i in city.indicators.values() if set(levels) & set(i.levels)}
    indicator = (
        mapped.get(params.get("indicator", ""))
        or mapped.get(_usual(ctx))
        or next(iter(mapped.values()), None)
    )
    if indicator is None:
        return None
    offered = [level for level in levels if level in indicator.levels]
    level = params.get("level", "")
    level = level if level in offered else offered[0]
    period = params.get("period", "")
    if period not in indicator.periods:
        period = "month" if "month" in indicator.periods else indicator.periods[0]
    area = params.get("area", "")
    above = city.levels[: city.levels.index(level)]
    if area not in city.areas or city.areas[area].level not in above:
        area = city.areas.root.code
    start = day_in(params.get("start", ""), ctx.today)
    given = dict.fromkeys(id_ for id_ in params.get("layers", "").split(",") if id_ in city.layers)
    return Choice(indicator, level, period, start, area, tuple(given)[:MOST])


def _usual(ctx: ScreenContext) -> str:
    """The indicator that the city's own screen shows on a map."""
    for screen in ctx.city.screens.values():
        if isinstance(screen, AreaScreen) and screen.level == ctx.city.levels[0]:
            for entry in screen.panels:
                if isinstance(entry, TileMap):
                    return entry.indicator
    return ""


def view_of(ctx: ScreenContext, shaded: Shading) -> View:
    """As asked for; else as the city lies where its boundaries are known or tiles have no places."""
    asked = ctx.route.params.get("view", "")
    if asked == "tiles":
        return "tiles"
    if asked == "ground":
        return "ground"
    tiled = all(a.tile_row is not None for a in shaded.places)
    return "tiles" if tiled and len(boundaries(ctx.city, shaded.places)) < len(shaded.places) else "ground"


def overlay(ctx: ScreenContext, shaded: Shading, mark: int, state: LayerState) -> Overlay:
    """A layer on the ground, of the areas that are shown."""
    if state.layer.file is not None:
        shapes = layer_shapes(ctx.city, state.layer.file)
        points = np.vstack([np.empty((0, 2)), *(shape.points for shape in shapes)])
        return Overlay(state.layer.id, mark, points, np.zeros(len(points), dtype=np.bool_), shapes)
    if state.places is not None:
        owners = _owners(ctx, shaded)
        places = state.places.only(np.array([code in owners for code in state.places.area], dtype=np.bool_))
        lying = positions(ctx.city, places)
        known = ~np.isnan(lying).any(axis=1)
        return Overlay(state.layer.id, mark, lying[known], places.trouble[known])
    units = ctx.city.areas.at(state.layer.level, ctx.today) if state.layer.level else []
    outlines = boundaries(ctx.city, units)
    bare = [(a.lon, a.lat) for a in units if a.code not in outlines and a.lon is not None]
    points = np.array(bare, dtype=float).reshape(-1, 2)
    return Overlay(
        state.layer.id, mark, points, np.zeros(len(points), dtype=np.bool_), tuple(outlines.values())
    )


def _owners(ctx: ScreenContext, shaded: Shading) -> dict[str, str]:
    """By the code of every unit the shown area in which it lies, itself among them."""
    shown = {a.code for a in shaded.places}
    found: dict[str, str] = {}
    for unit in ctx.city.areas.all():
        owner = next((code for code in ctx.city.areas.path(unit.code).values() if code in shown), None)
        if owner is not None:
            found[unit.code] = owner
    return found


def counts(ctx: ScreenContext, shaded: Shading, state: LayerState) -> tuple[Counter[str], Counter[str]]:
    """By shown area how many features of a layer lie there, and how many of them are in trouble."""
    if state.places is not None:
        owners = _owners(ctx, shaded)
        held = [owners.get(code, "") for code in state.places.area]
        bad = np.array(held, dtype=object)[state.places.trouble]
        return Counter(held), Counter(bad.tolist())
    if state.layer.file is not None:
        points = np.vstack([np.empty((0, 2)), *(s.points for s in layer_shapes(ctx.city, state.layer.file))])
        return Counter(_nearest(shaded.places, points)), Counter()
    return Counter(), Counter()


def _nearest(areas: Sequence[Area], points: np.ndarray[Any, np.dtype[np.float64]]) -> list[str]:
    """The area whose middle is nearest to each point: a drawing without codes says no more."""
    placed = [a for a in areas if a.lat is not None and a.lon is not None]
    if not placed or not len(points):
        return []
    middles = np.array([(a.lon, a.lat) for a in placed])
    apart = ((points[:, None, :] - middles[None, :, :]) ** 2).sum(axis=2)
    return [placed[n].code for n in apart.argmin(axis=1)]


def taken(choice: Choice, states: Mapping[str, LayerState]) -> list[str]:
    """Layers that are on: those over the map, and that of the indicator itself."""
    over = [id_ for id_ in choice.layers if id_ in states and states[id_].filled]
    told = (choice.indicator.id, choice.level, choice.period)
    own = [
        layer.id
        for state in states.values()
        if (layer := state.layer).indicator is not None
        and (layer.indicator.indicator, layer.indicator.level, layer.indicator.period) == told
    ]
    return [*over, *own]


def toggled(ctx: ScreenContext, choice: Choice, layer: Layer) -> str:
    """Address of this map with a layer put on or taken off; one of an indicator takes the place of that."""
    if layer.indicator is not None:
        told = layer.indicator
        return ctx.same_page(indicator=told.indicator, level=told.level, period=told.period, start="")
    kept = [id_ for id_ in choice.layers if id_ != layer.id]
    given = kept if layer.id in choice.layers else [*kept, layer.id][-MOST:]
    return ctx.same_page(layers=",".join(given))
