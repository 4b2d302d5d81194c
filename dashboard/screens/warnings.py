"""The warnings desk: what stands, by cause, what was done about it, what is over."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from config.models import SEVERITIES
from dashboard.components.base import MARK_ICON, icon, link, panel
from dashboard.components.causes import Cause, cause_card, causes
from dashboard.components.handling import MANY, form
from dashboard.components.page import page
from dashboard.components.states import notice
from dashboard.components.warnings import about
from dashboard.components.watch_list import watch_list
from dashboard.context import ScreenContext
from dashboard.warnings.alerts import Alert

RECENT = dt.timedelta(days=14)
"""How far back closed warnings are listed."""

MOST = 40
"""Causes on one page; filters narrow it down."""


def render(ctx: ScreenContext) -> Component:
    """Open or recent warnings, narrowed by ``status``, ``severity`` and ``area`` of the address.

    ``warning`` is the number of one that is shown first.
    """
    params = ctx.route.params
    root = ctx.city.areas.root.code
    area = params.get("area", root)
    area = area if area in ctx.city.areas else root
    recent = params.get("status") == "recent"
    here = [
        a for a in ctx.alerts if a.area in ctx.city.areas and area in ctx.city.areas.path(a.area).values()
    ]
    pool = [a for a in here if (_is_recent(a, ctx.now) if recent else a.open)]
    shown = [a for a in pool if params.get("severity") in (None, a.severity)]
    # The one that a notice leads to comes first, whatever the filters say.
    named = [a for a in here if str(a.id) == params.get("warning")]
    found = causes(ctx, named + [a for a in shown if a not in named], params.get("warning", ""))
    cards: Any = [cause_card(ctx, cause) for cause in found[:MOST]]
    if not cards:
        cards = notice(
            "calm", "check-circle-fill", ctx.words("warnings.none"), ctx.words("warnings.none_hint")
        )
    over = sum(len(cause.alerts) for cause in found[MOST:])
    left = [panel(ctx.words("warnings.filter"), _filters(ctx, here, pool, recent), kind="filters")]
    if not recent and shown:
        left.append(panel(ctx.words("action.together"), _together(ctx, found), kind="handle"))
    body = [
        html.Div(left, className="w-3 desk-side"),
        html.Div(
            [
                html.Div(cards, className="cards"),
                html.P(ctx.words.count("warnings.beyond", over), className="quiet") if over > 0 else None,
                None if recent else watch_list(ctx, area),
            ],
            className="w-9 cards-box",
        ),
    ]
    untaken = sum(1 for a in here if a.open and not a.taken)
    lead = [
        html.Span(ctx.city.areas[area].name(ctx.lang)),
        html.Span(ctx.words.count("warnings.open", sum(1 for a in here if a.open))),
        html.Span(ctx.words.count("warnings.untaken", untaken)),
    ]
    ways = [link([icon("list"), ctx.words("rules.open")], ctx.href("rules"), "btn-quiet"), _silences(ctx)]
    return page(ctx, ctx.words("nav.warnings"), body, area=area, lead=lead, tools=ways)


def _silences(ctx: ScreenContext) -> Component:
    """The way to what is kept quiet."""
    running = sum(1 for span in ctx.quiet if span.starts_at <= ctx.now < span.until)
    said = [icon("moon-stars"), ctx.words("silences.title"), html.B(str(running)) if running else None]
    return link(said, ctx.href("silences"), "btn-quiet")


def _together(ctx: ScreenContext, found: Sequence[Cause]) -> Component:
    """The form of the desk: about all open warnings of a cause, or about one of them."""
    options: list[tuple[str, str]] = []
    for cause in found[:MOST]:
        stand = [alert for alert in cause.alerts if alert.open]
        if not stand:
            continue
        name = about(ctx, cause.lead)
        if len(stand) > 1:
            numbers = ",".join(str(alert.id) for alert in stand)
            options.append((numbers, ctx.words("action.all_of", name=name, n=str(len(stand)))))
        options += [
            (str(alert.id), f"#{alert.id} · {name} · {ctx.city.areas[alert.area].name(ctx.lang)}")
            for alert in stand
        ]
    made = form(ctx, 0, options, ["acknowledge", "comment", *MANY])
    return html.Div(made, className="card-alert", id="desk-form")


def _is_recent(alert: Alert, now: dt.datetime) -> bool:
    return alert.closed_at is not None and now - alert.closed_at <= RECENT


def _filters(ctx: ScreenContext, here: Sequence[Alert], pool: Sequence[Alert], recent: bool) -> Component:
    """Filters are addresses: they can be kept, sent and opened again."""
    words = ctx.words
    severity = ctx.route.params.get("severity")
    status = "recent" if recent else ""
    by_severity = Counter(a.severity for a in pool)
    by_area = Counter(a.area for a in pool if a.area != ctx.city.areas.root.code)
    areas = sorted(by_area.items(), key=lambda item: -item[1])[:16]
    chosen = ctx.route.params.get("area", "")
    return html.Div(
        [
            _filter(
                words("warnings.status"),
                [
                    _choice(
                        ctx,
                        "bell",
                        words("warnings.status_open"),
                        sum(a.open for a in here),
                        not recent,
                        status="",
                    ),
                    _choice(
                        ctx,
                        "clock-history",
                        words("warnings.status_recent"),
                        sum(_is_recent(a, ctx.now) for a in here),
                        recent,
                        status="recent",
                    ),
                ],
            ),
            _filter(
                words("warnings.severity"),
                [
                    _choice(
                        ctx,
                        "circle",
                        words("warnings.all"),
                        len(pool),
                        severity is None,
                        status=status,
                        severity="",
                    ),
                    *(
                        _choice(
                            ctx,
                            MARK_ICON[s],
                            words.of("mark", s),
                            by_severity[s],
                            severity == s,
                            status=status,
                            severity=s,
                            tone=s,
                        )
                        for s in reversed(SEVERITIES)
                    ),
                ],
            ),
            _filter(
                words("warnings.area"),
                [
                    _choice(
                        ctx,
                        "buildings",
                        words("warnings.everywhere"),
                        None,
                        not chosen,
                        status=status,
                        area="",
                    ),
                    *(
                        _choice(
                            ctx,
                            "geo-alt",
                            ctx.city.areas[code].name(ctx.lang),
                            count,
                            code == chosen,
                            status=status,
                            area=code,
                        )
                        for code, count in areas
                    ),
                ],
            ),
        ],
        className="filters",
    )


def _filter(title: str, choices: list[Component]) -> Component:
    return html.Div([html.H3(title), html.Div(choices, className="choices")])


def _choice(
    ctx: ScreenContext,
    icon_name: str,
    text: str,
    count: int | None,
    active: bool,
    tone: str = "",
    **params: str,
) -> Component:
    merged = {**ctx.route.params, **params}
    number = html.Span(str(count), className="choice-count") if count is not None else None
    return link(
        [html.Span(icon(icon_name), className=f"tone-{tone}" if tone else ""), html.Span(text), number],
        ctx.href("warnings", "", **merged),
        "choice is-active" if active else "choice",
    )
