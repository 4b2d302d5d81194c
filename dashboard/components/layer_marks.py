"""Layers on a tile map: how many features of each lie in every tile, and what the marks mean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from config.models import Area
from dashboard.components.base import icon, link
from dashboard.components.layer_list import Way, trouble_chip
from dashboard.components.tilemap import Shading, Tiled, tiles_of
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from dashboard.maps.layers import LayerState
from dashboard.maps.mapping import counts


def marked_tiles(ctx: ScreenContext, shaded: Shading, shown: Sequence[LayerState]) -> Component:
    """The tiles of an indicator, each with the layers' features in it."""
    held = [counts(ctx, shaded, state) for state in shown]
    return tiles_of(ctx, shaded, lambda area: _marks(ctx, area, shown, held))


def layered(ctx: ScreenContext, layers: Sequence[str]) -> Tiled | None:
    """Draws the tiles of a panel with those layers that have anything to show; None: as they are."""
    if not layers or ctx.wall or ctx.as_of is not None:
        return None
    states = ctx.layers()
    shown = [states[id_] for id_ in layers if id_ in states and states[id_].filled]
    if not shown:
        return None
    return lambda _, shaded: html.Div(
        [marked_tiles(ctx, shaded, shown), layer_legend(ctx, shown)], className="map-layered"
    )


def _marks(
    ctx: ScreenContext,
    area: Area,
    shown: Sequence[LayerState],
    held: Sequence[tuple[Counter[str], Counter[str]]],
) -> Component | None:
    """In a tile: for each layer its mark and how many features lie there."""
    told: list[Any] = []
    for mark, (state, (here, bad)) in enumerate(zip(shown, held, strict=True)):
        if here[area.code]:
            wrong = (
                html.B([icon("exclamation-triangle-fill"), str(bad[area.code])]) if bad[area.code] else None
            )
            label = f"{state.layer.name.get(ctx.lang)}: {here[area.code]}"
            number = fmt.number(here[area.code], ctx.lang)
            told.append(html.Span([html.I(className=f"dot lay-{mark}"), number, wrong], title=label))
    return html.Span(told, className="map-counts") if told else None


def layer_legend(ctx: ScreenContext, shown: Sequence[LayerState], way: Way | None = None) -> Component | None:
    """What the marks mean; with a ``way`` each layer can be taken off."""
    if not shown:
        return None
    entries = []
    for mark, state in enumerate(shown):
        away = None
        if way is not None:
            sign = [icon("x-circle"), html.Span(ctx.words("map.remove"), className="sr")]
            away = link(sign, way(state.layer), "layer-away")
        count = html.Small(ctx.words.count("map.features", state.features))
        wrong = trouble_chip(ctx, state) if state.trouble else None
        entries.append(
            html.Span(
                [html.I(className=f"dot lay-{mark}"), state.layer.name.get(ctx.lang), count, wrong, away],
                className="layer-key",
            )
        )
    return html.Div(entries, className="legend layer-legend")
