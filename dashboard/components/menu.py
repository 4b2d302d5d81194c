"""The menu of headings: every one of the city's, by group, from any desk page."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from config.models import Domain
from dashboard.components.base import icon, link
from dashboard.components.finder import finder
from dashboard.context import ScreenContext
from dashboard.routes import ScreenKind

PAGES: tuple[tuple[ScreenKind, str], ...] = (
    ("domains", "grid-3x3-gap"),
    ("programmes", "list-check"),
    ("reports", "file-earmark-text"),
    ("open", "share"),
    ("catalogue", "journals"),
    ("rules", "sliders"),
    ("studio", "pencil-square"),
)
"""Pages that stand in the menu, beside the headings, and not in the head of each page."""


def grouped(ctx: ScreenContext) -> list[tuple[str, Sequence[Domain]]]:
    """Name of each group with its headings, in the city's order; without groups all of them under no name."""
    head = ctx.city.head
    parts = [(g.name.get(ctx.lang), [d for d in head.domains if d.group == g.id]) for g in head.groups]
    return [part for part in [*parts, ("", [d for d in head.domains if d.group is None])] if part[1]]


def domain_menu(ctx: ScreenContext, area: str) -> Component:
    """A fold with all headings for the area that one looks at, and a field to find one by its name."""
    words = ctx.words
    here = ctx.route.kind in ("domain", "domains")
    code = "" if area == ctx.city.areas.root.code else area
    columns = [
        html.Div(
            [
                html.P(name) if name else None,
                *(
                    link(
                        [icon(d.icon), html.Span(d.name.get(ctx.lang))],
                        ctx.href("domain", d.id, area=code),
                        "pick find-item" + (" is-here" if here and ctx.route.target == d.id else ""),
                    )
                    for d in domains
                ),
            ],
            className="find-group domain-column",
        )
        for name, domains in grouped(ctx)
    ]
    pages = [
        link([icon(picture), html.Span(words.of("menu", kind))], ctx.href(kind), "pick find-item")
        for kind, picture in PAGES
    ]
    return html.Details(
        [
            html.Summary(
                [icon("grid-3x3-gap"), html.Span(words("nav.domains")), icon("chevron-down")],
                className="menu-item is-active" if here else "menu-item",
            ),
            html.Div(
                [
                    finder(words("nav.find"), "find-menu"),
                    html.Div(columns, className="domain-columns"),
                    html.Div(pages, className="find-group domain-pages"),
                ],
                className="picker-menu findable",
            ),
        ],
        className="picker domain-menu",
    )
