"""Screens: pure functions from a context to a tree of components."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dash.development.base_component import Component

from dashboard.context import ScreenContext
from dashboard.drawing.compact import compact
from dashboard.routes import ScreenKind
from dashboard.screens import (
    area,
    catalogue,
    directive,
    directives,
    domain,
    domains,
    health,
    indicator,
    map,
    missing,
    open,
    programme,
    programmes,
    quarantine,
    reports,
    review,
    rows,
    rule,
    rules,
    silences,
    studio,
    wall,
    warning,
    warnings,
)

__all__ = ["render"]

_SCREENS: Mapping[ScreenKind, Callable[[ScreenContext], Component]] = {
    "area": area.render,
    "domains": domains.render,
    "domain": domain.render,
    "indicator": indicator.render,
    "warnings": warnings.render,
    "warning": warning.render,
    "silences": silences.render,
    "studio": studio.render,
    "rules": rules.render,
    "rule": rule.render,
    "map": map.render,
    "health": health.render,
    "catalogue": catalogue.render,
    "quarantine": quarantine.render,
    "directives": directives.render,
    "directive": directive.render,
    "review": review.render,
    "rows": rows.render,
    "wall": wall.render,
    "open": open.render,
    "reports": reports.render,
    "programmes": programmes.render,
    "programme": programme.render,
    "missing": missing.render,
}


def render(ctx: ScreenContext) -> Component:
    """The screen of the context's route, as few components as it can be."""
    return compact(_SCREENS[ctx.route.kind](ctx))
