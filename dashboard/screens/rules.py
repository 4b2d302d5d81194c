"""The rules of the city by domain: what each watches, how it does, whether anybody tried it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from dash import html
from dash.development.base_component import Component

from config.models import Rule
from dashboard.components.backtest_form import backtest_form
from dashboard.components.base import dashed, icon, link, mark_chip, panel, table, td, th
from dashboard.components.page import page
from dashboard.components.rule_marks import noticed, precision, public_mark, rate, series, tried_mark
from dashboard.components.rule_words import condition, reach, subject
from dashboard.components.states import notice
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from dashboard.rules.book import LATELY, UNTRIED, domain_of

SHOWN: Final[Mapping[str, Callable[[ScreenContext, Rule], bool]]] = {
    "": lambda _ctx, _rule: True,
    "standing": lambda ctx, rule: ctx.rulebook.counts(rule.id).standing > 0,
    "untried": lambda ctx, rule: ctx.rulebook.tried(rule) in UNTRIED,
    "public": lambda _ctx, rule: rule.public is not None,
}
"""By the parameter ``show`` of the address, which rules are listed."""
FEEDS: Final = "feeds"
"""Stands in an address for the rules that have no domain: those over feeds."""


def render(ctx: ScreenContext) -> Component:
    """All rules, or those that ``show`` and ``domain`` of the address name."""
    words = ctx.words
    chosen = ctx.route.params.get("show", "")
    chosen = chosen if chosen in SHOWN else ""
    rules = list(ctx.city.rules.values())
    grouped: dict[str, list[Rule]] = defaultdict(list)
    for rule in rules:
        if SHOWN[chosen](ctx, rule):
            grouped[domain_of(ctx.city, rule) or FEEDS].append(rule)
    headings = [(d.id, d.name.get(ctx.lang), d.icon) for d in ctx.city.head.domains]
    headings = [one for one in [*headings, (FEEDS, words("rules.feeds"), "database")] if grouped[one[0]]]
    domain = ctx.route.params.get("domain", "")
    domain = domain if domain in grouped else ""
    body = [
        _panel(ctx, name, picture, grouped[id_]) for id_, name, picture in headings if domain in ("", id_)
    ]
    if not body:
        body = [notice("empty", "filter", words("rules.none"), words("rules.none_hint"))]
    return page(
        ctx,
        words("rules.title"),
        [
            html.Div(
                [
                    _choices(ctx, rules, chosen, domain),
                    _domains(ctx, headings, grouped, chosen, domain),
                    backtest_form(ctx)
                    if any(ctx.rulebook.tried(rule) in UNTRIED for rule in rules)
                    else None,
                ],
                className="w-12 rule-filters",
            ),
            *body,
        ],
        area=ctx.city.areas.root.code,
        trail=[(words("nav.warnings"), ctx.href("warnings")), (words("rules.title"), "")],
        lead=[
            html.Span(words.count("rules.count", len(rules))),
            html.Span(words("rules.lately", weeks=fmt.number(LATELY.days // 7, ctx.lang))),
        ],
    )


def _choices(ctx: ScreenContext, rules: Sequence[Rule], chosen: str, domain: str) -> Component:
    """Filters are addresses: they can be kept, sent and opened again."""
    made = []
    for show, holds in SHOWN.items():
        many = sum(holds(ctx, rule) for rule in rules)
        name = ctx.words.of("rules_shown", show or "all")
        made.append(
            link(
                [html.Span(name), html.Span(str(many), className="choice-count")],
                ctx.href("rules", show=show, domain=domain),
                "choice is-active" if show == chosen else "choice",
            )
        )
    return html.Nav(made, className="choices rule-choices", **dashed(aria_label=ctx.words("warnings.filter")))


def _domains(
    ctx: ScreenContext,
    headings: Sequence[tuple[str, str, str]],
    grouped: Mapping[str, Sequence[Rule]],
    chosen: str,
    domain: str,
) -> Component:
    """The headings under which there are rules."""
    made = [
        link(
            [icon(picture), html.Span(name), html.Span(str(len(grouped[id_])), className="choice-count")],
            # Chosen once more, it lets go.
            ctx.href("rules", show=chosen, domain="" if id_ == domain else id_),
            "choice is-active" if id_ == domain else "choice",
        )
        for id_, name, picture in headings
    ]
    return html.Nav(made, className="choices rule-choices", **dashed(aria_label=ctx.words("rules.domain")))


def _panel(ctx: ScreenContext, name: str, picture: str, rules: Sequence[Rule]) -> Component:
    words = ctx.words
    head = [
        th(words("warning.rule")),
        th(words("rules.watches")),
        th(words("rules.series"), number=True),
        th(words("rules.standing"), number=True),
        th(words("rules.a_week"), number=True),
        th(words("rules.precision"), number=True),
        th(words("rules.noticed"), number=True),
        th(words("backtest.title")),
    ]
    rows = [_row(ctx, rule) for rule in rules]
    return panel(
        [icon(picture), " ", name],
        table(head, rows, "grid rules", name),
        aside=html.Span(words.count("rules.count", len(rules)), className="quiet"),
        kind="table",
    )


def _row(ctx: ScreenContext, rule: Rule) -> Component:
    words, book = ctx.words, ctx.rulebook
    counts, figures = book.counts(rule.id), book.figures.get(rule.id)
    made = book.newest(rule.id)
    told = [
        tried_mark(ctx, rule),
        html.Span(words("rules.would", n=rate(ctx, made.a_week)), className="quiet") if made else None,
    ]
    name = html.Div(
        [
            link(rule.name.get(ctx.lang), ctx.href("rule", rule.id)),
            mark_chip(ctx, rule.severity),
            public_mark(ctx, rule),
        ],
        className="rule-name",
    )
    watched = " · ".join(reach(ctx, rule))
    return html.Tr(
        [
            html.Th([name, html.Span(condition(ctx, rule), className="quiet")], scope="row"),
            td([subject(ctx, rule), html.Span(watched, className="quiet")], class_name="rule-subject"),
            _figure(words("rules.series"), series(ctx, counts.series)),
            _figure(words("rules.standing"), fmt.number(counts.standing, ctx.lang), counts.standing > 0),
            _figure(words("rules.a_week"), rate(ctx, book.a_week(rule.id))),
            _figure(words("rules.precision"), precision(ctx, figures)),
            _figure(words("rules.noticed"), noticed(ctx, figures)),
            td(told, class_name="rule-tried"),
        ]
    )


def _figure(name: str, text: str, strong: bool = False) -> Component:
    """A cell that says on a phone, where there are no columns, what it is."""
    nothing = " is-nothing" if text in ("0", fmt.NOTHING) else ""
    return html.Td(html.B(text) if strong else text, className="num" + nothing, **dashed(data_name=name))
