"""The chart of a warning: the series, what would be normal, the limit, and what was known at the time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, cast

from dash import dcc, html
from dash.development.base_component import Component

from config.models import (
    Banded,
    Change,
    Indicator,
    LevelShift,
    Period,
    Rule,
    Statistical,
    TargetGap,
    Threshold,
)
from dashboard.components.states import notice
from dashboard.components.trend import build
from dashboard.components.value import written
from dashboard.components.why import expected_of
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from dashboard.drawing.figures import CONFIG, Chart, Figure, Line, plotly, tick_texts
from dashboard.drawing.theme import tokens
from dashboard.warnings.stories import Story
from indicators.rules.conditions.change import RELATIVE

if TYPE_CHECKING:
    from warehouse.rule_tests import RuleTest

HEIGHT: Final = 320
SHOWN: Final[Mapping[Period, int]] = {
    "hour": 72,
    "day": 60,
    "week": 53,
    "month": 25,
    "quarter": 12,
    "half_year": 8,
    "year": 8,
    "year_to_date": 25,
}
"""Periods before the warning that its chart shows."""
MOST: Final = 3
"""How many times as many it shows when the warning has stood for long."""
DOTTED: Final = 30
"""Up to so many periods each value has a dot."""
_COLOUR: Final = {"critical": "critical-solid", "serious": "serious", "watch": "watch"}


@dataclass(frozen=True, slots=True)
class Sight:
    """What a warning was told of: indicator, period and the start of the period that it was told at."""

    rule: Rule
    indicator: Indicator
    period: Period
    start: dt.date


def sight_of(ctx: ScreenContext, story: Story) -> Sight | None:
    """None for a warning of a feed or of other rules, and where its rule or indicator is gone."""
    rule = ctx.city.rules.get(story.warning.rule)
    indicator = ctx.city.indicators.get(rule.indicator or "") if rule is not None else None
    if rule is None or indicator is None or rule.period is None:
        return None
    # It is told at a period's end, which is the next one's beginning.
    told = story.warning.opened_at.astimezone(ctx.city.zone).replace(tzinfo=None) - dt.timedelta.resolution
    return Sight(rule, indicator, rule.period, ctx.city.periods.start_of(rule.period, told))


def tests_of(ctx: ScreenContext, story: Story, sight: Sight) -> dict[str, RuleTest]:
    """The tests that the chart shows, by the start of their period as its axis has it."""
    if not isinstance(sight.rule.when, Statistical):
        return {}
    first, last = _span(ctx, story, sight)
    made = ctx.reader.rule_tests.of(sight.rule.id, story.warning.area, first, last)
    timed = ctx.city.periods.timed(sight.period)
    return {(t.start if timed else t.start.date()).isoformat(): t for t in made}


def warning_chart(ctx: ScreenContext, story: Story, sight: Sight, tests: Mapping[str, RuleTest]) -> Component:
    """The chart with its legend."""
    indicator, warning = sight.indicator, story.warning
    first, last = _span(ctx, story, sight)
    count = 1
    at = first
    while at < last:
        at, count = ctx.city.periods.shift(sight.period, at, 1), count + 1
    found = ctx.reader.series([indicator.id], warning.area, sight.period, count, last)[indicator.id]
    values = [value for value in found if value.start >= first]
    if len(values) < 2:
        return notice("empty", "graph-up", ctx.words("state.empty"), ctx.words("state.empty_hint"))
    chart = build(ctx, warning.area, [indicator], {indicator.id: values}, sight.period, bars=False)
    if not chart.starts:
        return notice("empty", "graph-up", ctx.words("state.empty"), ctx.words("state.empty_hint"))
    base = Line(
        ctx.words("warning.expected"),
        expected := _expected(story, sight, tests, chart.starts),
        [str(written(ctx, indicator, x)) for x in expected],
        ghost=True,
    )
    limits = _limits(ctx, story, sight, tests, chart.starts)
    if not isinstance(sight.rule.when, TargetGap):
        named = ctx.words("warning.limit") if any(x is not None for x in limits) else ""
        chart = replace(chart, targets=limits, target_name=named, target_shape="linear", marker=None)
    if any(x is not None for x in expected):
        chart = replace(chart, lines=[*chart.lines, base])
    told = _told(story, sight)
    then = _known_then(story, chart)
    chart = replace(chart, beside=[x for x in [told, *then.values()] if x is not None])
    ticks = tick_texts(chart.scale, lambda value, decimals: fmt.number(value, ctx.lang, decimals))
    figure = plotly(chart, ticks, "light", HEIGHT)
    _mark(ctx, story, sight, chart, figure, told, then)
    graph = dcc.Graph(
        figure=figure, config=cast(Any, CONFIG), className="graph", style={"height": f"{HEIGHT}px"}
    )
    legend = _legend(ctx, indicator, chart, told, bool(then))
    return html.Figure([html.Div(legend, className="legend"), graph], className="chart")


def _span(ctx: ScreenContext, story: Story, sight: Sight) -> tuple[dt.date, dt.date]:
    """Starts of the first and the last period of the chart."""
    periods, before = ctx.city.periods, SHOWN[ctx.city.periods.like(sight.period)]
    end = story.warning.ended_at or ctx.now
    local = end.astimezone(ctx.city.zone).replace(tzinfo=None)
    last = periods.start_of(sight.period, local)
    if story.warning.ended_at is not None:
        now = periods.start_of(sight.period, ctx.now.astimezone(ctx.city.zone).replace(tzinfo=None))
        last = min(now, periods.shift(sight.period, last, before // 4))
    first = periods.shift(sight.period, sight.start, -before)
    return max(first, periods.shift(sight.period, last, -MOST * before)), last


def _expected(
    story: Story, sight: Sight, tests: Mapping[str, RuleTest], starts: Sequence[str]
) -> list[float | None]:
    if isinstance(sight.rule.when, LevelShift):
        return [expected_of(story)] * len(starts)
    return [tests[s].expected if s in tests else None for s in starts]


def _limits(
    ctx: ScreenContext, story: Story, sight: Sight, tests: Mapping[str, RuleTest], starts: Sequence[str]
) -> list[float | None]:
    """The limit along the periods, in the indicator's unit; nothing where a rule measures something else."""
    match sight.rule.when:
        case Threshold() as when:
            limit = story.warning.limit
            own = when.above if when.above is not None else when.below
            return [limit if limit is not None else own] * len(starts)
        case Banded():
            return [story.warning.limit] * len(starts)
        case Change() as when:
            return _changed(ctx, story, sight, when, starts)
        case _:
            return _bounds(story, tests, starts)


def _bounds(story: Story, tests: Mapping[str, RuleTest], starts: Sequence[str]) -> list[float | None]:
    """The bounds of statistical tests on the side that was told: of both sides, a test keeps the one on which
    its value lay.
    """
    value, expected = story.warning.value, expected_of(story)
    fell = value is not None and expected is not None and value < expected
    found = (tests.get(start) for start in starts)
    return [t.bound if t is not None and (t.bound < t.expected) == fell else None for t in found]


def _changed(
    ctx: ScreenContext, story: Story, sight: Sight, when: Change, starts: Sequence[str]
) -> list[float | None]:
    """What each period could have come to without a warning, from the period that it is compared with."""
    periods, period, indicator = ctx.city.periods, sight.period, sight.indicator
    limit = when.above if when.above is not None else when.below
    if limit is None:
        return [None] * len(starts)
    timed = periods.timed(period)
    at = [dt.datetime.fromisoformat(s) if timed else dt.date.fromisoformat(s) for s in starts]
    compared = [
        periods.shift(period, s, -1) if when.against == "previous" else periods.same_last_year(period, s)
        for s in at
    ]
    found = ctx.reader.at(period, {(indicator.id, story.warning.area, s) for s in compared})
    held = [found.get((indicator.id, story.warning.area, s)) for s in compared]
    bases = [v.value if v is not None and v.n >= indicator.min_n else None for v in held]
    if ctx.unit(indicator).kind in RELATIVE:
        return [None if base is None else base * (1 + limit / 100) for base in bases]
    return [None if base is None else base + limit for base in bases]


def _told(story: Story, sight: Sight) -> float | None:
    """The value of the period that the warning was told at, as it was then known."""
    seen = story.warning.evidence.get("seen") or []
    at = sight.start.isoformat()
    found = next((value for start, value in seen if start in (at, at[:10], f"{at[:10]}T00:00:00")), None)
    if found is not None:
        return float(found)
    plain = Threshold | Banded | Statistical | LevelShift
    return story.warning.value if isinstance(sight.rule.when, plain) else None


def _known_then(story: Story, chart: Chart) -> dict[int, float]:
    """By place, the values as they were known when the warning was told, where they are others now."""
    place = {start: number for number, start in enumerate(chart.starts)}
    now = chart.lines[0].values
    then: dict[int, float] = {}
    for start, value in story.warning.evidence.get("seen") or []:
        key = start if start in place else start[:10]
        if value is None or key not in place:
            continue
        known = now[place[key]]
        if known is not None and abs(known - value) > 1e-9 * max(1.0, abs(value)):
            then[place[key]] = float(value)
    return then


def _mark(
    ctx: ScreenContext,
    story: Story,
    sight: Sight,
    chart: Chart,
    figure: Figure,
    told: float | None,
    then: Mapping[int, float],
) -> None:
    """Add to the figure from when to when the warning stood, when it was told, and what was known then."""
    colours, words, indicator = tokens("light"), ctx.words, sight.indicator
    strong = colours[_COLOUR[story.alert.severity]]
    for trace in figure["data"]:
        if chart.target_name and trace.get("name") == chart.target_name:
            trace["line"] = {**trace["line"], "color": colours["serious"]}
            trace["connectgaps"] = True  # over values that lay on the other side
        elif trace.get("name") == words("warning.expected"):
            trace["line"] = {**trace["line"], "width": 2, "dash": "6px,3px"}
        elif trace.get("name") == chart.lines[0].name and len(chart.starts) <= DOTTED:
            # A value between two gaps has no line; as a dot it is seen.
            trace["mode"], trace["marker"] = "lines+markers", {"size": 5, "color": trace["line"]["color"]}
    at = sight.start.isoformat()
    if at not in chart.starts:
        return
    place = chart.starts.index(at)
    edge = 0.4
    until = len(chart.starts) - 1 + edge
    figure["layout"]["xaxis"]["range"] = [-edge, until]
    if story.warning.ended_at is not None:
        end = story.warning.ended_at.astimezone(ctx.city.zone).replace(tzinfo=None)
        last = ctx.city.periods.start_of(sight.period, end - dt.timedelta.resolution).isoformat()
        until = chart.starts.index(last) if last in chart.starts else until
    stood(story, figure, place, max(until, place + edge))
    figure["layout"]["hovermode"] = "closest"
    for number, value in then.items():
        now = chart.lines[0].values[number]
        said = words(
            "warning.then_now", then=written(ctx, indicator, value), now=written(ctx, indicator, now)
        )
        figure["data"].append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": [chart.starts[number]] * 2,
                "y": [value, now],
                "line": {"color": colours["ink-3"], "width": 1.5, "dash": "2px,2px"},
                "marker": {
                    "symbol": "circle", "size": [9, 0], "color": colours["surface"],
                    "line": {"color": colours["ink-2"], "width": [2, 0]},
                },
                "cliponaxis": False,
                "hovertext": [f"{chart.titles[number]}<br>{said}"] * 2,
                "hovertemplate": "%{hovertext}<extra></extra>",
            }
        )  # fmt: skip
    if told is not None:
        when = fmt.moment(story.warning.recorded_at, ctx.city.zone, ctx.lang)
        said = words("warning.told_at", time=when, value=written(ctx, indicator, told))
        figure["data"].append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": [at],
                "y": [told],
                "marker": {
                    "symbol": "diamond", "size": 13, "color": strong,
                    "line": {"color": colours["surface"], "width": 2},
                },
                "cliponaxis": False,
                "hovertext": [said],
                "hovertemplate": "%{hovertext}<extra></extra>",
            }
        )  # fmt: skip


def stood(story: Story, figure: Figure, begin: float, end: float) -> None:
    """Shade the places from which to which a warning stood."""
    colours, severity = tokens("light"), story.alert.severity
    shade = {
        "type": "rect", "xref": "x", "yref": "paper", "x0": begin, "x1": end, "y0": 0, "y1": 1,
        "fillcolor": colours[f"{severity}-soft"], "opacity": 0.6, "line": {"width": 0}, "layer": "below",
    }  # fmt: skip
    line = {
        "type": "line", "xref": "x", "yref": "paper", "x0": begin, "x1": begin, "y0": 0, "y1": 1,
        "line": {"color": colours[_COLOUR[severity]], "width": 1}, "layer": "below",
    }  # fmt: skip
    figure["layout"]["shapes"] = [shade, line, *figure["layout"]["shapes"]]


def _legend(
    ctx: ScreenContext, indicator: Indicator, chart: Chart, told: float | None, revised: bool
) -> list[Any]:
    values = chart.lines[0].values
    whole = values[:-1] if chart.partial else values
    newest = next((v for v in reversed(whole) if v is not None), None)
    entries: list[Any] = [html.Span(chart.unit, className="chart-unit") if chart.unit else None]
    entries.append(
        key("key-1", [ctx.name(indicator, short=False), " ", html.B(str(written(ctx, indicator, newest)))])
    )
    if len(chart.lines) > 1:
        entries.append(key("key-ghost", ctx.words("warning.expected")))
    if any(x is not None for x in chart.targets):
        limit = "key-target key-limit" if chart.target_name == ctx.words("warning.limit") else "key-target"
        entries.append(key(limit, chart.target_name))
    if told is not None:
        entries.append(key("key-told", ctx.words("warning.told")))
    if revised:
        entries.append(key("key-then", ctx.words("warning.then")))
    entries += [key("key-break", cut.label) for cut in chart.cuts]
    return entries


def key(kind: str, name: Any) -> Component:
    """An entry of a legend."""
    parts = name if isinstance(name, list) else [name]
    return html.Span([html.I(className=f"key {kind}"), *parts], className="legend-item")
