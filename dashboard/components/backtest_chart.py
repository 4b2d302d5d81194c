"""The timeline of a backtest: the warnings of each week, and under them each warning in its area's row."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from dash import dcc, html
from dash.development.base_component import Component

from config.models import Rule
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from dashboard.drawing.figures import CONFIG, Figure
from dashboard.drawing.scale import axis, spread_labels
from dashboard.drawing.theme import FONT, tokens
from indicators.rules.messages import figure
from warehouse.state import Findings, Held, Made, WouldTell

MOST: Final = 14
"""Areas that have a row: those with the most warnings, and those of incidents."""
WEEKS: Final = 110
"""Height of the weeks, in pixels."""
ROW: Final = 22
_LEAST: Final = 250
"""The shortest warning is drawn as one part in so many of the span, so that it is seen."""
_TICKS: Final = 8
_WEEK: Final = dt.timedelta(weeks=1)
_COLOUR: Final = {"critical": "critical-solid", "serious": "serious", "watch": "bar"}


def backtest_chart(ctx: ScreenContext, rule: Rule, made: Made, findings: Findings) -> Component:
    """The timeline with its legend, and how many areas it leaves out."""
    rows = rows_of(findings)
    left = len({one.area for one in findings.warnings} - set(rows))
    height = WEEKS + 40 + ROW * max(len(rows), 1)
    graph = dcc.Graph(
        figure=timeline(ctx, rule, made, findings, rows, height),
        config=cast(Any, CONFIG),
        className="graph",
        style={"height": f"{height}px"},
    )
    severities = [s for s in _COLOUR if any(one.severity == s for one in findings.warnings)]
    legend = [
        html.Span([html.I(className=f"key key-told-{s}"), ctx.words.of("mark", s)], className="legend-item")
        for s in severities
    ]
    if findings.incidents:
        key = html.I(className="key key-incident")
        legend.append(html.Span([key, ctx.words("backtest.incident")], className="legend-item"))
    note = ctx.words.count("backtest.more_areas", left) if left else ""
    return html.Figure(
        [
            html.Div(legend, className="legend"),
            graph,
            html.P(note, className="quiet") if note else None,
        ],
        className="chart",
    )


def rows_of(findings: Findings) -> list[str]:
    """The areas that have a row, those with the most warnings first."""
    many = Counter(one.area for one in findings.warnings)
    held = Counter({one.area: 0 for one in findings.incidents})
    order = sorted({**held, **many}, key=lambda area: (area not in held, -many[area], area))[:MOST]
    return sorted(order, key=lambda area: (-many[area], area))


def weekly(made: Made, findings: Findings, ctx: ScreenContext) -> list[tuple[dt.date, int]]:
    """Each week of the span, from its first day on, and how many warnings opened in it."""
    opened = Counter(
        (one.opened_at.astimezone(ctx.city.zone).date() - made.first) // _WEEK for one in findings.warnings
    )
    weeks = -((made.first - made.until) // _WEEK)
    return [(made.first + k * _WEEK, opened[k]) for k in range(max(weeks, 1))]


def timeline(
    ctx: ScreenContext, rule: Rule, made: Made, findings: Findings, rows: Sequence[str], height: int
) -> Figure:
    """The figure."""
    colours = tokens("light")
    names = {area: ctx.city.areas[area].name(ctx.lang) for area in rows}
    weeks = weekly(made, findings, ctx)
    scale = axis([float(many) for _, many in weeks], from_zero=True, least=1.0)
    base = 1 - WEEKS / (height - 40)
    data: list[Figure] = [
        {
            "type": "bar",
            "x": [(day + dt.timedelta(days=3, hours=12)).isoformat() for day, _ in weeks],
            "y": [many for _, many in weeks],
            "width": _WEEK.total_seconds() * 1000 * 0.8,
            "yaxis": "y2",
            "marker": {"color": colours["bar"]},
            "hovertext": [_week(ctx, day, many) for day, many in weeks],
            "hovertemplate": "%{hovertext}<extra></extra>",
        }
    ]
    data += _incidents(ctx, [one for one in findings.incidents if one.area in names], names, colours)
    for severity, colour in _COLOUR.items():
        mine = [one for one in findings.warnings if one.severity == severity and one.area in names]
        if mine:
            data.append(_bars(ctx, rule, made, mine, colours[colour]))
    ticks = _ticks(ctx, made)
    label = {"size": 12, "color": colours["ink-3"]}
    return {
        "data": data,
        "layout": {
            "height": height,
            "margin": {"l": 8, "r": 28, "t": 10, "b": 30},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"family": FONT, **label},
            "showlegend": False,
            "hovermode": "closest",
            "dragmode": False,
            "hoverlabel": {
                "bgcolor": colours["surface"], "bordercolor": colours["line-strong"], "align": "left",
                "font": {"family": FONT, "size": 13, "color": colours["ink"]},
            },
            "xaxis": {
                "type": "date",
                "range": [made.first.isoformat(), made.until.isoformat()],
                "tickmode": "array",
                "tickvals": [day.isoformat() for day, _ in ticks],
                "ticktext": [text for _, text in ticks],
                "tickangle": "auto",
                "autotickangles": [0, 35, 90],  # labels that would run into each other on a phone lean
                "automargin": True,
                "anchor": "y",
                "gridcolor": colours["line"],
                "linecolor": colours["line-strong"],
                "fixedrange": True,
            },
            "yaxis": {
                "type": "category",
                "categoryorder": "array",
                "categoryarray": list(reversed(rows)),
                "tickmode": "array",
                "tickvals": list(rows),
                "ticktext": [names[area] for area in rows],
                "range": [-0.6, max(len(rows), 1) - 0.4],
                "domain": [0, max(base - 0.04, 0.05)],
                "showgrid": False,
                "automargin": True,
                "fixedrange": True,
            },
            "yaxis2": {
                "range": [scale.low, scale.high],
                "domain": [base, 1],
                "tickvals": list(scale.ticks),
                "ticktext": [fmt.number(tick, ctx.lang) for tick in scale.ticks],
                "gridcolor": colours["line"],
                "zeroline": False,
                "automargin": True,
                "fixedrange": True,
            },
        },
    }  # fmt: skip


def _week(ctx: ScreenContext, day: dt.date, many: int) -> str:
    return f"{fmt.date(day, ctx.lang)}: " + ctx.words.count("backtest.warnings", many)


def _bars(
    ctx: ScreenContext,
    rule: Rule,
    made: Made,
    warnings: Sequence[WouldTell],
    colour: str,
) -> Figure:
    """Warnings of one severity as one line with gaps: hundreds of shapes would be slow."""
    zone = ctx.city.zone
    least = (made.until - made.first) / _LEAST
    end = dt.datetime.combine(made.until, dt.time(), zone)
    x: list[str | None] = []
    y: list[str | None] = []
    said: list[str | None] = []
    for one in warnings:
        until = max(one.ended_at or end, one.opened_at + least)
        x += [_clock(one.opened_at, ctx), _clock(until, ctx), None]
        y += [one.area, one.area, None]
        said += [_said(ctx, rule, one)] * 2 + [None]
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": y,
        "line": {"color": colour, "width": 10},
        "hovertext": said,
        "hovertemplate": "%{hovertext}<extra></extra>",
    }


def _incidents(
    ctx: ScreenContext, incidents: Sequence[Held], names: Mapping[str, str], colours: Mapping[str, str]
) -> list[Figure]:
    """What is known to have happened, as a pale band behind the warnings."""
    if not incidents:
        return []
    x: list[str | None] = []
    y: list[str | None] = []
    said: list[str | None] = []
    for one in incidents:
        x += [one.start.isoformat(), (one.end + dt.timedelta(days=1)).isoformat(), None]
        y += [one.area, one.area, None]
        said += [f"{names[one.area]} · {one.name}<br>{delay(ctx, one)}"] * 2 + [None]
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "x": x,
            "y": y,
            "line": {"color": colours["seq-2"], "width": 20},
            "hovertext": said,
            "hovertemplate": "%{hovertext}<extra></extra>",
        }
    ]


def delay(ctx: ScreenContext, one: Held) -> str:
    """How early an incident was told."""
    if one.delay is None:
        return ctx.words("backtest.missed")
    return ctx.words("backtest.at_once") if one.delay == 0 else ctx.words.count("backtest.after", one.delay)


def lasted(ctx: ScreenContext, one: WouldTell) -> str:
    """How long a warning would have stood."""
    if one.ended_at is None:
        return ctx.words("warning.stands")
    return fmt.span(one.ended_at - one.opened_at, ctx.lang)


def _said(ctx: ScreenContext, rule: Rule, one: WouldTell) -> str:
    at, length = fmt.moment(one.opened_at, ctx.city.zone, ctx.lang), lasted(ctx, one)
    worst, limit = (figure(ctx.city, rule, x, ctx.lang) for x in (one.worst, one.limit))
    return ctx.words(
        "backtest.one",
        area=ctx.city.areas[one.area].name(ctx.lang),
        at=at,
        length=length,
        worst=worst,
        limit=limit,
    )


def _clock(at: dt.datetime, ctx: ScreenContext) -> str:
    return at.astimezone(ctx.city.zone).replace(tzinfo=None).isoformat(timespec="minutes")


def _ticks(ctx: ScreenContext, made: Made) -> list[tuple[dt.date, str]]:
    """Firsts of months, or days where the span is short, as many as there is room for."""
    length = (made.until - made.first).days
    if length <= 70:
        days = [made.first + dt.timedelta(days=k) for k in range(length)]
        texts = [fmt.day_month(day, ctx.lang) for day in days]
    else:
        periods = ctx.city.periods
        start = periods.start_of("month", made.first)
        days = []
        while start < made.until:
            if start >= made.first:
                days.append(start)
            start = periods.shift("month", start, 1)
        texts = [fmt.period_short("month", day, ctx.lang) for day in days]
    return [(days[k], texts[k]) for k in spread_labels(len(days), _TICKS)]
