"""Members of a column against several indicators, such as agencies against what each of them must have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from dash import html
from dash.development.base_component import Component

from config.models import Indicator
from config.models.indicator import Period
from config.targets import aim_on
from dashboard.components.base import link, mark_icon, table, td, th
from dashboard.components.breakdown import dimension_name, member_name
from dashboard.components.states import notice
from dashboard.components.value import period_name, written
from dashboard.context import ScreenContext
from dashboard.drawing.collate import sort_key

if TYPE_CHECKING:
    from indicators.breakdown import Member
    from warehouse.reader import Value

_MOST: Final = 60
"""Members that are told apart."""


def members_matrix(ctx: ScreenContext, area: str, ids: Sequence[str], by: str, period: Period) -> Component:
    """A table of each member's newest values; a cell is marked where the indicator's target is missed."""
    words = ctx.words
    if ctx.as_of is not None or ctx.boundaries is not None:
        return notice("empty", "clock-history", words("breakdown.now_only"))
    newest = ctx.reader.latest(list(ids), area, period)
    indicators = [ctx.city.indicators[id_] for id_ in ids if id_ in newest]
    cells: dict[str, dict[str, Member]] = {}
    for indicator in indicators:
        start = newest[indicator.id].start
        lines = ctx.members(indicator.id, by, area, period, [start], top=_MOST)
        for (member, rest), line in lines.items():
            if member is not None and not rest and line:
                cells.setdefault(member, {})[indicator.id] = line[-1]
    if not cells:
        return notice("empty", "table", words("state.empty"), words("state.empty_hint"))
    names = ctx.names([indicator.id for indicator in indicators])
    called = {member: member_name(ctx, indicators[0], by, member) for member in cells}
    head = [
        th(dimension_name(ctx, indicators[0], by)),
        *(_head(ctx, i, names[i.id], newest[i.id], period) for i in indicators),
    ]
    rows = [
        html.Tr(
            [
                html.Th(called[member], scope="row"),
                *(_cell(ctx, area, i, cells[member].get(i.id), newest[i.id], period) for i in indicators),
            ]
        )
        for member in sorted(cells, key=lambda member: sort_key(called[member]))
    ]
    return table(head, rows, "grid matrix", dimension_name(ctx, indicators[0], by))


def _head(ctx: ScreenContext, indicator: Indicator, name: str, value: Value, period: Period) -> Component:
    told = (ctx.unit(indicator).symbol.get(ctx.lang), period_name(ctx, period, value.start))
    return html.Th([html.Span(name), html.Small(" · ".join(told))], scope="col", className="num")


def _cell(
    ctx: ScreenContext, area: str, indicator: Indicator, member: Member | None, whole: Value, period: Period
) -> Component:
    if member is None or member.value is None or member.n < indicator.min_n:
        return td("–", number=True, class_name="cell-empty")
    href = ctx.value_href(indicator.id, area, period)
    shown: list[Component | str] = [written(ctx, indicator, member.value).text]
    last = ctx.city.periods.last_day(period, whole.start)
    aim = aim_on(indicator, whole.level, area, period, last, ctx.city.periods)
    rated = ctx.unit(indicator).kind != "amount"  # the target of a total says nothing of its members
    if rated and aim is not None and aim.distance(member.value) < -1e-9:
        shown.insert(0, mark_icon(ctx, "missed"))
        return td(
            link(shown, href, "cell", ctx.words.of("mark", "missed")), number=True, class_name="cell-missed"
        )
    return td(link(shown, href, "cell"), number=True)
