"""Feeds behind some figures, with how each of them stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dash import html
from dash.development.base_component import Component

from config.models import Feed
from dashboard.components.base import age, chip, link
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from dashboard.standing import late_feeds, overdue

if TYPE_CHECKING:
    from warehouse.reader import FeedStatus


def feed_state(ctx: ScreenContext, feed: Feed, status: FeedStatus | None, behind: bool) -> Component:
    """Whether a feed came in time, came never, or by how much it is late; ``behind``: its data are old."""
    words = ctx.words
    late = overdue(feed, status, ctx.now)
    if status is None or status.last_loaded_at is None:
        return chip("insufficient", "inbox", words("health.never"))
    if late is not None:
        return chip("late", "clock-history", words("health.late_by", span=fmt.span(late, ctx.lang)))
    if behind:
        return chip("late", "clock-history", words("mark.late"))
    return chip("met", "check2", words("health.in_time"))


def feed_list(ctx: ScreenContext, feeds: Sequence[Feed]) -> Component:
    """Name, owner, state and up to when each one tells, with a way to its own page."""
    statuses, late = ctx.reader.feeds(), late_feeds(ctx)
    lines = []
    for feed in feeds:
        status = statuses.get(feed.id)
        through = status.data_through if status is not None else None
        lines.append(
            html.Li(
                [
                    link(feed.name.get(ctx.lang), ctx.href("health", feed=feed.id), "row-link"),
                    feed_state(ctx, feed, status, feed.id in late),
                    html.Small(
                        [
                            feed.owner.get(ctx.lang),
                            html.Span([" · ", age(ctx, through)]) if through is not None else None,
                            f" · {ctx.words('state.simulated').lower()}" if feed.simulated else None,
                            " · ",
                            link(ctx.words("row_search.open"), ctx.href("rows", feed.table)),
                        ]
                    ),
                ]
            )
        )
    return html.Ul(lines, className="feed-lines")
