"""The city as equal tiles, each where its district roughly lies: none is too small to be seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dash import html
from dash.development.base_component import Component

from config.models import Area, Indicator
from config.models.indicator import Period
from config.periods import day_of
from dashboard import format as fmt
from dashboard.components.base import link, mark_icon
from dashboard.components.states import notice
from dashboard.components.value import when, why_unranked, written
from dashboard.context import ScreenContext
from dashboard.standing import enough, mark_of

if TYPE_CHECKING:
    from warehouse.reader import Value

STEPS = 5


def tile_map(ctx: ScreenContext, area: str, id_: str, level: str, period: Period) -> Component:
    """Areas coloured in five steps that hold as many areas each; hatched where there is not enough to say."""
    indicator = ctx.city.indicators[id_]
    values = {v.area: v for v in ctx.reader.ranking(id_, level, period, within=area)}
    if not values:
        return notice("empty", "map", ctx.words("state.empty"), ctx.words("state.empty_hint"))
    some = next(iter(values.values()))
    places = [
        a
        for a in ctx.city.areas.at(level, min(day_of(some.start), ctx.today))
        if area in ctx.city.areas.path(a.code).values()
    ]
    limits = steps([v.value for v in values.values() if v.value is not None and enough(indicator, v)])
    placed = [a for a in places if a.tile_row is not None and a.tile_col is not None]
    columns = max((a.tile_col or 0 for a in placed), default=6)
    rows = max((a.tile_row or 0 for a in placed), default=4)
    cells = [_cell(ctx, indicator, a, values, limits, period) for a in places]
    return html.Div(
        [
            html.Div(html.Span(when(ctx, some)), className="legend"),
            html.Div(cells, className="tilemap", style={"--cols": columns, "--rows": rows}),
            _legend(ctx, indicator, limits),
        ],
        className="map-box",
    )


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
    ctx: ScreenContext,
    indicator: Indicator,
    area: Area,
    values: dict[str, Value],
    limits: Sequence[float],
    period: Period,
) -> Component:
    value = values.get(area.code)
    mark = mark_of(ctx, indicator, area.code, value, list(values.values()))
    firm = value is not None and value.value is not None and mark != "insufficient"
    colour = 0
    if firm and value is not None and value.value is not None:
        colour = shade(sum(value.value >= limit for limit in limits), len(limits))
    number = written(ctx, indicator, value.value).text if firm and value else fmt.NOTHING
    style: dict[str, Any] = {}
    if area.tile_row is not None and area.tile_col is not None:
        style = {"gridRow": area.tile_row, "gridColumn": area.tile_col}
    amount = (
        str(written(ctx, indicator, value.value)) if firm and value else why_unranked(ctx, indicator, value)
    )
    said = f"{area.name(ctx.lang)}: {amount}"
    loud = mark in ("critical", "serious", "watch")
    body = [
        html.Span(ctx.area_name(area, short=True), className="map-name"),
        html.Span([mark_icon(ctx, mark) if loud else None, number], className="map-value"),
    ]
    return html.Div(
        link(
            body,
            ctx.value_href(indicator.id, area.code, period),
            " ".join(["map-cell", f"map-{mark}" if loud else f"seq-{colour}" if colour else "hatch"]),
            said,
        ),
        style=style,
    )


def _legend(ctx: ScreenContext, indicator: Indicator, limits: Sequence[float]) -> Component:
    texts = [written(ctx, indicator, limit).text for limit in limits]
    unit = written(ctx, indicator, 0.0).unit
    keys: list[Any] = []
    for i in range(len(limits) + 1):
        said = f"< {texts[0]}" if i == 0 and texts else f"≥ {texts[i - 1]}" if i else ctx.words("map.all")
        keys.append(html.Span([html.I(className=f"swatch seq-{shade(i, len(limits))}"), said]))
    keys.append(html.Span([html.I(className="swatch hatch"), ctx.words.of("mark", "insufficient")]))
    return html.Div(
        [html.Span(unit, className="chart-unit") if unit else None, *keys], className="legend map-legend"
    )
