"""The head of every desk page: whose city, where one is, what language, how fresh."""

from __future__ import annotations

from typing import Any

from dash import html
from dash.development.base_component import Component

from config.models import Area
from dashboard.components.base import chip, dashed, icon, link
from dashboard.components.menu import domain_menu
from dashboard.context import ScreenContext
from dashboard.drawing.collate import sort_key
from dashboard.drawing.format import moment
from dashboard.i18n import words_in
from dashboard.routes import ScreenKind, href

_NAV: tuple[tuple[ScreenKind, str], ...] = (
    ("area", "grid-1x2"),
    ("domains", "grid-3x3-gap"),
    ("map", "map"),
    ("warnings", "bell"),
    ("directives", "clipboard-check"),
    ("health", "database"),
    ("wall", "display"),
)

_DESK: frozenset[ScreenKind] = frozenset({"warning", "rules", "rule", "silences"})
"""Screens that the warnings desk leads to."""


def masthead(ctx: ScreenContext, area: str) -> Component:
    """City, navigation, area picker, languages, freshness. On a phone the navigation stands at the foot."""
    city, words = ctx.city, ctx.words
    brand = link(
        [
            html.Span(className="brand-mark", **dashed(aria_hidden="true")),
            html.Span(
                [html.B(city.head.name.get(ctx.lang)), html.Small(_centre(ctx))], className="brand-name"
            ),
        ],
        ctx.href("area", city.areas.root.code),
        "brand",
    )
    return html.Header(
        [
            html.A(words("nav.skip"), href="#main", className="skip"),
            brand,
            html.Nav(_menu(ctx, area), className="menu", **dashed(aria_label=words("nav.label"))),
            html.Div([picker(ctx, area), freshness(ctx), languages(ctx)], className="masthead-end"),
        ],
        className="masthead",
    )


def _centre(ctx: ScreenContext) -> str:
    return ctx.city.head.centre.get(ctx.lang) if ctx.city.head.centre else ctx.words("brand.name")


def _menu(ctx: ScreenContext, area: str) -> list[Component]:
    """The tabs of the head, where the headings unfold."""
    tabs = _tabs(ctx)
    tabs[1] = domain_menu(ctx, area)
    return tabs


def tabbar(ctx: ScreenContext) -> Component:
    """The navigation at the foot of a phone, which does not show that of the head; a phone is no wall."""
    return html.Nav(_tabs(ctx)[:-1], className="tabbar", **dashed(aria_label=ctx.words("nav.label")))


def _tabs(ctx: ScreenContext) -> list[Component]:
    active: str = "warnings" if ctx.route.kind in _DESK else ctx.route.kind
    active = {
        "quarantine": "health",
        "open": "health",
        "domain": "domains",
        "directive": "directives",
        "review": "directives",
        "rows": "health",
        "programme": "domains",
        "programmes": "domains",
    }.get(active, active)
    counts = {
        "warnings": sum(1 for a in ctx.alerts if a.open and not a.taken),
        "directives": ctx.directives.overdue,
    }
    tabs: list[Component] = []
    for kind, icon_name in _NAV:
        target = ctx.city.areas.root.code if kind == "area" else ""
        counted = counts.get(kind, 0)
        badge = html.Span(str(counted) if counted < 100 else "99+", className="count") if counted else None
        tabs.append(
            link(
                [icon(icon_name), html.Span(ctx.words.of("nav", kind)), badge],
                ctx.href(kind, target),
                "menu-item is-active" if kind == active else "menu-item",
            )
        )
    return tabs


def picker(ctx: ScreenContext, area: str) -> Component:
    """A way to any area: those beside the current one and those below it, without script."""
    city = ctx.city
    here = city.areas[area]
    path = list(city.areas.path(area).values())
    groups: list[Component] = []
    for code in [city.areas.root.code, *path[1:]]:
        children = city.areas.children(code, ctx.today) or city.areas.children(code)
        if children:
            groups.append(_group(ctx, children, area))
    return html.Details(
        [
            html.Summary(
                [icon("geo-alt"), html.Span(here.name(ctx.lang)), icon("chevron-down")],
                title=ctx.words("nav.pick"),
            ),
            html.Div(
                [
                    link(city.areas.root.name(ctx.lang), _area_href(ctx, city.areas.root), "pick pick-root"),
                    *groups,
                ],
                className="picker-menu",
            ),
        ],
        className="picker",
    )


def _group(ctx: ScreenContext, areas: list[Area], current: str) -> Component:
    ordered = sorted(areas, key=lambda a: sort_key(a.name(ctx.lang)))
    title = ctx.level_name(areas[0].level, plural=True).capitalize()
    links = [
        link(a.name(ctx.lang), _area_href(ctx, a), "pick is-here" if a.code == current else "pick")
        for a in ordered
    ]
    return html.Div([html.P(title), html.Div(links, className="picks")])


def _area_href(ctx: ScreenContext, area: Area) -> str:
    """Same screen for another area where the screen has one; else the area's own screen."""
    if ctx.route.kind == "indicator":
        return ctx.href("indicator", ctx.route.target, **{**ctx.route.params, "area": area.code, "start": ""})
    if ctx.route.kind in ("domain", "domains"):
        return ctx.same_page(area=area.code)
    return ctx.href("area", area.code)


def languages(ctx: ScreenContext) -> Component:
    """The same page in another language."""
    entries: list[Any] = []
    for code in ctx.city.head.languages:
        name = words_in(code)("brand.language")
        if code == ctx.lang:
            entries.append(
                html.Span(code.upper(), className="lang is-active", title=name, **dashed(aria_current="true"))
            )
        else:
            target = href(code, ctx.route.kind, ctx.route.target, **ctx.route.params)
            entries.append(link(code.upper(), target, "lang", name))
    return html.Div(entries, className="langs")


def freshness(ctx: ScreenContext) -> Component:
    """The link to the server, said by link.js on the root element, and when data last came in."""
    words = ctx.words
    loaded = [s.last_loaded_at for s in ctx.reader.feeds().values() if s.last_loaded_at is not None]
    newest = max(loaded, default=None)
    title = words("fresh.loaded", time=moment(newest, ctx.city.zone, ctx.lang)) if newest else ""
    return html.Div(
        [
            html.Span([html.I(className="pulse"), words("fresh.up")], className="when-up", title=title),
            html.Span([icon("wifi-off"), words("fresh.down")], className="when-down"),
        ],
        className="fresh",
    )


def simulated(ctx: ScreenContext) -> Component | None:
    """Says that figures on the screen are simulated, where any are."""
    if not ctx.simulated:
        return None
    return chip("simulated", "flask", ctx.words("state.simulated"))
