"""The page of an indicator: its past, its place among areas, its definition, the rows behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from dash import html
from dash.development.base_component import Component

from config.models import Indicator, Period
from dashboard.components.base import age, dashed, icon, link, mark_chip, panel
from dashboard.components.breakdown import breakdown_panel, members_expected
from dashboard.components.definition import definition
from dashboard.components.directive_form import issue_form
from dashboard.components.directive_list import beside
from dashboard.components.goal import goal_line, goal_parts
from dashboard.components.identities import identity_notes
from dashboard.components.lineage import origin
from dashboard.components.page import page
from dashboard.components.past import across, break_list, revisions
from dashboard.components.period_table import ROWS, period_table, raw
from dashboard.components.ranking import ranking
from dashboard.components.states import notice
from dashboard.components.succession import boundary_note, boundary_tabs, estimate_chip
from dashboard.components.target_line import total_chart
from dashboard.components.tile import why_not
from dashboard.components.trend import group
from dashboard.components.value import coverage, delta_line, delta_text, target_text, when, written
from dashboard.components.warnings import warning_list
from dashboard.context import ScreenContext
from dashboard.directives.about import About
from dashboard.drawing import format as fmt
from dashboard.goals import Goal
from dashboard.standing import (
    Standing,
    allowance,
    enough,
    feeds_of,
    is_fair,
    late_feeds,
    stand,
)

if TYPE_CHECKING:
    from warehouse.reader import Value

HISTORY: dict[Period, int] = {
    "hour": 96,
    "day": 120,
    "week": 60,
    "month": 36,
    "quarter": 20,
    "half_year": 12,
    "year": 15,
    "year_to_date": 36,
}
"""How many periods back the chart reaches, over which the year before still fits beside."""


def render(ctx: ScreenContext) -> Component:
    """One indicator for ``area`` and ``period`` of the address, or what the indicator has instead."""
    indicator = ctx.city.indicators[ctx.route.target]
    area = _area(ctx, indicator)
    period = _period(ctx, indicator)
    reach = HISTORY[ctx.city.periods.like(period)]
    series = ctx.reader.series([indicator.id], area, period, reach + _year_back(ctx, period))
    values = series.get(indicator.id, [])
    late = late_feeds(ctx)
    standing = stand(ctx, indicator, values, area, late)
    path = list(ctx.city.areas.path(area).values())
    trail = [(ctx.city.areas[code].name(ctx.lang), ctx.href("area", code)) for code in path]
    told = panel(ctx.words("indicator.table"), period_table(ctx, indicator, values, period), kind="table")
    past = _history(ctx, indicator, area, period, values)
    total = _total(ctx, standing)
    meaning = panel(
        ctx.words("indicator.definition"), definition(ctx, indicator, standing.value), kind="definition"
    )
    parted = breakdown_panel(ctx, indicator, area, period)
    left = (3 + 1.3 * members_expected(ctx, indicator) if parted else 0) + min(len(values), ROWS)
    broken = break_list(ctx, indicator, ctx.city.areas[area].level)
    notes = identity_notes(ctx, indicator, standing.value)
    held = panel(ctx.words("identity.title"), notes, kind="identities") if notes is not None else None
    beside = _beside(ctx, indicator, area, left - (5 if held else 0))
    breaks = panel(ctx.words("break.title"), broken, kind="breaks") if broken is not None else None
    body: list[Any] = [
        boundary_note(ctx, area, _unrecast(ctx, indicator)),
        _headline(ctx, standing, values),
        _directives(ctx, standing, area, period),
        html.Div([past, total, parted, told], className="w-8 stack"),
        html.Div(
            [_ranks(ctx, indicator, area, period), breaks, held, meaning if beside else None],
            className="w-4 stack",
        ),
        None if beside else meaning,
        panel(ctx.words("indicator.rows"), origin(ctx, indicator, standing.value), kind="rows"),
    ]
    domain = next(d for d in ctx.city.head.domains if d.id == indicator.domain)
    lead = [
        html.Span([icon(domain.icon), domain.name.get(ctx.lang)]),
        html.Span(indicator.owner.get(ctx.lang)),
    ]
    return page(
        ctx,
        ctx.name(indicator, short=False),
        body,
        area=area,
        trail=trail,
        lead=lead,
        tools=[boundary_tabs(ctx, area), _periods(ctx, indicator, area, period)],
    )


def _directives(ctx: ScreenContext, standing: Standing, area: str, period: Period) -> Component | None:
    """The form to have something done about the figure, and what is being done about it here and below."""
    if ctx.as_of is not None:
        return None
    indicator, areas = standing.indicator, ctx.city.areas
    start = standing.value.start if standing.value is not None else None
    about = About(area, indicator.id, period, start, domain=indicator.domain)
    mine = [
        one
        for one in ctx.directives.about(indicator=indicator.id)
        if one.open and one.order.area in areas and area in areas.path(one.order.area).values()
    ]
    return html.Div([issue_form(ctx, about), beside(ctx, mine)], className="w-12 directive-bar")


def _area(ctx: ScreenContext, indicator: Indicator) -> str:
    """The area asked for, or the nearest above it that the indicator is told for."""
    asked = ctx.route.params.get("area", "")
    if asked not in ctx.city.areas:
        return ctx.city.areas.root.code
    path = ctx.city.areas.path(asked)
    return next((path[level] for level in reversed(list(path)) if level in indicator.levels), asked)


def _period(ctx: ScreenContext, indicator: Indicator) -> Period:
    asked = ctx.route.params.get("period", "")
    return next((p for p in indicator.periods if p == asked), indicator.periods[0])


def _beside(ctx: ScreenContext, indicator: Indicator, area: str, left: float) -> bool:
    """Whether the definition stands under the ranking, so that both columns end together, or else below both.

    Heights are in lines of a table: the chart and ``left`` more on the left, on the right the ranked areas,
    or as much as warnings take.
    """
    levels, level = ctx.city.levels, ctx.city.areas[area].level
    path = list(ctx.city.areas.path(area).values())
    lower = level != levels[-1] and levels[levels.index(level) + 1] in indicator.levels
    above = path[-1] if lower else path[-2] if len(path) > 1 else None
    ranked = len(ctx.city.areas.children(above, ctx.today)) if above else 8
    return 14 + left >= 1.3 * ranked + 16


def _unrecast(ctx: ScreenContext, indicator: Indicator) -> str:
    """Why the indicator cannot be told on the chosen boundaries; empty where it can."""
    if ctx.boundaries is None or ctx.reader.recaster is None:
        return ""
    rule = ctx.reader.recaster.rule(indicator.id)
    return "" if rule.recasts else rule.reason


def _year_back(ctx: ScreenContext, period: Period) -> int:
    """How many periods lie a year back, of those in which a chart shows the year before."""
    return 0 if period in ("hour", "day", "year") else ctx.city.periods.year(period)


def _periods(ctx: ScreenContext, indicator: Indicator, area: str, current: Period) -> Component:
    tabs = [
        link(
            ctx.period_word(p),
            ctx.value_href(indicator.id, area, p),
            "segment is-active" if p == current else "segment",
        )
        for p in ctx.city.periods.ordered(indicator.periods)
    ]
    return html.Nav(tabs, className="segments", **dashed(aria_label=ctx.words("indicator.period")))


def _headline(ctx: ScreenContext, standing: Standing, values: Sequence[Value]) -> Component:
    """The newest value with everything that qualifies it."""
    indicator, value, words = standing.indicator, standing.value, ctx.words
    if value is None:
        return html.Section(
            notice("empty", "inbox", words("state.empty"), words("state.empty_hint")),
            className="panel w-12 headline",
        )
    firm = enough(indicator, value)
    number = written(ctx, indicator, value.value if firm else None)
    big = html.Div(
        [
            html.Span(when(ctx, value), className="headline-when"),
            html.Span(
                [html.B(number.text), html.Span(number.unit, className="unit")]
                if firm
                else html.Span(why_not(ctx, indicator, value), className="tile-void"),
                className="headline-value",
            ),
            html.Div(
                [
                    mark_chip(ctx, standing.mark),
                    estimate_chip(ctx) if value.estimated else None,
                    delta_line(ctx, standing),
                    across(ctx, indicator, value),
                ],
                className="headline-line",
            ),
            revisions(ctx, indicator, value),
        ],
        className="headline-main",
    )
    return html.Section(
        [big, html.Dl(_qualities(ctx, standing, values), className="qualities")],
        className=f"panel w-12 headline headline-{standing.mark}",
    )


def _qualities(ctx: ScreenContext, standing: Standing, values: Sequence[Value]) -> list[Component]:
    indicator, words = standing.indicator, ctx.words
    value = cast("Value", standing.value)
    period = value.period
    entries: list[tuple[str, Any]] = []
    if standing.goal is not None:
        entries.append((words("indicator.target"), target_text(ctx, indicator, standing.goal.aim)))
        entries += _attained(ctx, standing, standing.goal)
    then = ctx.city.periods.same_last_year(period, value.start)
    year_ago = next((v for v in values if v.start == then), None)
    if year_ago is not None and period != "year" and standing.comparable and enough(indicator, year_ago):
        entries.append((words("indicator.last_year"), delta_text(ctx, indicator, value, year_ago)))
    if value.numerator is not None and value.denominator is not None:
        parts = f"{raw(ctx, value.numerator)} / {raw(ctx, value.denominator)}"
        entries.append((words("indicator.parts"), parts))
    entries.append((words("indicator.n"), fmt.number(value.n, ctx.lang)))
    full = f"{fmt.number(value.present, ctx.lang)} / {fmt.number(value.expected, ctx.lang)}"
    entries.append(
        (
            words("indicator.coverage"),
            html.Span(full, className="" if coverage(ctx, value) is None else "tone-watch"),
        )
    )
    limit = allowance(feeds_of(ctx.city, indicator)) if standing.partial else None
    through = fmt.through(value.data_through, ctx.city.zone, ctx.lang)
    entries.append(
        (words("indicator.through"), html.Span([through, " ", age(ctx, value.data_through, limit)]))
    )
    entries.append((words("indicator.known"), fmt.moment(value.known_from, ctx.city.zone, ctx.lang)))
    return [html.Div([html.Dt(term), html.Dd(what)]) for term, what in entries]


def _attained(ctx: ScreenContext, standing: Standing, goal: Goal) -> list[tuple[str, Any]]:
    """What is held against the target, unless it is the value itself, and how far it is from it."""
    if goal.attained is None or not (
        standing.value and is_fair(ctx, standing.indicator, standing.value, goal.aim)
    ):
        return []
    told = [(ctx.words("indicator.against"), goal_parts(ctx, standing.indicator, goal))]
    if goal.aim.kind in ("cumulative", "rank", "milestone"):
        told.insert(0, (ctx.words("indicator.attained"), goal_line(ctx, standing.indicator, goal)))
    return told


def _history(
    ctx: ScreenContext, indicator: Indicator, area: str, period: Period, values: Sequence[Value]
) -> Component:
    title = ctx.words("indicator.history")
    shown = list(values[-HISTORY[ctx.city.periods.like(period)] :])
    if len(shown) < 2:
        body = notice("empty", "graph-up", ctx.words("state.empty"), ctx.words("state.empty_hint"))
        return panel(title, body)
    summed = ctx.city.periods.like(period) == "year_to_date" and ctx.unit(indicator).kind == "amount"
    bars = indicator.kind == "reported" or summed  # a sum that begins anew each January is no line
    chart = group(
        ctx,
        area,
        [indicator],
        {indicator.id: shown},
        period,
        bars=bars,
        height=360,
        before=values if _year_back(ctx, period) else (),
    )
    return panel(title, chart, kind="trend")


def _total(ctx: ScreenContext, standing: Standing) -> Component | None:
    """The running total of a cumulative target beside what is due."""
    if standing.goal is None or standing.value is None:
        return None
    chart = total_chart(ctx, standing.indicator, standing.goal, standing.value)
    return None if chart is None else panel(ctx.words("indicator.total"), chart, kind="trend")


def _ranks(ctx: ScreenContext, indicator: Indicator, area: str, period: Period) -> Component:
    """The areas one level down; for the lowest its neighbours; where the indicator stops, warnings."""
    levels = ctx.city.levels
    level = ctx.city.areas[area].level
    path = ctx.city.areas.path(area)
    lower = levels[levels.index(level) + 1] if level != levels[-1] else None
    if lower in indicator.levels and lower is not None:
        title = ctx.words("indicator.ranking", level=ctx.level_name(lower, plural=True))
        return panel(title, ranking(ctx, area, indicator.id, lower, period), kind="ranking")
    if level in indicator.levels and level != levels[0]:
        parent = list(path.values())[-2]
        title = ctx.words("indicator.ranking", level=ctx.level_name(level, plural=True))
        return panel(title, ranking(ctx, parent, indicator.id, level, period, here=area), kind="ranking")
    return panel(ctx.words("nav.warnings"), warning_list(ctx, area, 6), kind="warnings")
