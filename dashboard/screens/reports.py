"""The reports of the city: what each tells, when it comes, and the files that were made."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from dash import html
from dash.development.base_component import Component

from config.models import Report
from dashboard.components.base import facts, icon, panel, table, td, th
from dashboard.components.page import page
from dashboard.components.states import notice
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt

if TYPE_CHECKING:
    from dashboard.reports.press import Kept

LISTED = 24
"""Files of a report that are listed; the folder has all."""


def render(ctx: ScreenContext) -> Component:
    """Every report with its newest files, and a way to make it now."""
    words = ctx.words
    reports = list(ctx.city.reports.values())
    body = [_report(ctx, one) for one in reports] or [
        notice("empty", "file-earmark-text", words("report.none"), words("report.none_hint"))
    ]
    return page(
        ctx,
        words("report.page"),
        body,
        area=ctx.city.areas.root.code,
        lead=[html.Span(words.count("report.count", len(reports)))],
    )


def _report(ctx: ScreenContext, report: Report) -> Component:
    words = ctx.words
    where = (
        ctx.city.areas[report.area].name(ctx.lang)
        if report.area is not None
        else words("report.each", level=ctx.level_name(report.level or ctx.city.levels[0]))
    )
    told: list[tuple[str, str]] = [(words("report.area"), where)]
    due = ctx.papers.next(report)
    if due is not None:
        told.append((words("report.next"), fmt.moment(due, ctx.city.zone, ctx.lang)))
    if report.recipients:
        names = [ctx.city.recipients[name].name.get(ctx.lang) for name in report.recipients]
        told.append((words("report.for"), ", ".join(names)))
    aside = html.Div(
        [
            html.A(
                [icon("box-arrow-in-down"), html.Span(words("report.now", form=form.upper()))],
                href=f"/reports/{report.id}.{form}?lang={ctx.lang}",
                className="btn-quiet",
            )
            for form in report.formats
        ],
        className="open-take",
    )
    body = [html.P(report.note.get(ctx.lang)) if report.note else None, facts(told), _files(ctx, report)]
    return panel(report.title.get(ctx.lang), body, aside=aside, width=6, kind="open")


def _files(ctx: ScreenContext, report: Report) -> Component:
    words = ctx.words
    kept = ctx.papers.kept(report)[:LISTED]
    if not kept:
        return html.P(words("report.no_files"), className="quiet")
    made: dict[tuple[dt.date, str, str], list[Kept]] = {}
    for one in kept:
        made.setdefault((one.day, one.area, one.lang), []).append(one)
    head = [th(words("report.day")), th(words("report.area")), th(words("report.file"))]
    rows = [
        html.Tr(
            [
                td(fmt.date(day, ctx.lang)),
                td(ctx.city.areas[area].name(ctx.lang) if area in ctx.city.areas else area),
                td(html.Div([_file(ctx, form) for form in forms], className="open-take")),
            ]
        )
        for (day, area, _), forms in made.items()
    ]
    return table(head, rows, "grid", report.title.get(ctx.lang))


def _file(ctx: ScreenContext, one: Kept) -> Component:
    said = f"{one.form.upper()} ({one.lang.upper()})"
    size = f"{fmt.number(one.size / 1024, ctx.lang)} KB"
    return html.A(said, href=f"/reports/{one.report}/{one.name}", className="link", title=size)
