"""Tasks of a programme: lists of them, who owns what is late, one of them in full, and the milestones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dash import html
from dash.development.base_component import Component

from config.models import Programme
from dashboard.components.base import chip, dashed, facts, icon, link, table, td, th
from dashboard.components.states import notice
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt

if TYPE_CHECKING:
    from warehouse.programmes import Entry, Owned, Report

_ICONS = {"overdue": "clock-history", "running": "arrow-repeat", "waiting": "slash-circle", "done": "check2"}
_TONES = {"overdue": "serious", "running": "acknowledged", "waiting": "insufficient", "done": "met"}


def state_chip(ctx: ScreenContext, state: str) -> Component:
    """The state of a task as icon and word."""
    return chip(_TONES[state], _ICONS[state], ctx.words.of("task_state", state))


def bar(ctx: ScreenContext, percent: float, late: bool = False) -> Component:
    """Progress as a bar with its number."""
    return html.Span(
        [
            html.Span(
                html.I(style={"width": f"{percent:.0f}%"}),
                className="task-track is-late" if late else "task-track",
                **dashed(aria_hidden="true"),
            ),
            html.Span(f"{fmt.number(percent, ctx.lang)}%"),
        ],
        className="task-bar",
    )


def task_list(
    ctx: ScreenContext, programme: Programme, entries: Sequence[Entry], total: int, link_to: Any
) -> Component:
    """Tasks with area, owner, due day, progress and evidence."""
    words = ctx.words
    if not entries:
        return notice("calm", "check2-circle", words("programme.none"), words("programme.none_hint"))
    names = {task.id: task.name.get(ctx.lang) for _, task in programme.tasks}
    criteria = {one.id: one.name.get(ctx.lang) for one in programme.criteria}
    owners = {one.id: one.name.get(ctx.lang) for one in programme.owners}
    head = [
        th(words("programme.task")),
        th(words("programme.place")),
        th(words("programme.due"), number=True),
        th(words("programme.progress")),
        th(words("programme.state")),
        th(words("programme.evidence")),
    ]
    rows = [
        html.Tr(
            [
                html.Th(
                    [
                        link(names.get(e.task, e.task), link_to(entry=e.entry_id), "row-link"),
                        html.Small(criteria.get(e.criterion or "", "")),
                    ],
                    scope="row",
                ),
                td([ctx.city.areas[e.area].name(ctx.lang), html.Small(owners.get(e.owner, e.owner))]),
                td([fmt.date(e.due_on, ctx.lang), _behind(ctx, e)], number=True),
                td(bar(ctx, e.progress, e.state == "overdue")),
                td(state_chip(ctx, e.state)),
                td(evidence(ctx, e)),
            ]
        )
        for e in entries
    ]
    more = total - len(entries)
    return html.Div(
        [
            table(head, rows, "grid task-list", words("programme.tasks")),
            html.P(words.count("programme.more", more), className="quiet") if more > 0 else None,
        ]
    )


def _behind(ctx: ScreenContext, entry: Entry) -> Component | None:
    """By how many days a task is late, or was."""
    end = entry.done_on or (ctx.today if entry.state == "overdue" else None)
    days = (end - entry.due_on).days if end is not None else 0
    return html.Small(ctx.words.count("programme.days_late", days)) if days > 0 else None


def evidence(ctx: ScreenContext, entry: Entry) -> Any:
    """A way to the proof, or that it is lacking though the task is told to be done."""
    if entry.evidence is not None:
        there = entry.evidence
        if not there.startswith(("https://", "http://")):
            return there
        told = [icon("link-45deg"), html.Span(ctx.words("programme.proof"))]
        return html.A(told, href=there, target="_blank", rel="noopener noreferrer", className="link")
    if entry.state == "done":
        return chip("watch", "exclamation-triangle-fill", ctx.words("programme.unproved"))
    return html.Span("–", className="quiet")


def owner_table(ctx: ScreenContext, programme: Programme, owned: Sequence[Owned], link_to: Any) -> Component:
    """Who has how many tasks, how many are done, how many overdue and for how long."""
    words = ctx.words
    if not owned:
        return notice("empty", "person-check", words("state.empty"), words("state.empty_hint"))
    names = {one.id: one.name.get(ctx.lang) for one in programme.owners}
    head = [
        th(words("programme.owner")),
        th(words("programme.overdue"), number=True),
        th(words("programme.soon"), number=True),
        th(words("programme.done")),
        th(words("programme.longest"), number=True),
    ]
    rows = [
        html.Tr(
            [
                html.Th(
                    link(names.get(one.owner, one.owner), link_to(owner=one.owner), "row-link"), scope="row"
                ),
                td(html.B(fmt.number(one.overdue, ctx.lang)) if one.overdue else "0", number=True),
                td(fmt.number(one.soon, ctx.lang), number=True),
                td(bar(ctx, 100 * one.done / one.tasks)),
                td(words.count("programme.days", one.days) if one.days else "–", number=True),
            ]
        )
        for one in owned
    ]
    return table(head, rows, "grid task-owners", words("programme.by_owner"))


def task_detail(
    ctx: ScreenContext, programme: Programme, entry: Entry, reports: Sequence[Report], close: str
) -> Component:
    """One task in one area: what it is, where it stands, its proof, and what was reported."""
    words = ctx.words
    found = next(((c, t) for c, t in programme.tasks if t.id == entry.task), None)
    proof = {one.id: one.name.get(ctx.lang) for one in programme.evidence}
    rows: list[tuple[Any, Any]] = [
        (
            words("programme.place"),
            link(ctx.city.areas[entry.area].name(ctx.lang), ctx.href("area", entry.area)),
        ),
        (words("programme.unit"), entry.unit),
        (words("programme.due"), [fmt.date(entry.due_on, ctx.lang), " ", _behind(ctx, entry)]),
        (words("programme.begun"), fmt.date(entry.started_on, ctx.lang) if entry.started_on else "–"),
        (words("programme.done_on"), fmt.date(entry.done_on, ctx.lang) if entry.done_on else "–"),
        (words("programme.progress"), bar(ctx, entry.progress, entry.state == "overdue")),
        (words("programme.asked_proof"), proof.get(found[1].evidence, "") if found else "–"),
        (words("programme.evidence"), evidence(ctx, entry)),
    ]
    told = [
        html.Li(
            [
                html.Time(fmt.moment(r.noted_at.replace(tzinfo=dt.UTC), ctx.city.zone, ctx.lang)),
                html.Span(f"{fmt.number(r.progress, ctx.lang)}%", className="report-progress"),
                html.Span([r.note or "", html.Small(r.unit)]),
            ]
        )
        for r in reports
    ]
    name = found[1].name.get(ctx.lang) if found else entry.task
    criterion = found[0].name.get(ctx.lang) if found else ""
    history = html.Ol(told, className="reports") if told else html.P(words("programme.no_reports"))
    return html.Div(
        [
            html.Div(
                [
                    html.H3([name, " ", state_chip(ctx, entry.state)]),
                    html.P(criterion, className="quiet"),
                    facts(rows),
                ]
            ),
            html.Div([html.H3(words("programme.history")), history]),
            link(words("programme.close"), close, "link task-close"),
        ],
        className="task-detail",
    )


def milestones(ctx: ScreenContext, programme: Programme, reached: Mapping[str, Entry]) -> Component:
    """The milestones in their order: when each is due, and whether it was reached."""
    steps = []
    for one in sorted(programme.milestones, key=lambda m: m.date):
        entry = reached.get(one.id)
        done = entry.done_on if entry is not None else None
        if done is not None:
            state = "reached" if done <= one.date else "late"
        else:
            state = "missed" if ctx.today > one.date else "awaited"
        told = ctx.words("programme.reached_on", date=fmt.date(done, ctx.lang)) if done else None
        picture = {
            "reached": "check2",
            "late": "check2",
            "missed": "exclamation-triangle-fill",
            "awaited": "flag",
        }
        steps.append(
            html.Li(
                [
                    html.Span(icon(picture[state]), className="milestone-mark"),
                    html.Time(fmt.date(one.date, ctx.lang)),
                    html.B(one.name.get(ctx.lang)),
                    html.Span([ctx.words.of("milestone", state), html.Small(told) if told else None]),
                ],
                className=f"milestone is-{state}",
            )
        )
    return html.Ol(steps, className="milestones")
