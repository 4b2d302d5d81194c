"""The analyst's studio: a figure is sketched in a form, checked, tried, and put into the folder."""

from __future__ import annotations

from collections.abc import Sequence

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from dashboard.components.base import icon, panel
from dashboard.components.page import page
from dashboard.context import ScreenContext
from dashboard.studio.desk import LONGEST, WHATS

TEXTS = ("id", "name_vi", "name_en", "where_is")
CHOICES = ("domain", "dataset", "what", "time", "closes", "column", "where", "unit", "direction")


def render(ctx: ScreenContext) -> Component:
    """Two panels beside each other: the form on one side, YAML with what came of it on the other."""
    words = ctx.words
    return page(
        ctx,
        words("studio.title"),
        [html.Div([_form(ctx), _text(ctx)], className="studio")],
        area=ctx.city.areas.root.code,
        lead=html.Span(words("studio.lead")),
    )


def _key(ctx: ScreenContext, name: str) -> dict[str, str]:
    return {"type": f"studio-{name}", "lang": ctx.lang}


def _form(ctx: ScreenContext) -> Component:
    words, lang, head = ctx.words, ctx.lang, ctx.city.head
    feeds = [(name, feed.name.get(lang)) for name, feed in sorted(ctx.city.datasets.items())]
    options: dict[str, Sequence[tuple[str, str]]] = {
        "domain": [(d.id, d.name.get(lang)) for d in head.domains],
        "dataset": feeds,
        "what": [(what, words.of("studio_what", what)) for what in WHATS],
        "unit": [(u.id, f"{u.symbol.get(lang)} ({u.id})") for u in head.units],
        "direction": [(d, words.of("direction", d)) for d in ("up", "down", "none")],
    }
    first = {"what": WHATS[0], "direction": "none"}

    def text(name: str) -> Component:
        made: Component = dbc.Input(
            id=_key(ctx, name),
            value="",
            maxlength=200,
            placeholder=words("studio.or_more") if name == "where_is" else "",
        )
        return made

    def choice(name: str) -> Component:
        told = [{"value": value, "label": label} for value, label in options.get(name, ())]
        made: Component = dbc.Select(id=_key(ctx, name), options=told, value=first.get(name, ""))
        return made

    rows = [
        ("dataset", choice("dataset")),
        ("what", choice("what")),
        ("column", choice("column")),
        ("time", choice("time")),
        ("where", choice("where")),
        ("where_is", text("where_is")),
        ("closes", choice("closes")),
        ("domain", choice("domain")),
        ("name_vi", text("name_vi")),
        ("name_en", text("name_en")),
        ("id", text("id")),
        ("unit", choice("unit")),
        ("direction", choice("direction")),
    ]
    return panel(
        words("studio.sketch"),
        html.Div(
            [
                *(
                    html.Label([words.of("studio_field", name), field], className=f"field studio-{name}")
                    for name, field in rows
                ),
                dbc.Button(
                    [words("studio.write"), icon("chevron-right")],
                    id=_key(ctx, "write"),
                    n_clicks=0,
                    color="primary",
                ),
            ],
            className="studio-form",
        ),
    )


def _text(ctx: ScreenContext) -> Component:
    words = ctx.words
    return panel(
        words("studio.definition"),
        html.Div(
            [
                dbc.Textarea(
                    id=_key(ctx, "yaml"),
                    value="",
                    rows=18,
                    maxlength=LONGEST,
                    className="studio-yaml",
                    spellcheck="false",
                    placeholder=words("studio.empty"),
                ),
                html.Div(
                    [
                        dbc.Button(
                            [icon("flask"), words("studio.try")],
                            id=_key(ctx, "try"),
                            n_clicks=0,
                            color="primary",
                        ),
                        html.Label(
                            [words("action.who"), dbc.Input(id=_key(ctx, "who"), value="", maxlength=80)],
                            className="field",
                        ),
                        dbc.Button(words("studio.save"), id=_key(ctx, "save"), n_clicks=0, color="primary"),
                    ],
                    # the callback needs both parts on the page, so that they are hidden and not left out
                    className="studio-do" if ctx.writes else "studio-do only-try",
                ),
                None if ctx.writes else html.P(words("studio.kept_out"), className="quiet"),
                html.Div(id=_key(ctx, "said"), role="status", className="studio-said"),
            ],
            className="studio-text",
        ),
    )
