"""Where a number comes from: definition, parts, files, and the rows with their place in the file."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dash import html
from dash.development.base_component import Component

from config.models import Indicator
from dashboard import format as fmt
from dashboard.components.base import facts, icon, link, table, td, th
from dashboard.components.states import notice
from dashboard.components.value import period_name, written
from dashboard.context import ScreenContext

if TYPE_CHECKING:
    from indicators.lineage import Lineage, Part, Source
    from warehouse.reader import Rows, Value

ROWS, PARTS, FILES = 25, 18, 8
_HASH = 10
"""How many letters of a hash tell files apart; the whole one is its title."""


def origin(ctx: ScreenContext, indicator: Indicator, value: Value | None) -> list[Any]:
    """Everything that a value was made of, from its definition down to the lines of files."""
    words = ctx.words
    if value is not None and value.estimated:
        return [notice("empty", "map", words("lineage.recast"), words("lineage.recast_hint"))]
    found = ctx.lineage(value, ROWS) if value is not None else None
    if found is None:
        return [notice("empty", "inbox", words("rows.none"), words("rows.none_hint"))]
    told: list[Any] = [html.Div([_definition(ctx, found), _files(ctx, found)], className="origin")]
    if found.query is None:
        return [*told, _parts(ctx, found.parts)]
    if ctx.as_of is not None:
        return [*told, notice("empty", "clock-history", words("past.rows"), words("past.rows_hint"))]
    if found.rows is None or not found.rows.rows:
        return [*told, notice("empty", "inbox", words("rows.none"), words("rows.none_hint"))]
    return [*told, *_rows(ctx, indicator, found.rows)]


def _definition(ctx: ScreenContext, found: Lineage) -> Component:
    """What was computed, by which version of the definition."""
    words, version = ctx.words, found.version
    entries: list[tuple[Any, Any]] = [(words("lineage.how"), html.Code(found.how))]
    if version is not None:
        since = words(
            "lineage.version_since",
            version=fmt.number(version.version, ctx.lang),
            time=fmt.moment(version.since, ctx.city.zone, ctx.lang),
        )
        body = json.dumps(dict(version.body), ensure_ascii=False, indent=1)
        shown = html.Details(
            [html.Summary(words("lineage.body"), className="link"), html.Pre(body)], className="origin-body"
        )
        entries.append((words("lineage.version"), [since, shown]))
    if found.query is None:
        entries.append((words("lineage.rests_on"), words.count("lineage.values", found.behind)))
    elif found.rows is not None:
        entries.append((words("lineage.rests_on"), words.count("lineage.rows", found.rows.total)))
    return facts(entries)


def _files(ctx: ScreenContext, found: Lineage) -> Component:
    """The files that the rows came in."""
    words = ctx.words
    if not found.sources:
        return html.Div(html.P(words("lineage.no_files"), className="quiet"))
    head = [
        th(words("health.file")),
        th(words("lineage.hash")),
        th(words("lineage.loaded")),
        th(words("health.rows"), number=True),
    ]
    rows = [_file(ctx, source) for source in found.sources[:FILES]]
    more = len(found.sources) - FILES
    notes = [words.count("lineage.more_files", more)] if more > 0 else []
    if found.followed < found.behind:
        shares = [fmt.number(x, ctx.lang) for x in (found.followed, found.behind)]
        notes.append(words("lineage.followed", followed=shares[0], behind=shares[1]))
    return html.Div(
        [
            table(head, rows, "grid", words("lineage.files")),
            html.P(" ".join(notes), className="quiet") if notes else None,
        ]
    )


def _file(ctx: ScreenContext, source: Source) -> Component:
    feed = ctx.city.feeds.get(source.feed)
    name = feed.name.get(ctx.lang) if feed else source.feed
    run = ctx.words("lineage.run", run=source.run)
    return html.Tr(
        [
            td([link(name, ctx.href("health", feed=source.feed), "row-link"), html.Small(source.name)]),
            td(html.Code((source.hash or "")[:_HASH] or fmt.NOTHING, title=source.hash or "")),
            td(
                [
                    fmt.moment(source.loaded_at, ctx.city.zone, ctx.lang)
                    if source.loaded_at
                    else fmt.NOTHING,
                    html.Small(run),
                ],
                class_name="nowrap",
            ),
            td(fmt.number(source.rows, ctx.lang), number=True),
        ]
    )


def _parts(ctx: ScreenContext, parts: Sequence[Part]) -> Component:
    """The values that a formula looked at, each a way to its own origin."""
    words = ctx.words
    head = [
        th(words("lineage.part")),
        th(words("warnings.area")),
        th(words("indicator.period")),
        th(words("indicator.value"), number=True),
        th(words("indicator.n"), number=True),
    ]
    rows = [_part(ctx, part) for part in parts[:PARTS]]
    more = len(parts) - PARTS
    return html.Div(
        [
            table(head, rows, "grid origin-parts", words("lineage.parts")),
            html.P(words.count("lineage.more_parts", more), className="quiet") if more > 0 else None,
        ]
    )


def _part(ctx: ScreenContext, part: Part) -> Component:
    item, value = ctx.city.indicators[part.indicator], part.value
    amount = str(written(ctx, item, value.value)) if value else ctx.words("lineage.no_value")
    return html.Tr(
        [
            html.Th(link(ctx.name(item), ctx.value_href(item.id, part.area, part.period)), scope="row"),
            td(ctx.area_name(ctx.city.areas[part.area])),
            td(period_name(ctx, part.period, part.start), class_name="nowrap"),
            td(amount, number=True),
            td(fmt.number(value.n if value else None, ctx.lang), number=True),
        ]
    )


def _rows(ctx: ScreenContext, indicator: Indicator, found: Rows) -> list[Any]:
    """A page of the fact rows; where each stood in its file comes first."""
    words = ctx.words
    shown, total = fmt.number(len(found.rows), ctx.lang), fmt.number(found.total, ctx.lang)
    feed = ctx.city.datasets.get(getattr(indicator, "dataset", ""))
    types = {column.name: column.type for column in feed.columns} if feed else {}
    own = [number for number, name in enumerate(found.columns) if not name.startswith("_")]
    place = {name: number for number, name in enumerate(found.columns) if name.startswith("_")}
    head = [
        *([th(words("lineage.line"))] if place else []),
        *(th(found.columns[n], number=types.get(found.columns[n]) in ("integer", "number")) for n in own),
    ]
    body = [
        html.Tr(
            [
                *([_line(row, place)] if place else []),
                *(_cell(ctx, row[n], types.get(found.columns[n], "text")) for n in own),
            ]
        )
        for row in found.rows
    ]
    return [
        html.P(
            [icon("info-circle"), words("rows.shown", shown=shown, total=total)], className="quiet rows-note"
        ),
        table(head, body, "grid rows", words("indicator.rows")),
    ]


def _line(row: Sequence[Any], place: dict[str, int]) -> Component:
    """File and line, and the hash of the row's content."""
    name, line, digest = (row[place[key]] for key in ("_file", "_line", "_hash"))
    return td([html.Span(f"{name}:{line}"), html.Small(html.Code(digest))], class_name="origin-line")


def _cell(ctx: ScreenContext, cell: Any, type_: str) -> Component:
    if cell is None:
        return td(html.Span(ctx.words("rows.null"), className="null"))
    if isinstance(cell, dt.datetime):
        return td(fmt.moment(cell, ctx.city.zone, ctx.lang), class_name="nowrap")
    if isinstance(cell, dt.date):
        return td(fmt.date(cell, ctx.lang), class_name="nowrap")
    if isinstance(cell, bool):
        return td(ctx.words("rows.true" if cell else "rows.false"))
    if isinstance(cell, int | float) and type_ in ("integer", "number"):
        whole = float(cell).is_integer()
        return td(fmt.number(cell, ctx.lang, 0 if whole else 2), number=True)
    return td(str(cell))
