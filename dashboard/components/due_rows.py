"""The rows that a warning of a deadline was told of: those that fall due first, as they were then."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from config.models import Column, Deadline
from dashboard.components.base import table, td, th
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from dashboard.warnings.stories import Story


def due_rows(ctx: ScreenContext, story: Story) -> Component | None:
    """A table with the columns of the rows' key and when they are due; None where none were kept."""
    rule = ctx.city.rules.get(story.warning.rule)
    rows: list[Mapping[str, Any]] = story.warning.evidence.get("rows") or []
    if rule is None or not isinstance(rule.when, Deadline) or not rows:
        return None
    feed = ctx.city.datasets.get(rule.when.dataset)
    columns = {column.name: column for column in feed.columns} if feed is not None else {}
    head = [th(_title(ctx, columns.get(name), name)) for name in rows[0]]
    body = [html.Tr([td(_cell(ctx, columns.get(name), cell)) for name, cell in row.items()]) for row in rows]
    return table(head, body, "grid", ctx.words("warning.due"))


def _title(ctx: ScreenContext, column: Column | None, name: str) -> str:
    return column.title.get(ctx.lang) if column is not None and column.title is not None else name


def _cell(ctx: ScreenContext, column: Column | None, cell: Any) -> str:
    if cell is None:
        return ctx.words("rows.null")
    if column is not None and column.type == "timestamp":
        return fmt.moment(dt.datetime.fromisoformat(str(cell)), ctx.city.zone, ctx.lang)
    if column is not None and column.type == "date":
        return fmt.date(dt.date.fromisoformat(str(cell)), ctx.lang)
    return str(cell)
