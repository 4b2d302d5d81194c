"""The values of an indicator period by period, the newest first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

from dash import html
from dash.development.base_component import Component

from config.models import Indicator, Period
from dashboard.components.base import table, td, th
from dashboard.components.states import notice
from dashboard.components.succession import estimate_chip, estimate_icon
from dashboard.components.value import delta_text, when, written
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from dashboard.standing import enough, is_comparable

if TYPE_CHECKING:
    from warehouse.reader import Value

ROWS, LONG = 24, 10
"""How many periods are told; more than ``LONG`` scroll under their head."""


def period_table(
    ctx: ScreenContext, indicator: Indicator, values: Sequence[Value], period: Period
) -> Component:
    """Value, change, parts, rows and coverage of the newest periods."""
    words = ctx.words
    if not values:
        return notice("empty", "table", words("state.empty"))
    unit = ctx.unit(indicator).symbol.get(ctx.lang)
    head = [
        th(words("indicator.period")),
        th(words("indicator.value") + (f" ({unit})" if unit else ""), number=True),
        th(words("indicator.change"), number=True),
        *([th(words("indicator.parts"), number=True)] if _has_parts(values) else []),
        th(words("indicator.n"), number=True),
        th(words("indicator.coverage"), number=True),
    ]
    by_start = {v.start: v for v in values}
    rows = [_table_row(ctx, indicator, v, by_start, period) for v in reversed(values[-ROWS:])]
    kind = "grid is-long" if len(rows) > LONG else "grid"
    shown = table(head, rows, kind, words("indicator.table"))
    guessed = any(v.estimated for v in values[-ROWS:])
    return html.Div([html.P(estimate_chip(ctx)) if guessed else None, shown], className="fill-box")


def _has_parts(values: Sequence[Value]) -> bool:
    """Whether any value is a ratio that keeps its numerator and denominator."""
    return any(v.numerator is not None and v.denominator is not None for v in values)


def _table_row(
    ctx: ScreenContext,
    indicator: Indicator,
    value: Value,
    by_start: dict[dt.date, Value],
    period: Period,
) -> Component:
    before = by_start.get(ctx.city.periods.shift(period, value.start, -1))
    if before and period == "year_to_date" and before.start.year != value.start.year:
        before = None  # January begins a new sum
    firm = enough(indicator, value)
    fair = is_comparable(ctx, indicator, value)
    change = (
        delta_text(ctx, indicator, value, before)
        if before and firm and fair and enough(indicator, before)
        else fmt.NOTHING
    )
    parts = (
        f"{raw(ctx, value.numerator)} / {raw(ctx, value.denominator)}"
        if value.numerator is not None and value.denominator is not None
        else fmt.NOTHING
    )
    name = ctx.period_text(period, value.start, plain=True)
    shown = written(ctx, indicator, value.value)
    return html.Tr(
        [
            html.Th(name if value.start != next(reversed(by_start)) else when(ctx, value), scope="row"),
            td(
                [
                    estimate_icon(ctx) if value.estimated else None,
                    str(shown) if ctx.unit(indicator).vnd else shown.text,
                ],
                number=True,
            )
            if firm
            else td(ctx.words.of("mark", "insufficient"), class_name="num hatch"),
            td(change, number=True),
            *([td(parts, number=True)] if _has_parts(list(by_start.values())) else []),
            td(fmt.number(value.n, ctx.lang), number=True),
            td(
                f"{value.present}/{value.expected}",
                number=True,
                class_name="tone-watch" if value.present < value.expected else "",
            ),
        ]
    )


def raw(ctx: ScreenContext, part: float) -> str:
    """A numerator or denominator as it was counted or summed."""
    return fmt.number(part, ctx.lang, 0 if float(part).is_integer() else 2)
