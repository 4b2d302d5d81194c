"""The chart of a warning over a feed: how many rows came day by day, and how many were to be expected."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final, cast

import numpy as np
from dash import dcc, html
from dash.development.base_component import Component
from numpy.typing import NDArray

from config.models import Rule
from dashboard.components.warning_chart import HEIGHT, key, stood
from dashboard.components.why import expected_of
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from dashboard.drawing.figures import CONFIG, Chart, Line, plotly, tick_texts
from dashboard.drawing.theme import tokens
from dashboard.warnings.stories import Story

BEFORE: Final = 45
"""Days before the warning that are shown."""
AFTER: Final = 14
"""Days that are shown after it was over."""
MOST: Final = 120
"""Days that are shown of a warning that has stood for long: the newest."""
_DAY: Final = dt.timedelta(days=1)


def feed_chart(ctx: ScreenContext, story: Story, rule: Rule) -> Component | None:
    """Rows by day of what they tell, the warning's time shaded; None where no row came in all that time."""
    zone, warning, words = ctx.city.zone, story.warning, ctx.words
    begun = warning.firing_since.astimezone(zone).date()
    over = warning.ended_at.astimezone(zone).date() if warning.ended_at is not None else None
    last = ctx.today if over is None else min(ctx.today, over + AFTER * _DAY)
    first = max(begun - BEFORE * _DAY, last - MOST * _DAY)
    found = ctx.volume(rule, first, last, "below" if _fell(story) else "above")
    if found is None:
        return None
    days = found.days[found.first :]
    rows, verdict = _points(found.rows[0, found.first :]), found.verdict
    name, usual = words("warning.rows_a_day"), words("warning.expected")
    lines = [Line(name, rows, _texts(ctx, rows))]
    limits: list[float | None] = []
    if verdict is not None and verdict.expected is not None:
        expected = _points(verdict.expected[0])
        lines.append(Line(usual, expected, _texts(ctx, expected), ghost=True))
        limits = _points(verdict.limit[0])
    chart = Chart(
        starts=[day.isoformat() for day in days],
        labels=[ctx.period_text("day", day, short=True) for day in days],
        titles=[ctx.period_text("day", day) for day in days],
        lines=lines,
        bars=True,
        partial=days[-1] == ctx.today,
        targets=limits,
        target_name=words("warning.limit") if limits else "",
        target_shape="linear",
    )
    ticks = tick_texts(chart.scale, lambda value, decimals: fmt.number(value, ctx.lang, decimals))
    figure = plotly(chart, ticks, "light", HEIGHT)
    for trace in figure["data"]:
        if trace.get("name") == chart.target_name and limits:
            trace["line"] = {**trace["line"], "color": tokens("light")["serious"]}
    place = max((begun - days[0]).days, 0)
    end = len(days) - 1 if over is None else min(max((over - days[0]).days, place), len(days) - 1)
    stood(story, figure, place - 0.5, end + 0.5)
    legend: list[Any] = [key("key-bar", name)]
    if len(lines) > 1:
        legend += [key("key-ghost", usual), key("key-target key-limit", chart.target_name)]
    graph = dcc.Graph(
        figure=figure, config=cast(Any, CONFIG), className="graph", style={"height": f"{HEIGHT}px"}
    )
    return html.Figure([html.Div(legend, className="legend"), graph], className="chart")


def _fell(story: Story) -> bool:
    value, expected = story.warning.value, expected_of(story)
    return value is not None and expected is not None and value < expected


def _points(values: NDArray[np.float64]) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in values]


def _texts(ctx: ScreenContext, values: list[float | None]) -> list[str]:
    return ["–" if value is None else fmt.number(value, ctx.lang) for value in values]
