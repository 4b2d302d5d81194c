"""How single values are said: written, compared, held against a target, dated."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from dash import html
from dash.development.base_component import Component

from config.models import Indicator
from config.models.indicator import Period
from config.targets import Aim
from dashboard.components.base import icon
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from dashboard.standing import Standing, enough, is_partial

if TYPE_CHECKING:
    from warehouse.reader import Value

_ARROW = {1: "arrow-up-short", 0: "arrow-right-short", -1: "arrow-down-short"}
MANY_TIMES = 4
"""Times the value before beyond which that value is told instead of the change from it."""
_SIDE = {"floor": "≥", "ceiling": "≤"}


def written(ctx: ScreenContext, indicator: Indicator, amount: float | None) -> fmt.Written:
    """An amount of an indicator in its unit."""
    return fmt.value(amount, ctx.unit(indicator), ctx.lang)


def plain(
    ctx: ScreenContext, indicator: Indicator, amount: float | None, finer: bool = False, signed: bool = False
) -> str:
    """An amount without its unit, which stands above the table; ``finer``: what is small with one decimal
    more, since what is expected of a count is none.
    """
    unit = ctx.unit(indicator)
    if amount is None:
        return fmt.NOTHING
    if unit.vnd is not None:
        return fmt.difference(amount, unit, ctx.lang) if signed else str(written(ctx, indicator, amount))
    decimals = unit.decimals + (1 if finer and abs(amount) < 100 else 0)
    return fmt.signed(amount, ctx.lang, decimals) if signed else fmt.number(amount, ctx.lang, decimals)


def target_text(ctx: ScreenContext, indicator: Indicator, aim: Aim) -> str:
    """``≥ 95%``; of totals, places and milestones also what is meant by it."""
    due = fmt.number(aim.value, ctx.lang) if aim.kind == "rank" else str(written(ctx, indicator, aim.value))
    limit = f"{_SIDE[aim.side]}\u00a0{due}"
    match aim.kind:
        case "cumulative" | "rank":
            return ctx.words(f"aim.{aim.kind}", value=limit)
        case "milestone" if aim.by is not None:
            return ctx.words("aim.milestone", value=limit, date=fmt.date(aim.by, ctx.lang))
        case _:
            return limit


def period_name(ctx: ScreenContext, period: Period, start: dt.date) -> str:
    """A period in words: today and yesterday by these names, everything else by its full name."""
    if period == "day" and ctx.today - start in (dt.timedelta(0), dt.timedelta(days=1)):
        return ctx.words("period.today" if start == ctx.today else "period.yesterday")
    return ctx.period_text(period, start)


def when(ctx: ScreenContext, value: Value) -> str:
    """The period of a value and, while it runs, up to when it is told."""
    name = period_name(ctx, value.period, value.start)
    if not is_partial(ctx, value):
        return name
    zone = ctx.city.zone
    through = fmt.local(value.data_through, zone)
    last_day = (through - dt.timedelta(microseconds=1)).date()
    until = fmt.clock(through, zone) if value.period in ("hour", "day") else fmt.day_month(last_day, ctx.lang)
    return ctx.words("period.until", period=name, time=until)


def many_times(now: float, before: float) -> bool:
    """Whether a value is so many times the one before that the percentage between them tells nobody anything:
    the dossiers of a Monday are sixteen times those of its Sunday.
    """
    return before > 0 and now / before >= MANY_TIMES


def delta_line(ctx: ScreenContext, standing: Standing) -> Component | None:
    """The change from the period before; for a sum that still grows, the whole sum of the period before."""
    value, previous, words = standing.value, standing.previous, ctx.words
    if value is None or value.value is None or previous is None or previous.value is None:
        return None
    if not (enough(standing.indicator, value) and enough(standing.indicator, previous)):
        return None
    name = words.of("previous", _previous_key(ctx, value))
    indicator = standing.indicator
    if not standing.comparable or many_times(value.value, previous.value):
        whole = words("tile.whole", period=name, value=written(ctx, indicator, previous.value))
        return html.Span(whole, className="delta")
    change = fmt.delta(value.value, previous.value, ctx.unit(indicator), indicator.direction, ctx.lang)
    if change.sign == 0:
        return html.Span([icon(_ARROW[0]), words("tile.same", period=name)], className="delta")
    tone = words.of("tone", change.tone) if change.tone != "none" else ""
    return html.Span(
        [
            icon(_ARROW[change.sign]),
            html.B(change.text),
            " " + words("tile.against", period=name),
            html.Em(tone) if tone else None,
        ],
        className=f"delta delta-{change.tone}",
    )


def delta_text(ctx: ScreenContext, indicator: Indicator, value: Value, before: Value) -> Component:
    """A change in short: signed, toned, with the word for its tone for those who cannot see the colour."""
    change = fmt.delta(
        value.value or 0.0, before.value or 0.0, ctx.unit(indicator), indicator.direction, ctx.lang
    )
    word = (
        html.Span(" " + ctx.words.of("tone", change.tone), className="sr") if change.tone != "none" else None
    )
    return html.Span([change.text, word], className=f"delta-text delta-{change.tone}")


def _previous_key(ctx: ScreenContext, value: Value) -> str:
    if value.period in ctx.city.periods.calendars:
        return "reporting"
    if value.period != "day":
        return value.period
    return "yesterday" if value.start == ctx.today else "day"


def why_unranked(ctx: ScreenContext, indicator: Indicator, value: Value | None) -> str:
    """Why a value takes no part in comparisons."""
    if value is not None and value.n < indicator.min_n:
        return ctx.words("state.too_few_to_rank", n=fmt.number(value.n, ctx.lang))
    return ctx.words.of("mark", "insufficient")


def coverage(ctx: ScreenContext, value: Value) -> Component | None:
    """How much of the expected data came, said only when it is not all."""
    if value.present >= value.expected:
        return None
    share = f"{fmt.number(value.present, ctx.lang)}/{fmt.number(value.expected, ctx.lang)}"
    return html.Span(ctx.words("tile.coverage", share=share), className="coverage")
