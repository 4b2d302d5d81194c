"""The register of map layers as a list to choose from, by group, with what each holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from babel.dates import format_timedelta
from dash import html
from dash.development.base_component import Component

from config.models import Layer
from dashboard.components.base import age, dashed, icon, link
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from dashboard.maps.layers import LayerState

Way = Callable[[Layer], str]
"""Address of the map with a layer taken or left."""


def layer_list(
    ctx: ScreenContext, states: Mapping[str, LayerState], taken: Sequence[str], way: Way
) -> Component:
    """Every group that has layers, those of the ``taken`` ones opened; a field searches all of them."""
    words = ctx.words
    groups: list[Component] = []
    for group in ctx.city.head.layer_groups:
        here = [state for state in states.values() if state.layer.group == group.id]
        if not here:
            continue
        filled = sum(state.filled for state in here)
        chosen = any(state.layer.id in taken for state in here)
        count = words("map.group", filled=str(filled), all=str(len(here)))
        head = [
            icon(group.icon),
            html.Span(group.name.get(ctx.lang)),
            html.Small(count),
            icon("chevron-down"),
        ]
        # Those with something to show come first.
        ordered = sorted(here, key=lambda state: not state.filled)
        entries = [_entry(ctx, state, taken, way) for state in ordered]
        groups.append(
            html.Details(
                [html.Summary(head), html.Ul(entries)],
                className="layer-group",
                open="open" if chosen else None,
            )
        )
    told = sum(state.filled for state in states.values())
    return html.Div(
        [
            _search(words("map.search")),
            html.P(
                words(
                    "map.registered", n=fmt.number(len(states), ctx.lang), filled=fmt.number(told, ctx.lang)
                ),
                className="quiet",
            ),
            *groups,
        ],
        className="layer-list",
    )


def _search(label: str) -> Component:
    said = escape(label)
    field = f'<input type="search" class="layer-search" placeholder="{said}" aria-label="{said}">'
    return html.Div(className="layer-search-box", **dashed(data_html=field))


def _entry(ctx: ScreenContext, state: LayerState, taken: Sequence[str], way: Way) -> Component:
    layer, words = state.layer, ctx.words
    name = html.Span(layer.name.get(ctx.lang), className="layer-name")
    facts: list[Any] = [
        html.Span(words.of("layer", layer.kind)),
        html.Span(layer.scale) if layer.scale else None,
        html.Span(layer.owner.get(ctx.lang)),
        html.Span(words("map.cycle", every=format_timedelta(layer.cycle, locale=ctx.lang))),
    ]
    if not state.filled:
        why = words("map.awaited") if layer.has_source else words("map.no_data")
        told: list[Any] = [html.Span([icon("slash-circle"), why], className="layer-none")]
        head: Component = html.Span([html.Span(className="layer-box is-none"), name], className="layer-head")
    else:
        told = [html.B(words.count("map.features", state.features))]
        if state.trouble and layer.rows is not None and layer.rows.trouble is not None:
            told.append(trouble_chip(ctx, state))
        if state.at is not None:
            told.append(html.Span([words("map.data"), " ", age(ctx, state.at)]))
            if state.current(ctx.now) is False:
                told.append(html.Span([icon("clock-history"), words("map.overdue")], className="layer-late"))
        on = layer.id in taken
        box = html.Span(className=f"layer-box lay-{taken.index(layer.id)} is-on" if on else "layer-box")
        head = link([box, name], way(layer), "layer-head is-on" if on else "layer-head")
    searched = " ".join(layer.name.root.values()).lower()
    return html.Li(
        [head, html.Div(facts, className="layer-facts"), html.Div(told, className="layer-told")],
        className="layer" if state.filled else "layer is-empty",
        **dashed(data_search=searched),
    )


def trouble_chip(ctx: ScreenContext, state: LayerState) -> Component:
    """How many places of a layer are in trouble, and what trouble that is."""
    rows = state.layer.rows
    word = rows.trouble.word.get(ctx.lang) if rows is not None and rows.trouble is not None else ""
    said = f"{fmt.number(state.trouble, ctx.lang)} {word}"
    return html.Span([icon("exclamation-triangle-fill"), said], className="layer-trouble")
