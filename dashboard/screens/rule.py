"""The page of one rule: what it watches, how it does, and what it would have told."""

from __future__ import annotations

from typing import Any

from dash import html
from dash.development.base_component import Component

from config.models import Rule
from dashboard.components.backtest import backtest_result, earlier
from dashboard.components.backtest_form import backtest_form
from dashboard.components.base import facts, icon, link, mark_chip, panel
from dashboard.components.page import page
from dashboard.components.rule_marks import noticed, precision, public_mark, rate, series, tried_mark
from dashboard.components.rule_words import clearing, condition, length, reach, subject
from dashboard.components.states import notice
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from dashboard.rules.book import LATELY, domain_of

STANDING = 12
"""Standing warnings that are listed."""


def render(ctx: ScreenContext) -> Component:
    """The rule whose id the address names."""
    words, rule = ctx.words, ctx.city.rules[ctx.route.target]
    name = rule.name.get(ctx.lang)
    left = [panel(words("rules.what"), _definition(ctx, rule))]
    right: list[Component | None] = [panel(words("rules.how"), _record(ctx, rule))]
    if rule.indicator is None:
        nothing = notice("empty", "flask", words.of("tried", "present"), words("backtest.not_this"))
        left.append(panel(words("backtest.title"), nothing))
    else:
        left.append(panel(words("backtest.title"), backtest_result(ctx, rule), kind="backtest"))
        right.append(panel(words("backtest.try"), backtest_form(ctx, rule), kind="handle"))
        others = earlier(ctx, rule)
        right.append(panel(words("backtest.all"), others) if others is not None else None)
    standing = _standing(ctx, rule)
    right.append(panel(words("rules.standing_now"), standing) if standing is not None else None)
    return page(
        ctx,
        name,
        [html.Div(left, className="stack w-8"), html.Div(right, className="stack w-4")],
        area=ctx.city.areas.root.code,
        trail=[
            (words("nav.warnings"), ctx.href("warnings")),
            (words("rules.title"), ctx.href("rules")),
            (name, ""),
        ],
        lead=[
            mark_chip(ctx, rule.severity),
            public_mark(ctx, rule),
            tried_mark(ctx, rule),
            html.Span(_domain(ctx, rule)),
            html.Span(rule.id, className="quiet"),
        ],
    )


def _domain(ctx: ScreenContext, rule: Rule) -> str:
    found = domain_of(ctx.city, rule)
    named = (d.name.get(ctx.lang) for d in ctx.city.head.domains if d.id == found)
    return next(named, ctx.words("rules.feeds"))


def _definition(ctx: ScreenContext, rule: Rule) -> Component:
    words, city = ctx.words, ctx.city
    watched: Any = subject(ctx, rule)
    if rule.indicator is not None:
        watched = link(watched, ctx.value_href(rule.indicator, city.areas.root.code, rule.period or "month"))
    elif rule.feed is not None:
        watched = link(watched, ctx.href("health"))
    around = " · ".join(reach(ctx, rule))
    rows: list[tuple[Any, Any]] = [
        (words("rules.watches"), [watched, html.Span(f" · {around}", className="quiet") if around else None]),
        (words("rules.condition"), condition(ctx, rule)),
    ]
    over = clearing(ctx, rule)
    if over:
        rows.append((words("rules.over"), over[0].upper() + over[1:]))
    if rule.partial:
        rows.append((words("rules.running"), words("rules.partial")))
    if rule.settle is not None:
        rows.append((words("rules.judged"), words("rules.settled", span=length(ctx, rule.settle))))
    if rule.inhibited_by:
        others = [city.rules[id_] for id_ in rule.inhibited_by if id_ in city.rules]
        links = [link(other.name.get(ctx.lang), ctx.href("rule", other.id)) for other in others]
        rows.append((words("rules.inhibited"), html.Span(links, className="rule-links")))
    rows.append((words("rules.message"), rule.message.get(ctx.lang)))
    if rule.playbook is not None:
        rows.append((words("warnings.playbook"), rule.playbook.get(ctx.lang)))
    return facts(rows, "facts rule-facts")


def _record(ctx: ScreenContext, rule: Rule) -> Component:
    """How the rule did lately."""
    words, book = ctx.words, ctx.rulebook
    counts, figures = book.counts(rule.id), book.figures.get(rule.id)
    rows: list[tuple[Any, Any]] = [
        (words("rules.series"), series(ctx, counts.series)),
        (words("rules.standing"), fmt.number(counts.standing, ctx.lang)),
        (words("rules.a_week"), rate(ctx, book.a_week(rule.id))),
        (words("rules.precision"), precision(ctx, figures)),
        (words("rules.noticed"), noticed(ctx, figures)),
    ]
    lately = words("rules.lately", weeks=fmt.number(LATELY.days // 7, ctx.lang))
    return html.Div([facts(rows, "facts rule-record"), html.P(lately, className="quiet")])


def _standing(ctx: ScreenContext, rule: Rule) -> Component | None:
    warnings = ctx.rulebook.standing(rule.id)
    if not warnings:
        return None
    lines = []
    for one in warnings[:STANDING]:
        since = fmt.date(one.firing_since.astimezone(ctx.city.zone).date(), ctx.lang)
        area = ctx.city.areas[one.area].name(ctx.lang)
        lines.append(
            html.Li(
                [
                    icon("bell"),
                    link(area, ctx.href("warning", str(one.id))),
                    html.Span(f"{ctx.words('warnings.since')} {since}", className="quiet"),
                ]
            )
        )
    rest = len(warnings) - STANDING
    more = html.P(ctx.words.count("warnings.more", rest), className="quiet") if rest > 0 else None
    return html.Div([html.Ul(lines, className="rule-standing"), more])
