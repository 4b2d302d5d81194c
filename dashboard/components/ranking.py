"""The areas of one level in order of an indicator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from dash import html
from dash.development.base_component import Component

from config.models import Indicator
from config.models.indicator import Period
from dashboard.collate import sort_key
from dashboard.components.base import link, mark_icon
from dashboard.components.states import notice
from dashboard.components.succession import estimate_icon
from dashboard.components.value import target_text, when, written
from dashboard.context import ScreenContext
from dashboard.scale import Axis, axis
from dashboard.standing import aim_of, enough, mark_of

if TYPE_CHECKING:
    from warehouse.reader import Value


def ordered(ctx: ScreenContext, indicator: Indicator, values: Sequence[Value]) -> list[Value]:
    """Best first where better is known, else largest first; too few rows come last, by name."""
    firm = [v for v in values if enough(indicator, v)]
    rest = [v for v in values if not enough(indicator, v)]
    firm.sort(key=lambda v: (v.value or 0.0) * (1 if indicator.direction == "down" else -1))
    return firm + sorted(rest, key=lambda v: sort_key(ctx.city.areas[v.area].name(ctx.lang)))


def ranking(
    ctx: ScreenContext,
    area: str,
    id_: str,
    level: str,
    period: Period,
    top: int | None = None,
    order: Literal["best", "worst"] = "best",
    here: str = "",
) -> Component:
    """Bars for amounts, points on a common scale for the rest; ``here`` is the area of the page."""
    indicator = ctx.city.indicators[id_]
    values = ordered(ctx, indicator, ctx.reader.ranking(id_, level, period, within=area))
    if not values:
        return notice("empty", "bar-chart", ctx.words("state.empty"), ctx.words("state.empty_hint"))
    bars = ctx.unit(indicator).kind == "amount"
    known = [v.value for v in values if v.value is not None and enough(indicator, v)]
    whole = ctx.reader.latest([id_], area, period).get(id_)
    reference = None if bars or whole is None or whole.start != values[0].start else whole.value
    aim = aim_of(ctx, indicator, values[0])
    extra = [x for x in (reference, aim.value if aim else None) if x is not None]
    scale = axis([*known, *extra], from_zero=bars)
    placed = list(enumerate(values, start=1))
    if order == "worst":
        firm = [entry for entry in placed if enough(indicator, entry[1])]
        placed = firm[::-1] + placed[len(firm) :]
    shown = placed[:top]
    rows = [_row(ctx, indicator, v, place, scale, reference, bars, v.area == here) for place, v in shown]
    notes: list[Any] = [html.Span(when(ctx, values[0]))]
    if reference is not None:
        said = f"{ctx.city.areas[area].name(ctx.lang)} {written(ctx, indicator, reference)}"
        notes.append(html.Span([html.I(className="key key-ref"), said], className="legend-item"))
    if aim is not None:
        said = ctx.words("tile.target", value=target_text(ctx, indicator, aim))
        notes.append(html.Span([html.I(className="key key-target"), said], className="legend-item"))
    if indicator.direction != "none":
        notes.append(html.Span(ctx.words.of("ranking", order)))
    return html.Div(
        [
            html.Div(notes, className="legend"),
            html.Ol(rows, className="ranking", style={"--rows": len(rows)}),
        ],
        className="rank-box",
    )


def _row(
    ctx: ScreenContext,
    indicator: Indicator,
    value: Value,
    place: int,
    scale: Axis,
    reference: float | None,
    bars: bool,
    here: bool,
) -> Component:
    aim = aim_of(ctx, indicator, value)
    mark = mark_of(ctx, indicator, value.area, value)
    firm = value.value is not None and mark != "insufficient"
    style: dict[str, Any] = {"--at": f"{scale.share(value.value or 0.0) * 100:.1f}%"} if firm else {}
    if reference is not None:
        style["--ref"] = f"{scale.share(reference) * 100:.1f}%"
    if aim is not None:
        style["--aim"] = f"{scale.share(aim.value) * 100:.1f}%"
    loud = mark not in ("none", "met")
    track = html.Span(
        [
            html.I(className="aim-tick") if aim is not None and firm else None,
            html.I(className="ref-tick") if reference is not None and firm else None,
            html.I(className="fill") if firm else None,
        ],
        className=f"track {'track-bar' if bars else 'track-dot'}" + ("" if firm else " hatch"),
        style=style,
    )
    said = str(written(ctx, indicator, value.value)) if firm else ctx.words.of("mark", "insufficient")
    return html.Li(
        link(
            [
                html.Span(str(place) if firm else "", className="place"),
                html.Span(ctx.city.areas[value.area].name(ctx.lang), className="who"),
                track,
                html.Span(
                    [
                        mark_icon(ctx, mark) if loud and firm else None,
                        estimate_icon(ctx) if value.estimated and firm else None,
                        said,
                    ],
                    className="amount" if firm else "amount quiet",
                ),
            ],
            ctx.value_href(indicator.id, value.area, value.period),
            f"rank rank-{mark}" + (" is-here" if here else ""),
        )
    )
