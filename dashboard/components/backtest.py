"""What a backtest found: how often, how long, how early, and what it would have told, warning by warning."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from statistics import median
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from config.models import Rule
from dashboard.components.backtest_chart import backtest_chart, delay, lasted
from dashboard.components.base import chip, facts, icon, link, table, td, th
from dashboard.components.rule_marks import days, rate
from dashboard.components.states import notice
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from indicators.rules.messages import figure
from warehouse.state import STOPPED, Findings, Held, Made

LISTED: Final = 20
"""Warnings that are listed: the newest. The timeline shows all."""


def backtest_result(ctx: ScreenContext, rule: Rule) -> Component:
    """The backtest that the address names, else the newest of the rule as it is; why there is none."""
    words, book = ctx.words, ctx.rulebook
    made = _chosen(ctx, rule)
    parts: list[Any] = [_under_way(ctx, rule)]
    if made is None:
        if not any(one.running for one in book.backtests(rule.id)):
            parts.append(notice("empty", "flask", words("backtest.never"), words("backtest.never_hint")))
        return html.Div(parts)
    found = book.findings(made)
    if not book.current(made):
        parts.append(html.P([icon("clock-history"), words("backtest.outdated")], className="outdated"))
    asked = fmt.moment(made.started_at, ctx.city.zone, ctx.lang)
    parts.append(
        html.Div(
            [html.Span(days(ctx, made)), html.Span(words("backtest.by", who=made.who, time=asked))],
            className="legend",
        )
    )
    if found is not None:
        parts += [_figures(ctx, made, found), _known(ctx, made)]
        if found.warnings or found.incidents:
            parts.append(backtest_chart(ctx, rule, made, found))
        else:
            parts.append(
                notice("calm", "check-circle-fill", words("backtest.quiet"), words("backtest.quiet_hint"))
            )
        parts += [_incidents(ctx, found.incidents), _warnings(ctx, rule, found)]
    return html.Div(parts)


def earlier(ctx: ScreenContext, rule: Rule) -> Component | None:
    """Every backtest of a rule, to choose from; None where there are none but the one that is shown."""
    every = [one for one in ctx.rulebook.backtests(rule.id) if one.done]
    if len(every) < 2:
        return None
    shown = _chosen(ctx, rule)
    lines = []
    for one in every[:LISTED]:
        way = link(days(ctx, one), ctx.href("rule", rule.id, backtest=str(one.id)))
        mine: Any = html.B(days(ctx, one)) if shown is not None and one.id == shown.id else way
        told = ctx.words("rules.would", n=rate(ctx, one.a_week))
        old = (
            None
            if ctx.rulebook.current(one)
            else chip("tried-outdated", "clock-history", ctx.words.of("tried", "outdated"))
        )
        lines.append(html.Li([mine, html.Span([f"{told} · {one.who}"], className="quiet"), old]))
    return html.Ul(lines, className="backtests")


def _chosen(ctx: ScreenContext, rule: Rule) -> Made | None:
    named = ctx.route.params.get("backtest")
    every = ctx.rulebook.backtests(rule.id)
    found = next((one for one in every if one.done and str(one.id) == named), None)
    return found or ctx.rulebook.newest(rule.id)


def _under_way(ctx: ScreenContext, rule: Rule) -> Component | None:
    """That one is being made, or that the last one came to nothing."""
    words = ctx.words
    newest = next(iter(ctx.rulebook.backtests(rule.id)), None)
    if newest is None or newest.done:
        return None
    if newest.running:
        said = words("backtest.running", who=newest.who, span=days(ctx, newest))
        return html.P([icon("hourglass-split"), said], className="outdated is-running", role="status")
    why = words("backtest.stopped") if newest.error == STOPPED else newest.error
    return html.P([icon("x-circle"), words("backtest.failed", why=why or "")], className="outdated")


def _figures(ctx: ScreenContext, made: Made, found: Findings) -> Component:
    words = ctx.words
    lengths = [(one.ended_at - one.opened_at).total_seconds() for one in found.warnings if one.ended_at]
    middle = fmt.span(dt.timedelta(seconds=median(lengths)), ctx.lang) if lengths else fmt.NOTHING
    rows: list[tuple[Any, Any]] = [
        (words("backtest.would"), html.B(fmt.number(len(found.warnings), ctx.lang))),
        (words("rules.a_week"), html.B(rate(ctx, made.a_week))),
        (words("backtest.length"), html.B(middle)),
        (words("rules.series"), html.B(fmt.number(found.series, ctx.lang))),
    ]
    if found.tests:
        rows.append((words("backtest.tests"), html.B(fmt.number(found.tests, ctx.lang))))
    if found.incidents:
        told = [one.delay for one in found.incidents if one.delay is not None]
        of = words(
            "backtest.of", n=fmt.number(len(told), ctx.lang), all=fmt.number(len(found.incidents), ctx.lang)
        )
        early = words.count("backtest.days", round(median(told))) if told else fmt.NOTHING
        rows += [
            (words("backtest.found"), html.B(of)),
            (words("backtest.delay"), html.B(early)),
            (words("backtest.unfounded"), html.B(fmt.number(found.unfounded, ctx.lang))),
        ]
    return facts(rows, "facts backtest-facts")


def _known(ctx: ScreenContext, made: Made) -> Component:
    """From when on values were taken as they were known then."""
    since = made.known_since
    if since is None:
        return html.P(ctx.words("backtest.nothing_stored"), className="quiet")
    first = dt.datetime.combine(made.first, dt.time(), ctx.city.zone)
    if since <= first:
        return html.P(ctx.words("backtest.as_known"), className="quiet")
    at = fmt.moment(since, ctx.city.zone, ctx.lang)
    return html.P(ctx.words("backtest.as_known_since", time=at), className="quiet")


def _incidents(ctx: ScreenContext, incidents: Sequence[Held]) -> Component | None:
    words = ctx.words
    if not incidents:
        return None
    head = [
        th(words("backtest.incident")),
        th(words("warnings.area")),
        th(words("backtest.when")),
        th(words("backtest.told")),
    ]
    rows = [
        html.Tr(
            [
                td(_name(ctx, one)),
                td(ctx.city.areas[one.area].name(ctx.lang)),
                td(f"{fmt.date(one.start, ctx.lang)} – {fmt.date(one.end, ctx.lang)}"),
                td(delay(ctx, one), class_name="is-missed" if one.delay is None else ""),
            ]
        )
        for one in sorted(incidents, key=lambda i: i.start, reverse=True)
    ]
    return html.Div(
        [
            html.H3(words("backtest.incidents_held")),
            table(head, rows, "grid similar", words("backtest.incidents_held")),
        ]
    )


def _name(ctx: ScreenContext, one: Held) -> Any:
    if one.warning is None:
        return one.name or ctx.words("backtest.incident")
    return link(ctx.words("warning.number", n=str(one.warning)), ctx.href("warning", str(one.warning)))


def _warnings(ctx: ScreenContext, rule: Rule, found: Findings) -> Component | None:
    words, city = ctx.words, ctx.city
    if not found.warnings:
        return None
    newest = sorted(found.warnings, key=lambda one: one.opened_at, reverse=True)
    head = [
        th(words("warnings.area")),
        th(words("backtest.told_at")),
        th(words("backtest.length")),
        th(words("backtest.worst"), number=True),
        th(words("warning.limit"), number=True),
    ]
    rows = [
        html.Tr(
            [
                td(city.areas[one.area].name(ctx.lang)),
                td(fmt.moment(one.opened_at, city.zone, ctx.lang)),
                td(lasted(ctx, one)),
                td(figure(city, rule, one.worst, ctx.lang), number=True),
                td(figure(city, rule, one.limit, ctx.lang), number=True),
            ]
        )
        for one in newest[:LISTED]
    ]
    rest = len(newest) - LISTED
    return html.Div(
        [
            html.H3(words("backtest.warnings_told")),
            table(head, rows, "grid similar", words("backtest.warnings_told")),
            html.P(words.count("backtest.more", rest), className="quiet") if rest > 0 else None,
        ]
    )
