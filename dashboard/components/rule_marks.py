"""How a rule does, in a word or a number: whether it was tried, how often it was right."""

from __future__ import annotations

import datetime as dt
from typing import Final

from dash import html
from dash.development.base_component import Component

from config.models import Rule
from dashboard.components.base import chip
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from dashboard.rules.book import Tried
from warehouse.state import Made, RuleFigures

_ICONS: Final[dict[Tried, str]] = {
    "never": "question-circle",
    "outdated": "clock-history",
    "tried": "check2",
    "running": "hourglass-split",
}


def tried_mark(ctx: ScreenContext, rule: Rule) -> Component:
    """Whether the rule was backtested; a rule of which only the present can be judged says so quietly."""
    tried = ctx.rulebook.tried(rule)
    word = ctx.words.of("tried", tried)
    if tried == "present":
        return html.Span(word, className="quiet")
    return chip(f"tried-{tried}", _ICONS[tried], word)


def public_mark(ctx: ScreenContext, rule: Rule) -> Component | None:
    """Says that people may release what the rule tells to the public."""
    return None if rule.public is None else chip("public", "broadcast", ctx.words("rules.public"))


def rate(ctx: ScreenContext, a_week: float) -> str:
    """Warnings a week: the more decimals, the fewer there are."""
    return fmt.number(a_week, ctx.lang, 0 if a_week == 0 else 2 if a_week < 1 else 1)


def series(ctx: ScreenContext, many: int) -> str:
    """How many series a rule has judged; those over feeds and other rules have none of their own."""
    return fmt.number(many, ctx.lang) if many else fmt.NOTHING


def precision(ctx: ScreenContext, figures: RuleFigures | None) -> str:
    """True ÷ closed, with both: ``75% (3/4)``."""
    if figures is None or figures.precision is None:
        return fmt.NOTHING
    share = fmt.join(fmt.number(figures.precision * 100, ctx.lang), "%")
    return f"{share} ({figures.true}/{figures.true + figures.false})"


def noticed(ctx: ScreenContext, figures: RuleFigures | None) -> str:
    """The median time until somebody took notice."""
    if figures is None or figures.acknowledge_median is None:
        return fmt.NOTHING
    return fmt.span(figures.acknowledge_median, ctx.lang)


def days(ctx: ScreenContext, made: Made) -> str:
    """The first and the last day of a backtest."""
    last = made.until - dt.timedelta(days=1)
    return f"{fmt.date(made.first, ctx.lang)} – {fmt.date(last, ctx.lang)}"
