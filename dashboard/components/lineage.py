"""Where a number comes from: definition, parts, files, and the rows with their place in the file."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dash import html
from dash.development.base_component import Component

from config.models import Area, Column, Indicator
from dashboard.components.base import facts, icon, link, table, td, th
from dashboard.components.states import notice
from dashboard.components.value import period_name, written
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt

if TYPE_CHECKING:
    from indicators.lineage import Lineage, Part, Source
    from warehouse.reader import Rows, Value

ROWS, PARTS, FILES = 25, 18, 8
_HASH = 10
"""How many letters of a hash tell files apart; the whole one is its title."""
_NUMBERS = ("integer", "number")


def origin(ctx: ScreenContext, indicator: Indicator, value: Value | None) -> list[Any]:
    """Everything that a value was made of, from its definition down to the lines of files."""
    words = ctx.words
    if value is not None and value.estimated:
        return [notice("empty", "map", words("lineage.recast"), words("lineage.recast_hint"))]
    found = ctx.lineage(value, ROWS) if value is not None else None
    if found is None:
        return [notice("empty", "inbox", words("rows.none"), words("rows.none_hint"))]
    told: list[Any] = [_summary(ctx, found), _files(ctx, found)]
    if found.query is None:
        return [*told, _parts(ctx, found.parts)]
    if ctx.as_of is not None:
        return [*told, notice("empty", "clock-history", words("past.rows"), words("past.rows_hint"))]
    if found.rows is None or not found.rows.rows:
        return [*told, notice("empty", "inbox", words("rows.none"), words("rows.none_hint"))]
    return [*told, *_rows(ctx, indicator, found.rows)]


def _summary(ctx: ScreenContext, found: Lineage) -> Component:
    """What the value rests on, and by which version of the definition, whose text is folded away."""
    words, version = ctx.words, found.version
    rests: str | None = None
    if found.query is None:
        rests = words.count("lineage.values", found.behind)
    elif found.rows is not None:
        rests = words.count("lineage.rows", found.rows.total)
    entries: list[tuple[Any, Any]] = [(words("lineage.rests_on"), rests)] if rests else []
    how: list[Any] = [words("lineage.how"), ": ", html.Code(found.how)]
    if version is None:
        return html.Div([facts(entries), html.P(how)], className="origin")
    since = words(
        "lineage.version_since",
        version=fmt.number(version.version, ctx.lang),
        time=fmt.moment(version.since, ctx.city.zone, ctx.lang),
    )
    entries.append((words("lineage.version"), since))
    body = json.dumps(dict(version.body), ensure_ascii=False, indent=1)
    text = _folded(words("lineage.body"), [html.P(how), html.Pre(body)])
    return html.Div([facts(entries), text], className="origin")


def _folded(title: str, body: Any) -> Component:
    """Something that few ask for, behind a title that shows that it opens."""
    return html.Details(
        [html.Summary([icon("chevron-right"), title]), html.Div(body, className="folded-body")],
        className="folded",
    )


def _files(ctx: ScreenContext, found: Lineage) -> Component:
    """The files that the rows came in."""
    words = ctx.words
    if not found.sources:
        return html.P(words("lineage.no_files"), className="quiet")
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
    listed = [
        table(head, rows, "grid origin-files", words("lineage.files")),
        html.P(" ".join(notes), className="quiet") if notes else None,
    ]
    count = fmt.number(len(found.sources), ctx.lang)
    return _folded(words("lineage.files") + f" ({count})", listed)


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
    own = [number for number, name in enumerate(found.columns) if not name.startswith("_")]
    place = {name: number for number, name in enumerate(found.columns) if name.startswith("_")}
    columns = {column.name: column for column in feed.columns} if feed else {}
    coded = {feed.area.column, *feed.area.otherwise} if feed and feed.area.match == "code" else set()
    names = _area_names(ctx) if coded else {}
    when = found.columns.index(feed.event_time) if feed and feed.event_time in found.columns else None
    places = {n: max(_decimals(row[n]) for row in found.rows) for n in own}
    head = [
        *(_column(ctx, found.columns[n], columns.get(found.columns[n])) for n in own),
        *([th(words("lineage.line"))] if place else []),
    ]
    body = [
        html.Tr(
            [
                *(
                    _area(ctx, names.get(str(row[n]), ()), row[when] if when is not None else None, row[n])
                    if found.columns[n] in coded and row[n] is not None
                    else cell(ctx, row[n], columns.get(found.columns[n]), places[n])
                    for n in own
                ),
                *([_line(row, place)] if place else []),
            ]
        )
        for row in found.rows
    ]
    return [
        html.P(
            [icon("info-circle"), words("rows.shown", shown=shown, total=total)], className="quiet rows-note"
        ),
        table(head, body, "grid rows is-long", words("indicator.rows")),
    ]


def _column(ctx: ScreenContext, name: str, column: Column | None) -> Component:
    """A column's head: what people call it, else its name in the contract."""
    number = column is not None and column.type in _NUMBERS
    return th(column.title.get(ctx.lang) if column is not None and column.title else name, number=number)


def _area_names(ctx: ScreenContext) -> dict[str, list[Area]]:
    """Units by the code that feeds deliver, which may have stood for others before a reform."""
    named: dict[str, list[Area]] = {}
    for unit in ctx.city.areas.all():
        named.setdefault(unit.official or unit.code, []).append(unit)
    return named


def _area(ctx: ScreenContext, units: Sequence[Area], at: Any, code: Any) -> Component:
    """The name of the unit that had a code on the day of the row; the code itself is its title."""
    day = fmt.local(at, ctx.city.zone).date() if isinstance(at, dt.datetime) else at
    unit = next((unit for unit in units if day is None or unit.valid_on(day)), None)
    return td(str(code) if unit is None else html.Span(unit.name(ctx.lang), title=str(code)))


def _line(row: Sequence[Any], place: dict[str, int]) -> Component:
    """File and line, and the hash of the row's content."""
    name, line, digest = (row[place[key]] for key in ("_file", "_line", "_hash"))
    short = str(name).rpartition("/")[2]
    told = [
        html.Span(f"{short}:{line}", title=f"{name}:{line}"),
        html.Code(str(digest)[:_HASH], title=digest),
    ]
    return td(told, class_name="origin-line")


def cell(ctx: ScreenContext, cell: Any, column: Column | None, places: int | None = None) -> Component:
    """A cell as people write it; a value that the contract has a word for is told by it. ``places``
    left out: as many decimals as it has, two at most.
    """
    if cell is None:
        number = column is not None and column.type in _NUMBERS
        return td(html.Span(ctx.words("rows.null"), className="null"), number=number)
    if isinstance(cell, dt.datetime):
        return td(fmt.moment(cell, ctx.city.zone, ctx.lang), class_name="nowrap")
    if isinstance(cell, dt.date):
        return td(fmt.date(cell, ctx.lang), class_name="nowrap")
    if isinstance(cell, bool):
        return td(ctx.words("rows.true" if cell else "rows.false"))
    if isinstance(cell, int | float) and column is not None and column.type in _NUMBERS:
        return td(fmt.number(cell, ctx.lang, _decimals(cell) if places is None else places), number=True)
    word = ctx.city.called(column, str(cell)) if column is not None else None
    return td(str(cell) if word is None else html.Span(word.get(ctx.lang), title=str(cell)))


def _decimals(cell: Any) -> int:
    """As many as a number was given with, at most two."""
    if not isinstance(cell, float):
        return 0
    return next(places for places in (0, 1, 2) if places == 2 or round(cell, places) == cell)
