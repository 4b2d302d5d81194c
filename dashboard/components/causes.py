"""The desk's warnings by cause: what one indicator or feed gives rise to stands together, the city first."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from dash import html
from dash.development.base_component import Component

from config.models import GRAVITY
from dashboard.components.base import icon, link
from dashboard.components.warnings import (
    about,
    chips,
    message,
    severity_chip,
    times,
    warning_href,
)
from dashboard.context import ScreenContext
from dashboard.warnings.alerts import Alert
from indicators.subjects import cause_of

Urgency = tuple[bool, int, bool, dt.datetime]


@dataclass(frozen=True, slots=True)
class Cause:
    """Warnings with one cause, at least one; the first is of the widest area or the most urgent."""

    alerts: Sequence[Alert]

    @property
    def lead(self) -> Alert:
        """The one that stands for the others."""
        return self.alerts[0]

    @property
    def untaken(self) -> int:
        """How many nobody took on."""
        return sum(1 for alert in self.alerts if alert.open and not alert.taken)


def urgency(alert: Alert) -> Urgency:
    """What nobody took on, then by severity, then what goes on, then the newest; of what is over the last to
    end. Sort in reverse.
    """
    if alert.closed_at is not None:
        return False, 0, False, alert.closed_at
    return not alert.taken, GRAVITY[alert.severity], alert.phase == "firing", alert.since


def causes(ctx: ScreenContext, alerts: Sequence[Alert], first: str = "") -> list[Cause]:
    """Warnings grouped, the most urgent cause first; ``first`` is the number of one that comes before all."""
    levels = {level: place for place, level in enumerate(ctx.city.levels)}
    grouped: dict[str, list[Alert]] = defaultdict(list)
    for alert in alerts:
        grouped[cause_of(ctx.city, alert.rule, missing=alert.phase == "no_data")].append(alert)
    made = []
    for members in grouped.values():
        members.sort(key=urgency, reverse=True)
        members.sort(key=lambda a: (str(a.id) != first, levels[ctx.city.areas[a.area].level]))
        made.append(Cause(members))
    made.sort(key=lambda cause: max(map(urgency, cause.alerts)), reverse=True)
    made.sort(key=lambda cause: str(cause.lead.id) != first)
    return made


def cause_card(ctx: ScreenContext, cause: Cause) -> Component:
    """The leading warning in full, the others as a list that folds out."""
    lead, rest = cause.lead, cause.alerts[1:]
    gravest = max(cause.alerts, key=lambda alert: GRAVITY[alert.severity])
    taken = "" if cause.untaken or not lead.open else " is-acknowledged"
    return html.Article(
        [_lead(ctx, cause), _rest(ctx, rest, gravest) if rest else None],
        className=f"cause alert-{gravest.severity}{taken}",
    )


def _lead(ctx: ScreenContext, cause: Cause) -> Component:
    alert = cause.lead
    return html.Div(
        [
            html.Div([_domain(ctx, alert), *chips(ctx, alert), times(ctx, alert)], className="card-head"),
            link(message(ctx, alert), warning_href(ctx, alert), "card-text"),
            html.Div(
                [
                    html.Span([icon("people"), alert.assigned_to]) if alert.assigned_to else None,
                    html.Span(_rule(ctx, alert)) if _rule(ctx, alert) != about(ctx, alert) else None,
                    html.Span(f"#{alert.id}"),
                    link([ctx.words("warnings.look"), icon("chevron-right")], warning_href(ctx, alert)),
                ],
                className="card-where",
            ),
        ],
        id=f"warning-{alert.id}",
        className="card-alert cause-lead" + (" is-acknowledged" if alert.open and alert.taken else ""),
    )


def _domain(ctx: ScreenContext, alert: Alert) -> Component:
    """The picture of the domain and the name of what is watched."""
    indicator = ctx.city.indicators.get(alert.indicator or "")
    name = "database"
    if indicator is not None:
        name = next((d.icon for d in ctx.city.head.domains if d.id == indicator.domain), "circle")
    return html.B([icon(name), about(ctx, alert)], className="cause-name")


def _rule(ctx: ScreenContext, alert: Alert) -> str:
    rule = ctx.city.rules.get(alert.rule)
    return rule.name.get(ctx.lang) if rule is not None else alert.rule


def _rest(ctx: ScreenContext, rest: Sequence[Alert], gravest: Alert) -> Component:
    words = ctx.words
    places = list(dict.fromkeys(ctx.city.areas[alert.area].name(ctx.lang) for alert in rest))
    named = ", ".join(places[:4]) + (" …" if len(places) > 4 else "")
    return html.Details(
        [
            html.Summary(
                [
                    icon("chevron-right"),
                    html.B(words.count("warnings.same", len(rest))),
                    html.Span(named, className="quiet"),
                    severity_chip(ctx, gravest) if gravest in rest else None,
                ]
            ),
            html.Ul([_line(ctx, alert) for alert in rest], className="alerts"),
        ],
        className="same",
    )


def _line(ctx: ScreenContext, alert: Alert) -> Component:
    return html.Li(
        link(
            [
                severity_chip(ctx, alert),
                html.Span(message(ctx, alert), className="alert-text"),
                html.Span([*chips(ctx, alert)[1:], times(ctx, alert)], className="alert-meta"),
            ],
            warning_href(ctx, alert),
            f"alert-row alert-{alert.severity}",
        ),
        id=f"warning-{alert.id}",
        className="is-acknowledged" if alert.open and alert.taken else "",
    )
