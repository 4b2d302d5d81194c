"""One programme: how far each criterion is in each area, what is overdue and whose it is, one task in full.

The address chooses what is shown: ``area``, ``owner``, ``state``, ``group``, ``criterion``, ``entry``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from config.models import Programme
from dashboard.components.base import dashed, icon, link, panel, table, td, th
from dashboard.components.directive_form import issue_form
from dashboard.components.page import page
from dashboard.components.programme_matrix import programme_matrix
from dashboard.components.programme_tasks import bar, milestones, owner_table, task_detail, task_list
from dashboard.components.states import notice
from dashboard.context import ScreenContext
from dashboard.directives.about import About
from dashboard.directives.units import units_for
from dashboard.drawing import format as fmt
from dashboard.drawing.collate import sort_key
from dashboard.programmes import Board, board
from dashboard.screens.programmes import sample_chip, span
from warehouse.programmes import Entry

PARAMETERS: Final = ("area", "owner", "state", "group", "criterion")
SHOWN: Final = ("overdue", "soon", "running", "waiting", "done", "every")
"""Values of the parameter ``state``; the first one is what is shown when it is left out."""
_GLANCE: Final = 12
_CHOSEN: Final = 60
"""Tasks that are listed before anything was chosen, and then."""
Address = Callable[..., str]


def render(ctx: ScreenContext) -> Component:
    """Head figures, milestones, matrix, owners, ranking and the tasks that the address asks for."""
    programme, words = ctx.city.programmes[ctx.route.target], ctx.words
    made = board(ctx, programme)
    chosen = _chosen(ctx, made)
    codes = [area.code for area in made.areas if chosen.get("area", area.code) == area.code]
    if not made.cells:
        body: list[Any] = [notice("empty", "list-check", words("state.empty"), words("state.empty_hint"))]
    else:
        body = _body(ctx, made, chosen, codes)
    return page(
        ctx,
        programme.name.get(ctx.lang),
        body,
        area=ctx.city.areas.root.code,
        trail=[(words("programme.title"), ctx.href("programmes")), (programme.name.get(ctx.lang), "")],
        lead=[
            sample_chip(ctx, programme),
            html.Span(words.count("programme.criteria", len(programme.criteria))),
            html.Span(words.count("programme.tasks_each", len(programme.tasks))),
            html.Span(programme.owner.get(ctx.lang)),
            html.Span(span(ctx, programme)),
        ],
    )


def _chosen(ctx: ScreenContext, made: Board) -> dict[str, str]:
    """The parameters of the address that mean something here."""
    programme = made.programme
    known: dict[str, Iterable[str]] = {
        "area": [area.code for area in made.areas],
        "owner": [one.id for one in programme.owners],
        "state": SHOWN,
        "group": [one.id for one in programme.groups],
        "criterion": [one.id for one in programme.criteria],
    }
    given = {name: ctx.route.params.get(name, "") for name in PARAMETERS}
    return {name: value for name, value in given.items() if value in known[name]}


def _address(ctx: ScreenContext, chosen: dict[str, str]) -> Address:
    """Makes addresses of this screen: what is chosen, and what is given on top of it."""

    def make(**given: str) -> str:
        kept = dict(chosen)
        if "group" in given or "criterion" in given:
            kept = {name: value for name, value in kept.items() if name not in ("group", "criterion")}
            given.setdefault("state", "every")
        return ctx.href("programme", ctx.route.target, **kept | given)

    return make


def _body(ctx: ScreenContext, made: Board, chosen: dict[str, str], codes: list[str]) -> list[Any]:
    programme, words, reader = made.programme, ctx.words, ctx.reader.programmes
    to = _address(ctx, chosen)
    state: Any = chosen.get("state", SHOWN[0])
    inside = [
        one.id
        for one in programme.criteria
        if chosen.get("group", one.group) == one.group and chosen.get("criterion", one.id) == one.id
    ]
    entries, total = reader.entries(
        programme,
        ctx.today,
        codes,
        criteria=inside,
        owner=chosen.get("owner", ""),
        state="" if state == "every" else state,
        limit=_CHOSEN if chosen else _GLANCE,
    )
    owned = reader.owners(programme, ctx.today, codes)
    several = len(made.areas) > 1
    tasks = panel(
        [words("programme.tasks"), html.Span(fmt.number(total, ctx.lang), className="title-count")],
        [_states(ctx, to, state), task_list(ctx, programme, entries, total, to)],
        width=12,
        kind="tasks",
    )
    owners = panel(
        words("programme.by_owner"), owner_table(ctx, programme, owned, to), width=7 if several else 12
    )
    found = [
        html.Div(_figures(ctx, made, codes), className="panel programme-figures w-12"),
        _detail(ctx, programme, to),
        panel(
            words("programme.milestones"), milestones(ctx, programme, reader.milestones(programme, ctx.today))
        )
        if programme.milestones
        else None,
        _filters(ctx, made, chosen),
        tasks,
        owners,
        panel(words("programme.ranking"), _ranking(ctx, made, to), width=5) if several else None,
        panel(words("programme.matrix"), [_legend(ctx), programme_matrix(ctx, made, to)], kind="matrix"),
    ]
    return [part for part in found if part is not None]


def _figures(ctx: ScreenContext, made: Board, codes: list[str]) -> list[Component]:
    """What is attained, done, overdue, due soon and without proof, in the chosen areas."""
    words, programme = ctx.words, made.programme
    count, score = made.count(programme.criteria, codes), made.score(programme.criteria, codes)
    whole, of = made.whole(codes)

    def figure(label: str, value: str, told: str, tone: str = "") -> Component:
        return html.Div(
            [html.Span(label), html.B(value), html.Small(told)], className=f"figure {tone}".strip()
        )

    def share(part: float | None) -> str:
        return f"{fmt.number(100 * part, ctx.lang, 1)}%" if part is not None else "–"

    def out_of(amount: int) -> str:
        return words("programme.out_of", n=fmt.number(amount, ctx.lang))

    return [
        figure(words("programme.attained"), share(score), words("programme.attained_note")),
        figure(words("programme.criteria_whole"), fmt.number(whole, ctx.lang), out_of(of)),
        figure(words("programme.tasks_done"), fmt.number(count.done, ctx.lang), out_of(count.tasks)),
        figure(
            words("programme.overdue"),
            fmt.number(count.overdue, ctx.lang),
            words("programme.overdue_note"),
            "is-late" if count.overdue else "",
        ),
        figure(words("programme.soon"), fmt.number(count.soon, ctx.lang), words("programme.soon_note")),
        figure(
            words("programme.unproved"),
            fmt.number(count.unproved, ctx.lang),
            words("programme.unproved_note"),
        ),
    ]


def _detail(ctx: ScreenContext, programme: Programme, to: Address) -> Component | None:
    asked = ctx.route.params.get("entry", "")
    if not asked:
        return None
    reader = ctx.reader.programmes
    entry = reader.entry(programme, ctx.today, asked)
    title = ctx.words("programme.task")
    if entry is None:
        return panel(title, notice("empty", "search", ctx.words("programme.no_task")), kind="task")
    reports = reader.reports(programme, asked, ctx.now.replace(tzinfo=None))
    shown: list[Component] = [task_detail(ctx, programme, entry, reports, to())]
    if entry.state != "done" and entry.area in ctx.city.areas:
        shown.append(_issue(ctx, programme, entry))
    return panel(title, shown, kind="task")


def _issue(ctx: ScreenContext, programme: Programme, entry: Entry) -> Component:
    """A directive about a task takes over its name, the first office of its area and its due day."""
    name = next((t.name.get(ctx.lang) for _, t in programme.tasks if t.id == entry.task), entry.task)
    offices = units_for(ctx.city, entry.area, ctx.today)
    unit = next((office.key for office in offices if office.area == entry.area), "")
    about = About(entry.area, task=f"{programme.id}/{entry.entry_id}")
    return issue_form(ctx, about, name, unit, entry.due_on)


def _filters(ctx: ScreenContext, made: Board, chosen: dict[str, str]) -> Component:
    """Filters are addresses: they can be kept, sent and opened again."""
    words, programme = ctx.words, made.programme
    areas = [(a.code, a.name(ctx.lang)) for a in sorted(made.areas, key=lambda a: sort_key(a.name(ctx.lang)))]
    menus = [
        _menu(ctx, chosen, "area", words("programme.place"), areas) if len(areas) > 1 else None,
        _menu(
            ctx,
            chosen,
            "owner",
            words("programme.owner"),
            [(o.id, o.name.get(ctx.lang)) for o in programme.owners],
        ),
        _menu(
            ctx,
            chosen,
            "group",
            words("programme.group"),
            [(g.id, g.name.get(ctx.lang)) for g in programme.groups],
        ),
        _menu(
            ctx,
            chosen,
            "criterion",
            words("programme.criterion"),
            [(c.id, c.name.get(ctx.lang)) for c in programme.criteria],
        ),
        link([icon("x-circle"), words("programme.clear")], ctx.href("programme", programme.id), "link")
        if chosen
        else None,
    ]
    return html.Div(menus, className="w-12 programme-filters")


def _menu(
    ctx: ScreenContext, chosen: dict[str, str], name: str, title: str, options: list[tuple[str, str]]
) -> Component:
    picked = chosen.get(name, "")
    beside = ("group", "criterion") if name in ("group", "criterion") else (name,)
    kept = {key: value for key, value in chosen.items() if key not in beside}
    everything = ctx.words("programme.every")
    links = [
        link(
            text,
            ctx.href("programme", ctx.route.target, **kept | {name: id_}),
            "pick is-here" if id_ == picked else "pick",
        )
        for id_, text in [("", everything), *options]
    ]
    return html.Details(
        [
            html.Summary(
                [html.Span(f"{title}:"), html.B(dict(options).get(picked, everything)), icon("chevron-down")]
            ),
            html.Div(html.Div(links, className="picks"), className="picker-menu"),
        ],
        className="picker light-picker is-chosen" if picked else "picker light-picker",
    )


def _states(ctx: ScreenContext, to: Address, state: str) -> Component:
    made = [
        link(
            ctx.words.of("task_state", one),
            to(state=one),
            "choice is-active" if one == state else "choice",
        )
        for one in SHOWN
    ]
    return html.Nav(made, className="choices task-states", **dashed(aria_label=ctx.words("programme.state")))


def _ranking(ctx: ScreenContext, made: Board, to: Address) -> Component:
    """The areas by what they have attained, with what is overdue there."""
    words = ctx.words
    rows = []
    for place, (area, share) in enumerate(made.ranked, start=1):
        late = made.count(made.programme.criteria, [area.code]).overdue
        rows.append(
            html.Tr(
                [
                    td(str(place), number=True),
                    html.Th(link(area.name(ctx.lang), to(area=area.code), "row-link"), scope="row"),
                    td(bar(ctx, 100 * share)),
                    td(fmt.number(late, ctx.lang), number=True),
                ]
            )
        )
    head = [
        th(words("programme.rank"), number=True),
        th(words("programme.place")),
        th(words("programme.attained")),
        th(words("programme.overdue"), number=True),
    ]
    return table(head, rows, "grid programme-ranking", words("programme.ranking"))


def _legend(ctx: ScreenContext) -> Component:
    """What the colours and marks of the matrix say."""
    steps = [html.Span([html.I(className=f"seq seq-{n}"), f"{20 * (n - 1)}–{20 * n}%"]) for n in range(1, 6)]
    return html.Div(
        [
            *steps,
            html.Span([html.I(className="seq has-late"), ctx.words("programme.has_late")]),
            html.Span([icon("graph-up"), ctx.words("programme.by_indicator")]),
        ],
        className="programme-legend",
    )
