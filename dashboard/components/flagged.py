"""On the data-health screen: what was accepted although it broke a rule, and columns that changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from dash import html
from dash.development.base_component import Component

from dashboard.components.base import chip, panel, table, td, th
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt

if TYPE_CHECKING:
    from warehouse.flagged import DriftRecord, FlagCount

FeedLink = Callable[[ScreenContext, str], Component]
ReasonWords = Callable[[ScreenContext, str, str], str]

SHOWN: Final = 12
_ICONS: Final = {
    "new": "box-arrow-in-down",
    "missing": "slash-circle",
    "renamed": "arrow-repeat",
    "reordered": "list",
    "type": "question-circle",
}


def contract_panels(
    ctx: ScreenContext, feed: str | None, link: FeedLink, reason: ReasonWords
) -> list[Component]:
    """The panels that have anything to tell; of the past nothing is told."""
    if ctx.as_of is not None:
        return []
    words, reader = ctx.words, ctx.reader.flags
    panels: list[Component] = []
    if changes := reader.drift(feed, SHOWN):
        panels.append(panel(words("drift.title"), _changes(ctx, changes, link), width=12, kind="table"))
    if counts := reader.summary(feed):
        body = _accepted(ctx, counts[:SHOWN], link, reason)
        panels.append(panel(words("flagged.title"), body, width=12, kind="table"))
    return panels


def _accepted(
    ctx: ScreenContext, counts: Sequence[FlagCount], link: FeedLink, reason: ReasonWords
) -> Component:
    words = ctx.words
    head = [
        th(words("health.feed")),
        th(words("health.column")),
        th(words("health.reason")),
        th(words("flagged.done")),
        th(words("health.rows"), number=True),
        th(words("flagged.last")),
    ]
    rows = [
        html.Tr(
            [
                td(link(ctx, one.feed)),
                td(html.Code(one.column) if one.column else fmt.NOTHING),
                td(reason(ctx, one.feed, one.reason)),
                td(words.of("flag", "whole" if one.whole else one.mode)),
                td(fmt.NOTHING if one.whole else fmt.number(one.rows, ctx.lang), number=True),
                td([html.Span(one.detail), html.Small(_where(ctx, one))]),
            ]
        )
        for one in counts
    ]
    return table(head, rows, "grid", words("flagged.title"))


def _where(ctx: ScreenContext, one: FlagCount) -> str:
    at = fmt.moment(one.last_at, ctx.city.zone, ctx.lang)
    if one.line is None:
        return f"{one.file} · {at}"
    line = ctx.words("flagged.line", line=fmt.number(one.line, ctx.lang))
    return f"{one.file}, {line} · {at}"


def _changes(ctx: ScreenContext, changes: Sequence[DriftRecord], link: FeedLink) -> Component:
    words = ctx.words
    head = [
        th(words("drift.at")),
        th(words("health.file")),
        th(words("drift.what")),
        th(words("health.column")),
        th(words("drift.do")),
    ]
    rows = [
        html.Tr(
            [
                td(fmt.moment(one.at, ctx.city.zone, ctx.lang), class_name="nowrap"),
                td([link(ctx, one.feed), html.Small(one.file or "")]),
                td(
                    chip("phase-firing", _ICONS[one.kind], words.of("drift_kind", one.kind)),
                    class_name="nowrap",
                ),
                td(_column(one)),
                td(words.of("drift_do", one.kind)),
            ]
        )
        for one in changes
    ]
    return table(head, rows, "grid", words("drift.title"))


def _column(one: DriftRecord) -> list[Any]:
    if one.other is None:
        return [html.Code(one.column)]
    if one.kind == "renamed":
        return [html.Code(one.column), " → ", html.Code(one.other)]
    return [html.Code(one.column), html.Small(one.other)]
