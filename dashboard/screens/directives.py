"""The desk of directives: what is owed, due soon, overdue and closed, by unit, area and heading."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from dash import html
from dash.development.base_component import Component

from dashboard.components.base import icon, link, panel
from dashboard.components.directive_form import issue_form
from dashboard.components.directive_list import PHASE_ICON, directive_row
from dashboard.components.finder import finder
from dashboard.components.page import page
from dashboard.components.states import notice
from dashboard.context import ScreenContext
from dashboard.directives.about import About
from dashboard.directives.units import unit_name

if TYPE_CHECKING:
    from warehouse.state import Directive

SHOWN: Final = ("open", "due_soon", "overdue", "closed")
"""What the desk lists, by ``status`` of the address; left out, all that is open."""
MOST: Final = 60
"""Directives on one page; filters and the search narrow it down."""
_UNITS: Final = 14


def render(ctx: ScreenContext) -> Component:
    """Directives, narrowed by ``status``, ``unit``, ``area`` and ``domain`` of the address."""
    words, params, root = ctx.words, ctx.route.params, ctx.city.areas.root.code
    area = params.get("area", root)
    area = area if area in ctx.city.areas else root
    status = params.get("status", "")
    here = [one for one in ctx.directives.all if _within(ctx, one, area)]
    pool = [one for one in here if _is(ctx, one, status)]
    unit, domain = params.get("unit", ""), params.get("domain", "")
    shown = [
        one for one in pool if (not unit or one.concerns(unit)) and (not domain or one.order.domain == domain)
    ]
    rows: Any = [directive_row(ctx, one) for one in shown[:MOST]]
    if not rows:
        rows = notice("calm", "clipboard-check", words("directives.none"), words("directives.none_hint"))
    over = len(shown) - MOST
    filters = panel(words("warnings.filter"), _filters(ctx, here, pool, area), kind="filters")
    new = panel(None, issue_form(ctx, About(area)), kind="handle")
    body = [
        html.Div([filters, new], className="w-3 desk-side"),
        html.Div(
            [
                finder(words("directives.find"), "find-directive"),
                html.Div(rows, className="cards"),
                html.P(words.count("directives.beyond", over), className="quiet") if over > 0 else None,
            ],
            className="w-9 cards-box findable",
        ),
    ]
    counts = Counter(ctx.directives.phase(one).value for one in here)
    lead = [
        html.Span(ctx.city.areas[area].name(ctx.lang)),
        html.Span(words.count("directives.open", sum(one.open for one in here))),
        html.Span(words.count("directives.overdue", counts["overdue"])),
    ]
    way = link([icon("journal-text"), words("nav.review")], ctx.href("review", area=area), "btn-quiet")
    return page(ctx, words("nav.directives"), body, area=area, lead=lead, tools=way)


def _within(ctx: ScreenContext, one: Directive, area: str) -> bool:
    areas = ctx.city.areas
    return one.order.area in areas and area in areas.path(one.order.area).values()


def _is(ctx: ScreenContext, one: Directive, status: str) -> bool:
    return one.open if status in ("", "open") else ctx.directives.phase(one).value == status


def _filters(
    ctx: ScreenContext, here: Sequence[Directive], pool: Sequence[Directive], area: str
) -> Component:
    """Filters are addresses: they can be kept, sent and opened again."""
    words, params, root = ctx.words, ctx.route.params, ctx.city.areas.root.code
    status = params.get("status", "") or "open"
    states = [
        _choice(
            ctx,
            PHASE_ICON[name],
            words.of("directives_shown", name),
            sum(_is(ctx, one, name) for one in here),
            name == status,
            status="" if name == "open" else name,
        )
        for name in SHOWN
    ]
    units = Counter(one.order.unit for one in pool).most_common(_UNITS)
    domains = Counter(one.order.domain for one in pool if one.order.domain)
    named = {d.id: d for d in ctx.city.head.domains}
    areas = Counter(one.order.area for one in pool if one.order.area != root).most_common(_UNITS)
    groups = [
        _group(words("warnings.status"), states),
        _group(
            words("directives.unit"),
            _all(
                ctx,
                "people",
                "unit",
                [
                    _choice(
                        ctx,
                        "people",
                        unit_name(ctx.city, key, ctx.lang),
                        n,
                        key == params.get("unit"),
                        unit=key,
                    )
                    for key, n in units
                ],
            ),
        ),
        _group(
            words("directives.domain"),
            _all(
                ctx,
                "layers",
                "domain",
                [
                    _choice(
                        ctx,
                        named[id_].icon,
                        named[id_].name.get(ctx.lang),
                        n,
                        id_ == params.get("domain"),
                        domain=id_,
                    )
                    for id_, n in domains.most_common()
                    if id_ in named
                ],
            ),
        ),
        _group(
            words("warnings.area"),
            [
                _choice(ctx, "buildings", words("warnings.everywhere"), None, area == root, area=""),
                *(
                    _choice(ctx, "geo-alt", ctx.city.areas[code].name(ctx.lang), n, code == area, area=code)
                    for code, n in areas
                ),
            ],
        ),
    ]
    return html.Div(groups, className="filters")


def _all(ctx: ScreenContext, icon_name: str, name: str, choices: list[Component]) -> list[Component]:
    chosen, said = not ctx.route.params.get(name), ctx.words.of("directives_all", name)
    return [_choice(ctx, icon_name, said, None, chosen, **{name: ""}), *choices]


def _group(title: str, choices: Iterable[Component]) -> Component:
    return html.Div([html.H3(title), html.Div(list(choices), className="choices")])


def _choice(
    ctx: ScreenContext, icon_name: str, text: str, count: int | None, active: bool, **params: str
) -> Component:
    number = html.Span(str(count), className="choice-count") if count is not None else None
    return link(
        [icon(icon_name), html.Span(text), number],
        ctx.same_page(**params),
        "choice is-active" if active else "choice",
    )
