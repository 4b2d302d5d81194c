"""Indicators of a heading with their newest values, one line each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from dash import html
from dash.development.base_component import Component

from config.models import Indicator, Period
from dashboard.components.base import age, link, mark_chip, table, td, th
from dashboard.components.goal import goal_line
from dashboard.components.succession import estimate_chip
from dashboard.components.tile import by_place
from dashboard.components.value import delta_text, when, why_unranked, written
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from dashboard.drawing.svg import sparkline
from dashboard.drawing.theme import tokens
from dashboard.standing import Standing, enough, late_feeds, stand

if TYPE_CHECKING:
    from warehouse.reader import Value

USUAL: Period = "month"
"""The period to tell an indicator by where it has several: what most reports are made for."""
HISTORY = 24
"""How many periods back the small pictures reach."""


def period_of(indicator: Indicator) -> Period:
    """By which period an indicator is told in a list."""
    return USUAL if USUAL in indicator.periods else indicator.periods[0]


def histories(
    ctx: ScreenContext, indicators: Sequence[Indicator], area: str, count: int
) -> dict[str, list[Value]]:
    """The last values of each indicator in an area, oldest first; one read for each kind of period."""
    by_period: dict[Period, list[str]] = defaultdict(list)
    for indicator in indicators:
        by_period[period_of(indicator)].append(indicator.id)
    past: dict[str, list[Value]] = {}
    for period, ids in by_period.items():
        past |= ctx.reader.series(ids, area, period, count)
    return past


def standings(
    ctx: ScreenContext,
    indicators: Sequence[Indicator],
    area: str,
    past: Mapping[str, Sequence[Value]] | None = None,
) -> dict[str, Standing]:
    """How the newest value of each indicator stands in an area; ``past``: what is read already."""
    late = late_feeds(ctx)
    known = histories(ctx, indicators, area, 2) if past is None else past
    return {i.id: stand(ctx, i, known.get(i.id, []), area, late) for i in indicators}


def indicator_list(ctx: ScreenContext, indicators: Sequence[Indicator], area: str, caption: str) -> Component:
    """Value, change, target, period and the age of the data of each; those without a value come last."""
    words = ctx.words
    past = histories(ctx, indicators, area, HISTORY)
    found = standings(ctx, indicators, area, past)
    head = [
        th(words("domain.indicator")),
        th(words("indicator.value"), number=True),
        th(""),
        th(words("indicator.change"), number=True),
        th(words("domain.target")),
        th(words("indicator.period")),
        th(words("health.data_through")),
    ]
    ordered = sorted(indicators, key=lambda i: found[i.id].value is None)
    rows = [_row(ctx, found[i.id], past.get(i.id, []), area) for i in ordered]
    return table(head, rows, "grid listed", caption)


def _row(ctx: ScreenContext, standing: Standing, past: Sequence[Value], area: str) -> Component:
    indicator, value, words = standing.indicator, standing.value, ctx.words
    way = link(
        ctx.name(indicator, short=False), ctx.value_href(indicator.id, area, period_of(indicator)), "row-link"
    )
    told = html.Th([way, html.Small(indicator.owner.get(ctx.lang))], scope="row")
    if value is None:
        return html.Tr([told, html.Td(words("state.empty"), colSpan=6, className="quiet")])
    firm = enough(indicator, value)
    number = written(ctx, indicator, value.value)
    before = standing.previous
    compared = firm and standing.comparable and before is not None and enough(indicator, before)
    goal = standing.goal
    target = [
        mark_chip(ctx, standing.mark),
        html.Small(goal_line(ctx, indicator, goal)) if goal is not None else None,
    ]
    return html.Tr(
        [
            told,
            td(
                [
                    html.B(number.text),
                    html.Small(number.unit),
                    estimate_chip(ctx) if value.estimated else None,
                ],
                number=True,
            )
            if firm
            else html.Td(
                words.of("mark", "insufficient"),
                className="num hatch",
                title=why_unranked(ctx, indicator, value),
            ),
            td(_picture(ctx, standing, past)),
            td(
                delta_text(ctx, indicator, value, before) if compared and before is not None else fmt.NOTHING,
                number=True,
            ),
            td(target, class_name="listed-target"),
            td(when(ctx, value), class_name="nowrap"),
            td(
                [
                    fmt.through(value.data_through, ctx.city.zone, ctx.lang),
                    html.Small(age(ctx, value.data_through)),
                ],
                class_name="quiet nowrap",
            ),
        ]
    )


def _picture(ctx: ScreenContext, standing: Standing, past: Sequence[Value]) -> Component | None:
    colours = tokens("light")
    drawn = sparkline(
        by_place(ctx.city.periods, past, period_of(standing.indicator), standing.comparable),
        colours["series-1"],
        colours["line"],
        from_zero=ctx.unit(standing.indicator).kind == "amount",
    )
    return html.Img(src=drawn, alt="", className="spark") if drawn else None
