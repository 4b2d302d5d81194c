"""What people did about a warning, and the forms to do more; dashboard/actions.py answers their buttons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from dashboard import format as fmt
from dashboard.alerts import Alert
from dashboard.components.base import icon
from dashboard.context import ScreenContext

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
}
"""The picture of each action."""

CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "close": ("true", "false", "duplicate"),
    "silence": ("1h", "4h", "1d", "7d"),
}
"""What a form lets choose from; the first is chosen unless somebody chooses otherwise."""

_OTHER: Final = {"assign": "to", "close": "duplicate_of"}
"""What a form asks for besides."""


def handled(ctx: ScreenContext, entry: Event) -> Component:
    """One line of what was done; the engine's own deeds have nobody's name."""
    line: list[Any] = [html.B(entry.who), " "] if entry.who else []
    line += [_said(ctx, entry), f" · {fmt.moment(entry.at, ctx.city.zone, ctx.lang)}"]
    return html.Li(
        [
            icon(ICONS.get(entry.action, "chat-left-text")),
            html.Span(line),
            html.P(entry.detail) if entry.detail else None,
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
        case _:
            return said


def forms(ctx: ScreenContext, alert: Alert) -> Component | None:
    """The forms of what can be done with a warning as it stands."""
    actions = _actions(alert)
    return html.Div([_form(ctx, alert, action) for action in actions], className="handles")


def _actions(alert: Alert) -> tuple[str, ...]:
    if alert.open:
        first = ("comment",) if alert.taken else ("acknowledge", "comment")
        return (*first, "assign", "close", "silence")
    return ("reopen",) if alert.outcome is not None else ("close",)


def _form(ctx: ScreenContext, alert: Alert, action: str) -> Component:
    """Who, what and why."""
    words = ctx.words
    key = {"warning": alert.id, "action": action, "lang": ctx.lang}
    label = "judge" if action == "close" and not alert.open else action
    fields: list[Component] = [
        _text(words("action.who"), {"type": "handle-who", **key}, name="name", autocomplete="name"),
        _choice(ctx, action, {"type": "handle-choice", **key}),
        _other(ctx, action, {"type": "handle-other", **key}),
    ]
    comment = dbc.Textarea(
        id={"type": "handle-comment", **key},
        rows=2,
        maxlength=1000,
        value="",
        placeholder=words("action.comment_hint") if action in ("acknowledge", "comment") else "",
    )
    why = "reason" if action in ("silence", "reopen") else "comment_label"
    do = dbc.Button(words.of("action", label), id={"type": "handle-do", **key}, n_clicks=0, color="primary")
    return html.Details(
        [
            html.Summary([icon(ICONS[action]), words.of("action", label)], className="btn-quiet"),
            html.Div(
                [
                    *fields,
                    html.Label([words(f"action.{why}"), comment], className="field field-wide"),
                    do,
                    html.P(id={"type": "handle-said", **key}, className="said", role="status"),
                ],
                className="handle-form",
            ),
        ],
        className="handle",
    )


def _choice(ctx: ScreenContext, action: str, id: dict[str, Any]) -> Component:
    """Every form has one, for the answer to read: hidden where there is nothing to choose."""
    if action not in CHOICES:
        return _hidden(id)
    options = [{"value": c, "label": ctx.words.of(f"choice_{action}", c)} for c in CHOICES[action]]
    select = dbc.Select(id=id, options=options, value=CHOICES[action][0])
    return html.Label([ctx.words(f"action.{action}_choice"), select], className="field")


def _other(ctx: ScreenContext, action: str, id: dict[str, Any]) -> Component:
    if action not in _OTHER:
        return _hidden(id)
    kind = "number" if action == "close" else "text"
    return _text(ctx.words(f"action.{_OTHER[action]}"), id, type=kind)


def _hidden(id: dict[str, Any]) -> Component:
    field: Component = dbc.Input(id=id, type="hidden", value="")
    return field


def _text(label: str, id: dict[str, Any], **more: Any) -> Component:
    return html.Label([label, dbc.Input(id=id, maxlength=80, value="", **more)], className="field")
