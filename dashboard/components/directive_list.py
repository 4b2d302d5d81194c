"""Directives in lists: one line each, with its unit, its due time and how far it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from dash import html
from dash.development.base_component import Component

from dashboard.components.base import chip, icon, link, panel
from dashboard.context import ScreenContext
from dashboard.directives.units import unit_name
from dashboard.drawing import format as fmt

if TYPE_CHECKING:
    from warehouse.state import Directive

PHASE_ICON: Final = {
    "open": "broadcast",
    "due_soon": "hourglass-split",
    "overdue": "exclamation-diamond-fill",
    "closed": "check2",
}
_BESIDE: Final = 6
"""Directives that stand beside what they are about."""


def phase_chip(ctx: ScreenContext, one: Directive) -> Component:
    """Where it stands; of a closed one, its outcome."""
    phase = ctx.directives.phase(one).value
    word = ctx.words.of("directive_phase", phase)
    if one.result is not None:
        word = ctx.words.of("directive_result", one.result.value)
        word = word[0].upper() + word[1:]
    return chip(f"directive-{phase}", PHASE_ICON[phase], word)


def due_text(ctx: ScreenContext, one: Directive) -> str:
    """When it is due, and how many days that is away; of a closed one, how late it was."""
    words, due = ctx.words, one.order.due_at.astimezone(ctx.city.zone)
    days, late = (due.date() - ctx.today).days, one.late(ctx.now)
    if late > 0:
        far = max(1, round(late) if one.closed_at else -days)
        away = (
            words.count("directive.days_over", far) if one.open else words.count("directive.days_late", far)
        )
    elif not one.open:
        away = words("directive.in_time")
    else:
        away = words.count("directive.days_left", days) if days else words("directive.today")
    return words("directive.due_on", date=fmt.date(due.date(), ctx.lang)) + " · " + away


def priority_chip(ctx: ScreenContext, one: Directive) -> Component | None:
    """A chip where it is more than usual."""
    priority = one.order.priority
    if priority == "normal":
        return None
    return chip(f"priority-{priority}", "exclamation-triangle-fill", ctx.words.of("priority", priority))


def progress(ctx: ScreenContext, one: Directive) -> Component:
    """How far the unit says that it is, as a bar and a number."""
    done = 100 if one.result is not None and one.result.value == "done" else one.progress
    said = ctx.words("directive.progress", n=str(done))
    return html.Span(
        [
            html.Span(html.Span(style={"width": f"{done}%"}), className="progress-track"),
            html.Span(said, className="progress-said"),
        ],
        className="progress-line",
    )


def directive_row(ctx: ScreenContext, one: Directive) -> Component:
    """One of a list; the whole of it leads to its page."""
    order = one.order
    area = ctx.city.areas[order.area].name(ctx.lang) if order.area in ctx.city.areas else order.area
    meta: list[Any] = [
        html.Span([icon("people"), unit_name(ctx.city, order.unit, ctx.lang)]),
        html.Span([icon("geo-alt"), area]),
        html.Span([icon("calendar3"), due_text(ctx, one)]),
    ]
    if order.figure is not None and order.figure.indicator in ctx.city.indicators:
        indicator = ctx.city.indicators[order.figure.indicator]
        meta.append(html.Span([icon("graph-up"), ctx.name(indicator)]))
    head = [
        phase_chip(ctx, one),
        priority_chip(ctx, one),
        chip("asked", "clock-history", ctx.words("directive.asked")) if one.asked_until else None,
        html.Span(f"#{one.id}", className="quiet"),
    ]
    return link(
        [
            html.Span([*head, progress(ctx, one) if one.open else None], className="card-head"),
            html.Span(order.text, className="directive-text"),
            html.Span(meta, className="card-where"),
        ],
        ctx.href("directive", str(one.id)),
        f"card-alert directive-row is-{ctx.directives.phase(one).value} find-item",
    )


def beside(ctx: ScreenContext, found: Sequence[Directive]) -> Component | None:
    """Directives about what a page shows, the open ones first; None where there are none."""
    if not found:
        return None
    rows = [directive_row(ctx, one) for one in found[:_BESIDE]]
    title = ctx.words("directive.beside")
    away = link([ctx.words("nav.directives"), icon("chevron-right")], ctx.href("directives"))
    return panel(title, html.Div(rows, className="cards"), aside=away, kind="directives")
