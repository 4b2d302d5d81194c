"""A field that hides whatever does not hold the words typed into it (assets/95-finder.js)."""

from __future__ import annotations

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from dashboard.components.base import dashed, icon


def finder(label: str, id_: str) -> Component:
    """Stands in a ``findable`` part and searches its ``find-item`` parts, whatever marks letters have."""
    return html.Div(
        [
            icon("search"),
            dbc.Input(id=id_, type="search", placeholder=label, className="finder", autocomplete="off"),
            html.Label(label, htmlFor=id_, className="sr"),
        ],
        className="finder-box",
        role="search",
        **dashed(aria_label=label),
    )
