"""The frame of a desk page."""

from __future__ import annotations

from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.components.base import dashed, icon, link
from dashboard.components.masthead import masthead, simulated, tabbar
from dashboard.components.past import past_banner
from dashboard.context import ScreenContext


def page(
    ctx: ScreenContext,
    title: str,
    body: Any,
    *,
    area: str,
    trail: list[tuple[str, str]] | None = None,
    lead: Any = None,
    tools: Any = None,
) -> Component:
    """A desk page: head, way to here, title with its companions, body. The browser's tab takes the title."""
    crumbs: list[Any] = []
    for name, href in trail or []:
        crumbs += [link(name, href, "crumb"), icon("chevron-right")]
    heading = html.Div(
        [
            html.Nav(crumbs[:-1], className="crumbs", **dashed(aria_label=ctx.words("nav.trail")))
            if crumbs
            else None,
            html.Div([html.H1(title), simulated(ctx)], className="title-line"),
            html.Div(lead, className="lead-line") if lead else None,
        ]
    )
    return html.Div(
        [
            masthead(ctx, area),
            past_banner(ctx),
            html.Main(
                [
                    html.Div(
                        [heading, html.Div(tools, className="tools") if tools else None],
                        className="title-row",
                    ),
                    html.Div(body, className="panels"),
                ],
                id="main",
                className="main",
            ),
            tabbar(ctx),
        ],
        className=f"screen theme-light screen-{ctx.route.kind}",
        lang=ctx.lang,
        **dashed(
            data_title=f"{title} · {ctx.city.head.name.get(ctx.lang)}",
            data_version=ctx.version,
            data_as_of=ctx.as_of.isoformat() if ctx.as_of else None,
        ),
    )
