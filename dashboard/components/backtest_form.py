"""The form by which a person has a rule tried; dashboard/rules/backtesting.py answers its button."""

from __future__ import annotations

import datetime as dt
from typing import Final

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from config.models import Rule
from dashboard.components.base import icon
from dashboard.context import ScreenContext

SPAN: Final = dt.timedelta(days=365)
"""How far back a backtest reaches unless somebody says otherwise."""
EVERY: Final = "*"
"""Stands in the form for every rule that was not tried yet."""


def backtest_form(ctx: ScreenContext, rule: Rule | None = None) -> Component:
    """Span, incidents that are known besides those marked on screens, name.

    Without a ``rule`` it is about all that were not tried yet, folded away and without incidents.
    """
    words = ctx.words
    about = EVERY if rule is None else rule.id
    key = {"rule": about, "lang": ctx.lang}
    name = words("backtest.do_all") if rule is None else words("backtest.do")
    first, last = (
        dbc.Input(
            id={"type": f"backtest-{name}", **key},
            type="date",
            value=day.isoformat(),
            max=ctx.today.isoformat(),
        )
        for name, day in (("first", ctx.today - SPAN), ("last", ctx.today))
    )
    who = dbc.Input(
        id={"type": "backtest-who", **key}, name="name", autocomplete="name", maxlength=80, value=""
    )
    incidents = dbc.Textarea(
        id={"type": "backtest-incidents", **key},
        rows=3,
        maxlength=20000,
        value="",
        placeholder=words("backtest.incidents_hint", area=ctx.city.areas.root.code),
    )
    do = dbc.Button(words("backtest.do"), id={"type": "backtest-do", **key}, n_clicks=0, color="primary")
    return html.Div(
        html.Details(
            [
                html.Summary([icon("flask"), name], className="btn-quiet"),
                html.Div(
                    [
                        html.Label([words("backtest.first"), first], className="field field-day"),
                        html.Label([words("backtest.last"), last], className="field field-day"),
                        html.Label(
                            [words("backtest.incidents"), incidents],
                            className="field field-wide" + (" is-alone" if rule is None else ""),
                        ),
                        html.Label([words("action.who"), who], className="field"),
                        do,
                        html.P(id={"type": "backtest-said", **key}, className="said", role="status"),
                    ],
                    className="handle-form",
                ),
            ],
            className="handle" if rule is None else "handle is-plain",
            open=rule is not None,
        ),
        className="card-alert",
        id="backtest-untried" if rule is None else f"backtest-{rule.id}",
    )
