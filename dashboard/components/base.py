"""The smallest parts: icons, chips, panels, ages."""

from __future__ import annotations

import datetime as dt
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.context import ScreenContext
from dashboard.drawing.format import local, moment
from dashboard.standing import Mark

Node = Component | str

MARK_ICON: dict[Mark, str] = {
    "critical": "exclamation-octagon-fill",
    "serious": "exclamation-diamond-fill",
    "watch": "exclamation-triangle-fill",
    "late": "clock-history",
    "insufficient": "slash-circle",
    "missed": "exclamation-triangle-fill",
    "met": "check2",
}


def dashed(**given: Any) -> dict[str, Any]:
    """Attributes whose names have dashes: ``dashed(aria_hidden="true")`` is ``aria-hidden``."""
    return {name.replace("_", "-"): entry for name, entry in given.items()}


def icon(name: str) -> Component:
    """A picture that says nothing by itself: a word always stands beside it."""
    return html.Span(className=f"i i-{name}", **dashed(aria_hidden="true"))


def mark_icon(ctx: ScreenContext, mark: Mark) -> Component:
    """A mark where there is no room for its word: the word is its label and title."""
    word = ctx.words.of("mark", mark)
    name = f"i i-{MARK_ICON[mark]} tone-{mark}"
    return html.Span(className=name, role="img", title=word, **dashed(aria_label=word))


def chip(kind: str, icon_name: str, word: str) -> Component:
    """A state as icon and word, never as colour alone."""
    return html.Span([icon(icon_name), word], className=f"chip chip-{kind}")


def mark_chip(ctx: ScreenContext, mark: Mark) -> Component | None:
    """The chip of a mark; a value that is simply normal wears none."""
    if mark == "none":
        return None
    return chip(mark, MARK_ICON[mark], ctx.words.of("mark", mark))


def link(children: Any, href: str, class_name: str = "link", title: str | None = None) -> Component:
    """A way to another screen without reloading the page."""
    given: dict[str, Any] = {"title": title} if title else {}
    return dcc.Link(children, href=href, className=class_name, **given)


def panel(
    title: Any,
    body: Any,
    *,
    aside: Any = None,
    width: int = 12,
    kind: str = "",
) -> Component:
    """A titled part of a screen, ``width`` twelfths wide; ``aside`` stands at the right end of its head."""
    head = html.Header(
        [html.H2(title), html.Div(aside, className="panel-aside") if aside else None],
        className="panel-head",
    )
    return html.Section(
        [head if title else None, html.Div(body, className="panel-body")],
        className=f"panel panel-{kind} w-{width}" if kind else f"panel w-{width}",
    )


def age(ctx: ScreenContext, at: dt.datetime, limit: dt.timedelta | None = None) -> Component:
    """How long ago something was. The page's own clock writes the words; the title gives the moment.

    Past ``limit`` the age is marked as over.
    """
    there = local(at, ctx.city.zone)
    extra: dict[str, Any] = {"data-at": there.isoformat(timespec="seconds")}
    if limit is not None:
        extra["data-limit"] = str(int(limit.total_seconds()))
    return html.Span(className="age", title=moment(at, ctx.city.zone, ctx.lang), **extra)


def facts(rows: list[tuple[Any, Any]], class_name: str = "facts") -> Component:
    """A list of terms and what they are."""
    return html.Dl([html.Div([html.Dt(term), html.Dd(what)]) for term, what in rows], className=class_name)


def table(head: list[Any], rows: list[Any], class_name: str = "grid", caption: str = "") -> Component:
    """A table of head cells and rows, in a box that scrolls sideways when the page is narrow."""
    return html.Div(
        html.Table(
            [
                html.Caption(caption, className="sr") if caption else None,
                html.Thead(html.Tr(head)),
                html.Tbody(rows),
            ],
            className=class_name,
        ),
        className="scroller",
        tabIndex=0,
        role="region",
        **dashed(aria_label=caption or None),
    )


def th(text: Any, number: bool = False) -> Component:
    """A column's head."""
    return html.Th(text, scope="col", className="num" if number else "")


def td(content: Any, number: bool = False, class_name: str = "") -> Component:
    """A cell; numbers stand right."""
    return html.Td(content, className=f"num {class_name}".strip() if number else class_name)
