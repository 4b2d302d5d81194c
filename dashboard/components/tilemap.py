"""The city as equal tiles, each where its district roughly lies: none is too small to be seen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dash import html
from dash.development.base_component import Component

from config.models import Area, Indicator
from config.models.indicator import Period
from config.periods import day_of
from dashboard.components.base import link, mark_icon
from dashboard.components.states import notice
from dashboard.components.value import when, why_unranked
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from dashboard.standing import Mark, enough, mark_of

if TYPE_CHECKING:
    from warehouse.reader import Value

STEPS = 5


Extra = Callable[[Area], Any]
"""What else stands in the tile of an area."""


@dataclass(frozen=True)
class Look:
    """How an area looks on a map: the class of its colour, what is written and said of it, its mark."""

    colour: str
    text: str
    said: str
    mark: Mark


@dataclass(frozen=True)
class Shading:
    """The values of one indicator for the areas of a level in one period, and the steps they fall into."""

    indicator: Indicator
    period: Period
    places: Sequence[Area]
    values: Mapping[str, Value]
    limits: Sequence[float]

    @property
    def some(self) -> Value | None:
        """One of the values, which all are of one period."""
        return next(iter(self.values.values()), None)

    def look(self, ctx: ScreenContext, area: Area) -> Look:
        """How an area is shown; hatched where there is not enough to say."""
        value = self.values.get(area.code)
        mark = mark_of(ctx, self.indicator, area.code, value, list(self.values.values()))
        colour, text, amount = 0, fmt.NOTHING, why_unranked(ctx, self.indicator, value)
        if value is not None and value.value is not None and mark != "insufficient":
            colour = shade(sum(value.value >= limit for limit in self.limits), len(self.limits))
            told = fmt.bare(value.value, ctx.unit(self.indicator), ctx.lang)
            text, amount = told.text, str(told)
        loud = mark in ("critical", "serious", "watch")
        name = f"map-{mark}" if loud else f"seq-{colour}" if colour else "hatch"
        return Look(name, text, f"{area.name(ctx.lang)}: {amount}", mark if loud else "none")


def shading(
    ctx: ScreenContext, area: str, id_: str, level: str, period: Period, start: dt.date | None = None
) -> Shading:
    """An indicator over the areas of a level within ``area``; of the newest period unless one is given."""
    indicator = ctx.city.indicators[id_]
    values = {v.area: v for v in ctx.reader.ranking(id_, level, period, start, within=area)}
    begun = next((v.start for v in values.values()), start)
    day = ctx.boundaries or (ctx.today if begun is None else min(day_of(begun), ctx.today))
    places = [a for a in ctx.city.areas.at(level, day) if area in ctx.city.areas.path(a.code).values()]
    firm = [v.value for v in values.values() if v.value is not None and enough(indicator, v)]
    return Shading(indicator, period, places, values, steps(firm))


Tiled = Callable[[ScreenContext, Shading], Component]
"""Draws the tiles of a map."""


def tile_map(
    ctx: ScreenContext, area: str, id_: str, level: str, period: Period, draw: Tiled | None = None
) -> Component:
    """Areas coloured in five steps that hold as many areas each; hatched where there is not enough to say."""
    shaded = shading(ctx, area, id_, level, period)
    if shaded.some is None:
        return notice("empty", "map", ctx.words("state.empty"), ctx.words("state.empty_hint"))
    return html.Div(
        [
            html.Div(html.Span(when(ctx, shaded.some)), className="legend"),
            tiles_of(ctx, shaded) if draw is None else draw(ctx, shaded),
            map_legend(ctx, shaded),
        ],
        className="map-box",
    )


def tiles_of(ctx: ScreenContext, shaded: Shading, extra: Extra | None = None) -> Component:
    """The tiles themselves, with what else stands in each."""
    # one grid for every time: where few units of it stand, only the part that they cover is drawn
    down = [a.tile_row for a in shaded.places if a.tile_row is not None]
    along = [a.tile_col for a in shaded.places if a.tile_col is not None]
    top, left = min(down, default=1), min(along, default=1)
    rows, columns = max(down, default=4) - top + 1, max(along, default=6) - left + 1
    cells = [_cell(ctx, shaded, a, (top, left), extra) for a in shaded.places]
    return html.Div(cells, className="tilemap", style={"--cols": columns, "--rows": rows})


def steps(values: Sequence[float]) -> list[float]:
    """Lower limits of all steps but the first, each holding about as many areas; fewer when values repeat."""
    firm = sorted(values)
    limits: list[float] = []
    for k in range(1, STEPS):
        index = round(k * len(firm) / STEPS)
        if 0 < index < len(firm) and firm[index] > (limits[-1] if limits else firm[0]):
            limits.append(firm[index])
    # Most areas alike and a few above them: one limit tells them apart.
    return limits or sorted(set(firm))[1:2]


def shade(step: int, limits: int) -> int:
    """The colour, 1 to 5, of a step counted from 0 with so many ``limits``: always from pale to deep."""
    return 1 + round(step * (STEPS - 1) / limits) if limits else 1


def _cell(
    ctx: ScreenContext, shaded: Shading, area: Area, corner: tuple[int, int], extra: Extra | None
) -> Component:
    look = shaded.look(ctx, area)
    style: dict[str, Any] = {}
    if area.tile_row is not None and area.tile_col is not None:
        style = {"gridRow": area.tile_row - corner[0] + 1, "gridColumn": area.tile_col - corner[1] + 1}
    body = [
        html.Span(ctx.area_name(area, short=True), className="map-name"),
        html.Span(
            [mark_icon(ctx, look.mark) if look.mark != "none" else None, look.text], className="map-value"
        ),
        extra(area) if extra is not None else None,
    ]
    way = ctx.value_href(shaded.indicator.id, area.code, shaded.period)
    return html.Div(link(body, way, f"map-cell {look.colour}", look.said), style=style)


def map_legend(ctx: ScreenContext, shaded: Shading) -> Component:
    """What the colours mean."""
    indicator, limits = shaded.indicator, shaded.limits
    texts = [fmt.bare(limit, ctx.unit(indicator), ctx.lang).text for limit in limits]
    unit = fmt.bare(0.0, ctx.unit(indicator), ctx.lang).unit
    keys: list[Any] = []
    for i in range(len(limits) + 1):
        said = f"< {texts[0]}" if i == 0 and texts else f"≥ {texts[i - 1]}" if i else ctx.words("map.all")
        keys.append(html.Span([html.I(className=f"swatch seq-{shade(i, len(limits))}"), said]))
    keys.append(html.Span([html.I(className="swatch hatch"), ctx.words.of("mark", "insufficient")]))
    return html.Div(
        [html.Span(unit, className="chart-unit") if unit else None, *keys], className="legend map-legend"
    )
