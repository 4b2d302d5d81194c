"""The rows of a dataset, found by words, days and the values of its own columns."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from config.models import Column, Feed
from dashboard.components.base import icon, link, panel, table, td, th
from dashboard.components.lineage import cell
from dashboard.components.page import page
from dashboard.components.states import notice
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from warehouse.row_search import AGES, Found, Search, find_rows

PAGE: Final = 50
_OFFERED: Final = 12
"""Values of a column that stand beside the rows; a field of the form has all."""
_TEXT: Final = "q"
_BY: Final = "by."
"""Before the name of a column in the address, so that no column is taken for anything else."""


_ANY: Final = "any"
"""Of a column all values; an empty value is one that the browser does not show."""


def render(ctx: ScreenContext) -> Component:
    """Rows of the dataset that the address names, for ``area``, ``from``, ``to``, words and values."""
    feed, words, params = ctx.city.datasets[ctx.route.target], ctx.words, ctx.route.params
    area = params.get("area", "")
    area = area if area in ctx.city.areas else ctx.city.areas.root.code
    search, number = search_of(ctx, feed), _page(params.get("page", ""))
    found = find_rows(ctx.reader, feed, search, area, ctx.today, PAGE, (number - 1) * PAGE)
    title, trail = feed.name.get(ctx.lang), [(words("nav.health"), ctx.href("health"))]
    if found is None:
        none = notice("empty", "inbox", words("state.empty"), words("state.empty_hint"))
        return page(ctx, title, none, area=area, trail=trail)
    side = [
        panel(words("row_search.search"), _form(ctx, feed, found, area), kind="filters"),
        panel(words("row_search.age"), _ages(ctx, found), kind="handle"),
        *(_group(ctx, feed, name, counted, search) for name, counted in found.groups.items()),
    ]
    listed: Any = _table(ctx, feed, found)
    if not found.rows.rows:
        listed = notice("empty", "search", words("row_search.none"), words("row_search.none_hint"))
    body = [
        html.Div(side, className="w-3 desk-side"),
        html.Div([listed, _pages(ctx, found, number)], className="w-9 cards-box rows-found"),
    ]
    lead = [
        html.Span(ctx.city.areas[area].name(ctx.lang)),
        html.Span(words.count("row_search.total", found.rows.total)),
        html.Span(feed.owner.get(ctx.lang)),
    ]
    return page(ctx, title, body, area=area, trail=[*trail, (title, "")], lead=lead)


def search_of(ctx: ScreenContext, feed: Feed) -> Search:
    """What the address asks for, as far as the dataset knows it."""
    params = ctx.route.params
    known = {column.name for column in feed.columns}
    chosen = {
        name.removeprefix(_BY): value
        for name, value in params.items()
        if name.startswith(_BY) and name.removeprefix(_BY) in known and value not in ("", _ANY)
    }
    words = params.get(_TEXT, "").split()
    labelled = {word: _called(ctx, feed, word) for word in words}
    return Search(words, labelled, chosen, _day(params.get("from", "")), _day(params.get("to", "")))


def _called(ctx: ScreenContext, feed: Feed, word: str) -> list[tuple[str, str]]:
    """The values of columns whose label, in any language, holds a word."""
    wanted = fold(word)
    found: list[tuple[str, str]] = []
    for column in feed.columns:
        for value in column.values or ():
            label = column.labels.get(str(value))
            told = [label.get(lang) for lang in ctx.city.head.languages] if label is not None else []
            if any(wanted in fold(text) for text in [str(value), *told]):
                found.append((column.name, str(value)))
    return found


def fold(text: str) -> str:
    """Small letters without marks, as the search of rows compares them."""
    plain = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return "".join(sign for sign in plain if not unicodedata.combining(sign))


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def _page(text: str) -> int:
    return max(1, int(text)) if text.isdecimal() and len(text) < 7 else 1


def _form(ctx: ScreenContext, feed: Feed, found: Found, area: str) -> Component:
    """A plain form: what it asks for is an address, which can be kept, sent and opened again."""
    words, params = ctx.words, ctx.route.params
    fields: list[Any] = [
        _field(
            words("row_search.words"),
            dbc.Input(
                name=_TEXT,
                type="search",
                value=params.get(_TEXT, ""),
                placeholder=words("row_search.words_hint"),
            ),
        ),
        _field(words("row_search.from"), dbc.Input(name="from", type="date", value=params.get("from", ""))),
        _field(words("row_search.to"), dbc.Input(name="to", type="date", value=params.get("to", ""))),
    ]
    by_name = {column.name: column for column in feed.columns}
    for name, counted in found.groups.items():
        values = [value for value, _ in counted]
        mine = params.get(_BY + name) or _ANY
        options = [
            {"value": _ANY, "label": words("row_search.any")},
            *({"value": v, "label": _label(ctx, by_name[name], v)} for v in values),
        ]
        fields.append(
            _field(_title(ctx, by_name[name]), dbc.Select(name=_BY + name, options=options, value=mine))
        )
    if area != ctx.city.areas.root.code:
        fields.append(dbc.Input(name="area", type="hidden", value=area))
    clear = link(
        [icon("x-circle"), words("row_search.clear")],
        ctx.href("rows", feed.table, area=params.get("area", "")),
    )
    do = html.Button([icon("search"), words("row_search.find")], type="submit", className="btn btn-primary")
    return html.Form(
        [*fields, do, clear], action=ctx.href("rows", feed.table), method="get", className="rows-form"
    )


def _field(title: str, part: Component) -> Component:
    return html.Label([title, part], className="field")


def _ages(ctx: ScreenContext, found: Found) -> Component:
    """How old the rows are that were found, by the day of their event."""
    bounds = [None, *AGES, None]
    most = max([1, *found.ages])
    bars = []
    for (low, high), count in zip(pairwise(bounds), found.ages, strict=True):
        if low is None:
            said = ctx.words("row_search.age_below", n=fmt.number(high, ctx.lang))
        elif high is None:
            said = ctx.words("row_search.age_above", n=fmt.number(low, ctx.lang))
        else:
            said = ctx.words(
                "row_search.age_from", low=fmt.number(low, ctx.lang), high=fmt.number(high, ctx.lang)
            )
        width = {"width": f"{100 * count / most:.1f}%"}
        bars.append(
            html.Li(
                [
                    html.Span(said),
                    html.Span(html.Span(style=width), className="progress-track"),
                    html.B(fmt.number(count, ctx.lang)),
                ]
            )
        )
    return html.Ul(bars, className="age-bands")


def _group(
    ctx: ScreenContext, feed: Feed, name: str, counted: Sequence[tuple[str, int]], search: Search
) -> Component:
    """The values of a column among the rows that were found; each leads to its rows."""
    column = next(one for one in feed.columns if one.name == name)
    chosen = search.chosen.get(name)
    choices = [
        link(
            [
                html.Span(_label(ctx, column, value)),
                html.Span(fmt.number(count, ctx.lang), className="choice-count"),
            ],
            ctx.same_page(**{_BY + name: "" if value == chosen else value, "page": ""}),
            "choice is-active" if value == chosen else "choice",
        )
        for value, count in counted[:_OFFERED]
    ]
    return panel(_title(ctx, column), html.Div(choices, className="choices"), kind="handle")


def _title(ctx: ScreenContext, column: Column) -> str:
    return column.title.get(ctx.lang) if column.title is not None else column.name


def _label(ctx: ScreenContext, column: Column, value: str) -> str:
    called = ctx.city.called(column, value)
    if called is not None:
        return called.get(ctx.lang)
    return (
        ctx.city.areas[value].name(ctx.lang) if _is_area(ctx, column) and value in ctx.city.areas else value
    )


def _is_area(ctx: ScreenContext, column: Column) -> bool:
    rule = ctx.city.datasets[ctx.route.target].area
    return rule.match == "code" and column.name in (rule.column, *rule.otherwise)


def _table(ctx: ScreenContext, feed: Feed, found: Found) -> Component:
    head = [th(_title(ctx, column), number=column.type in ("integer", "number")) for column in feed.columns]
    rows = [
        html.Tr(
            [
                td(_label(ctx, column, str(value)))
                if value is not None and _is_area(ctx, column)
                else cell(ctx, value, column)
                for column, value in zip(feed.columns, row, strict=True)
            ]
        )
        for row in found.rows.rows
    ]
    return panel(None, table(head, rows, "grid rows is-wide", feed.name.get(ctx.lang)), kind="table")


def _pages(ctx: ScreenContext, found: Found, number: int) -> Component | None:
    """The way to the pages before and after."""
    last = -(-found.rows.total // PAGE)
    if last <= 1:
        return None
    words = ctx.words

    def way(to: int, said: Any) -> Component:
        return link(said, ctx.same_page(page=str(to)), "segment")

    return html.Nav(
        [
            way(number - 1, [icon("chevron-left"), words("row_search.earlier")]) if number > 1 else None,
            html.Span(
                words("row_search.page", n=fmt.number(number, ctx.lang), of=fmt.number(last, ctx.lang))
            ),
            way(number + 1, [words("row_search.later"), icon("chevron-right")]) if number < last else None,
        ],
        className="segments rows-pages",
    )
