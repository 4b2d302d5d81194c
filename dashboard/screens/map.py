"""The map: an indicator over the areas of a level, with layers over it. The address holds every choice."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from dashboard.components.base import panel
from dashboard.components.ground import ground
from dashboard.components.layer_list import layer_list
from dashboard.components.layer_marks import layer_legend, marked_tiles
from dashboard.components.map_choice import period_line, pickers, view_tabs
from dashboard.components.page import page
from dashboard.components.states import notice
from dashboard.components.tilemap import Shading, map_legend, shading
from dashboard.context import ScreenContext
from dashboard.maps.layers import LayerState
from dashboard.maps.mapping import View, chosen, overlay, taken, toggled, view_of


def render(ctx: ScreenContext) -> Component:
    """The map, what it means, and the register of layers beside it."""
    choice = chosen(ctx)
    if choice is None:
        empty = notice("empty", "map", ctx.words("state.empty"), ctx.words("state.empty_hint"))
        return page(ctx, ctx.words.of("nav", "map"), [empty], area=ctx.city.areas.root.code)
    states = ctx.layers()
    shaded = shading(ctx, choice.area, choice.indicator.id, choice.level, choice.period, choice.start)
    view = view_of(ctx, shaded)
    shown = [states[id_] for id_ in choice.layers if id_ in states and states[id_].filled]
    drawn = _drawn(ctx, shaded, view, shown)
    name = choice.indicator.name.get(ctx.lang)
    head = [html.Div([period_line(ctx, choice, shaded), view_tabs(ctx, view)], className="map-head"), drawn]
    main = panel(
        name,
        [*head, map_legend(ctx, shaded), layer_legend(ctx, shown, lambda layer: toggled(ctx, choice, layer))],
        width=9,
        kind="bigmap",
    )
    side = html.Div(
        [
            panel(ctx.words("map.show"), pickers(ctx, choice), kind="mapchoice"),
            panel(
                ctx.words("map.layers"),
                layer_list(ctx, states, taken(choice, states), lambda layer: toggled(ctx, choice, layer)),
                kind="layers",
            ),
        ],
        className="w-3 map-side",
    )
    area = ctx.city.areas[choice.area]
    lead = [html.Span(area.name(ctx.lang)), html.Span(ctx.level_name(choice.level, plural=True).capitalize())]
    return page(ctx, ctx.words.of("nav", "map"), [main, side], area=choice.area, lead=lead)


def _drawn(ctx: ScreenContext, shaded: Shading, view: View, shown: Sequence[LayerState]) -> Component:
    if not shaded.places:
        return notice("empty", "map", ctx.words("state.empty"), ctx.words("state.empty_hint"))
    if view == "ground":
        drawn = ground(ctx, shaded, [overlay(ctx, shaded, n, state) for n, state in enumerate(shown)])
        if drawn is not None:
            return drawn
    return html.Div(marked_tiles(ctx, shaded, shown), className="map-box")
