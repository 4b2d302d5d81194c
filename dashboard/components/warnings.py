"""Warnings: in a list on a screen, and as cards that somebody deals with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from config.models import GRAVITY
from dashboard.components.base import MARK_ICON, age, chip, icon, link
from dashboard.components.states import notice
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from dashboard.rules.book import domain_of
from dashboard.standing import feeds_of
from dashboard.warnings.alerts import Alert

_PHASE_ICON = {
    "firing": "broadcast",
    "recovering": "activity",
    "no_data": "wifi-off",
    "too_few": "slash-circle",
    "closed": "check2",
}


def gravest_first(alerts: Sequence[Alert]) -> list[Alert]:
    """Unacknowledged before acknowledged, then by severity, then the newest first."""
    return sorted(alerts, key=lambda a: (not a.taken, GRAVITY[a.severity], a.since), reverse=True)


def below(ctx: ScreenContext, area: str) -> list[Alert]:
    """The open warnings of an area and of everything in it; those of feeds belong to the whole city."""
    return [
        a
        for a in ctx.alerts
        if a.open and a.area in ctx.city.areas and area in ctx.city.areas.path(a.area).values()
    ]


def alert_href(ctx: ScreenContext, alert: Alert) -> str:
    """What a warning is about: its number's page, or the health of its feed."""
    if alert.indicator is not None:
        return ctx.value_href(alert.indicator, alert.area, alert.period or "")
    return ctx.href("health", feed=alert.feed or "")


def warning_href(ctx: ScreenContext, alert: Alert) -> str:
    """The page of a warning."""
    return ctx.href("warning", str(alert.id))


def severity_chip(ctx: ScreenContext, alert: Alert) -> Component:
    """Icon and word of a severity."""
    return chip(alert.severity, MARK_ICON[alert.severity], ctx.words.of("mark", alert.severity))


def phase_chip(ctx: ScreenContext, alert: Alert) -> Component:
    """Where a warning is in its life; an acknowledged one says so instead of *firing*."""
    if alert.open and alert.taken:
        return chip("acknowledged", "person-check", ctx.words("phase.acknowledged"))
    return chip(f"phase-{alert.phase}", _PHASE_ICON[alert.phase], ctx.words.of("phase", alert.phase))


def of_domain(ctx: ScreenContext, alerts: Iterable[Alert], domain: str) -> list[Alert]:
    """Those of some warnings whose rule stands under a heading, or whose feed figures of it come from."""
    rules, city = ctx.city.rules, ctx.city
    feeds = {
        feed.id for one in city.indicators.values() if one.domain == domain for feed in feeds_of(city, one)
    }
    return [
        a
        for a in alerts
        if (a.rule in rules and domain_of(city, rules[a.rule]) == domain)
        or (a.feed in feeds if a.indicator is None else city.indicators[a.indicator].domain == domain)
    ]


def warning_list(
    ctx: ScreenContext, area: str, limit: int, beside: Sequence[Alert] = (), domain: str = ""
) -> Component:
    """The open warnings of an area, gravest first, without those shown ``beside``; ``domain``: of a heading
    alone.
    """
    alerts = [a for a in gravest_first(below(ctx, area)) if a not in beside]
    if domain:
        alerts = of_domain(ctx, alerts, domain)
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
            warning_href(ctx, alert),
            f"alert-row alert-{alert.severity}" + (" is-acknowledged" if alert.taken else ""),
        )
    )


def message(ctx: ScreenContext, alert: Alert) -> str:
    """The text of a warning in the language of the screen."""
    return alert.message.get(ctx.lang) or next(iter(alert.message.values()), "")


def chips(ctx: ScreenContext, alert: Alert) -> list[Component | None]:
    """How grave a warning is, where it is in its life, what a person made of it."""
    return [
        severity_chip(ctx, alert),
        phase_chip(ctx, alert),
        chip(f"outcome-{alert.outcome}", "clipboard-check", ctx.words.of("choice_close", alert.outcome))
        if alert.outcome
        else None,
        _quiet_chip(ctx, alert.quiet_until) if alert.quiet_until else None,
    ]


def times(ctx: ScreenContext, alert: Alert) -> Component:
    """Since when a warning stands and for how long, or from when to when it stood."""
    since = fmt.moment(alert.since, ctx.city.zone, ctx.lang)
    said: list[Any] | str = (
        [ctx.words("warnings.since") + " ", html.B(since), " · ", age(ctx, alert.since)]
        if alert.open
        else _closed(ctx, alert)
    )
    return html.Span(said, className="quiet")


def about(ctx: ScreenContext, alert: Alert) -> str:
    """The name of what a warning watches: an indicator or a feed, else its rule."""
    if alert.indicator is not None and alert.indicator in ctx.city.indicators:
        return ctx.name(ctx.city.indicators[alert.indicator], short=False)
    if alert.feed in ctx.city.feeds:
        return ctx.city.feeds[str(alert.feed)].name.get(ctx.lang)
    rule = ctx.city.rules.get(alert.rule)
    return rule.name.get(ctx.lang) if rule is not None else alert.rule


def _quiet_chip(ctx: ScreenContext, until: dt.datetime) -> Component:
    told = ctx.words("warnings.quiet", until=fmt.moment(until, ctx.city.zone, ctx.lang))
    return link([icon("moon-stars"), told], ctx.href("silences"), "chip chip-quiet")


def _closed(ctx: ScreenContext, alert: Alert) -> str:
    start = fmt.moment(alert.since, ctx.city.zone, ctx.lang)
    end = fmt.moment(alert.closed_at, ctx.city.zone, ctx.lang) if alert.closed_at else ""
    return f"{start} – {end}"
