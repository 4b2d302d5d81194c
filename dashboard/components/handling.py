"""What people did about a warning, and the form to do more; warnings/actions.py answers its button."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from dashboard.components.base import icon
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from dashboard.warnings.alerts import Alert
from dashboard.warnings.stories import Shift

if TYPE_CHECKING:
    from warehouse.state import Event

ICONS: Final[Mapping[str, str]] = {
    "acknowledge": "person-check",
    "comment": "chat-left-text",
    "assign": "people",
    "close": "clipboard-check",
    "silence": "moon-stars",
    "reopen": "arrow-repeat",
    "escalate": "graph-up-arrow",
    "severity": "graph-up-arrow",
    "correct": "file-earmark-check",
    "rebase": "check2",
    "unbase": "arrow-repeat",
}
"""The picture of each action."""

CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "close": ("true", "false", "duplicate"),
    "silence": ("1h", "4h", "1d", "7d"),
    "rebase": ("moved", "cut"),
}
"""Between what some actions choose."""

MANY: Final = (
    "assign",
    *(f"close:{outcome}" for outcome in CHOICES["close"]),
    *(f"silence:{span}" for span in CHOICES["silence"]),
)
"""What can be done with any open warning, besides taking it on and commenting on it."""


def handled(ctx: ScreenContext, entry: Event) -> Component:
    """One line of what was done; the engine's own deeds have nobody's name."""
    line: list[Any] = [html.B(entry.who), " "] if entry.who else []
    line += [_said(ctx, entry), f" · {fmt.moment(entry.at, ctx.city.zone, ctx.lang)}"]
    return html.Li(
        [
            icon(ICONS.get(entry.action, "chat-left-text")),
            html.Span(line),
            # Of a correction the detail is a word of the engine; the page tells what became another.
            html.P(entry.detail) if entry.detail and entry.action != "correct" else None,
        ]
    )


def _said(ctx: ScreenContext, entry: Event) -> str:
    words, data = ctx.words, entry.data
    said = words.of("handling", entry.action)
    match entry.action:
        case "assign":
            return f"{said} {data.get('to') or words('handling.nobody')}"
        case "close":
            other = f" {data['duplicate_of']}" if data.get("duplicate_of") else ""
            return f"{said} {words.of('outcome', data['outcome'])}{other}"
        case "severity":
            return f"{said} {words.of('mark', data['after'])}"
        case "rebase":
            began = dt.datetime.fromisoformat(data["began"]).date()
            return f"{said} {fmt.date(began, ctx.lang)}"
        case _:
            return said


def form(
    ctx: ScreenContext, page: int, alerts: Sequence[tuple[str, str]], choices: Sequence[str]
) -> Component:
    """The form of a page (of the warning ``page``, 0: the desk): one, since every field has its price.

    ``alerts`` are what it may be about: numbers of warnings, joined by commas, and what to call them;
    ``choices`` what may be done with them. What is asked for besides follows what is chosen; the style sheet
    shows the field where it belongs.
    """
    words = ctx.words
    key = {"warning": page, "lang": ctx.lang}
    which = dbc.Select(
        id={"type": "handle-which", **key},
        options=[{"value": numbers, "label": name} for numbers, name in alerts],
        value=alerts[0][0],
    )
    options = [{"value": choice, "label": _label(ctx, choice)} for choice in choices]
    what = dbc.Select(id={"type": "handle-what", **key}, options=options, value=choices[0])
    who = dbc.Input(
        id={"type": "handle-who", **key}, name="name", autocomplete="name", maxlength=80, value=""
    )
    other = dbc.Input(id={"type": "handle-other", **key}, maxlength=80, value="")
    comment = dbc.Textarea(
        id={"type": "handle-comment", **key},
        rows=2,
        maxlength=1000,
        value="",
        placeholder=words("action.comment_hint"),
    )
    labels = [html.Span(words(f"action.{name}"), className=f"of-{name}") for name in ("to", "duplicate_of")]
    do = dbc.Button(words("action.record"), id={"type": "handle-do", **key}, n_clicks=0, color="primary")
    alone = " is-alone" if page else ""
    return html.Details(
        [
            html.Summary([icon("clipboard-check"), words("action.handle")], className="btn-quiet"),
            html.Div(
                [
                    html.Label([words("action.which"), which], className=f"field field-wide{alone}"),
                    html.Label([words("action.what"), what], className="field"),
                    html.Label([*labels, other], className="field field-other"),
                    html.Label([words("action.who"), who], className="field"),
                    html.Label([words("action.comment_label"), comment], className="field field-wide"),
                    do,
                    html.P(id={"type": "handle-said", **key}, className="said", role="status"),
                ],
                className="handle-form",
            ),
        ],
        className="handle is-plain" if page else "handle",
        open=bool(page),
    )


def choices_of(alert: Alert, shift: Shift = "none") -> list[str]:
    """The first is chosen unless somebody chooses otherwise. ``shift``: whether the warning tells of one."""
    close = [f"close:{outcome}" for outcome in CHOICES["close"]]
    rebase = [f"rebase:{earlier}" for earlier in CHOICES["rebase"]] if shift == "proposed" else []
    unbase = ["unbase"] if shift == "confirmed" else []
    if not alert.open:
        return [*(["reopen"] if alert.outcome is not None else close), *rebase, *unbase]
    first = ["comment"] if alert.taken else ["acknowledge", "comment"]
    return [*first, *rebase, *unbase, *MANY]


def _label(ctx: ScreenContext, choice: str) -> str:
    action, _, member = choice.partition(":")
    label = ctx.words.of("action", action)
    return f"{label}: {ctx.words.of(f'choice_{action}', member).lower()}" if member else label
