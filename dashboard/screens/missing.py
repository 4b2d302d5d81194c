"""An address that does not exist in this city."""

from __future__ import annotations

from dash.development.base_component import Component

from dashboard.components.base import link
from dashboard.components.page import page
from dashboard.components.states import notice
from dashboard.context import ScreenContext


def render(ctx: ScreenContext) -> Component:
    """Says which address, and the way back."""
    root = ctx.city.areas.root
    back = link(ctx.words("state.back"), ctx.href("area", root.code))
    text = ctx.words("state.missing_hint", path=ctx.route.target)
    body = notice("error", "question-circle", ctx.words("state.missing"), text, back)
    return page(ctx, ctx.words("state.missing"), body, area=root.code)
