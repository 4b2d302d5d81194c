"""The quiet list beside the warnings: what is unusual on its own, and how many tests were made in all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dash import html
from dash.development.base_component import Component

from dashboard.components.base import link, panel, table, td, th
from dashboard.components.value import plain
from dashboard.components.why import odds
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt

if TYPE_CHECKING:
    from warehouse.rule_tests import RuleTest

MOST: Final = 12
"""Lines of the list."""


def watch_list(ctx: ScreenContext, area: str) -> Component | None:
    """The list for an area and all in it; None where no rule has tested anything."""
    newest = ctx.reader.rule_tests.newest()
    if not newest.tests:
        return None
    words, areas = ctx.words, ctx.city.areas
    here = [t for t in newest.watched if area in areas.path(t.area).values()]
    said = [
        words.count("watching.tests", newest.tests),
        words.count("watching.told", newest.told),
        words.count("watching.watched", len(here)),
    ]
    lead = html.P(" ".join(said), className="quiet")
    if not here:
        return panel(words("watching.title"), lead, kind="watch-list")
    head = [
        th(words("warnings.area")),
        th(words("watching.what")),
        th(words("indicator.value"), number=True),
        th(words("warning.expected"), number=True),
        th(words("watching.chance"), number=True),
    ]
    rows = [_row(ctx, test) for test in here[:MOST]]
    return panel(
        words("watching.title"),
        [lead, table(head, rows, "grid watching", words("watching.title"))],
        kind="watch-list",
    )


def _row(ctx: ScreenContext, test: RuleTest) -> Component:
    rule = ctx.city.rules[test.rule]
    indicator = ctx.city.indicators[str(rule.indicator)]
    assert rule.period is not None
    timed = ctx.city.periods.timed(rule.period)
    start = test.start if timed else test.start.date()
    href = ctx.value_href(indicator.id, test.area, rule.period)
    unit = ctx.unit(indicator).symbol.get(ctx.lang)
    when = ctx.period_text(rule.period, start)
    return html.Tr(
        [
            td(link(ctx.city.areas[test.area].name(ctx.lang), href)),
            td([ctx.name(indicator, short=False), " ", html.Span(f"{unit} · {when}", className="quiet")]),
            td(plain(ctx, indicator, test.value), number=True),
            td(plain(ctx, indicator, test.expected, finer=True), number=True, class_name="quiet"),
            td(odds(ctx, test.p), number=True),
        ],
        title=f"p = {fmt.number(test.p, ctx.lang, 4)}",
    )
