"""Criteria against areas: how far each is attained, where tasks are overdue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from config.models import Area, ByIndicator, Criterion
from dashboard.components.base import icon, link, table
from dashboard.components.value import written
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from dashboard.programmes import Board

_STEPS = 5


def programme_matrix(ctx: ScreenContext, made: Board, link_to: Any) -> Component:
    """A table of groups and their criteria by area, the best area first; ``link_to`` makes addresses."""
    ranked = [area for area, _ in made.ranked]
    areas = [*ranked, *(area for area in made.areas if area not in ranked)]
    several = len(areas) > 1
    head: list[Component] = [html.Th(ctx.words("programme.criterion"), scope="col")]
    if several:
        head.append(_head(ctx.area_name(ctx.city.areas.root, short=True), None))
    head += [_head(ctx.area_name(area, short=True), link_to(area=area.code)) for area in areas]
    criteria = made.programme.criteria
    rows = [_row(ctx, made, ctx.words("programme.all"), criteria, areas, "is-whole", None, link_to)]
    for group in made.programme.groups:
        inside = [one for one in criteria if one.group == group.id]
        rows.append(
            _row(ctx, made, group.name.get(ctx.lang), inside, areas, "is-group", {"group": group.id}, link_to)
        )
        for one in inside:
            name = one.name.get(ctx.lang)
            rows.append(_row(ctx, made, name, [one], areas, "", {"criterion": one.id}, link_to))
    return table(head, rows, "programme-matrix", ctx.words("programme.matrix"))


def _head(text: str, href: str | None) -> Component:
    return html.Th(html.Span(link(text, href, "row-link") if href else text), scope="col", className="turned")


def _row(
    ctx: ScreenContext,
    made: Board,
    name: str,
    criteria: Sequence[Criterion],
    areas: Sequence[Area],
    kind: str,
    target: dict[str, str] | None,
    link_to: Any,
) -> Component:
    codes = [area.code for area in areas]
    single = criteria[0] if not kind else None
    told: list[Any] = [link(name, link_to(**target), "row-link") if target else name]
    if single is not None and isinstance(single.attained, ByIndicator):
        told.append(icon("graph-up"))
    cells = [_cell(ctx, made, criteria, [code], target, link_to) for code in codes]
    if len(areas) > 1:
        cells.insert(0, _cell(ctx, made, criteria, codes, target, link_to))
    return html.Tr([html.Th(told, scope="row"), *cells], className=kind)


def _cell(
    ctx: ScreenContext,
    made: Board,
    criteria: Sequence[Criterion],
    codes: Sequence[str],
    target: dict[str, str] | None,
    link_to: Any,
) -> Component:
    share = made.score(criteria, codes)
    if share is None:
        return html.Td("–", className="cell-empty")
    late = made.count(criteria, codes).overdue
    place = ctx.city.areas[codes[0]].name(ctx.lang) if len(codes) == 1 else ""
    title = [place] if place else []
    if len(criteria) == 1 and len(codes) == 1 and isinstance(criteria[0].attained, ByIndicator):
        indicator = ctx.city.indicators[criteria[0].attained.indicator]
        value = made.measured[criteria[0].id, codes[0]]
        number = written(ctx, indicator, value.value)
        title.append(f"{ctx.name(indicator, short=False)}: {number.text} {number.unit}".strip())
    if late:
        title.append(ctx.words.count("programme.late_tasks", late))
    step = min(_STEPS, int(share * _STEPS) + 1)
    text = fmt.number(100 * share, ctx.lang) if share < 0.995 or share >= 1 else "99"
    given = dict(target or {}) | ({"area": codes[0]} if len(codes) == 1 else {})
    shown = link(text, link_to(**given), "cell", " · ".join(title) or None)
    return html.Td(shown, className=f"seq seq-{step} has-late" if late else f"seq seq-{step}")
