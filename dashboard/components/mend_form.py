"""The forms over refused rows: one written anew, or all that are listed; feeds/row_forms.py answers."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from config.models import Feed
from dashboard.components.base import icon
from dashboard.context import ScreenContext
from pipelines.exchange import flat
from pipelines.sentences import sentence_of
from warehouse.quarantine import Asked, Refused

LINE = ""
"""The field of a line that could not be told apart into cells."""


def row_form(ctx: ScreenContext, feed: Feed, row: Refused) -> Component:
    """Its cells as fields, what is wrong at each; to try it, to receive it, or to dismiss it."""
    words, key = ctx.words, {"feed": feed.id, "row": row.id, "lang": ctx.lang}
    cells = flat(row)
    headers = {column.name: column.source or column.name for column in feed.columns}
    wrong: dict[str, list[str]] = {}
    for problem in row.problems:
        header = headers.get(problem.get("column") or "", "")
        wrong.setdefault(header, []).append(sentence_of(feed, problem, ctx.lang))
    if cells:
        names = [*cells, *(header for header in headers.values() if header not in cells)]
        fields = [_field(name, cells.get(name, ""), wrong.get(name, []), key) for name in names]
    else:
        area = dbc.Textarea(
            id={"type": "row-cell", "of": LINE, **key}, rows=3, value=row.text, maxlength=100_000
        )
        fields = [html.Label([words("quarantine.as_text"), area], className="field field-wide")]
    buttons = [
        _button(words("quarantine.try"), "row-try", key, "outline-primary"),
        _button(words("quarantine.receive"), "row-mend", key, "primary"),
        _button(words("quarantine.dismiss"), "row-dismiss", key, "outline-secondary"),
    ]
    form = html.Div(
        [
            html.Div(fields, className="refused-fields"),
            *_why(ctx, "row", key),
            html.Div(buttons, className="refused-do"),
            html.Div(id={"type": "row-said", **key}, className="said", role="status"),
        ],
        className="handle-form",
    )
    summary = html.Summary([icon("file-earmark-check"), words("quarantine.mend")], className="btn-quiet")
    return html.Details([summary, form], className="handle is-plain", open=True)


def bulk_form(ctx: ScreenContext, feed: Feed, asked: Asked, count: int) -> Component:
    """What can be done with all rows that are listed."""
    words = ctx.words
    key = {"of": json.dumps(asdict(asked)), "lang": ctx.lang}
    deeds = ("take_back",) if asked.state == "dismissed" else ("replay", "dismiss")
    if asked.state == "mended":
        return html.P(words("quarantine.nothing_to_do"), className="quiet")
    options = [{"value": deed, "label": words.of("quarantine", f"all_{deed}")} for deed in deeds]
    what = dbc.Select(id={"type": "rows-what", **key}, options=options, value=deeds[0])
    form = html.Div(
        [
            html.P(words.count("quarantine.of_all", count), className="quiet"),
            html.Label([words("action.what"), what], className="field"),
            *_why(ctx, "rows", key),
            _button(words("action.record"), "rows-do", key, "primary"),
            html.Div(id={"type": "rows-said", **key}, className="said", role="status"),
        ],
        className="handle-form",
    )
    summary = html.Summary([icon("layers"), words("quarantine.together")], className="btn-quiet")
    made = html.Details([summary, form], className="handle is-plain", open=True)
    return html.Div(made, className="card-alert", id=f"rows-{feed.id}-{asked.state}")


def _field(name: str, text: str, wrong: list[str], key: dict[str, Any]) -> Component:
    field = dbc.Input(
        id={"type": "row-cell", "of": name, **key}, value=text, maxlength=10_000, autocomplete="off"
    )
    said = [html.Small([icon("exclamation-triangle-fill"), sentence]) for sentence in wrong]
    return html.Label([html.Span(name), field, *said], className="field is-wrong" if wrong else "field")


def _why(ctx: ScreenContext, form: str, key: dict[str, Any]) -> list[Component]:
    words = ctx.words
    note = dbc.Input(
        id={"type": f"{form}-note", **key},
        maxlength=1000,
        value="",
        placeholder=words("quarantine.note_hint"),
    )
    who = dbc.Input(
        id={"type": f"{form}-who", **key}, name="name", autocomplete="name", maxlength=80, value=""
    )
    return [
        html.Label([words("quarantine.note"), note], className="field field-wide"),
        html.Label([words("action.who"), who], className="field"),
    ]


def _button(text: str, type_: str, key: dict[str, Any], color: str) -> Any:
    outline = color.startswith("outline-")
    return dbc.Button(
        text, id={"type": type_, **key}, n_clicks=0, color=color.removeprefix("outline-"), outline=outline
    )
