"""Silences and windows of maintenance: what is kept quiet, why, by whom, until when, and what was done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from dash import html
from dash.development.base_component import Component

from dashboard.components.base import chip, icon, link, panel
from dashboard.components.page import page
from dashboard.components.quiet_form import about, begin_form, change_form, name_of
from dashboard.components.states import notice
from dashboard.components.warnings import gravest_first, message, severity_chip, warning_href
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from dashboard.warnings.alerts import Alert
from dashboard.warnings.quiet import RECENT, Kept, kept

if TYPE_CHECKING:
    from warehouse.state import AuditEntry

LISTED: Final = 12
"""Warnings of one that are named, and deeds that are told."""

_PHASE_ICON: Final = {"running": "pause-fill", "ends_soon": "hourglass-split", "planned": "calendar3"}
_KIND_ICON: Final = {"silence": "moon-stars", "maintenance": "cone-striped"}
_SCOPE_ICON: Final = {"rule": "journal-check", "domain": "layers", "feed": "database", "area": "geo-alt"}
_DEED_ICON: Final = {"extend": "arrow-repeat", "end": "check2"}


def render(ctx: ScreenContext) -> Component:
    """What stands, and the forms to start, prolong and end; ``which`` of the address names one to change."""
    words = ctx.words
    alerts = {alert.id: alert for alert in ctx.alerts if alert.open}
    found = kept(ctx.city, [s for s in ctx.quiet if ctx.now - s.until <= RECENT], ctx.alerts, ctx.now)
    standing = [item for item in found if item.phase != "over"]
    over = [item for item in found if item.phase == "over"]
    which = ctx.route.params.get("which", "")
    asked = which in {item.key for item in standing}
    forms = [panel(words("silences.start"), begin_form(ctx), kind="handle")]
    if asked:
        away = link([icon("x-circle"), words("silences.leave")], ctx.href("silences"))
        change = change_form(ctx, standing, which)
        forms = [panel(words("silences.change"), change, aside=away, kind="handle"), *forms]
    cards: list[Component] = [_card(ctx, item, alerts) for item in standing]
    if not cards:
        cards = [notice("calm", "bell", words("silences.none"), words("silences.none_hint"))]
    told = [
        html.Div(cards, className="cards"),
        _over(ctx, over) if over else None,
        _deeds(ctx, {item.key.replace("-", " ") for item in found}),
    ]
    running = [item for item in standing if item.phase != "planned"]
    hushed = {number for item in running for number in item.warnings}
    lead = [
        html.Span(words.count("silences.running_now", len(running))),
        html.Span(words.count("silences.hushed", len(hushed))),
    ]
    return page(
        ctx,
        words("silences.title"),
        [
            html.Div(forms, className="w-3 desk-side quiet-side" + (" is-asked" if asked else "")),
            html.Div(told, className="w-9 cards-box"),
        ],
        area=ctx.city.areas.root.code,
        trail=[(words("nav.warnings"), ctx.href("warnings")), (words("silences.title"), "")],
        lead=lead,
    )


def _card(ctx: ScreenContext, item: Kept, alerts: Mapping[int, Alert]) -> Component:
    words, span = ctx.words, item.span
    head = html.Div(
        [
            chip(f"quiet-{item.phase}", _PHASE_ICON[item.phase], words.of("silences", item.phase)),
            html.Span([icon(_KIND_ICON[item.kind]), words.of("silences", item.kind)]),
            html.Span(f"#{span.id}", className="quiet"),
        ],
        className="card-head",
    )
    scope = [
        html.Span([icon(_SCOPE_ICON[name]), name_of(ctx, name, id_)]) for name, id_ in item.scope.items()
    ]
    acts = [
        link([icon("arrow-repeat"), words("silences.prolong")], _ask(ctx, item), "link"),
        link([icon("x-circle"), words("silences.end")], _ask(ctx, item, do="end"), "link"),
    ]
    return html.Article(
        [
            html.Div([head, html.Div(acts, className="quiet-acts")], className="quiet-top"),
            html.Div(scope, className="quiet-scope"),
            html.P(span.reason, className="quiet-reason"),
            html.Div(_when(ctx, item), className="card-where"),
            _hushed(ctx, item, [alerts[number] for number in item.warnings]),
        ],
        className=f"card-alert quiet-card is-{item.phase}",
        id=item.key,
    )


def _ask(ctx: ScreenContext, item: Kept, **more: str) -> str:
    return ctx.href("silences", which=item.key, **more)


def _when(ctx: ScreenContext, item: Kept) -> list[Component]:
    start, end = (_moment(ctx, at) for at in (item.span.starts_at, item.span.until))
    return [
        html.Span([icon("clock"), f"{start} – ", html.B(end)]),
        html.Span([icon("person-check"), item.span.who]),
    ]


def _hushed(ctx: ScreenContext, item: Kept, alerts: Sequence[Alert]) -> Component:
    """How many open warnings it keeps quiet, or will; folded away, which."""
    group = "silences.will_hush" if item.phase == "planned" else "silences.hushes"
    said = ctx.words.count(group, len(alerts))
    if not alerts:
        return html.P(said, className="quiet quiet-none")
    rows: list[Any] = [
        html.Li(
            link(
                [severity_chip(ctx, alert), html.Span(message(ctx, alert), className="alert-text")],
                warning_href(ctx, alert),
                "alert-row",
            )
        )
        for alert in gravest_first(alerts)[:LISTED]
    ]
    if len(alerts) > LISTED:
        rows.append(html.Li(ctx.words.count("silences.more", len(alerts) - LISTED), className="quiet"))
    summary = html.Summary([icon("chevron-right"), said])
    return html.Details([summary, html.Ul(rows, className="alerts")], className="playbook")


def _over(ctx: ScreenContext, over: Sequence[Kept]) -> Component:
    """Those that are over, folded away."""
    lines = [
        html.Li(
            [
                icon(_KIND_ICON[item.kind]),
                html.Span([html.B(about(ctx, item)), f" · #{item.span.id} · {item.span.reason}"]),
                html.P(_ended(ctx, item)),
            ]
        )
        for item in over
    ]
    summary = html.Summary([icon("chevron-right"), ctx.words.count("silences.past", len(over))])
    return html.Details([summary, html.Ul(lines, className="handling")], className="playbook")


def _ended(ctx: ScreenContext, item: Kept) -> str:
    start, end = (_moment(ctx, at) for at in (item.span.starts_at, item.span.until))
    by = item.span.ended_by
    return f"{start} – {end}" + (" · " + ctx.words("silences.ended_by", who=by) if by else "")


def _deeds(ctx: ScreenContext, objects: set[str]) -> Component | None:
    """What people did to those that are listed, newest first, as the audit trail has it."""
    told = [_deed(ctx, entry) for entry in ctx.deeds() if entry.object in objects][:LISTED]
    if not told:
        return None
    return panel(ctx.words("silences.deeds"), html.Ul(told, className="handling"), kind="deeds")


def _deed(ctx: ScreenContext, entry: AuditEntry) -> Component:
    words = ctx.words
    kind, _, number = entry.object.partition(" ")
    said = words.of("silences", f"did_{entry.action}")
    until = entry.detail.get("after") or entry.detail.get("ends_at")
    if until is not None:
        said += f" {_moment(ctx, dt.datetime.fromisoformat(until))}"
    line = f" {said} · {words.of('silences', kind)} #{number} · {_moment(ctx, entry.at)}"
    return html.Li(
        [
            icon(_DEED_ICON.get(entry.action, _KIND_ICON.get(kind, "moon-stars"))),
            html.Span([html.B(entry.who), line]),
            html.P(entry.detail.get("reason", "")),
        ]
    )


def _moment(ctx: ScreenContext, at: dt.datetime) -> str:
    return fmt.moment(at, ctx.city.zone, ctx.lang)
