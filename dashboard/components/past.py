"""The past on a screen: that it is the past, when each value was what, and where series break."""

from __future__ import annotations

import bisect
import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dash import html
from dash.development.base_component import Component

from config.models import Indicator, Period
from config.periods import day_of
from dashboard import asof
from dashboard.components.base import icon, link, table, td, th
from dashboard.components.value import written
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from dashboard.drawing.figures import Cut
from dashboard.i18n import Words
from indicators.breaks import FieldChange, SeriesBreak, breaks_of, compared_across

if TYPE_CHECKING:
    from warehouse.reader import Value
    from warehouse.vintages import Vintage

SHOWN = 12
"""Vintages of one value that are listed."""
LABEL = 36
"""Letters of a break's label in a chart; the indicator's page has all of it."""


def past_banner(ctx: ScreenContext) -> Component | None:
    """Says that a screen shows the past, which moment of it, and leads back to the present."""
    if ctx.as_of is None:
        return None
    words = ctx.words
    thinned = ctx.reader.thinned
    thin = thinned is not None and ctx.as_of.astimezone(ctx.city.zone).date() < thinned
    return html.Aside(
        [
            icon("clock-history"),
            html.B(words("past.banner", time=fmt.moment(ctx.as_of, ctx.city.zone, ctx.lang))),
            html.Span(words("past.thin")) if thin else None,
            link([icon("arrow-right-short"), words("past.back")], ctx.same_page(as_of=""), "past-back"),
        ],
        className="past-banner",
        role="status",
    )


def revisions(ctx: ScreenContext, indicator: Indicator, value: Value | None) -> Component | None:
    """How often a value was corrected: when it was known as what, and a way to each of these moments."""
    if value is None or ctx.boundaries is not None:
        return None
    known = ctx.reader.vintages(indicator.id, value.area, value.period, value.start)
    if len(known) < 2:
        return None
    words, many = ctx.words, len(known) - 1
    rows = [_revision(ctx, indicator, vintage) for vintage in known[:SHOWN]]
    head = [
        th(words("past.known")),
        th(words("indicator.value"), number=True),
        th(words("past.run"), number=True),
        th(""),
    ]
    return html.Details(
        [
            html.Summary([icon("clock-history"), words.count("past.revised", many), icon("chevron-down")]),
            table(head, rows, "grid", words("past.known")),
            html.P(words("past.more", n=fmt.number(many + 1 - SHOWN, ctx.lang)), className="quiet")
            if many >= SHOWN
            else None,
        ],
        className="revisions",
    )


def _revision(ctx: ScreenContext, indicator: Indicator, vintage: Vintage) -> Component:
    words = ctx.words
    at = vintage.known_from.replace(tzinfo=dt.UTC)
    stands = vintage.known_until is None
    way: Any = html.Span(words("past.stands"), className="quiet")
    if not stands:
        way = link(words("past.go"), ctx.same_page(as_of=asof.written(at, ctx.city)))
    elif ctx.as_of is not None:
        way = link(words("past.back"), ctx.same_page(as_of=""))
    return html.Tr(
        [
            html.Th(fmt.moment(vintage.known_from, ctx.city.zone, ctx.lang), scope="row"),
            td(str(written(ctx, indicator, vintage.value)), number=True),
            td(f"{fmt.number(vintage.run, ctx.lang)} · v{vintage.version}", number=True),
            td(way, class_name="nowrap"),
        ]
    )


def cuts(
    ctx: ScreenContext, members: Sequence[Indicator], level: str, period: Period, starts: Sequence[dt.date]
) -> list[Cut]:
    """The breaks of some indicators at a level where a chart of periods draws them."""
    whose: dict[tuple[dt.date, str], list[Indicator]] = {}
    for member in members:
        for item in breaks_of(ctx.city, ctx.reader, member.id, level):
            whose.setdefault((item.date, break_title(ctx, member, item)), []).append(member)
    # what all of them have in common, such as a merger of cities, is said once
    found = [
        (date, title if len(having) == len(members) else f"{ctx.name(member)}: {title}")
        for (date, title), having in whose.items()
        for member in (having[:1] if len(having) == len(members) else having)
    ]
    return [
        Cut(at, f"{fmt.date(date, ctx.lang)} {_short(title)}")
        for date, title in sorted(found)
        if (at := _place(ctx, period, date, starts)) is not None
    ]


def _place(ctx: ScreenContext, period: Period, date: dt.date, starts: Sequence[dt.date]) -> float | None:
    """Between two periods where a break parts them, in the middle of one that it falls into."""
    days = [day_of(ctx.city.periods.begin(period, start)) for start in starts]
    index = bisect.bisect_left(days, date)
    if index == 0 or date > ctx.city.periods.last_day(period, starts[-1]):
        return None
    return index - 0.5 if index < len(days) and days[index] == date else float(index - 1)


def _short(text: str) -> str:
    return text if len(text) <= LABEL else text[: LABEL - 1].rstrip() + "…"


def across(ctx: ScreenContext, indicator: Indicator, value: Value | None) -> Component | None:
    """A warning that a value compares figures from both sides of a break."""
    if value is None:
        return None
    found = compared_across(ctx.city, indicator.id, value.period, value.start, value.level)
    if not found:
        return None
    dates = ", ".join(dict.fromkeys(fmt.date(item.date, ctx.lang) for item in found))
    return html.Span(
        [icon("info-circle"), ctx.words("break.across", date=dates)], className="chip chip-break hatch"
    )


def break_list(ctx: ScreenContext, indicator: Indicator, level: str) -> Component | None:
    """The breaks of a series at a level in words, newest first, with a way to what stood before."""
    found = breaks_of(ctx.city, ctx.reader, indicator.id, level)
    if not found:
        return None
    return html.Ul([html.Li(_break(ctx, indicator, item)) for item in reversed(found)], className="breaks")


def _break(ctx: ScreenContext, indicator: Indicator, item: SeriesBreak) -> list[Any]:
    words = ctx.words
    told: list[Any] = [html.B(fmt.date(item.date, ctx.lang)), " ", break_title(ctx, indicator, item)]
    if item.kind == "definition":
        told.append(html.Ul([html.Li(change_in_words(words, change)) for change in item.changes]))
        if item.since is not None:
            before = item.since.replace(tzinfo=dt.UTC) - dt.timedelta(seconds=1)
            told.append(link(words("break.before"), ctx.same_page(as_of=asof.written(before, ctx.city))))
    return told


def break_title(ctx: ScreenContext, indicator: Indicator, item: SeriesBreak) -> str:
    """What a break is, in a few words; a part's break names the part."""
    words = ctx.words
    whose = ctx.city.indicators[item.indicator]
    name = "" if item.indicator == indicator.id else f"{ctx.name(whose)}: "
    if item.kind == "declared":
        return name + (item.note.get(ctx.lang) or next(iter(item.note.values())))
    return name + words("break.definition", version=item.version)


def change_in_words(words: Words, change: FieldChange) -> str:
    """One field of a definition before and after."""
    field = words.of("field", change.field)
    before, after = _told(words, change.before), _told(words, change.after)
    return words("break.field", field=field, before=before, after=after)


def _told(words: Words, what: Any) -> str:
    if what is None or what in ([], ""):
        return words("break.nothing")
    if isinstance(what, list):
        return ", ".join(_told(words, item) for item in what)
    if isinstance(what, dict):
        return "; ".join(f"{key} {_told(words, item)}" for key, item in what.items() if item is not None)
    return str(what)
