"""What people do on screens: take a warning on, comment on it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from dash import MATCH, Dash, Input, Output, ctx, no_update
from dash import State as FormState

from dashboard.format import Lang
from dashboard.i18n import words_in
from warehouse.state import Areas, State, UnknownWarningError


def register(
    app: Dash,
    state: State,
    areas: Callable[[], Areas],
    clock: Callable[[], dt.datetime],
    changed: Callable[[], object],
) -> None:
    """Wire the forms of the warnings desk.

    ``areas`` are those the viewer may see; ``changed`` is called after each deed, to tell every open page.
    """

    def part(type_: str) -> dict[str, Any]:
        return {"type": type_, "warning": MATCH, "action": MATCH, "lang": MATCH}

    @app.callback(
        Output(part("handle-said"), "children"),
        Input(part("handle-do"), "n_clicks"),
        FormState(part("handle-who"), "value"),
        FormState(part("handle-comment"), "value"),
        prevent_initial_call=True,
    )
    def _handle(clicks: int | None, who: str | None, comment: str | None) -> Any:
        # A form that has just come onto the page also fires, without a click.
        if not clicks or ctx.triggered_id is None:
            return no_update
        key = dict(ctx.triggered_id)
        said, done = handle(state, areas(), key["warning"], key["action"], who, comment, clock(), key["lang"])
        if done:
            changed()
        return said


def handle(
    state: State,
    areas: Areas,
    warning: int,
    action: str,
    who: str | None,
    comment: str | None,
    now: dt.datetime,
    lang: Lang,
) -> tuple[str, bool]:
    """Do what a form asks for; what to tell the person, and whether anything was stored."""
    words = words_in(lang)
    name, text = (who or "").strip(), (comment or "").strip()
    if not name:
        return words("action.needs_name"), False
    if action == "comment" and not text:
        return words("action.needs_comment"), False
    try:
        if action == "comment":
            state.comment(warning, name, text, now, areas=areas)
        else:
            state.acknowledge(warning, name, text, now, areas=areas)
    except UnknownWarningError:
        return words("action.gone"), False
    return words("action.done"), True
