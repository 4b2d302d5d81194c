"""The page of one directive: what is owed by whom, the figure then and now, what was and can be done."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

from dash import html
from dash.development.base_component import Component

from config.models import Indicator
from dashboard.components.base import facts, icon, link, panel
from dashboard.components.directive_form import tell_form
from dashboard.components.directive_list import due_text, phase_chip, priority_chip, progress
from dashboard.components.page import page
from dashboard.components.states import notice
from dashboard.components.tile import by_place, why_not
from dashboard.components.value import delta_text, written
from dashboard.context import ScreenContext
from dashboard.directives.units import unit_name
from dashboard.drawing import format as fmt
from dashboard.drawing.svg import sparkline
from dashboard.drawing.theme import tokens
from dashboard.standing import enough

if TYPE_CHECKING:
    from warehouse.reader import Value
    from warehouse.state import Directive, Event, Figure

_ICONS: Final = {
    "issue": "clipboard-check",
    "report": "file-earmark-check",
    "comment": "chat-left-text",
    "ask": "clock-history",
    "extend": "calendar3",
    "refuse": "x-circle",
    "close": "check2",
    "reopen": "arrow-repeat",
}
_BEFORE: Final = 6
"""Periods before the figure that the small chart shows."""
_MOST: Final = 120


def render(ctx: ScreenContext) -> Component:
    """The directive whose number the address names."""
    words, root = ctx.words, ctx.city.areas.root.code
    one = ctx.directives.find(int(ctx.route.target))
    trail = [(words("nav.directives"), ctx.href("directives"))]
    title = words("directive.number", n=ctx.route.target)
    if one is None:
        away = link(words("directive.others"), trail[0][1])
        none = notice("empty", "clipboard-check", words("directive.gone"), away)
        return page(ctx, title, none, area=root, trail=trail)
    order = one.order
    area = order.area if order.area in ctx.city.areas else root
    told = panel(words("directive.timeline"), _timeline(ctx, one), kind="timeline")
    body = [
        _head(ctx, one),
        html.Div([_figure(ctx, one), told], className="stack w-8"),
        html.Div(
            [
                panel(words("directive.facts"), facts(_facts(ctx, one)), kind="definition"),
                panel(words("action.handle"), tell_form(ctx, one), kind="handle"),
            ],
            className="stack w-4",
        ),
    ]
    return page(
        ctx,
        f"{title} · {ctx.city.areas[area].name(ctx.lang)}",
        body,
        area=area,
        trail=[*trail, (title, "")],
        lead=[phase_chip(ctx, one), priority_chip(ctx, one), html.Span(due_text(ctx, one))],
    )


def _head(ctx: ScreenContext, one: Directive) -> Component:
    """The words of the leader, and what they are about."""
    order, phase = one.order, ctx.directives.phase(one).value
    links: list[Component] = [
        html.Span([icon("people"), unit_name(ctx.city, order.unit, ctx.lang)]),
        *(html.Span([icon("person-check"), unit_name(ctx.city, unit, ctx.lang)]) for unit in order.joining),
    ]
    if order.area in ctx.city.areas:
        name = ctx.city.areas[order.area].name(ctx.lang)
        links.append(link([icon("geo-alt"), name], ctx.href("area", order.area)))
    if order.warning is not None:
        said = ctx.words("warning.number", n=str(order.warning))
        links.append(link([icon("bell"), said], ctx.href("warning", str(order.warning))))
    if order.task is not None:
        programme, _, entry = order.task.partition("/")
        task: list[Component | str] = [icon("list-check"), entry or order.task]
        known = entry and programme in ctx.city.programmes
        links.append(link(task, ctx.href("programme", programme, entry=entry)) if known else html.Span(task))
    return html.Section(
        [
            html.P(order.text, className="card-text"),
            html.Div(links, className="card-where"),
            progress(ctx, one),
        ],
        className=f"panel w-12 told directive-told is-{phase}",
    )


def _facts(ctx: ScreenContext, one: Directive) -> list[tuple[Any, Any]]:
    words, zone = ctx.words, ctx.city.zone

    def moment(at: dt.datetime) -> str:
        return fmt.moment(at, zone, ctx.lang)

    order = one.order
    rows: list[tuple[Any, Any]] = [
        (words("directive.by"), one.issued_by),
        (words("directive.at"), moment(one.issued_at)),
        (words("directive_field.unit"), unit_name(ctx.city, order.unit, ctx.lang)),
    ]
    if order.joining:
        names = ", ".join(unit_name(ctx.city, unit, ctx.lang) for unit in order.joining)
        rows.append((words("directive_field.joining"), names))
    rows.append((words("directive_field.due"), moment(order.due_at)))
    if one.extended:
        rows.append((words("directive.first_due"), moment(one.first_due_at)))
    if one.asked_until is not None:
        rows.append((words("directive.asked_until"), moment(one.asked_until)))
    rows.append((words("directive_field.priority"), words.of("priority", order.priority)))
    domain = next((d for d in ctx.city.head.domains if d.id == order.domain), None)
    if domain is not None:
        rows.append((words("directives.domain"), domain.name.get(ctx.lang)))
    first = moment(one.reported_at) if one.reported_at is not None else words("directive.unreported")
    rows.append((words("directive.first_report"), first))
    if one.closed_at is not None:
        rows.append((words("directive.closed"), f"{moment(one.closed_at)} · {one.closed_by}"))
    return rows


def _figure(ctx: ScreenContext, one: Directive) -> Component | None:
    """The number as it stood when the leader saw it, and as it is now."""
    figure = one.order.figure
    indicator = ctx.city.indicators.get(figure.indicator) if figure is not None else None
    if figure is None or indicator is None or one.order.area not in ctx.city.areas:
        return None
    words, area = ctx.words, one.order.area
    start = _start(ctx, figure)
    values = _since(ctx, indicator, area, figure, start)
    newest = values[-1] if values else None
    then = html.Div(
        [
            html.Span(
                words("directive.then", period=ctx.period_text(figure.period, start)), className="quiet"
            ),
            html.B(str(written(ctx, indicator, figure.value))),
        ]
    )
    now = None
    if newest is not None:
        change, name = None, ctx.period_text(newest.period, newest.start)
        firm = enough(indicator, newest)
        if firm and newest.value is not None and figure.value is not None:
            change = delta_text(ctx, indicator, newest, newest._replace(value=figure.value))
        said = str(written(ctx, indicator, newest.value)) if firm else why_not(ctx, indicator, newest)
        now = html.Div(
            [
                html.Span(words("directive.now", period=name), className="quiet"),
                html.B(said) if firm else html.Span(said),
                change,
            ]
        )
    colours = tokens("light")
    picture = sparkline(
        by_place(ctx.city.periods, values, figure.period),
        colours["series-1"],
        colours["line"],
        from_zero=ctx.unit(indicator).kind == "amount",
    )
    line = html.Img(src=picture, alt="", className="since-line") if picture else None
    away = link(
        [words("directive.open_figure"), icon("chevron-right")],
        ctx.value_href(indicator.id, area, figure.period),
    )
    body = html.Div([then, now, line], className="then-now")
    return panel(ctx.name(indicator, short=False), body, aside=away, kind="then-now")


def _start(ctx: ScreenContext, figure: Figure) -> dt.date:
    """The start of the figure's period as values say it: a day, or a moment of the city's clock."""
    clocked = ctx.city.periods.like(figure.period) == "hour" or figure.period in ctx.city.periods.calendars
    return figure.start if clocked else figure.start.date()


def _since(
    ctx: ScreenContext, indicator: Indicator, area: str, figure: Figure, start: dt.date
) -> list[Value]:
    """Values from a little before the figure until now."""
    periods = ctx.city.periods
    first = periods.shift(figure.period, start, -_BEFORE)
    series = ctx.reader.series([indicator.id], area, figure.period, _MOST)
    return [value for value in series.get(indicator.id, []) if str(value.start) >= str(first)]


def _timeline(ctx: ScreenContext, one: Directive) -> Component:
    """What was done, newest last."""
    return html.Ul(
        [_deed(ctx, deed) for deed in ctx.directives.history(one.id)], className="handling timeline"
    )


def _deed(ctx: ScreenContext, deed: Event) -> Component:
    words, data = ctx.words, deed.data
    said = words.of("directive_deed", deed.action)
    if deed.action == "report":
        said += f" {data['progress']}%"
    elif deed.action == "close":
        said += f" {words.of('directive_result', data['result'])}"
    elif "until" in data:
        until = dt.datetime.fromisoformat(data["until"]).astimezone(ctx.city.zone)
        said += f" {fmt.date(until.date(), ctx.lang)}"
    evidence = data.get("evidence")
    shown: Any = None
    if evidence and evidence.startswith(("https://", "http://")):
        shown = html.A([icon("link-45deg"), evidence], href=evidence, className="link", rel="noopener")
    elif evidence:
        shown = html.Span(evidence)
    return html.Li(
        [
            icon(_ICONS.get(deed.action, "chat-left-text")),
            html.Span([html.B(deed.who), f" {said} · {fmt.moment(deed.at, ctx.city.zone, ctx.lang)}"]),
            html.P(deed.detail) if deed.detail and deed.action != "issue" else None,
            html.P(shown) if shown is not None else None,
        ]
    )
