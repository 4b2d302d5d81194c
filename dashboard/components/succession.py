"""What an area was made of and what became of it; which boundaries figures are told on; estimates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from config.areas import Move
from config.models import Area
from dashboard.boundaries import PARAMETER, Choice, choices
from dashboard.components.base import chip, dashed, icon, link, panel
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from dashboard.drawing.collate import sort_key


def boundary_tabs(ctx: ScreenContext, area: str) -> Component | None:
    """The choice of boundaries, as links to the same page; nothing where there is none to make."""
    offered = choices(ctx.city, area, ctx.today)
    if not offered:
        return None
    current = ctx.boundaries
    tabs = [
        link(
            _name(ctx, choice),
            ctx.same_page(**{PARAMETER: choice.on.isoformat() if choice.on else ""}),
            "segment is-active" if choice.on == current else "segment",
        )
        for choice in offered
    ]
    label = ctx.words("boundaries.label")
    return html.Div(
        [
            html.Span([icon("layers"), label], className="segments-label"),
            html.Nav(tabs, className="segments", **dashed(aria_label=label)),
        ],
        className="segments-line",
    )


def estimate_chip(ctx: ScreenContext) -> Component:
    """Says that a figure is put together from parts of units."""
    return chip("estimate", "pie-chart", ctx.words("boundaries.estimate"))


def estimate_icon(ctx: ScreenContext) -> Component:
    """The same where there is no room for the word, which is its label and title."""
    word = ctx.words("boundaries.estimate")
    return html.Span(
        className="i i-pie-chart tone-estimate", role="img", title=word, **dashed(aria_label=word)
    )


def boundary_note(ctx: ScreenContext, area: str, reason: str = "") -> Component | None:
    """What the chosen boundaries mean for the figures of an area; nothing on those of their time.

    ``reason`` is why the indicator of the page cannot be put together, if it cannot.
    """
    if ctx.boundaries is None:
        return None
    unit, words = ctx.city.areas[area], ctx.words
    date = fmt.date(ctx.boundaries, ctx.lang)
    if not unit.valid_on(ctx.boundaries):
        text = words("boundaries.absent", area=unit.name(ctx.lang), date=date)
        return _note("info-circle", text)
    pieces = [p for p in ctx.city.areas.recast(ctx.boundaries).of(area) if p.unit != area]
    for since, part in _grown(ctx, area):
        if not pieces and not reason:
            day = fmt.date(since, ctx.lang)
            if since > ctx.boundaries:
                return _note("layers", words("boundaries.without", date=date, since=day))
            return _note("layers", words("boundaries.lacking", since=day, share=_percent(ctx, part)))
    if not pieces:
        return _note("layers", words("boundaries.same", area=unit.name(ctx.lang), date=date))
    if reason:
        return _note("slash-circle", words("boundaries.never", date=date) + " " + words.of("recast", reason))
    parted = any(not piece.exact for piece in pieces)
    text = words("boundaries.parted", date=date) if parted else words("boundaries.whole", date=date)
    moves = [Move(p.until if p.until < dt.date.max else p.since, p.unit, p.share) for p in pieces]
    return _note("pie-chart" if parted else "layers", text, _moves(ctx, moves))


def succession_panel(ctx: ScreenContext, area: str) -> Component | None:
    """The units that an area was made of and those that it became, with shares and dates."""
    tree, words = ctx.city.areas, ctx.words
    parts: list[Any] = []
    for came, moves in ((True, tree.came_from(area)), (False, tree.went_to(area))):
        for date in sorted({move.date for move in moves}):
            parts.append(html.P(_head(ctx, tree[area], date, came), className="moves-head"))
            parts.append(_moves(ctx, [move for move in moves if move.date == date]))
    for date, part in _grown(ctx, area, whole=True):
        day, share = fmt.date(date, ctx.lang), _percent(ctx, part)
        text = (
            words("boundaries.joined", date=day)
            if part == 1
            else words("boundaries.grew", date=day, share=share)
        )
        parts.append(html.P(text, className="moves-head"))
    if not parts:
        return None
    return panel(words("boundaries.title"), html.Div(parts, className="moves-box"), kind="places")


def _grown(ctx: ScreenContext, area: str, whole: bool = False) -> list[tuple[dt.date, float]]:
    """When ground came into an area from outside the city, and which part of the people live there.

    ``whole``: also when it came itself.
    """
    joined = ctx.city.areas.joined.items()
    return [(date, came[area]) for date, came in joined if area in came and (whole or came[area] < 1)]


def _percent(ctx: ScreenContext, part: float) -> str:
    return fmt.number(100 * part, ctx.lang, 0 if part >= 0.1 else 1)


def _head(ctx: ScreenContext, unit: Area, date: dt.date, came: bool) -> str:
    """Whether a unit began or ended with a change, or went on with more ground or less."""
    words, day = ctx.words, fmt.date(date, ctx.lang)
    if came:
        began = unit.valid_from == date
        return words("boundaries.from", date=day) if began else words("boundaries.gained", date=day)
    ended = unit.valid_to == date
    return words("boundaries.to", date=day) if ended else words("boundaries.lost", date=day)


def _moves(ctx: ScreenContext, moves: Sequence[Move]) -> Component:
    """Units with the share of each, the largest first."""
    areas = ctx.city.areas
    ordered = sorted(moves, key=lambda m: (-m.share, sort_key(areas[m.unit].name(ctx.lang))))
    entries = [
        html.Li(
            [
                link(areas[move.unit].name(ctx.lang), ctx.href("area", move.unit, **{PARAMETER: ""})),
                html.Span(_share(ctx, move.share), className="" if move.share == 1 else "tone-estimate"),
            ]
        )
        for move in ordered
    ]
    return html.Ul(entries, className="moves")


def _share(ctx: ScreenContext, share: float) -> str:
    if share == 1:
        return ctx.words("boundaries.all")
    return ctx.words("boundaries.share", share=_percent(ctx, share))


def _note(icon_name: str, text: str, more: Component | None = None) -> Component:
    return html.Aside([icon(icon_name), html.Div([html.P(text), more])], className="panel w-12 boundary-note")


def _name(ctx: ScreenContext, choice: Choice) -> str:
    if choice.word == "until" and choice.on is not None:
        return ctx.words("boundaries.until", date=fmt.date(choice.on, ctx.lang))
    return ctx.words.of("boundaries", choice.word)
