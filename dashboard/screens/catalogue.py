"""The catalogue: indicators, rules and feeds to search through, and the rows of systems.yaml they serve."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from config.models import Feed, Indicator, Rule
from dashboard.catalogue.coverage import Row, coverage
from dashboard.catalogue.evidence import Evidence, figures_of
from dashboard.components.base import chip, dashed, icon, link, mark_chip, panel, table, td, th
from dashboard.components.feed_list import feed_state
from dashboard.components.finder import finder
from dashboard.components.page import page
from dashboard.components.rule_words import condition, reach, subject
from dashboard.components.states import notice
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from dashboard.rules.book import domain_of
from dashboard.standing import feeds_of, late_feeds

TABS: Final = ("indicators", "rules", "feeds", "coverage")
FILTERS: Final = ("domain", "owner", "system")


def render(ctx: ScreenContext) -> Component:
    """The list that ``tab`` of the address names, of a ``domain``, ``owner`` or ``system`` that it names."""
    words = ctx.words
    tab = ctx.route.params.get("tab", "")
    tab = tab if tab in TABS else TABS[0]
    parts: Mapping[str, Callable[[ScreenContext], Component]] = {
        "indicators": _indicators,
        "rules": _rules,
        "feeds": _feeds,
        "coverage": _coverage,
    }
    tabs = [
        link(
            words.of("catalogue_tab", name),
            ctx.same_page(tab=name),
            "segment is-active" if name == tab else "segment",
        )
        for name in TABS
    ]
    city = ctx.city
    return page(
        ctx,
        words("catalogue.title"),
        html.Div(
            [
                html.Div(
                    [finder(words("catalogue.find"), "find-entry"), *_chosen(ctx)],
                    className="catalogue-bar",
                ),
                parts[tab](ctx),
            ],
            className="findable w-12",
        ),
        area=city.areas.root.code,
        lead=[
            html.Span(words.count("domain.indicators", len(city.indicators))),
            html.Span(words.count("domain.rules", len(city.rules))),
            html.Span(words.count("catalogue.feeds", len(city.feeds))),
        ],
        tools=html.Nav(tabs, className="segments", **dashed(aria_label=words("catalogue.title"))),
    )


def _chosen(ctx: ScreenContext) -> list[Component]:
    """What the list is narrowed to; each lets go when it is chosen once more."""
    params = ctx.route.params
    names = {
        "domain": {d.id: d.name.get(ctx.lang) for d in ctx.city.head.domains},
        "system": {s.id: s.name.get(ctx.lang) for s in ctx.city.systems.values()},
    }
    return [
        link(
            [html.Span(names.get(key, {}).get(params[key], params[key])), icon("x-circle")],
            ctx.same_page(**{key: ""}),
            "choice is-active",
        )
        for key in FILTERS
        if params.get(key)
    ]


def _wanted(ctx: ScreenContext, **has: Any) -> bool:
    """Whether an entry is one of those that the address asks for; ``has`` tells what it belongs to."""
    params = ctx.route.params
    return all(
        not params.get(key) or params[key] == has.get(key) or params[key] in (has.get(key) or ())
        for key in FILTERS
    )


def _grouped(
    ctx: ScreenContext, head: list[Component], rows: Mapping[str, list[Component]], rest: str
) -> Component:
    """A table for each heading under which there is anything; those under none stand last."""
    made = [
        panel(
            [icon(picture), " ", name],
            table(head, rows[id_], "grid listed catalogue", name),
            aside=html.Span(fmt.number(len(rows[id_]), ctx.lang), className="quiet"),
            kind="table find-group",
        )
        for id_, name, picture in [
            *((d.id, d.name.get(ctx.lang), d.icon) for d in ctx.city.head.domains),
            ("", rest, "database"),
        ]
        if rows.get(id_)
    ]
    if not made:
        return notice("empty", "search", ctx.words("catalogue.none"), ctx.words("catalogue.none_hint"))
    return html.Div(made, className="panels")


def _indicators(ctx: ScreenContext) -> Component:
    words = ctx.words
    present = {(indicator, level) for indicator, level, _ in ctx.reader.presences()}
    head = [
        th(words("domain.indicator")),
        th(words("def.kind")),
        th(words("catalogue.levels")),
        th(words("catalogue.periods")),
        th(words("def.owner")),
        th(words("catalogue.serves")),
        th(words("catalogue.state")),
    ]
    rows: dict[str, list[Component]] = {}
    for one in ctx.city.indicators.values():
        if _wanted(ctx, domain=one.domain, owner=one.owner.get(ctx.lang), system=one.serves):
            rows.setdefault(one.domain, []).append(_indicator(ctx, one, present))
    return _grouped(ctx, head, rows, "")


def _indicator(ctx: ScreenContext, one: Indicator, present: set[tuple[str, str]]) -> Component:
    words = ctx.words
    told = [level for level in one.levels if (one.id, level) in present]
    unit = ctx.unit(one).symbol.get(ctx.lang)
    levels = " · ".join(ctx.level_name(level) for level in one.levels)
    periods = " · ".join(ctx.period_word(period).lower() for period in one.periods)
    return html.Tr(
        [
            _name(ctx.name(one, short=False), ctx.href("indicator", one.id), one.id),
            td([words.of("kind", one.kind), html.Small(unit)]),
            td(levels),
            td(periods),
            td(_owner(ctx, one.owner.get(ctx.lang))),
            td(_serves(ctx, one.serves)),
            td(
                chip("met", "check2", words("catalogue.computed"))
                if len(told) == len(one.levels)
                else chip("insufficient", "slash-circle", words("state.empty"))
                if not told
                else chip("watch", "slash-circle", words("catalogue.partly", n=len(told), m=len(one.levels)))
            ),
        ],
        className="find-item",
    )


def _rules(ctx: ScreenContext) -> Component:
    words = ctx.words
    head = [
        th(words("warning.rule")),
        th(words("rules.watches")),
        th(words("catalogue.condition")),
        th(words("catalogue.severity")),
        th(words("catalogue.serves")),
    ]
    rows: dict[str, list[Component]] = {}
    for one in ctx.city.rules.values():
        domain = domain_of(ctx.city, one)
        watched = ctx.city.indicators.get(one.indicator or "")
        owner = watched.owner.get(ctx.lang) if watched is not None else ""
        if _wanted(ctx, domain=domain, owner=owner, system=one.serves):
            rows.setdefault(domain, []).append(_rule(ctx, one))
    return _grouped(ctx, head, rows, words("rules.feeds"))


def _rule(ctx: ScreenContext, one: Rule) -> Component:
    return html.Tr(
        [
            _name(one.name.get(ctx.lang), ctx.href("rule", one.id), one.id),
            td([subject(ctx, one), html.Small(" · ".join(reach(ctx, one)))]),
            td(condition(ctx, one)),
            td(mark_chip(ctx, one.severity)),
            td(_serves(ctx, one.serves)),
        ],
        className="find-item",
    )


def _feeds(ctx: ScreenContext) -> Component:
    words, city = ctx.words, ctx.city
    statuses, late = ctx.reader.feeds(), late_feeds(ctx)
    behind: dict[str, list[Indicator]] = {}
    for indicator in city.indicators.values():
        for feed in feeds_of(city, indicator):
            behind.setdefault(feed.id, []).append(indicator)
    head = [
        th(words("health.feed")),
        th(words("catalogue.way")),
        th(words("def.owner")),
        th(words("health.duty")),
        th(words("nav.domains")),
        th(words("domain.indicator"), number=True),
        th(words("health.rows"), number=True),
        th(words("health.state")),
    ]
    rows = []
    for feed in city.feeds.values():
        mine = behind.get(feed.id, [])
        if _wanted(
            ctx,
            domain={i.domain for i in mine},
            owner=feed.owner.get(ctx.lang),
            system={s for i in mine for s in i.serves},
        ):
            state = feed_state(ctx, feed, statuses.get(feed.id), feed.id in late)
            held = statuses[feed.id].rows if feed.id in statuses else None
            rows.append(_feed(ctx, feed, mine, held, state))
    return panel(None, table(head, rows, "grid listed catalogue", words("health.feeds")), kind="table")


def _feed(
    ctx: ScreenContext, feed: Feed, mine: Sequence[Indicator], held: int | None, state: Component
) -> Component:
    words, lang = ctx.words, ctx.lang
    every = fmt.span(feed.delivery.every, lang)
    simulated = words("state.simulated") if feed.simulated else ""
    names = {d.id: d.name.get(lang) for d in ctx.city.head.domains}
    domains = ", ".join(dict.fromkeys(names[i.domain] for i in mine))
    return html.Tr(
        [
            _name(feed.name.get(lang), ctx.href("health", feed=feed.id), feed.id),
            td([html.Code(feed.connector.kind), html.Small(simulated)]),
            td(_owner(ctx, feed.owner.get(lang))),
            td(every, class_name="nowrap"),
            td(domains or fmt.NOTHING),
            td(fmt.number(len(mine), lang), number=True),
            td(fmt.number(held, lang), number=True),
            td(state),
        ],
        className="find-item",
    )


def _coverage(ctx: ScreenContext) -> Component:
    words, lang = ctx.words, ctx.lang
    found = coverage(
        Evidence(ctx.city, ctx.offers.answers, ctx.offers.commands, figures_of(ctx.city, ctx.reader))
    )
    served = sum(row.served for row in found)
    head = [
        th(words("coverage.system")),
        th(words("coverage.state")),
        th(words("coverage.serving")),
        th(words("coverage.missing")),
    ]
    told = words("coverage.told", n=fmt.number(served, lang), m=fmt.number(len(found), lang))
    rows = [_covered(ctx, row) for row in found]
    return panel(
        words("coverage.title"),
        table(head, rows, "grid listed catalogue", words("coverage.title")),
        aside=chip("met", "check2", told) if served == len(found) else chip("watch", "slash-circle", told),
        kind="table",
    )


def _covered(ctx: ScreenContext, row: Row) -> Component:
    words, lang = ctx.words, ctx.lang
    state = (
        chip("met", "check2", words("coverage.served"))
        if row.served
        else chip("missed", "exclamation-triangle-fill", words("coverage.unserved"))
    )
    way = {"system": row.system.id}
    serving = [
        link(words.count("domain.indicators", len(row.indicators)), ctx.href("catalogue", **way)),
        link(words.count("domain.rules", len(row.rules)), ctx.href("catalogue", tab="rules", **way)),
    ]
    sentences = dict.fromkeys(gap.told(words, lambda n: fmt.number(n, lang)) for gap in row.missing)
    missing: Any = html.Ul([html.Li(one) for one in sentences]) if sentences else None
    if not row.gaps:
        missing = words("coverage.no_needs")
    return html.Tr(
        [
            html.Th(
                [
                    html.Span(str(row.system.row), className="row-number"),
                    row.system.name.get(lang),
                    html.Small(row.system.figures.get(lang)),
                ],
                scope="row",
            ),
            td(state, class_name="nowrap"),
            td([serving[0], html.Br(), serving[1]], class_name="nowrap"),
            td(missing or fmt.NOTHING, class_name="quiet"),
        ],
        className="find-item",
    )


def _name(name: str, href: str, id_: str) -> Component:
    return html.Th([link(name, href, "row-link"), html.Small(html.Code(id_))], scope="row")


def _owner(ctx: ScreenContext, owner: str) -> Component:
    return link(owner, ctx.same_page(owner=owner), "row-link")


def _serves(ctx: ScreenContext, systems: Sequence[str]) -> list[Component]:
    """Numbers of the rows that a definition serves, each with its name as its title."""
    known = [ctx.city.systems[id_] for id_ in systems if id_ in ctx.city.systems]
    return [
        link(str(one.row), ctx.same_page(system=one.id), "row-number", one.name.get(ctx.lang))
        for one in sorted(known, key=lambda one: one.row)
    ]
