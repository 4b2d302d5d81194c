"""Warnings: in a list on a screen, and as cards that somebody deals with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from dashboard import format as fmt
from dashboard.alerts import Alert
from dashboard.components.base import MARK_ICON, age, chip, icon, link
from dashboard.components.handling import form, handled
from dashboard.components.states import notice
from dashboard.context import ScreenContext
from dashboard.standing import RANK

_PHASE_ICON = {
    "firing": "broadcast",
    "recovering": "activity",
    "no_data": "wifi-off",
    "too_few": "slash-circle",
    "closed": "check2",
}


def gravest_first(alerts: Sequence[Alert]) -> list[Alert]:
    """Unacknowledged before acknowledged, then by severity, then the newest first."""
    return sorted(alerts, key=lambda a: (not a.taken, RANK[a.severity], a.since), reverse=True)


def below(ctx: ScreenContext, area: str) -> list[Alert]:
    """The open warnings of an area and of everything in it; those of feeds belong to the whole city."""
    return [
        a
        for a in ctx.alerts
        if a.open and a.area in ctx.city.areas and area in ctx.city.areas.path(a.area).values()
    ]


def alert_href(ctx: ScreenContext, alert: Alert) -> str:
    """Where a warning leads: to its number's page, or to the health of its feed."""
    if alert.indicator is not None:
        return ctx.value_href(alert.indicator, alert.area, alert.period or "")
    return ctx.href("health", feed=alert.feed or "")


def severity_chip(ctx: ScreenContext, alert: Alert) -> Component:
    """Icon and word of a severity."""
    return chip(alert.severity, MARK_ICON[alert.severity], ctx.words.of("mark", alert.severity))


def phase_chip(ctx: ScreenContext, alert: Alert) -> Component:
    """Where a warning is in its life; an acknowledged one says so instead of *firing*."""
    if alert.open and alert.taken:
        return chip("acknowledged", "person-check", ctx.words("phase.acknowledged"))
    return chip(f"phase-{alert.phase}", _PHASE_ICON[alert.phase], ctx.words.of("phase", alert.phase))


def warning_list(ctx: ScreenContext, area: str, limit: int, beside: Sequence[Alert] = ()) -> Component:
    """The open warnings of an area, gravest first, without those shown ``beside``."""
    alerts = [a for a in gravest_first(below(ctx, area)) if a not in beside]
    if not alerts:
        return notice(
            "calm", "check-circle-fill", ctx.words("warnings.none"), ctx.words("warnings.none_hint")
        )
    rows = [_line(ctx, alert) for alert in alerts[:limit]]
    more = len(alerts) - limit
    return html.Div(
        [
            html.Ul(rows, className="alerts", style={"--rows": len(rows)}),
            link(
                [ctx.words.count("warnings.more", more), icon("chevron-right")],
                ctx.href("warnings", area="" if area == ctx.city.areas.root.code else area),
                "link more",
            )
            if more > 0
            else None,
        ],
        className="alerts-box",
    )


def _line(ctx: ScreenContext, alert: Alert) -> Component:
    return html.Li(
        link(
            [
                severity_chip(ctx, alert),
                html.Span(message(ctx, alert), className="alert-text"),
                html.Span([phase_chip(ctx, alert), age(ctx, alert.since)], className="alert-meta"),
            ],
            alert_href(ctx, alert),
            f"alert-row alert-{alert.severity}" + (" is-acknowledged" if alert.taken else ""),
        )
    )


def message(ctx: ScreenContext, alert: Alert) -> str:
    """The text of a warning in the language of the screen."""
    return alert.message.get(ctx.lang) or next(iter(alert.message.values()), "")


def card(ctx: ScreenContext, alert: Alert) -> Component:
    """A warning with its story and the form to take it on."""
    words = ctx.words
    rule = ctx.city.rules.get(alert.rule)
    playbook = rule.playbook.get(ctx.lang) if rule and rule.playbook else ""
    # What the engine saw is told by the figures; what it did itself is part of the story.
    done = [event for event in ctx.history(alert.id) if ">" not in event.action]
    head = html.Div(
        [
            severity_chip(ctx, alert),
            phase_chip(ctx, alert),
            chip(f"outcome-{alert.outcome}", "clipboard-check", words.of("choice_close", alert.outcome))
            if alert.outcome
            else None,
            _quiet_chip(ctx, alert.quiet_until) if alert.quiet_until else None,
            html.Span(
                [
                    words("warnings.since") + " ",
                    html.B(fmt.moment(alert.since, ctx.city.zone, ctx.lang)),
                    " · ",
                    age(ctx, alert.since),
                ]
                if alert.open
                else _closed(ctx, alert),
                className="quiet",
            ),
        ],
        className="card-head",
    )
    area = ctx.city.areas[alert.area]
    where = html.Div(
        [
            link([icon("geo-alt"), area.name(ctx.lang)], ctx.href("area", area.code)),
            link([icon("graph-up"), _about(ctx, alert)], alert_href(ctx, alert)),
            html.Span([icon("journal-check"), rule.name.get(ctx.lang)]) if rule else None,
            html.Span([icon("people"), alert.assigned_to]) if alert.assigned_to else None,
            html.Span(f"#{alert.id}", className="quiet"),
        ],
        className="card-where",
    )
    told = [
        head,
        html.P(message(ctx, alert), className="card-text"),
        where,
        html.Details(
            [html.Summary([icon("chevron-right"), words("warnings.playbook")]), html.P(playbook)],
            className="playbook",
        )
        if playbook
        else None,
        html.Ul([handled(ctx, event) for event in done], className="handling") if done else None,
    ]
    return html.Article(
        [html.Div(told), form(ctx, alert)],
        className=f"card-alert alert-{alert.severity}" + (" is-acknowledged" if alert.taken else ""),
        id=f"warning-{alert.id}",
    )


def _quiet_chip(ctx: ScreenContext, until: dt.datetime) -> Component:
    told = ctx.words("warnings.quiet", until=fmt.moment(until, ctx.city.zone, ctx.lang))
    return chip("quiet", "moon-stars", told)


def _closed(ctx: ScreenContext, alert: Alert) -> str:
    start = fmt.moment(alert.since, ctx.city.zone, ctx.lang)
    end = fmt.moment(alert.closed_at, ctx.city.zone, ctx.lang) if alert.closed_at else ""
    return f"{start} – {end}"


def _about(ctx: ScreenContext, alert: Alert) -> str:
    if alert.indicator is not None and alert.indicator in ctx.city.indicators:
        return ctx.name(ctx.city.indicators[alert.indicator], short=False)
    feed = ctx.city.feeds.get(alert.feed or "")
    return feed.name.get(ctx.lang) if feed else (alert.feed or "")
