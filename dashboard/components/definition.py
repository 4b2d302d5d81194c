"""What a number means, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import html
from dash.development.base_component import Component

from config.models import Composite, Feed, Formula, Indicator, Measure, Reported, Stock
from dashboard.components.base import facts, link
from dashboard.components.goal import target_terms
from dashboard.components.value import written
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from dashboard.standing import feeds_of
from indicators.bands import method_of
from indicators.formula import inputs_of

if TYPE_CHECKING:
    from warehouse.reader import Value


def definition(ctx: ScreenContext, indicator: Indicator, value: Value | None) -> Component:
    """Every part of a definition that decides about the number, and who answers for it."""
    words = ctx.words
    rows: list[tuple[Any, Any]] = []
    if indicator.note:
        rows.append((words("def.meaning"), indicator.note.get(ctx.lang)))
    rows.append((words("def.kind"), words.of("kind", indicator.kind)))
    rows += _how(ctx, indicator)
    rows.append((words("def.direction"), words.of("direction", indicator.direction)))
    if indicator.min_n:
        rows.append((words("def.min_n"), words("def.min_n_text", n=fmt.number(indicator.min_n, ctx.lang))))
    if len(indicator.levels) > 1:
        how = method_of(ctx.city, indicator)
        rows.append((words("def.certainty"), words.of("certainty", how.kind if how else "none")))
    if indicator.targets:
        rows.append(
            (
                words("def.targets"),
                html.Ul([html.Li(target_terms(ctx, indicator, t)) for t in indicator.targets]),
            )
        )
    feeds = feeds_of(ctx.city, indicator)
    if feeds:
        rows.append((words("def.feeds"), html.Ul([html.Li(_feed(ctx, feed)) for feed in feeds])))
    rows += [
        (words("def.owner"), indicator.owner.get(ctx.lang)),
        (words("def.source"), indicator.source.get(ctx.lang)),
    ]
    rows.append(
        (words("def.id"), html.Code(indicator.id + (f" · v{value.version}" if value is not None else "")))
    )
    return facts(rows)


def _how(ctx: ScreenContext, indicator: Indicator) -> list[tuple[Any, Any]]:
    words = ctx.words
    match indicator:
        case Measure():
            told: list[tuple[Any, Any]] = [
                (words("def.measure"), html.Code(indicator.measure)),
                (words("def.time"), html.Code(f"{indicator.dataset}.{indicator.time}")),
            ]
            if indicator.weights:
                told.append((words("def.weights"), html.Code(indicator.weights)))
        case Stock():
            spans = words("def.stock_text", opens=indicator.opens, closes=indicator.closes)
            told = [(words("def.measure"), spans), (words("def.dataset"), html.Code(indicator.dataset))]
        case Reported():
            told = [
                (words("def.measure"), words("def.reported_text", known=indicator.known)),
                (words("def.dataset"), html.Code(indicator.dataset)),
            ]
        case Formula():
            told = [(words("def.formula"), html.Code(indicator.formula)), *_parts(ctx, indicator)]
            return [*told, *_missing(ctx, indicator.missing, "any")]
        case Composite():
            told = [(words("def.components"), html.Ul(_components(ctx, indicator)))]
            told.append((words("def.normalise"), words.of("normalise", indicator.normalise)))
            told.append((words("def.aggregate"), words.of("aggregate", indicator.aggregate)))
            return [*told, *_missing(ctx, indicator.missing, "")]
    if indicator.where:
        told.append((words("def.where"), html.Code(indicator.where)))
    return told if isinstance(indicator, Reported) else [*told, *_missing(ctx, indicator.missing, "skip")]


def _missing(ctx: ScreenContext, missing: str, usual: str) -> list[tuple[Any, Any]]:
    """What becomes of a number of which a part is missing, unless it is the usual."""
    return [] if missing == usual else [(ctx.words("def.missing"), ctx.words.of("missing", missing))]


def _components(ctx: ScreenContext, indicator: Composite) -> list[Component]:
    """Each indicator of an index, a way to its page, with its share in the whole."""
    total = sum(part.weight for part in indicator.components)
    params = {key: ctx.route.params[key] for key in ("area", "period") if key in ctx.route.params}
    items: list[Component] = []
    for part in indicator.components:
        source = ctx.city.indicators[part.indicator]
        told: list[Any] = [link(ctx.name(source, short=False), ctx.href("indicator", source.id, **params))]
        told.append(f" · {fmt.number(100 * part.weight / total, ctx.lang, 0)} %")
        if part.goalposts:
            posts = (part.goalposts.min, part.goalposts.max)
            down = (part.direction or source.direction) == "down"
            worst, best = (written(ctx, source, post) for post in (posts[::-1] if down else posts))
            told.append(" · " + ctx.words("def.goalposts", worst=worst, best=best))
        items.append(html.Li(told))
    return items


def _parts(ctx: ScreenContext, indicator: Formula) -> list[tuple[Any, Any]]:
    """The indicators that a formula is made of, each a way to its own page."""
    names = [ctx.city.indicators[name] for name in inputs_of(indicator)]
    params = {key: ctx.route.params[key] for key in ("area", "period") if key in ctx.route.params}
    links = [html.Li(link(ctx.name(i, short=False), ctx.href("indicator", i.id, **params))) for i in names]
    return [(ctx.words("def.parts"), html.Ul(links))] if links else []


def _feed(ctx: ScreenContext, feed: Feed) -> list[Any]:
    owner = f" · {feed.owner.get(ctx.lang)}"
    return [
        link(feed.name.get(ctx.lang), ctx.href("health", feed=feed.id)),
        owner,
        f" · {ctx.words('state.simulated').lower()}" if feed.simulated else "",
    ]
