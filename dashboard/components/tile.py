"""Headline numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dash import html
from dash.development.base_component import Component

from config.models import Indicator
from config.models.indicator import Period
from config.periods import Periods
from dashboard.components.base import age, icon, link, mark_chip
from dashboard.components.goal import goal_line
from dashboard.components.succession import estimate_chip
from dashboard.components.value import coverage, delta_line, when, written
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from dashboard.drawing.svg import sparkline
from dashboard.drawing.theme import tokens
from dashboard.standing import Standing, allowance, enough, feeds_of, stand

if TYPE_CHECKING:
    from warehouse.reader import Value

# Above this many signs a number is set smaller, so that no tile ever breaks or clips one.
_LONG, _VERY_LONG = 6, 9
# Tiles in a row: what divides evenly looks composed.
_COLUMNS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 4, 8: 4, 9: 5, 10: 5, 11: 6, 12: 6}


def tiles(
    ctx: ScreenContext, area: str, ids: Sequence[str], period: Period, history: int, late: frozenset[str]
) -> Component:
    """The newest values of some indicators, each with its past, its change and its target."""
    series = ctx.reader.series(list(ids), area, period, history)
    names = ctx.names(ids)
    cells: list[Component] = []
    for id_ in ids:
        past = series.get(id_, [])
        standing = stand(ctx, ctx.city.indicators[id_], past, area, late)
        cells.append(tile(ctx, standing, past, area, period, names[id_]))
    return html.Div(cells, className="tiles", style={"--cols": _COLUMNS.get(len(ids), 6)})


def tile(
    ctx: ScreenContext, standing: Standing, history: Sequence[Value], area: str, period: Period, name: str
) -> Component:
    """One headline number; the whole of it leads to the indicator's page."""
    indicator = standing.indicator
    domain = next(d for d in ctx.city.head.domains if d.id == indicator.domain)
    head = html.Div(
        [
            icon(domain.icon),
            html.Span(name, className="tile-name"),
            estimate_chip(ctx) if _is_estimate(standing) else None,
            mark_chip(ctx, standing.mark),
        ],
        className="tile-head",
    )
    return link(
        [head, *_body(ctx, standing, history, period), _foot(ctx, standing)],
        ctx.value_href(indicator.id, area, period),
        f"tile tile-{standing.mark}",
    )


def _body(ctx: ScreenContext, standing: Standing, history: Sequence[Value], period: Period) -> list[Any]:
    value, indicator = standing.value, standing.indicator
    if value is None or not enough(indicator, value):
        reason = why_not(ctx, indicator, value)
        return [html.Div(html.Span(reason), className="tile-void"), html.Div(className="tile-line")]
    number = written(ctx, indicator, value.value)
    size = (
        " is-very-long" if len(number.text) > _VERY_LONG else " is-long" if len(number.text) > _LONG else ""
    )
    picture = sparkline(
        by_place(ctx.city.periods, history, period, standing.comparable),
        tokens("dark" if ctx.wall else "light")["series-1"],
        tokens("dark" if ctx.wall else "light")["line"],
        from_zero=ctx.unit(indicator).kind == "amount",
    )
    return [
        html.Div(
            [
                html.Span(
                    [html.B(number.text), html.Span(number.unit, className="unit") if number.unit else None],
                    className="tile-value" + size,
                ),
                html.Img(src=picture, alt="", className="spark") if picture else None,
            ],
            className="tile-main",
        ),
        html.Div(delta_line(ctx, standing), className="tile-line"),
    ]


def _is_estimate(standing: Standing) -> bool:
    value = standing.value
    return value is not None and value.estimated and standing.mark != "insufficient"


def why_not(ctx: ScreenContext, indicator: Indicator, value: Value | None) -> str:
    """Why a value is not shown: none came, too few rows, or nothing to divide by."""
    if value is None:
        return ctx.words("state.empty")
    if value.n < indicator.min_n:
        n, least = (fmt.number(x, ctx.lang) for x in (value.n, indicator.min_n))
        return ctx.words("state.too_few", n=n, least=least)
    return ctx.words("state.undefined")


def _foot(ctx: ScreenContext, standing: Standing) -> Component:
    value = standing.value
    if value is None:
        return html.Div("\u00a0", className="tile-foot")
    limit = allowance(feeds_of(ctx.city, standing.indicator)) if standing.partial else None
    # A running period says how old its newest row is; a closed one is as old as its end, which its name says.
    past = age(ctx, value.data_through, limit) if standing.partial else None
    told = html.Span([when(ctx, value), past, coverage(ctx, value)])
    if standing.goal is None:
        return html.Div(told, className="tile-foot")
    aim = goal_line(ctx, standing.indicator, standing.goal)
    return html.Div([told, html.Span(aim, className="aim")], className="tile-foot")


def by_place(
    periods: Periods, history: Sequence[Value], period: Period, with_last: bool = True
) -> list[float | None]:
    """A history on evenly spaced places: a period without a value is None, never skipped."""
    if not history:
        return []
    found: Mapping[Any, float | None] = {v.start: v.value for v in history}
    start, last = history[0].start, history[-1].start
    points: list[float | None] = []
    while start <= last:
        points.append(found.get(start))
        start = periods.shift(period, start, 1)
    return points if with_last else points[:-1]
