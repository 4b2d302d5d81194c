"""Targets as charts draw them: a line of what is due, a milestone's day, and totals against what is due."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from dash import dcc, html
from dash.development.base_component import Component

from config.models import Indicator, Period
from config.targets import Aim, aim_on
from dashboard.components.value import target_text, written
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from dashboard.drawing.figures import CONFIG, Chart, Line, plotly, tick_texts
from dashboard.goals import Goal, totals_of

if TYPE_CHECKING:
    from warehouse.reader import Value


@dataclass(frozen=True)
class TargetLine:
    """What is due at each place of a chart, how it is called, and the place of a milestone's day."""

    values: Sequence[float | None]
    name: str = ""
    marker: int | None = None


def target_line(
    ctx: ScreenContext, indicator: Indicator, level: str, area: str, period: Period, starts: Sequence[dt.date]
) -> TargetLine:
    """The target of an indicator along the periods of a chart.

    A running total falls due in parts, of which each period's is drawn. Places have no line: the scale is of
    values. A milestone is drawn up to its day.
    """
    periods = ctx.city.periods
    aims = [aim_on(indicator, level, area, period, periods.last_day(period, s), periods) for s in starts]
    values: list[float | None] = []
    marker = None
    for place, (start, aim) in enumerate(zip(starts, aims, strict=True)):
        due = None if aim is None or aim.kind == "rank" else aim.value
        if aim is not None and aim.kind == "cumulative" and period != "year_to_date":
            due = aim.value - _before(ctx, indicator, level, area, period, start, aim)
        if aim is not None and aim.kind == "milestone" and aim.by is not None:
            due = due if periods.start_of(period, aim.by) >= start else None
            marker = place if periods.start_of(period, aim.by) == start else marker
        values.append(due)
    final = next((a for a, v in zip(aims[::-1], values[::-1], strict=True) if a and v is not None), None)
    if final is None:
        return TargetLine(values)
    name = ctx.words("tile.target", value=target_text(ctx, indicator, final))
    if final.kind == "cumulative" and period != "year_to_date":
        name = ctx.words("chart.due_part")
    return TargetLine(values, name, marker)


def _before(
    ctx: ScreenContext, indicator: Indicator, level: str, area: str, period: Period, start: dt.date, aim: Aim
) -> float:
    """What was due of the same total at the end of the period before."""
    eve = ctx.city.periods.last_day(period, ctx.city.periods.shift(period, start, -1))
    if aim.since is None or eve < aim.since:
        return 0.0
    earlier = aim_on(indicator, level, area, period, eve, ctx.city.periods)
    return earlier.value if earlier is not None and earlier.since == aim.since else 0.0


def total_chart(ctx: ScreenContext, indicator: Indicator, goal: Goal, value: Value) -> Component | None:
    """The running total of a cumulative target against what is due; None while there is but one period."""
    aim, periods = goal.aim, ctx.city.periods
    if aim.kind != "cumulative" or aim.since is None or value.period == "year_to_date":
        return None
    rows = totals_of(ctx, indicator, aim, value)
    if len(rows) < 2:
        return None
    period, unit = value.period, ctx.unit(indicator)
    starts = [start for start, _, _ in rows]
    total = [amount for _, amount, _ in rows]
    name = ctx.words("chart.total", date=fmt.date(aim.since, ctx.lang))
    running = periods.last_day(period, value.start) > goal.day
    chart = Chart(
        starts=[s.isoformat() for s in starts],
        labels=[ctx.period_text(period, s, short=True) for s in starts],
        titles=[ctx.period_text(period, s) for s in starts],
        lines=[Line(name, total, [str(written(ctx, indicator, t)) for t in total])],
        from_zero=True,
        partial=running,
        least=10.0**-unit.decimals,
        unit=unit.symbol.get(ctx.lang),
        targets=[due for _, _, due in rows],
        target_name=ctx.words("chart.due"),
        target_shape="linear",
    )
    ticks = tick_texts(chart.scale, lambda amount, decimals: fmt.number(amount, ctx.lang, decimals))
    newest = next((t for t in reversed(total) if t is not None), None)
    due = f"{ctx.words('chart.due')} {written(ctx, indicator, aim.value)}"
    legend: list[Any] = [
        html.Span(chart.unit, className="chart-unit") if chart.unit else None,
        html.Span(
            [html.I(className="key key-1"), name, " ", html.B(str(written(ctx, indicator, newest)))],
            className="legend-item",
        ),
        html.Span([html.I(className="key key-target"), due], className="legend-item"),
    ]
    graph = dcc.Graph(
        figure=plotly(chart, ticks, "light", 240),
        config=cast(Any, CONFIG),
        className="graph",
        style={"height": "240px"},
    )
    return html.Figure([html.Div(legend, className="legend"), graph], className="chart")
