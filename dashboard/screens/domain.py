"""The screen of one heading: what the city wants seen of it first, then everything that is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from config.models import Area, Domain, DomainScreen, Feed, Indicator, Panel, WarningList
from dashboard.components.base import icon, link, panel
from dashboard.components.feed_list import feed_list
from dashboard.components.identities import identity_lines
from dashboard.components.indicator_list import indicator_list
from dashboard.components.page import page
from dashboard.components.states import notice
from dashboard.components.succession import boundary_note, boundary_tabs
from dashboard.components.warnings import warning_list
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from dashboard.drawing.collate import sort_key
from dashboard.rules.book import domain_of
from dashboard.screens.panels import fitting, panels, shown
from dashboard.standing import feeds_of

WARNINGS = 6


def render(ctx: ScreenContext) -> Component:
    """The panels that the city defines for the heading, as far as they hold for ``area`` of the address, then
    its warnings, all its other indicators and the feeds behind them.
    """
    domain = next(d for d in ctx.city.head.domains if d.id == ctx.route.target)
    area = ctx.city.areas[area_of(ctx)]
    screen = next(
        (s for s in ctx.city.screens.values() if isinstance(s, DomainScreen) and s.domain == domain.id), None
    )
    kept, lost = fitting(ctx.city, area.level, screen.panels) if screen is not None else ([], [])
    mine = [i for i in ctx.city.indicators.values() if i.domain == domain.id]
    first = {id_ for entry in kept for id_ in shown(entry)}
    rest = [i for i in mine if i.id not in first and area.level in i.levels]
    body: list[Any] = [
        boundary_note(ctx, area.code),
        *panels(ctx, area.code, kept, domain.id),
        _fallen(ctx, area, lost),
        _others(ctx, area, rest, whole=not kept),
        html.Div(
            [
                _warnings(ctx, domain, area, kept),
                _agreement(ctx, mine),
                _feeds(ctx, mine),
                _elsewhere(ctx, area, [i for i in mine if area.level not in i.levels and i.id not in first]),
            ],
            className="w-4 stack" if rest else "w-12 stack",
        ),
    ]
    if not mine and screen is None:
        body = [notice("empty", domain.icon, ctx.words("domain.nothing"), ctx.words("domain.nothing_hint"))]
    return page(
        ctx,
        domain.name.get(ctx.lang),
        body,
        area=area.code,
        trail=_trail(ctx, domain, area),
        lead=_lead(ctx, domain, area, screen, len(mine)),
        tools=[boundary_tabs(ctx, area.code), _below(ctx, domain, area)],
    )


def area_of(ctx: ScreenContext) -> str:
    """The area that an address names, else the whole city."""
    asked = ctx.route.params.get("area", "")
    return asked if asked in ctx.city.areas else ctx.city.areas.root.code


def _trail(ctx: ScreenContext, domain: Domain, area: Area) -> list[tuple[str, str]]:
    """All headings, then the same heading for each area above."""
    path = list(ctx.city.areas.path(area.code).values())
    above = [
        (ctx.city.areas[code].name(ctx.lang), ctx.href("domain", domain.id, area=code)) for code in path[:-1]
    ]
    return [
        (ctx.words("nav.domains"), ctx.href("domains", area=area.code)),
        *above,
        (area.name(ctx.lang), ""),
    ]


def _lead(
    ctx: ScreenContext, domain: Domain, area: Area, screen: DomainScreen | None, indicators: int
) -> list[Any]:
    words = ctx.words
    rules = sum(domain_of(ctx.city, rule) == domain.id for rule in ctx.city.rules.values())
    return [
        html.Span([icon(domain.icon), link(area.name(ctx.lang), ctx.href("area", area.code))]),
        html.Span(words.count("domain.indicators", indicators)),
        html.Span(link(words.count("domain.rules", rules), ctx.href("rules", domain=domain.id)))
        if rules
        else None,
        html.Span(screen.note.get(ctx.lang)) if screen is not None and screen.note is not None else None,
    ]


def _below(ctx: ScreenContext, domain: Domain, area: Area) -> Component | None:
    """A way to the same heading in each area one level down."""
    children = ctx.city.areas.children(area.code, ctx.today)
    if not children:
        return None
    level = ctx.level_name(children[0].level, plural=True)
    links = [
        link(a.name(ctx.lang), ctx.href("domain", domain.id, area=a.code), "pick")
        for a in sorted(children, key=lambda a: sort_key(a.name(ctx.lang)))
    ]
    told = ctx.words("area.below", level=level, n=fmt.number(len(children), ctx.lang))
    return html.Details(
        [
            html.Summary([icon("geo-alt"), html.Span(told), icon("chevron-down")]),
            html.Div(html.Div(links, className="picks"), className="picker-menu"),
        ],
        className="picker picker-page",
    )


def _fallen(ctx: ScreenContext, area: Area, lost: Sequence[Panel]) -> Component | None:
    """Says which parts of the screen are not told for areas of this level."""
    names = dict.fromkeys(_title(ctx, entry) for entry in lost)
    if not names:
        return None
    told = ctx.words("domain.fallen", level=ctx.level_name(area.level), names="; ".join(names))
    return html.P([icon("info-circle"), " ", told], className="w-12 quiet domain-fallen")


def _title(ctx: ScreenContext, entry: Panel) -> str:
    if entry.title is not None:
        return entry.title.get(ctx.lang)
    return ", ".join(ctx.names(shown(entry)).values())


def _others(ctx: ScreenContext, area: Area, rest: Sequence[Indicator], whole: bool) -> Component | None:
    """Every indicator that no panel shows; ``whole``: none is shown by a panel."""
    if not rest:
        return None
    title = ctx.words("domain.all") if whole else ctx.words("domain.others")
    told = html.Span(ctx.words.count("domain.indicators", len(rest)), className="quiet")
    return panel(title, indicator_list(ctx, rest, area.code, title), aside=told, width=8, kind="table")


def _warnings(ctx: ScreenContext, domain: Domain, area: Area, kept: Sequence[Panel]) -> Component | None:
    """The open warnings of the heading, unless a panel shows them."""
    if any(isinstance(entry, WarningList) for entry in kept):
        return None
    shown = warning_list(ctx, area.code, WARNINGS, domain=domain.id)
    return panel(ctx.words("nav.warnings"), shown, kind="warnings")


def _elsewhere(ctx: ScreenContext, area: Area, indicators: Sequence[Indicator]) -> Component | None:
    """What is told of the heading, but not for areas of this level, with a way to where it is told."""
    if not indicators:
        return None
    path = ctx.city.areas.path(area.code)
    links = []
    for one in indicators:
        nearest = next((path[level] for level in reversed(list(path)) if level in one.levels), "")
        links.append(html.Li(link(ctx.name(one, short=False), ctx.href("indicator", one.id, area=nearest))))
    title = ctx.words("domain.elsewhere", level=ctx.level_name(area.level))
    return panel(title, html.Ul(links, className="columns-list"), kind="elsewhere")


def _agreement(ctx: ScreenContext, indicators: Sequence[Indicator]) -> Component | None:
    """What figures of the heading must agree on, broken claims first. Of the past no outcomes are kept."""
    if ctx.as_of is not None:
        return None
    shown = identity_lines(ctx, {one.id for one in indicators})
    return panel(ctx.words("identity.title"), shown, kind="identities") if shown is not None else None


def _feeds(ctx: ScreenContext, indicators: Sequence[Indicator]) -> Component | None:
    """The feeds behind the heading. Of the past their state is not told."""
    feeds: dict[str, Feed] = {feed.id: feed for one in indicators for feed in feeds_of(ctx.city, one)}
    if not feeds or ctx.as_of is not None:
        return None
    title = ctx.words("domain.feeds")
    return panel(title, feed_list(ctx, sorted(feeds.values(), key=lambda f: f.id)), kind="feeds")
