"""Areas against indicators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dash import html
from dash.development.base_component import Component

from config.models import Area, Indicator
from config.models.indicator import Period
from dashboard.components.base import link, mark_icon, table, td, th
from dashboard.components.states import notice
from dashboard.components.succession import estimate_icon
from dashboard.components.value import period_name, why_unranked
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from dashboard.drawing.collate import sort_key
from dashboard.standing import mark_of

if TYPE_CHECKING:
    from warehouse.reader import Value


WALL_ROWS = 22
"""Rows that a page of the wall has room for in one table."""


def matrix(ctx: ScreenContext, area: str, ids: Sequence[str], level: str, period: Period) -> Component:
    """A table of the newest values; a cell is marked only where a target is missed or a warning stands."""
    values = ctx.reader.matrix(list(ids), level, period, within=area)
    if not values:
        return notice("empty", "table", ctx.words("state.empty"), ctx.words("state.empty_hint"))
    indicators = [ctx.city.indicators[id_] for id_ in ids]
    areas = sorted((ctx.city.areas[code] for code in values), key=lambda a: sort_key(a.name(ctx.lang)))
    names = ctx.names(ids)
    told = {_told(ctx, i, values, period) for i in indicators} - {""}
    same = told.pop() if ctx.wall and len(told) == 1 else ""  # said once, where columns are narrow
    first: list[Component | str] = [ctx.level_name(level).capitalize()]
    head = [
        th([*first, html.Small(same)] if same else first),
        *(_head(ctx, i, names[i.id], "" if same else _told(ctx, i, values, period)) for i in indicators),
    ]
    beside = {id_: [row[id_] for row in values.values() if id_ in row] for id_ in ids}
    rows = [_row(ctx, a, indicators, values[a.code], period, beside) for a in areas]
    caption = ctx.words("matrix.caption", level=ctx.level_name(level, plural=True))
    if not ctx.wall or len(rows) <= WALL_ROWS:
        return table(head, rows, "grid matrix", caption)
    # Nobody scrolls a wall: what is too long for one table stands in two, which are read one after the other.
    half = (len(rows) + 1) // 2
    return html.Div(
        [table(head, part, "grid matrix", caption) for part in (rows[:half], rows[half:])],
        className="matrix-halves",
    )


def _told(
    ctx: ScreenContext, indicator: Indicator, values: dict[str, dict[str, Value]], period: Period
) -> str:
    """The period that a column is told for."""
    some = next((row[indicator.id] for row in values.values() if indicator.id in row), None)
    return period_name(ctx, period, some.start) if some is not None else ""


def _head(ctx: ScreenContext, indicator: Indicator, name: str, told: str) -> Component:
    unit = ctx.unit(indicator).symbol.get(ctx.lang)
    return html.Th(
        [html.Span(name), html.Small(" · ".join(t for t in (unit, told) if t))],
        scope="col",
        className="num",
    )


def _row(
    ctx: ScreenContext,
    area: Area,
    indicators: Sequence[Indicator],
    row: dict[str, Value],
    period: Period,
    beside: dict[str, list[Value]],
) -> Component:
    name = link(area.name(ctx.lang), ctx.href("area", area.code), "row-link")
    return html.Tr(
        [
            html.Th(name, scope="row"),
            *(_cell(ctx, area, i, row.get(i.id), period, beside[i.id]) for i in indicators),
        ]
    )


def _cell(
    ctx: ScreenContext,
    area: Area,
    indicator: Indicator,
    value: Value | None,
    period: Period,
    beside: Sequence[Value],
) -> Component:
    if value is None:
        return td(html.Span("–", title=ctx.words("state.empty")), number=True, class_name="cell-empty")
    mark = mark_of(ctx, indicator, area.code, value, beside)
    word = ctx.words.of("mark", mark) if mark != "none" else None
    href = ctx.value_href(indicator.id, area.code, period)
    if mark == "insufficient":
        why = why_unranked(ctx, indicator, value)
        return td(link(f"n = {value.n}", href, "cell", why), number=True, class_name="hatch")
    # The head of the column says the unit.
    shown: list[Component | str] = [fmt.bare(value.value, ctx.unit(indicator), ctx.lang).text]
    if value.estimated:
        shown.insert(0, estimate_icon(ctx))
    if mark not in ("none", "met"):
        shown.insert(0, mark_icon(ctx, mark))
        return td(link(shown, href, "cell", word), number=True, class_name=f"cell-{mark}")
    return td(link(shown, href, "cell"), number=True)
