"""What a value is made of: the members of a dimension as bars, with share, change and course."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dash import html
from dash.development.base_component import Component

from config.models import Column, Indicator
from config.models.indicator import Measure, Period, Stock
from dashboard.components.base import dashed, link, panel
from dashboard.components.states import notice
from dashboard.components.value import when, written
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from dashboard.drawing.scale import Axis, axis
from dashboard.drawing.svg import sparkline
from dashboard.drawing.theme import tokens
from dashboard.standing import is_comparable
from indicators.breakdown import Member, adds_up, breakdown_period, dimensions, is_kept

if TYPE_CHECKING:
    from warehouse.reader import Value

COURSE = 13
"""How many periods a member's small line shows: a year and the same month before."""
PAIR = 2
"""How many are read where members are not kept: enough for the change, since each costs a pass over rows."""


def breakdown_panel(ctx: ScreenContext, indicator: Indicator, area: str, period: Period) -> Component | None:
    """The members of one dimension in the newest period that is made of whole months; the address chooses the
    dimension (``by``). None for an indicator that has no dimension.
    """
    known = dimensions(ctx.city, indicator)
    told = breakdown_period(ctx.city, indicator, period)
    if not known or told is None:
        return None
    by = next((name for name in known if name == ctx.route.params.get("by")), known[0])
    name = dimension_name(ctx, indicator, by)
    title = ctx.words("breakdown.title", dimension=name[:1].lower() + name[1:])
    if ctx.as_of is not None or ctx.boundaries is not None:
        body: Component = notice("empty", "clock-history", ctx.words("breakdown.now_only"))
    else:
        body = _members(ctx, indicator, area, told, by)
    return panel(title, body, aside=_choice(ctx, indicator, area, period, by), kind="breakdown")


def member_name(ctx: ScreenContext, indicator: Indicator, dimension: str, member: str | None) -> str:
    """What a member is called: by the column's labels, else as it stands in the data."""
    if member is None:
        return ctx.words("breakdown.unknown")
    column = _column(ctx, indicator, dimension)
    called = ctx.city.called(column, member)
    if called is not None:
        return called.get(ctx.lang)
    if column.type == "boolean":
        return ctx.words(f"breakdown.{member}")
    return member


def members_expected(ctx: ScreenContext, indicator: Indicator) -> int:
    """About how many members the panel shows: as many as the column may have, 13 if that is not said."""
    known = dimensions(ctx.city, indicator)
    by = next((name for name in known if name == ctx.route.params.get("by")), known[0])
    column = _column(ctx, indicator, by)
    return min(COURSE, len(column.labels or column.values or ()) or COURSE)


def _column(ctx: ScreenContext, indicator: Indicator, dimension: str) -> Column:
    assert isinstance(indicator, Measure | Stock)
    columns = ctx.city.datasets[indicator.dataset].columns
    return next(column for column in columns if column.name == dimension)


def dimension_name(ctx: ScreenContext, indicator: Indicator, dimension: str) -> str:
    """What a dimension is called: its column's title, else the header that it has in the files."""
    column = _column(ctx, indicator, dimension)
    return column.title.get(ctx.lang) if column.title else column.source or column.name


def _choice(
    ctx: ScreenContext, indicator: Indicator, area: str, period: Period, current: str
) -> Component | None:
    """The dimensions as links, if there is more than one."""
    known = dimensions(ctx.city, indicator)
    if len(known) < 2:
        return None
    tabs = [
        link(
            dimension_name(ctx, indicator, name),
            ctx.href("indicator", indicator.id, area=area, period=period, by=name),
            "segment is-active" if name == current else "segment",
        )
        for name in known
    ]
    return html.Nav(tabs, className="segments", **dashed(aria_label=ctx.words("breakdown.dimension")))


@dataclass(frozen=True, slots=True)
class _Look:
    """What all rows share: ``whole`` is what the members add up to, ``before`` the period compared with."""

    scale: Axis
    before: dt.date | None
    whole: float | None
    starts: Sequence[dt.date]


def _members(
    ctx: ScreenContext, indicator: Indicator, area: str, period: Period, dimension: str
) -> Component:
    words = ctx.words
    count = COURSE if is_kept(ctx.city, indicator) else PAIR
    values = ctx.reader.series([indicator.id], area, period, count)[indicator.id]
    lines = ctx.members(indicator.id, dimension, area, period, [value.start for value in values])
    rows = sorted(
        ((key, line) for key, line in lines.items() if line and line[-1].start == values[-1].start),
        key=lambda row: (row[0][1], row[0][0] is None, -(row[1][-1].value or 0.0)),
    )
    if not rows or values[-1].value is None:
        return notice("empty", "bar-chart", words("state.empty"), words("state.empty_hint"))
    newest = values[-1]
    additive = adds_up(ctx.city, indicator)
    whole = newest.value if additive and (newest.value or 0) > 0 else None
    look = _Look(
        scale=axis([line[-1].value or 0.0 for _, line in rows], from_zero=True),
        before=_before(ctx, indicator, values),
        whole=whole,
        starts=[value.start for value in values],
    )
    notes = [html.Span(when(ctx, newest))]
    if look.before is not None:
        name = ctx.period_text(period, look.before)
        notes.append(html.Span(words("breakdown.against", period=name)))
    if whole is not None:
        notes.append(html.Span(words("breakdown.share")))
    listed = [_row(ctx, indicator, dimension, key, line, look) for key, line in rows]
    kind = "ranking breakdown" + (" has-share" if whole is not None else "")
    return html.Div(
        [html.Div(notes, className="legend"), html.Ol(listed, className=kind)], className="rank-box"
    )


def _before(ctx: ScreenContext, indicator: Indicator, values: Sequence[Value]) -> dt.date | None:
    """The period that the newest one may be held against; a sum in the making has none."""
    newest = values[-1]
    then = ctx.city.periods.shift(newest.period, newest.start, -1)
    fair = is_comparable(ctx, indicator, newest)
    return then if fair and any(value.start == then for value in values) else None


def _row(
    ctx: ScreenContext,
    indicator: Indicator,
    dimension: str,
    key: tuple[str | None, bool],
    line: Sequence[Member],
    look: _Look,
) -> Component:
    now = line[-1]
    name = ctx.words("breakdown.rest") if key[1] else member_name(ctx, indicator, dimension, key[0])
    firm = now.value is not None and now.n >= indicator.min_n
    style = {"--at": f"{look.scale.share(now.value or 0.0) * 100:.1f}%"} if firm else {}
    track = html.Span(
        html.I(className="fill") if firm else None,
        className="track track-bar" + ("" if firm else " hatch"),
        style=style,
    )
    said = str(written(ctx, indicator, now.value)) if firm else ctx.words.of("mark", "insufficient")
    share = None
    if look.whole is not None:
        text = fmt.number(100 * (now.value or 0.0) / look.whole, ctx.lang, 1)
        share = html.Span(f"{text}\u00a0%" if ctx.lang == "vi" else f"{text}%", className="share")
    return html.Li(
        html.Div(
            [
                html.Span(name, className="who" + (" quiet" if key[1] or key[0] is None else "")),
                track,
                html.Span(said, className="amount" if firm else "amount quiet"),
                share,
                _change(ctx, indicator, line, look) if firm else html.Span(className="change"),
                _course(ctx, indicator, line, look),
            ],
            className="rank is-rest" if key[1] else "rank",
            title=f"n = {fmt.number(now.n, ctx.lang)}",
        )
    )


def _change(ctx: ScreenContext, indicator: Indicator, line: Sequence[Member], look: _Look) -> Component:
    """The member's change; of a sum, what had no rows then had nothing."""
    then = next((member for member in line if member.start == look.before), None)
    base = then.value if then is not None else 0.0 if look.whole is not None else None
    if look.before is None or base is None or (then is not None and then.n < indicator.min_n):
        return html.Span(className="change")
    change = fmt.delta(line[-1].value or 0.0, base, ctx.unit(indicator), indicator.direction, ctx.lang)
    word = (
        html.Span(" " + ctx.words.of("tone", change.tone), className="sr") if change.tone != "none" else None
    )
    return html.Span([change.text, word], className=f"change delta-text delta-{change.tone}")


def _course(ctx: ScreenContext, indicator: Indicator, line: Sequence[Member], look: _Look) -> Component:
    """A small line of the member's last periods; the running one is left out where it is not comparable."""
    if len(look.starts) <= PAIR:
        return html.Span(className="course")
    known = {member.start: member.value for member in line}
    missing = 0.0 if look.whole is not None else None
    starts = look.starts if look.before is not None else look.starts[:-1]
    colours = tokens("light")
    picture = sparkline(
        [known.get(start, missing) for start in starts],
        colours["series-1"],
        colours["line"],
        from_zero=ctx.unit(indicator).kind == "amount",
    )
    style: Any = {} if picture else {"visibility": "hidden"}
    return html.Span(html.Img(src=picture, alt="") if picture else None, className="course", style=style)
