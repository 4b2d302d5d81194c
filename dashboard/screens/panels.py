"""From a panel of a screen's definition to its part of the screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash.development.base_component import Component

from config import City
from config.models import Matrix, Members, Panel, Ranking, TileMap, Tiles, Trend
from dashboard.components.base import link, panel
from dashboard.components.layer_marks import layered
from dashboard.components.matrix import matrix
from dashboard.components.members import members_matrix
from dashboard.components.ranking import ranking
from dashboard.components.tile import tiles
from dashboard.components.tilemap import tile_map
from dashboard.components.trend import trend
from dashboard.components.warnings import warning_list
from dashboard.context import ScreenContext
from dashboard.standing import late_feeds


def panels(ctx: ScreenContext, area: str, defined: Sequence[Panel], domain: str = "") -> list[Component]:
    """The parts of a screen for one area, in the order of its definition; warnings of ``domain`` alone where
    one is given.
    """
    late = late_feeds(ctx)
    return [_panel(ctx, area, entry, late, domain) for entry in defined]


def fitting(city: City, level: str, defined: Sequence[Panel]) -> tuple[list[Panel], list[Panel]]:
    """What of a screen can be told for an area of ``level``, and what cannot, of a panel its lost part."""
    kept: list[Panel] = []
    lost: list[Panel] = []
    for entry in defined:
        match entry:
            case Tiles() | Trend() | Members():
                told = [id_ for id_ in entry.indicators if level in city.indicators[id_].levels]
                rest = [id_ for id_ in entry.indicators if id_ not in told]
                for ids, place in ((told, kept), (rest, lost)):
                    if ids:
                        place.append(entry.model_copy(update={"indicators": tuple(ids)}))
            case Ranking() | TileMap() | Matrix():
                below = city.levels.index(entry.level) > city.levels.index(level)
                (kept if below else lost).append(entry)
            case _:
                kept.append(entry)
    return kept, lost


def shown(entry: Panel) -> tuple[str, ...]:
    """The indicators that a panel shows."""
    match entry:
        case Tiles() | Trend() | Matrix() | Members():
            return entry.indicators
        case Ranking() | TileMap():
            return (entry.indicator,)
        case _:
            return ()


def _panel(ctx: ScreenContext, area: str, entry: Panel, late: frozenset[str], domain: str) -> Component:
    body, title, aside = _parts(ctx, area, entry, late, domain)
    given = entry.title.get(ctx.lang) if entry.title else title
    return panel(given, body, aside=aside, width=entry.width, kind=entry.type)


def _parts(
    ctx: ScreenContext, area: str, entry: Panel, late: frozenset[str], domain: str
) -> tuple[Any, Any, Any]:
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
            drawn = tile_map(
                ctx, area, entry.indicator, entry.level, entry.period, layered(ctx, entry.layers)
            )
            return drawn, name, more
        case Matrix():
            return matrix(ctx, area, entry.indicators, entry.level, entry.period), None, None
        case Members():
            return members_matrix(ctx, area, entry.indicators, entry.by, entry.period), None, None
        case _:
            return warning_list(ctx, area, entry.limit, domain=domain), ctx.words("nav.warnings"), None
