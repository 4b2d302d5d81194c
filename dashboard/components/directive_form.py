"""The forms to issue a directive and to follow it up; directives/directing.py answers their buttons."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from dashboard.components.base import icon
from dashboard.context import ScreenContext
from dashboard.directives.about import About
from dashboard.directives.units import units_for

if TYPE_CHECKING:
    from warehouse.state import Directive

ISSUED: Final = ("text", "unit", "joining", "due", "priority", "who")
"""Fields of the form to issue, in the order of ``directing.Issue``."""
TOLD: Final = ("what", "who", "text", "progress", "until", "evidence")
"""Fields of the form to follow up, in the order of ``directing.Told``."""
RESULTS: Final = ("done", "partly", "not_done", "withdrawn")
_PRIORITIES: Final = ("normal", "high", "urgent")
_USUAL: Final = dt.timedelta(days=7)
"""Until when something is due, unless somebody says otherwise."""


def issue_form(
    ctx: ScreenContext, about: About, text: str = "", unit: str = "", due: dt.date | None = None
) -> Component:
    """A form to have a unit do something about what the page shows, folded away. ``text``, ``unit`` and a
    ``due`` that has not passed are what it says before anybody writes.
    """
    words, key = ctx.words, {"about": about.written(), "lang": ctx.lang}
    offices = units_for(ctx.city, about.area, ctx.today)
    units = [{"value": office.key, "label": office.name(ctx.city, ctx.lang)} for office in offices]
    fields: dict[str, Component] = {
        "text": dbc.Textarea(
            id={"type": "issue-text", **key},
            rows=3,
            maxlength=2000,
            placeholder=words("directive.text_hint"),
            value=text,
        ),
        "unit": dbc.Select(
            id={"type": "issue-unit", **key}, options=[{"value": "", "label": "–"}, *units], value=unit
        ),
        "joining": dbc.Select(
            id={"type": "issue-joining", **key}, options=[{"value": "", "label": "–"}, *units], value=""
        ),
        "due": dbc.Input(
            id={"type": "issue-due", **key},
            type="date",
            min=ctx.today.isoformat(),
            value=(due if due is not None and due > ctx.today else ctx.today + _USUAL).isoformat(),
        ),
        "priority": dbc.Select(
            id={"type": "issue-priority", **key},
            options=[{"value": name, "label": words.of("priority", name)} for name in _PRIORITIES],
            value="normal",
        ),
        "who": dbc.Input(
            id={"type": "issue-who", **key}, name="name", autocomplete="name", maxlength=80, value=""
        ),
    }
    said = html.P(id={"type": "issue-said", **key}, className="said", role="status")
    do = dbc.Button(words("directive.issue_do"), id={"type": "issue-do", **key}, n_clicks=0, color="primary")
    return html.Details(
        [
            html.Summary([icon("clipboard-check"), words("directive.issue")], className="btn-quiet"),
            html.Div(
                [*(_field(ctx, name, fields[name]) for name in ISSUED), do, said], className="handle-form"
            ),
        ],
        className="handle directive-issue",
    )


def tell_form(ctx: ScreenContext, directive: Directive) -> Component:
    """What can be done with a directive as it stands. What is asked for besides follows what is chosen; the
    style sheet shows the field where it belongs.
    """
    words, key = ctx.words, {"directive": directive.id, "lang": ctx.lang}
    choices = choices_of(directive)
    options = [{"value": choice, "label": _label(ctx, choice)} for choice in choices]
    after = directive.order.due_at.astimezone(ctx.city.zone).date() + _USUAL
    fields: dict[str, Component] = {
        "what": dbc.Select(id={"type": "tell-what", **key}, options=options, value=choices[0]),
        "who": dbc.Input(
            id={"type": "tell-who", **key}, name="name", autocomplete="name", maxlength=80, value=""
        ),
        "progress": dbc.Input(
            id={"type": "tell-progress", **key}, type="number", min=0, max=100, value=directive.progress
        ),
        "until": dbc.Input(
            id={"type": "tell-until", **key}, type="date", value=max(after, ctx.today).isoformat()
        ),
        "evidence": dbc.Input(
            id={"type": "tell-evidence", **key}, type="url", maxlength=400, value="", placeholder="https://"
        ),
        "text": dbc.Textarea(
            id={"type": "tell-text", **key},
            rows=3,
            maxlength=2000,
            value="",
            placeholder=words("directive.words_hint"),
        ),
    }
    said = html.P(id={"type": "tell-said", **key}, className="said", role="status")
    do = dbc.Button(words("action.record"), id={"type": "tell-do", **key}, n_clicks=0, color="primary")
    return html.Div(
        [*(_field(ctx, name, part) for name, part in fields.items()), do, said], className="handle-form"
    )


def choices_of(directive: Directive) -> list[str]:
    """What can be done with it; the first is chosen unless somebody chooses otherwise."""
    if not directive.open:
        return ["comment", "reopen"]
    answer = ["extend", "refuse"] if directive.asked_until is not None else []
    return [*answer, "report", "comment", "ask", *(f"close:{result}" for result in RESULTS)]


def _label(ctx: ScreenContext, choice: str) -> str:
    action, _, result = choice.partition(":")
    label = ctx.words.of("directive_do", action)
    return f"{label}: {ctx.words.of('directive_result', result)}" if result else label


def _field(ctx: ScreenContext, name: str, part: Any) -> Component:
    wide = " field-wide" if name in ("text", "what") else ""
    return html.Label([ctx.words.of("directive_field", name), part], className=f"field{wide} field-of-{name}")
