"""What a map can be made to show: indicator, level, period and area, each a list of addresses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.components.base import dashed, icon, link
from dashboard.components.tilemap import Shading
from dashboard.components.value import when
from dashboard.context import ScreenContext
from dashboard.drawing.collate import sort_key
from dashboard.maps.mapping import Choice, View


def period_line(ctx: ScreenContext, choice: Choice, shaded: Shading) -> Component:
    """The period that is shown, with a way to the one before and the one after."""
    value, words = shaded.some, ctx.words
    at = choice.start or (value.start if value is not None else None)
    if at is None:
        return html.Div(html.Span(words("state.empty")), className="map-when")
    newest = next(
        (v.start for v in ctx.reader.ranking(choice.indicator.id, choice.level, choice.period)), None
    )
    told = when(ctx, value) if value is not None else ctx.period_text(choice.period, at)
    shift = ctx.city.periods.shift
    before = ctx.same_page(start=shift(choice.period, at, -1).isoformat())
    after = None
    if newest is not None and at < newest:
        following = shift(choice.period, at, 1)
        after = ctx.same_page(start="" if following >= newest else following.isoformat())
    return html.Div(
        [
            _step(words("map.before"), "chevron-left", before),
            html.Span(told),
            _step(words("map.after"), "chevron-right", after),
        ],
        className="map-when",
    )


def _step(label: str, icon_name: str, way: str | None) -> Component:
    inner = [icon(icon_name), html.Span(label, className="sr")]
    return link(inner, way, "map-step", label) if way else html.Span(inner, className="map-step is-off")


def view_tabs(ctx: ScreenContext, view: View) -> Component:
    label = ctx.words("map.view")
    tabs = [
        link(
            ctx.words.of("view", name),
            ctx.same_page(view=name),
            "segment is-active" if name == view else "segment",
        )
        for name in ("tiles", "ground")
    ]
    return html.Nav(tabs, className="segments", **dashed(aria_label=label))


def pickers(ctx: ScreenContext, choice: Choice) -> Component:
    """Indicator, level, period and area: each a list of addresses."""
    city, words = ctx.city, ctx.words
    levels = [
        (ctx.level_name(id_).capitalize(), ctx.same_page(level=id_, area="", start=""), id_ == choice.level)
        for id_ in city.levels[1:]
        if id_ in choice.indicator.levels
    ]
    periods = [
        (ctx.period_word(id_).capitalize(), ctx.same_page(period=id_, start=""), id_ == choice.period)
        for id_ in choice.indicator.periods
    ]
    return html.Div(
        [
            _indicators(ctx, choice),
            _row(words("map.level"), levels),
            _row(words("map.period"), periods),
            _areas(ctx, choice) if city.levels.index(choice.level) > 1 else None,
        ],
        className="map-choice",
    )


def _row(label: str, choices: Sequence[tuple[str, str, bool]]) -> Component:
    links = [link(text, way, "tag is-active" if on else "tag") for text, way, on in choices]
    return html.Div([html.H3(label), html.Nav(links, className="tags", **dashed(aria_label=label))])


def _indicators(ctx: ScreenContext, choice: Choice) -> Component:
    groups: list[Any] = []
    for domain in ctx.city.head.domains:
        here = [
            i
            for i in ctx.city.indicators.values()
            if i.domain == domain.id and set(i.levels) & set(ctx.city.levels[1:])
        ]
        if here:
            ordered = sorted(here, key=lambda i: sort_key(i.name.get(ctx.lang)))
            links = [
                link(
                    i.name.get(ctx.lang),
                    ctx.same_page(indicator=i.id, level="", period="", start=""),
                    "pick is-here" if i.id == choice.indicator.id else "pick",
                )
                for i in ordered
            ]
            groups.append(html.Div([html.P(domain.name.get(ctx.lang)), *links]))
    summary = [icon("bar-chart"), html.Span(choice.indicator.name.get(ctx.lang)), icon("chevron-down")]
    return html.Details(
        [html.Summary(summary, title=ctx.words("map.indicator")), html.Div(groups, className="picker-menu")],
        className="picker map-picker",
    )


def _areas(ctx: ScreenContext, choice: Choice) -> Component:
    """The whole city, or one unit of a level above the one that is shown."""
    city = ctx.city
    above = city.levels[1 : city.levels.index(choice.level)]
    units = [a for level in above for a in city.areas.at(level, ctx.today)]
    links = [
        link(
            a.name(ctx.lang),
            ctx.same_page(area="" if a.code == city.areas.root.code else a.code),
            "pick is-here" if a.code == choice.area else "pick",
        )
        for a in [city.areas.root, *sorted(units, key=lambda a: sort_key(a.name(ctx.lang)))]
    ]
    summary = [icon("geo-alt"), html.Span(city.areas[choice.area].name(ctx.lang)), icon("chevron-down")]
    return html.Details(
        [html.Summary(summary, title=ctx.words("nav.pick")), html.Div(links, className="picker-menu")],
        className="picker map-picker",
    )
