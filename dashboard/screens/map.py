"""The map: an indicator over the areas of a level, with layers over it. The address holds every choice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from config.models import Area
from dashboard import format as fmt
from dashboard.components.base import icon, link, panel
from dashboard.components.ground import ground
from dashboard.components.layer_list import layer_list, trouble_chip
from dashboard.components.map_choice import period_line, pickers, view_tabs
from dashboard.components.page import page
from dashboard.components.states import notice
from dashboard.components.tilemap import Shading, map_legend, shading, tiles_of
from dashboard.context import ScreenContext
from dashboard.layers import LayerState
from dashboard.mapping import Choice, View, chosen, counts, overlay, taken, toggled, view_of


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
        name, [*head, map_legend(ctx, shaded), _layer_legend(ctx, choice, shown)], width=9, kind="bigmap"
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
    held = [counts(ctx, shaded, state) for state in shown]
    return html.Div(tiles_of(ctx, shaded, lambda area: _marks(ctx, area, shown, held)), className="map-box")


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


def _layer_legend(ctx: ScreenContext, choice: Choice, shown: Sequence[LayerState]) -> Component | None:
    if not shown:
        return None
    entries = []
    for mark, state in enumerate(shown):
        away = link(
            [icon("x-circle"), html.Span(ctx.words("map.remove"), className="sr")],
            toggled(ctx, choice, state.layer),
            "layer-away",
        )
        count = html.Small(ctx.words.count("map.features", state.features))
        wrong = trouble_chip(ctx, state) if state.trouble else None
        entries.append(
            html.Span(
                [html.I(className=f"dot lay-{mark}"), state.layer.name.get(ctx.lang), count, wrong, away],
                className="layer-key",
            )
        )
    return html.Div(entries, className="legend layer-legend")
