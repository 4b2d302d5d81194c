"""The screen of an area: the city's overview, a district, a ward."""

from __future__ import annotations

from typing import Any

from dash import html
from dash.development.base_component import Component

from config.models import Area, AreaScreen
from dashboard.components.base import icon, link, panel
from dashboard.components.page import page
from dashboard.components.states import notice
from dashboard.components.succession import boundary_note, boundary_tabs, succession_panel
from dashboard.components.warnings import below
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from dashboard.drawing.collate import sort_key
from dashboard.screens.panels import panels


def render(ctx: ScreenContext) -> Component:
    """The panels that the city defines for the area's level, then the areas below to go on to."""
    area = ctx.city.areas[ctx.route.target]
    screen = next(
        (s for s in ctx.city.screens.values() if isinstance(s, AreaScreen) and s.level == area.level), None
    )
    if screen is None:
        text = ctx.words("state.no_screen_hint", level=ctx.level_name(area.level))
        body: list[Any] = [notice("empty", "grid-1x2", ctx.words("state.no_screen"), text)]
    else:
        body = list(panels(ctx, area.code, screen.panels))
    body = [boundary_note(ctx, area.code), *body, _below(ctx, area), succession_panel(ctx, area.code)]
    path = list(ctx.city.areas.path(area.code).values())[:-1]
    trail = [(ctx.city.areas[code].name(ctx.lang), ctx.href("area", code)) for code in path]
    return page(
        ctx,
        area.name(ctx.lang),
        body,
        area=area.code,
        trail=trail,
        lead=_lead(ctx, area, screen),
        tools=boundary_tabs(ctx, area.code),
    )


def _lead(ctx: ScreenContext, area: Area, screen: AreaScreen | None) -> list[Any]:
    """What the screen is, and the area's size."""
    words = ctx.words
    told: list[Any] = [html.Span(screen.title.get(ctx.lang))] if screen else []
    size = ctx.city.areas.size(area.code, ctx.boundaries or ctx.today)
    if size.people:
        told.append(html.Span(words.count("area.people", size.people)))
    if size.km2:
        told.append(html.Span(f"{fmt.number(size.km2, ctx.lang, 1)} km²"))
    if area.valid_to is not None and area.valid_to <= ctx.today:
        told.append(html.Span(words("area.until", date=fmt.date(area.valid_to, ctx.lang))))
    return told


def _below(ctx: ScreenContext, area: Area) -> Component | None:
    """Every area one level down, with its open warnings counted."""
    children = ctx.city.areas.children(area.code, ctx.today) or ctx.city.areas.children(area.code)
    if not children:
        return None
    counts = dict.fromkeys((a.code for a in children), 0)
    level = children[0].level
    for alert in below(ctx, area.code):
        owner = ctx.city.areas.path(alert.area).get(level)
        if owner in counts:
            counts[owner] += 1
    links = [
        link(
            [html.Span(a.name(ctx.lang)), _badge(ctx, counts[a.code]), icon("chevron-right")],
            ctx.href("area", a.code),
            "place-link",
        )
        for a in sorted(children, key=lambda a: sort_key(a.name(ctx.lang)))
    ]
    title = ctx.words(
        "area.below", level=ctx.level_name(level, plural=True), n=fmt.number(len(children), ctx.lang)
    )
    return panel(title, html.Div(links, className="place-links"), kind="places")


def _badge(ctx: ScreenContext, count: int) -> Component | None:
    if not count:
        return None
    return html.Span(
        [icon("bell"), str(count), html.Span(ctx.words("nav.warnings"), className="sr")],
        className="count-quiet",
    )
