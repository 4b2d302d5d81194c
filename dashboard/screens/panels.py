"""From a panel of a screen's definition to its part of the screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash.development.base_component import Component

from config.models import Matrix, Panel, Ranking, TileMap, Tiles, Trend
from dashboard.components.base import link, panel
from dashboard.components.matrix import matrix
from dashboard.components.ranking import ranking
from dashboard.components.tile import tiles
from dashboard.components.tilemap import tile_map
from dashboard.components.trend import trend
from dashboard.components.warnings import warning_list
from dashboard.context import ScreenContext
from dashboard.standing import late_feeds


def panels(ctx: ScreenContext, area: str, defined: Sequence[Panel]) -> list[Component]:
    """The parts of a screen for one area, in the order of its definition."""
    late = late_feeds(ctx)
    return [_panel(ctx, area, entry, late) for entry in defined]


def _panel(ctx: ScreenContext, area: str, entry: Panel, late: frozenset[str]) -> Component:
    body, title, aside = _parts(ctx, area, entry, late)
    given = entry.title.get(ctx.lang) if entry.title else title
    return panel(given, body, aside=aside, width=entry.width, kind=entry.type)


def _parts(ctx: ScreenContext, area: str, entry: Panel, late: frozenset[str]) -> tuple[Any, Any, Any]:
    """Body, the title to use when the definition gives none, and what stands at the head's right end."""
    match entry:
        case Tiles():
            return tiles(ctx, area, entry.indicators, entry.period, entry.history, late), None, None
        case Trend():
            name = ctx.name(ctx.city.indicators[entry.indicators[0]], short=False)
            return trend(ctx, area, entry.indicators, entry.period, entry.history, entry.style), name, None
        case Ranking():
            name = ctx.name(ctx.city.indicators[entry.indicator], short=False)
            return (
                ranking(ctx, area, entry.indicator, entry.level, entry.period, entry.top, entry.order),
                name,
                None,
            )
        case TileMap():
            name = ctx.name(ctx.city.indicators[entry.indicator], short=False)
            more = link(ctx.words("panel.details"), ctx.value_href(entry.indicator, area, entry.period))
            return tile_map(ctx, area, entry.indicator, entry.level, entry.period), name, more
        case Matrix():
            return matrix(ctx, area, entry.indicators, entry.level, entry.period), None, None
        case _:
            return warning_list(ctx, area, entry.limit), ctx.words("nav.warnings"), None
