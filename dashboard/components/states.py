"""What stands where a value should: nothing yet, not enough, late, or gone wrong."""

from __future__ import annotations

from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.components.base import icon


def notice(kind: str, icon_name: str, title: str, text: Any = None, action: Any = None) -> Component:
    """A part of a screen that has nothing to show, and why. Kinds: empty, calm, hatch, error."""
    return html.Div(
        [
            icon(icon_name),
            html.Div([html.P(title, className="notice-title"), html.P(text) if text else None, action]),
        ],
        className=f"notice notice-{kind}",
        role="status",
    )
