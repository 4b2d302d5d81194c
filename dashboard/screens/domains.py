"""All headings by the groups that the city has put them in: what each holds and how it stands."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from config.models import Domain, DomainScreen, Indicator, Tiles
from dashboard.components.base import MARK_ICON, icon, link, mark_icon
from dashboard.components.finder import finder
from dashboard.components.indicator_list import standings
from dashboard.components.menu import grouped
from dashboard.components.page import page
from dashboard.components.value import period_name, written
from dashboard.components.warnings import below, gravest_first, of_domain
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from dashboard.screens.domain import area_of
from dashboard.standing import Standing, enough

SHOWN = 2
"""Figures of a heading that its card shows."""


def render(ctx: ScreenContext) -> Component:
    """A card for each heading, with its first figures and its warnings, for ``area`` of the address."""
    words, area = ctx.words, ctx.city.areas[area_of(ctx)]
    firsts = {d.id: _first(ctx, d, area.level) for d in ctx.city.head.domains}
    found = standings(ctx, list({i.id: i for ids in firsts.values() for i in ids}.values()), area.code)
    sections = [
        html.Section(
            [
                html.H2(name) if name else None,
                html.Div(
                    [_card(ctx, d, area.code, [found[i.id] for i in firsts[d.id]]) for d in domains],
                    className="domain-cards",
                ),
            ],
            className="find-group w-12",
        )
        for name, domains in grouped(ctx)
    ]
    path = list(ctx.city.areas.path(area.code).values())[:-1]
    trail = [(ctx.city.areas[code].name(ctx.lang), ctx.href("domains", area=code)) for code in path]
    return page(
        ctx,
        words("nav.domains"),
        html.Div([finder(words("nav.find"), "find-domain"), *sections], className="findable w-12"),
        area=area.code,
        trail=trail,
        lead=[
            html.Span([icon("geo-alt"), area.name(ctx.lang)]),
            html.Span(words.count("domain.indicators", len(ctx.city.indicators))),
            html.Span(words.count("domain.rules", len(ctx.city.rules))),
        ],
    )


def _first(ctx: ScreenContext, domain: Domain, level: str) -> list[Indicator]:
    """What the heading's own screen shows first, else what stands first among its definitions."""
    tiles = [
        id_
        for s in ctx.city.screens.values()
        if isinstance(s, DomainScreen) and s.domain == domain.id
        for entry in s.panels
        if isinstance(entry, Tiles)
        for id_ in entry.indicators
    ]
    own = [i.id for i in ctx.city.indicators.values() if i.domain == domain.id]
    ids = dict.fromkeys([*tiles, *own])
    return [i for i in map(ctx.city.indicators.__getitem__, ids) if level in i.levels][:SHOWN]


def _card(ctx: ScreenContext, domain: Domain, area: str, first: Sequence[Standing]) -> Component:
    words = ctx.words
    many = sum(i.domain == domain.id for i in ctx.city.indicators.values())
    alerts = gravest_first(of_domain(ctx, below(ctx, area), domain.id))
    badge = (
        html.Span(
            [icon(MARK_ICON[alerts[0].severity]), words.count("warnings.open", len(alerts))],
            className=f"chip chip-{alerts[0].severity}",
        )
        if alerts
        else None
    )
    return link(
        [
            html.Div([icon(domain.icon), html.B(domain.name.get(ctx.lang))], className="domain-card-head"),
            html.Div([_figure(ctx, one) for one in first], className="domain-card-body"),
            html.Div(
                [html.Span(words.count("domain.indicators", many), className="quiet"), badge],
                className="domain-card-foot",
            ),
        ],
        ctx.href("domain", domain.id, area="" if area == ctx.city.areas.root.code else area),
        "domain-card find-item",
    )


def _figure(ctx: ScreenContext, standing: Standing) -> Component:
    indicator, value = standing.indicator, standing.value
    if value is None or not enough(indicator, value):
        shown: list[Component | str | None] = [html.Span(fmt.NOTHING, className="quiet")]
        told = ctx.words("state.empty") if value is None else ctx.words.of("mark", "insufficient")
    else:
        number = written(ctx, indicator, value.value)
        marked = standing.mark not in ("none", "met")
        shown = [
            mark_icon(ctx, standing.mark) if marked else None,
            html.B(number.text),
            html.Small(number.unit),
        ]
        told = period_name(ctx, value.period, value.start)
    return html.Div(
        [
            html.Span(ctx.name(indicator), className="domain-figure-name"),
            html.Span(shown, className="domain-figure"),
            html.Small(told, className="quiet"),
        ]
    )
