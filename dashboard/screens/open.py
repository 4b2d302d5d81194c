"""Open data for people: what there is, how new it is, and where to take it."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from config.models import Contact, Licence, OpenDataset
from dashboard.components.base import facts, icon, link, panel
from dashboard.components.page import page
from dashboard.components.states import notice
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from warehouse.reader import Reach

FORMS = ("csv", "json")


def render(ctx: ScreenContext) -> Component:
    """Every open dataset of the city, then how programs ask for them."""
    words, publishing = ctx.words, ctx.city.head.open_data
    datasets = list(ctx.city.open_datasets.values())
    root = ctx.city.areas.root.code
    if publishing is None or not datasets:
        body = [notice("empty", "share", words("open.none"), words("open.none_hint"))]
        return page(ctx, words("open.title"), body, area=root)
    reach = ctx.reader.open_reach(sorted({id_ for one in datasets for id_ in one.indicators}))
    return page(
        ctx,
        publishing.title.get(ctx.lang),
        [
            html.P(publishing.description.get(ctx.lang), className="w-12 open-about"),
            *(_dataset(ctx, one, [reach[id_] for id_ in one.indicators if id_ in reach]) for one in datasets),
            _terms(ctx, publishing.licence, publishing.contact),
            _programs(ctx, datasets[0]),
        ],
        area=root,
        trail=[(words("nav.health"), ctx.href("health")), (words("open.title"), "")],
        lead=[html.Span(words.count("open.count", len(datasets)))],
    )


def _dataset(ctx: ScreenContext, dataset: OpenDataset, reach: list[Reach]) -> Component:
    words = ctx.words
    indicators = [ctx.city.indicators[id_] for id_ in dataset.indicators]
    levels = [
        ctx.level_name(level, plural=True)
        for level in ctx.city.levels
        if any(level in one.levels for one in indicators) and level in (dataset.levels or ctx.city.levels)
    ]
    told: list[tuple[str, object]] = [
        (words("open.levels"), ", ".join(levels)),
        (words("open.update"), words.of("rhythm", dataset.update)),
    ]
    if reach:
        newest = min(one.data_through for one in reach)
        told.append((words("open.data_through"), fmt.through(newest, ctx.city.zone, ctx.lang)))
        told.append((words("open.since"), fmt.date(min(one.first for one in reach).date(), ctx.lang)))
    names = [html.Li(link(ctx.name(one, short=False), ctx.href("indicator", one.id))) for one in indicators]
    aside = html.Div(
        [
            html.A(
                [icon("box-arrow-in-down"), html.Span(form.upper())],
                href=f"/open/{dataset.id}.{form}",
                download=f"{dataset.id}.{form}",
                className="btn-quiet",
            )
            for form in FORMS
        ],
        className="open-take",
    )
    body = [
        html.P(dataset.description.get(ctx.lang)),
        html.Ul(names, className="open-figures"),
        facts(told, "facts open-facts"),
    ]
    title = html.Span(dataset.title.get(ctx.lang), id=dataset.id)
    return panel(title, body, aside=aside, width=6, kind="open")


def _terms(ctx: ScreenContext, licence: Licence, contact: Contact) -> Component:
    words = ctx.words
    told = [
        (words("open.licence"), html.A(licence.name.get(ctx.lang), href=licence.url, className="link")),
        (
            words("open.contact"),
            [contact.name.get(ctx.lang), " · ", html.A(contact.email, href=f"mailto:{contact.email}")],
        ),
        (
            words("open.catalogue"),
            html.A("/open/catalog.jsonld", href="/open/catalog.jsonld", className="link"),
        ),
    ]
    return panel(words("open.terms"), facts(told), width=6, kind="open")


def _programs(ctx: ScreenContext, dataset: OpenDataset) -> Component:
    """An example that works, and what can be asked."""
    indicator = ctx.city.indicators[dataset.indicators[0]]
    example = (
        f"/open/{dataset.id}.json?indicator={indicator.id}&level={indicator.levels[0]}"
        f"&period={indicator.periods[0]}&from={ctx.today.replace(day=1)}"
    )
    body = [
        html.P(ctx.words("open.ask")),
        html.P(html.A(html.Code(example), href=example, className="link")),
    ]
    return panel(ctx.words("open.programs"), body, width=6, kind="open")
