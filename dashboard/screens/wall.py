"""The wall: pages that follow one another unattended, each filling the display without scrolling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from config.models import Panel, WallPage, WallScreen
from dashboard.components.base import age, chip, dashed, icon, link
from dashboard.components.masthead import simulated
from dashboard.components.past import past_banner
from dashboard.components.states import notice
from dashboard.components.warnings import (
    alert_href,
    gravest_first,
    message,
    phase_chip,
    severity_chip,
    warning_list,
)
from dashboard.context import ScreenContext
from dashboard.drawing.format import moment
from dashboard.screens.panels import panels
from dashboard.standing import allowance
from dashboard.warnings.alerts import Alert

ALERT_SECONDS = 60
"""Dwell of the page of critical warnings; a new one is held for five times as long (92-wall.js)."""


def render(ctx: ScreenContext) -> Component:
    """Every page at once; 92-wall.js turns them, as many side by side as the display has room for."""
    chosen = ctx.route.params.get("screen")
    walls = [s for s in ctx.city.screens.values() if isinstance(s, WallScreen)]
    wall = next((s for s in walls if s.id == chosen), walls[0] if walls else None)
    critical = [a for a in gravest_first(ctx.alerts) if a.severity == "critical" and _calls(a)]
    pages: list[Component] = [_critical_page(ctx, critical)] if critical else []
    pages += [_page(ctx, entry) for entry in wall.pages] if wall else [_empty(ctx)]
    return html.Div(
        [
            _head(ctx, wall.title.get(ctx.lang) if wall else "", critical),
            past_banner(ctx),
            html.Div(pages, className="wall-pages"),
            html.Div(className="wall-progress", **dashed(aria_hidden="true")),
        ],
        className="screen theme-dark wall",
        lang=ctx.lang,
        **dashed(
            data_title=ctx.city.head.name.get(ctx.lang),
            data_version=ctx.version,
            data_as_of=ctx.as_of.isoformat() if ctx.as_of else None,
        ),
    )


def _head(ctx: ScreenContext, title: str, critical: Sequence[Alert]) -> Component:
    reached = [s.data_through for s in ctx.reader.feeds().values() if s.data_through is not None]
    newest = max((at for at in reached if at <= ctx.now.replace(tzinfo=None)), default=None)
    words = ctx.words
    fresh: list[Any] = [html.Span([html.I(className="pulse"), words("fresh.up")], className="when-up")]
    fresh.append(html.Span([icon("wifi-off"), words("fresh.down")], className="when-down"))
    if newest is not None:
        fresh.append(
            html.Span(
                [words("fresh.data") + " ", age(ctx, newest, allowance(ctx.city.feeds.values()))],
                title=moment(newest, ctx.city.zone, ctx.lang),
            )
        )
    alarm = None
    if critical:
        text = words.count("warnings.critical", len(critical))
        alarm = html.Span([icon("exclamation-octagon-fill"), text], className="wall-alarm")
    return html.Header(
        [
            html.Span(className="brand-mark", **dashed(aria_hidden="true")),
            html.Div([html.B(ctx.city.head.name.get(ctx.lang)), html.Span(title)], className="wall-name"),
            alarm,
            simulated(ctx),
            html.Div(fresh, className="fresh"),
            html.Div(className="wall-clock", **dashed(data_clock=ctx.city.head.timezone)),
        ],
        className="wall-head",
    )


def _page(ctx: ScreenContext, entry: WallPage) -> Component:
    area = entry.area if entry.area and entry.area in ctx.city.areas else ctx.city.areas.root.code
    return html.Article(
        html.Div(
            [
                html.H1(entry.title.get(ctx.lang)),
                html.Div(
                    panels(ctx, area, entry.panels),
                    className="wall-grid",
                    style={"gridTemplateRows": rows_of(entry.panels)},
                ),
            ],
            className="wall-inner",
        ),
        className="wall-page",
        **dashed(data_dwell=str(int(entry.dwell.total_seconds()))),
    )


def rows_of(defined: Sequence[Panel]) -> str:
    """Heights of a page's rows: headline numbers take what they need, everything else shares the rest."""
    heights: list[str] = []
    room = 0
    for entry in defined:
        room -= entry.width
        if room < 0:
            headline = entry.type == "tiles" and entry.width == 12
            heights.append("auto" if headline else "minmax(0, 1fr)")
            room = 12 - entry.width
    return " ".join(heights) if any("fr" in h for h in heights) else "minmax(0, 1fr)"


def _calls(alert: Alert) -> bool:
    """Whether a warning still waits for somebody to take it on, and nobody keeps it quiet."""
    return alert.open and not alert.taken and alert.quiet_until is None


def _critical_page(ctx: ScreenContext, alerts: Sequence[Alert]) -> Component:
    """What a control room must see at once: the gravest warnings that nobody has taken on yet."""
    shown = alerts[:3]
    cards = [
        html.Li(
            link(
                [
                    html.Div(
                        [
                            severity_chip(ctx, a),
                            phase_chip(ctx, a),
                            html.Span(age(ctx, a.since), className="quiet"),
                        ],
                        className="card-head",
                    ),
                    html.P(message(ctx, a), className="siren-text"),
                    _playbook(ctx, a),
                ],
                alert_href(ctx, a),
                "siren",
            )
        )
        for a in shown
    ]
    body = html.Div(
        [
            html.H1([icon("exclamation-octagon-fill"), ctx.words("warnings.siren")]),
            html.Div(
                [
                    html.Ul(cards, className="sirens"),
                    html.Div(
                        [
                            html.H2(ctx.words("warnings.further")),
                            warning_list(ctx, ctx.city.areas.root.code, 8, beside=shown),
                        ],
                        className="panel panel-warnings",
                    ),
                ],
                className="wall-siren-grid",
            ),
        ],
        className="wall-inner",
    )
    ids = ",".join(str(a.id) for a in alerts)
    return html.Article(
        body, className="wall-page wall-siren", **dashed(data_dwell=str(ALERT_SECONDS), data_critical=ids)
    )


def _playbook(ctx: ScreenContext, alert: Alert) -> Component | None:
    rule = ctx.city.rules.get(alert.rule)
    if rule is None or rule.playbook is None:
        return None
    return html.P(
        [html.B(ctx.words("warnings.playbook") + ": "), rule.playbook.get(ctx.lang)], className="siren-do"
    )


def _empty(ctx: ScreenContext) -> Component:
    body = notice("empty", "display", ctx.words("state.no_screen"), ctx.words("wall.none_hint"))
    return html.Article(
        html.Div([chip("late", "info-circle", ctx.words("state.no_screen")), body], className="wall-inner"),
        className="wall-page",
        **dashed(data_dwell="60"),
    )
