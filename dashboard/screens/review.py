"""The pack of the leaders' meeting: questions first, then what changed; for a screen and for paper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from dash import html
from dash.development.base_component import Component

from config.models import Area
from dashboard.components.base import MARK_ICON, chip, icon, link, panel, table, td, th
from dashboard.components.directive_list import due_text, phase_chip
from dashboard.components.page import page
from dashboard.components.states import notice
from dashboard.components.value import target_text, written
from dashboard.context import ScreenContext
from dashboard.directives.units import unit_name
from dashboard.drawing import format as fmt
from dashboard.drawing.collate import sort_key
from dashboard.review.changes import Move, Span, span_of
from dashboard.review.pack import Pack, Question, Turn, moments, pack_of

if TYPE_CHECKING:
    from warehouse.state import Directive, Warning

LISTED: Final = 10
"""Lines of a list; the desks have all."""
_ARROW: Final = {"good": "check2", "bad": "exclamation-diamond-fill", "none": "dash"}


def render(ctx: ScreenContext) -> Component:
    """What changed in the span that ended with the day before ``until``, for ``area`` of the address."""
    params, root = ctx.route.params, ctx.city.areas.root.code
    area = params.get("area", root)
    area = area if area in ctx.city.areas else root
    span = span_of(ctx.city.head.review, ctx.today, params.get("until", ""))
    pack = build(ctx, area, span)
    words = ctx.words
    body = [
        _summary(ctx, pack),
        panel(words("review.agenda"), _agenda(ctx, pack), kind="agenda"),
        panel(words("review.worse"), _turns(ctx, pack.worse, "bad"), width=6, kind="turns"),
        panel(words("review.better"), _turns(ctx, pack.better, "good"), width=6, kind="turns"),
        panel(words("review.movers"), _movers(ctx, pack.movers), kind="table"),
        panel(words("nav.warnings"), _warnings(ctx, pack), width=6, kind="review-list"),
        panel(words("nav.directives"), _directives(ctx, pack), width=6, kind="review-list"),
    ]
    if pack.tasks:
        body.append(panel(words("review.tasks"), _movers(ctx, pack.tasks), kind="table"))
    trail = [(words("nav.directives"), ctx.href("directives", area=area)), (words("nav.review"), "")]
    return page(
        ctx,
        words("review.title", area=ctx.city.areas[area].name(ctx.lang)),
        body,
        area=area,
        trail=trail,
        lead=[html.Span(_span_text(ctx, span)), html.Span(words.count("review.measured", pack.measured))],
        tools=[_areas(ctx, area), _spans(ctx, span), _print(ctx)],
    )


def build(ctx: ScreenContext, area: str, span: Span) -> Pack:
    """The content of the pack, from what the screen may know."""
    since, until = moments(ctx.city, span)
    done = ctx.directives.done(since, until)
    return pack_of(ctx.city, ctx.reader, area, span, ctx.between(since, until), ctx.directives.all, done)


def _span_text(ctx: ScreenContext, span: Span) -> str:
    first, last = (fmt.date(day, ctx.lang) for day in (span.since, span.last))
    return ctx.words("review.span", first=first, last=last)


def _spans(ctx: ScreenContext, span: Span) -> Component:
    """The way to the span before and, unless it is the newest, to the next one."""
    length = span.until - span.since
    earlier = link(
        [icon("chevron-left"), ctx.words("review.earlier")],
        ctx.same_page(until=span.since.isoformat()),
        "segment",
    )
    later = None
    if span.until + length <= ctx.today:
        there = ctx.same_page(until=(span.until + length).isoformat())
        later = link([ctx.words("review.later"), icon("chevron-right")], there, "segment")
    return html.Nav([earlier, later], className="segments")


def _areas(ctx: ScreenContext, area: str) -> Component:
    """The same pack of the city and of each area right below it."""
    children: list[Area] = ctx.city.areas.children(ctx.city.areas.root.code, ctx.today)
    links = [
        link(
            one.name(ctx.lang),
            ctx.same_page(area="" if one.code == ctx.city.areas.root.code else one.code),
            "pick is-here" if one.code == area else "pick",
        )
        for one in [ctx.city.areas.root, *sorted(children, key=lambda one: sort_key(one.name(ctx.lang)))]
    ]
    said = ctx.city.areas[area].name(ctx.lang)
    return html.Details(
        [
            html.Summary([icon("geo-alt"), html.Span(said), icon("chevron-down")]),
            html.Div(html.Div(links, className="picks"), className="picker-menu"),
        ],
        className="picker picker-page",
    )


def _print(ctx: ScreenContext) -> Component:
    """assets/96-print.js answers it."""
    said: list[Any] = [icon("file-earmark-check"), ctx.words("review.print")]
    return html.Button(said, className="btn-quiet print-page", type="button")


def _summary(ctx: ScreenContext, pack: Pack) -> Component:
    """The counts of the span in one row."""
    entries: list[tuple[str, int, str]] = [
        (ctx.words("review.n_worse"), len(pack.worse), "bad" if pack.worse else "none"),
        (ctx.words("review.n_better"), len(pack.better), "good" if pack.better else "none"),
        (ctx.words("review.n_opened"), len(pack.opened), "none"),
        (ctx.words("review.n_ended"), len(pack.ended), "none"),
        (ctx.words("review.n_false"), len(pack.false), "none"),
        (ctx.words("review.n_issued"), len(pack.issued), "none"),
        (ctx.words("review.n_closed"), len(pack.closed), "none"),
        (ctx.words("review.n_overdue"), len(pack.overdue), "bad" if pack.overdue else "none"),
    ]
    cells = [
        html.Div([html.B(fmt.number(n, ctx.lang)), html.Span(name)], className=f"review-count tone-of-{tone}")
        for name, n, tone in entries
    ]
    return html.Section(cells, className="panel w-12 review-counts")


def _agenda(ctx: ScreenContext, pack: Pack) -> Component:
    if not pack.questions:
        return notice("calm", "check-circle-fill", ctx.words("review.calm"), ctx.words("review.calm_hint"))
    return html.Ol([html.Li(_question(ctx, one, pack.area)) for one in pack.questions], className="agenda")


def _question(ctx: ScreenContext, one: Question, area: str) -> list[Any]:
    """One question in a sentence, with the way to what it is about."""
    words = ctx.words
    if one.move is not None:
        indicator = ctx.city.indicators[one.move.indicator]
        given = {
            "name": ctx.name(indicator, short=False),
            "now": str(written(ctx, indicator, one.move.now)),
            "before": str(written(ctx, indicator, one.move.before)),
            "aim": target_text(ctx, indicator, one.move.aim) if one.move.aim is not None else "",
        }
        away = ctx.value_href(indicator.id, area, one.move.period)
        return [words(f"review_ask.{one.ask}", **given), " ", link(words("review.open"), away)]
    if one.directive is not None:
        order = one.directive.order
        given = {
            "n": str(one.directive.id),
            "unit": unit_name(ctx.city, order.unit, ctx.lang),
            "text": order.text,
            "days": fmt.number(max(1, round(one.directive.late(ctx.now))), ctx.lang),
        }
        away = ctx.href("directive", str(one.directive.id))
        return [words(f"review_ask.{one.ask}", **given), " ", link(words("review.open"), away)]
    assert one.warning is not None
    given = {
        "name": _rule(ctx, one.warning),
        "area": _area(ctx, one.warning.area),
        "since": fmt.date(one.warning.firing_since.astimezone(ctx.city.zone).date(), ctx.lang),
        "n": fmt.number(one.count, ctx.lang),
    }
    away = ctx.href("warning", str(one.warning.id))
    return [words(f"review_ask.{one.ask}", **given), " ", link(words("review.open"), away)]


def _turns(ctx: ScreenContext, turns: Sequence[Turn], tone: str) -> Component:
    if not turns:
        return html.P(ctx.words("review.nothing"), className="quiet")
    return html.Ul([_turn(ctx, one, tone) for one in turns[:LISTED]], className="review-lines")


def reasons(ctx: ScreenContext, one: Turn) -> list[str]:
    """Why it counts as having become bad or good: its target, and warnings that came or went."""
    indicator, said = ctx.city.indicators[one.indicator], []
    move = one.move
    if move is not None and move.aim is not None and (move.missed or move.regained):
        now, before = (str(written(ctx, indicator, x)) for x in (move.now, move.before))
        aim = target_text(ctx, indicator, move.aim)
        said.append(ctx.words("review.by_target", before=before, now=now, aim=aim))
    return said + [f"{_rule(ctx, w)} ({ctx.words.of('mark', w.severity).lower()})" for w in one.warnings[:3]]


def _turn(ctx: ScreenContext, one: Turn, tone: str) -> Component:
    indicator, move = ctx.city.indicators[one.indicator], one.move
    period = move.period if move is not None else indicator.periods[0]
    area = ctx.route.params.get("area", "") or ctx.city.areas.root.code
    name = link(ctx.name(indicator, short=False), ctx.value_href(indicator.id, area, period))
    return html.Li(
        [
            html.Span(icon(_ARROW[tone]), className=f"tone-{tone}"),
            html.Div([name, html.P("; ".join(reasons(ctx, one)))]),
        ]
    )


def _movers(ctx: ScreenContext, moves: Sequence[Move]) -> Component:
    if not moves:
        return html.P(ctx.words("review.nothing"), className="quiet")
    words = ctx.words
    head = [
        th(words("review.indicator")),
        th(words("review.now"), number=True),
        th(words("review.before"), number=True),
        th(words("review.change"), number=True),
        th(words("review.last_year"), number=True),
        th(words("review.change_year"), number=True),
    ]
    return table(head, [_mover(ctx, move) for move in moves], "grid movers", words("review.movers"))


def _mover(ctx: ScreenContext, move: Move) -> Component:
    indicator = ctx.city.indicators[move.indicator]
    area = ctx.route.params.get("area", "") or ctx.city.areas.root.code
    shown = link(ctx.name(indicator, short=False), ctx.value_href(indicator.id, area, move.period))
    told = "" if move.days else ctx.period_text(move.period, move.start)
    return html.Tr(
        [
            td([shown, html.Span(f" · {told}", className="quiet") if told else None]),
            td(str(written(ctx, indicator, move.now)), number=True),
            td(str(written(ctx, indicator, move.before)), number=True),
            td(_change(ctx, move, move.before), number=True),
            td(str(written(ctx, indicator, move.year_ago)), number=True),
            td(_change(ctx, move, move.year_ago), number=True),
        ]
    )


def _change(ctx: ScreenContext, move: Move, against: float | None) -> Component | str:
    if against is None:
        return fmt.NOTHING
    indicator = ctx.city.indicators[move.indicator]
    change = fmt.delta(move.now, against, ctx.unit(indicator), indicator.direction, ctx.lang)
    tone = ctx.words.of("tone", change.tone) if change.tone != "none" else ""
    return html.Span(
        [change.text, html.Span(f" {tone}", className="sr") if tone else None],
        className=f"delta-text delta-{change.tone}",
    )


def _warnings(ctx: ScreenContext, pack: Pack) -> Component:
    words = ctx.words
    said = [
        words.count("review.standing", len(pack.standing)),
        words.count("review.opened", len(pack.opened)),
        words.count("review.ended", len(pack.ended)),
    ]
    rows = [_warning(ctx, one) for one in pack.opened[:LISTED]]
    return html.Div(
        [
            html.P(" · ".join(said), className="quiet"),
            html.Ul(rows, className="review-lines") if rows else None,
        ]
    )


def _warning(ctx: ScreenContext, one: Warning) -> Component:
    text = one.message.get(ctx.lang) or _rule(ctx, one)
    mark = chip(one.severity, MARK_ICON[one.severity], ctx.words.of("mark", one.severity))  # type: ignore[index]
    return html.Li([mark, html.Div(link(text, ctx.href("warning", str(one.id))))])


def _directives(ctx: ScreenContext, pack: Pack) -> Component:
    words = ctx.words
    said = [
        words.count("directives.overdue", len(pack.overdue)),
        words.count("review.issued", len(pack.issued)),
        words.count("review.closed", len(pack.closed)),
        words.count("review.silent", len(pack.silent)),
    ]
    found = {one.id: one for one in [*pack.overdue, *pack.silent, *pack.closed, *pack.issued]}
    rows = [_directive(ctx, one) for one in list(found.values())[:LISTED]]
    return html.Div(
        [
            html.P(" · ".join(said), className="quiet"),
            html.Ul(rows, className="review-lines") if rows else None,
        ]
    )


def _directive(ctx: ScreenContext, one: Directive) -> Component:
    unit = unit_name(ctx.city, one.order.unit, ctx.lang)
    away = link(f"#{one.id} · {one.order.text}", ctx.href("directive", str(one.id)))
    return html.Li([phase_chip(ctx, one), html.Div([away, html.P(f"{unit} · {due_text(ctx, one)}")])])


def _rule(ctx: ScreenContext, one: Warning) -> str:
    rule = ctx.city.rules.get(one.rule)
    return rule.name.get(ctx.lang) if rule is not None else one.rule


def _area(ctx: ScreenContext, code: str) -> str:
    return ctx.city.areas[code].name(ctx.lang) if code in ctx.city.areas else code
