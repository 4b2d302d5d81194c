"""Indicators over time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from dash import dcc, html
from dash.development.base_component import Component

from config.models import Indicator
from config.models.indicator import Period
from dashboard.components.base import icon, link
from dashboard.components.past import cuts
from dashboard.components.plot import plot
from dashboard.components.states import notice
from dashboard.components.target_line import TargetLine, target_line
from dashboard.components.value import when, written
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from dashboard.drawing.figures import CONFIG, Chart, Line, plotly, tick_texts
from dashboard.standing import enough, is_comparable, is_partial

if TYPE_CHECKING:
    from warehouse.reader import Value

History = dict[str, list["Value"]]


def trend(
    ctx: ScreenContext, area: str, ids: Sequence[str], period: Period, history: int, style: str
) -> Component:
    """One chart for each unit of measurement: different units never share an axis."""
    series = ctx.reader.series(list(ids), area, period, history)
    by_unit: dict[str, list[Indicator]] = {}
    for id_ in ids:
        if series.get(id_):
            indicator = ctx.city.indicators[id_]
            by_unit.setdefault(indicator.unit, []).append(indicator)
    if not by_unit:
        return notice("empty", "graph-up", ctx.words("state.empty"), ctx.words("state.empty_hint"))
    return html.Div(
        [
            group(ctx, area, members, series, period, bars=style == "bar", shared=len(by_unit))
            for members in by_unit.values()
        ],
        className="trend",
    )


def group(
    ctx: ScreenContext,
    area: str,
    members: Sequence[Indicator],
    series: History,
    period: Period,
    *,
    bars: bool,
    shared: int = 1,
    height: int = 240,
    before: Sequence[Value] = (),
) -> Component:
    """A chart with its legend, which also says the newest value of each line.

    ``before`` is the same indicator reaching a year further back: it is drawn as a ghost a year later.
    """
    chart = build(ctx, area, members, series, period, bars=bars, before=before)
    bars = chart.bars
    if all(v is None for line in chart.lines for v in line.values):
        return notice("empty", "slash-circle", ctx.words.of("mark", "insufficient"), ctx.words("state.thin"))
    ticks = tick_texts(chart.scale, lambda value, decimals: fmt.number(value, ctx.lang, decimals))
    names = ctx.names([m.id for m in members])
    legend = [_legend(ctx, area, m, names[m.id], series[m.id][-1], i, bars) for i, m in enumerate(members)]
    if any(line.ghost for line in chart.lines):
        legend.append(
            html.Span(
                [html.I(className="key key-ghost"), ctx.words("chart.last_year")], className="legend-item"
            )
        )
    if any(any(line.estimated) for line in chart.lines):
        legend.append(
            html.Span(
                [html.I(className="key key-estimate"), ctx.words("boundaries.estimate")],
                className="legend-item",
            )
        )
    if any(t is not None for t in chart.targets):
        legend.append(
            html.Span([html.I(className="key key-target"), chart.target_name], className="legend-item")
        )
    legend += [
        html.Span([html.I(className="key key-break"), cut.label], className="legend-item")
        for cut in chart.cuts
    ]
    drawn: Any
    if ctx.wall:
        drawn = plot(chart, ticks, "dark")
    else:
        drawn = dcc.Graph(
            figure=plotly(chart, ticks, "light", height if shared == 1 else 170),
            config=cast(Any, CONFIG),
            className="graph",
            style={"height": f"{height if shared == 1 else 170}px"},
        )
    unit = html.Span(chart.unit, className="chart-unit") if chart.unit else None
    return html.Figure([html.Div([unit, *legend], className="legend"), drawn], className="chart")


def build(
    ctx: ScreenContext,
    area: str,
    members: Sequence[Indicator],
    series: History,
    period: Period,
    *,
    bars: bool,
    before: Sequence[Value] = (),
) -> Chart:
    """The chart of indicators that share a unit, on the places of all their periods."""
    lead, periods = members[0], ctx.city.periods
    first = min(series[m.id][0].start for m in members)
    last = max(series[m.id][-1].start for m in members)
    bars = bars and len(members) == 1
    if not bars and not all(is_comparable(ctx, m, series[m.id][-1]) for m in members):
        # A line that ends in a sum that still grows would seem to fall; the legend says how far it has come.
        last = periods.shift(period, last, -1)
    starts: list[dt.date] = []
    while first <= last:
        starts.append(first)
        first = periods.shift(period, first, 1)
    names = ctx.names([m.id for m in members])
    lines = [line_of(ctx, m, names[m.id], series[m.id], starts) for m in members]
    if before:
        lines.append(_year_before(ctx, lead, before, starts, period))
    level = ctx.city.areas[area].level
    target = target_line(ctx, lead, level, area, period, starts) if len(members) == 1 else TargetLine(())
    known = [v for line in lines for v in line.values if v is not None]
    amount = ctx.unit(lead).kind == "amount"
    near_zero = bool(known) and min(known) < 0.45 * max(known)
    return Chart(
        starts=[s.isoformat() for s in starts],
        labels=[ctx.period_text(period, s, short=True) for s in starts],
        titles=[ctx.period_text(period, s) for s in starts],
        lines=lines,
        bars=bars,
        from_zero=amount and near_zero,
        partial=any(
            is_partial(ctx, series[m.id][-1]) and series[m.id][-1].start == starts[-1] for m in members
        ),
        least=10.0 ** -ctx.unit(lead).decimals,
        unit=ctx.unit(lead).symbol.get(ctx.lang),
        targets=target.values,
        target_name=target.name,
        marker=target.marker,
        cuts=cuts(ctx, members, level, period, starts),
    )


def line_of(
    ctx: ScreenContext, indicator: Indicator, name: str, values: Sequence[Value], starts: Sequence[dt.date]
) -> Line:
    """A series on common places, each value also as text; what rests on too few rows is left out."""
    found = {v.start: v.value for v in values if v.n >= indicator.min_n}
    points = [found.get(s) for s in starts]
    guessed = {v.start for v in values if v.estimated}
    texts = [str(written(ctx, indicator, p)) for p in points]
    if guessed:
        word = ctx.words("boundaries.estimate").lower()
        texts = [f"{t} ({word})" if s in guessed else t for s, t in zip(starts, texts, strict=True)]
    return Line(name, points, texts, estimated=[s in guessed for s in starts])


def _year_before(
    ctx: ScreenContext,
    indicator: Indicator,
    values: Sequence[Value],
    starts: Sequence[dt.date],
    period: Period,
) -> Line:
    found = {v.start: v.value for v in values if v.n >= indicator.min_n}
    points = [found.get(ctx.city.periods.same_last_year(period, s)) for s in starts]
    texts = [str(written(ctx, indicator, p)) for p in points]
    return Line(ctx.words("chart.last_year"), points, texts, ghost=True)


def _legend(
    ctx: ScreenContext, area: str, indicator: Indicator, name: str, newest: Value, index: int, bars: bool
) -> Component:
    return link(
        [
            html.I(className=f"key key-{index + 1}" + (" key-bar" if bars else "")),
            html.Span(name, className="legend-name"),
            html.B(str(written(ctx, indicator, newest.value)) if enough(indicator, newest) else fmt.NOTHING),
            html.Span(when(ctx, newest), className="quiet"),
            icon("chevron-right"),
        ],
        ctx.value_href(indicator.id, area, newest.period),
        "legend-item",
    )
