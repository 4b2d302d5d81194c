"""The programmes of the city, and how far each one is."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from config.models import Programme
from dashboard.components.base import icon, link
from dashboard.components.page import page
from dashboard.components.programme_tasks import bar
from dashboard.components.states import notice
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from dashboard.programmes import board


def render(ctx: ScreenContext) -> Component:
    """A card for each programme."""
    words = ctx.words
    cards = [_card(ctx, programme) for programme in ctx.city.programmes.values()]
    body = cards or [notice("empty", "list-check", words("programme.no_programme"))]
    return page(ctx, words("programme.title"), body, area=ctx.city.areas.root.code)


def _card(ctx: ScreenContext, programme: Programme) -> Component:
    made = board(ctx, programme)
    codes = [area.code for area in made.areas]
    count, score = made.count(programme.criteria, codes), made.score(programme.criteria, codes)
    told = [
        ctx.words.count("programme.criteria", len(programme.criteria)),
        ctx.words.count("programme.tasks_each", len(programme.tasks)),
        ctx.words.count("programme.late_tasks", count.overdue),
    ]
    return link(
        [
            html.H2([icon("list-check"), programme.name.get(ctx.lang)]),
            sample_chip(ctx, programme),
            html.P(programme.note.get(ctx.lang)) if programme.note else None,
            bar(ctx, 100 * score) if score is not None else html.P(ctx.words("state.empty")),
            html.P(" · ".join(told), className="quiet"),
            html.P(
                [programme.owner.get(ctx.lang), " · ", span(ctx, programme)],
                className="quiet",
            ),
        ],
        ctx.href("programme", programme.id),
        "panel programme-card w-6",
    )


def sample_chip(ctx: ScreenContext, programme: Programme) -> Component | None:
    """Says that criteria and tasks were made up, where they were."""
    if not programme.sample:
        return None
    return html.Span([icon("flask"), ctx.words("programme.sample")], className="chip chip-simulated")


def span(ctx: ScreenContext, programme: Programme) -> str:
    """The first and the last day of a programme."""
    first, last = (fmt.date(day, ctx.lang) for day in (programme.span.start, programme.span.until))
    return f"{first} – {last}"
