"""The areas of one level in order of an indicator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from dash import html
from dash.development.base_component import Component

from config.models import Indicator
from config.models.indicator import Period
from config.targets import Aim
from dashboard.components.base import link, mark_icon
from dashboard.components.states import notice
from dashboard.components.succession import estimate_icon
from dashboard.components.value import target_text, when, why_unranked, written
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from dashboard.drawing.collate import sort_key
from dashboard.drawing.scale import Axis, axis
from dashboard.standing import enough, goal, mark_of
from indicators.bands import Band, bands

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
    """Bars for amounts, points on a common scale for the rest; ``here`` is the area of the page.

    Where figures tell how sure they are, each has its 95 % limits and the range of places that these leave
    open; units over too few rows stand last and have none.
    """
    indicator = ctx.city.indicators[id_]
    values = ordered(ctx, indicator, ctx.reader.ranking(id_, level, period, within=area))
    if not values:
        return notice("empty", "bar-chart", ctx.words("state.empty"), ctx.words("state.empty_hint"))
    bars = ctx.unit(indicator).kind == "amount"
    whole = ctx.reader.latest([id_], area, period).get(id_)
    reference = None if bars or whole is None or whole.start != values[0].start else whole.value
    target = goal(ctx, indicator, values[0], values)
    aim = target.aim if target is not None else None
    entries = _entries(ctx, indicator, values)
    known = [entry.value.value for entry in entries if entry.place and entry.value.value is not None]
    extra = [x for x in (reference, _tick(aim)) if x is not None]
    scale = axis([*known, *extra], from_zero=bars)
    if order == "worst":
        firm = [entry for entry in entries if entry.place]
        entries = firm[::-1] + entries[len(firm) :]
    look = _Look(scale, bars, reference, values, here)
    rows = [_row(ctx, indicator, entry, look) for entry in entries[:top]]
    notes: list[Any] = [html.Span(when(ctx, values[0]))]
    if _wordy(ctx, indicator):
        notes.insert(0, html.Span(ctx.unit(indicator).symbol.get(ctx.lang), className="chart-unit"))
    if reference is not None:
        said = f"{ctx.city.areas[area].name(ctx.lang)} {written(ctx, indicator, reference)}"
        notes.append(html.Span([html.I(className="key key-ref"), said], className="legend-item"))
    if aim is not None:
        said = ctx.words("tile.target", value=target_text(ctx, indicator, aim))
        key = html.I(className="key key-target") if _tick(aim) is not None else None
        notes.append(html.Span([key, said], className="legend-item"))
    if indicator.direction != "none":
        notes.append(html.Span(ctx.words.of("ranking", order)))
    kind = "ranking"
    if any(entry.band for entry in entries):
        kind += " has-bands"
        said = ctx.words("ranking.band")
        notes.append(html.Span([html.I(className="key key-whisker"), said], className="legend-item"))
    elif len(known) > 1 and not ctx.wall:
        notes.append(html.Span(ctx.words("ranking.no_band")))
    return html.Div(
        [
            html.Div(notes, className="legend"),
            html.Ol(rows, className=kind, style={"--rows": len(rows)}),
        ],
        className="rank-box",
    )


@dataclass(frozen=True, slots=True)
class _Entry:
    """A value, its place (none when it rests on too few rows), and how sure that is."""

    value: Value
    place: str
    band: Band | None


@dataclass(frozen=True, slots=True)
class _Look:
    """What all rows share."""

    scale: Axis
    bars: bool
    reference: float | None
    values: Sequence[Value]
    here: str


def _entries(ctx: ScreenContext, indicator: Indicator, values: Sequence[Value]) -> list[_Entry]:
    """Values in their order, with a place, or a range of places where limits are known."""
    firm = [v for v in values if enough(indicator, v)]
    limits = bands(ctx.city, indicator, firm) or [None] * len(firm)
    places = sorted((v.value or 0.0 for v in firm), reverse=indicator.direction != "down")
    entries = []
    for value, band in zip(firm, limits, strict=True):
        place = str(1 + places.index(value.value or 0.0))
        if band is not None:
            place = str(band.best) if band.best == band.worst else f"{band.best}–{band.worst}"
        entries.append(_Entry(value, place, band))
    return entries + [_Entry(v, "", None) for v in values[len(firm) :]]


def _tick(aim: Aim | None) -> float | None:
    """Where a target stands on the scale of values; totals, places and milestones have no point on it."""
    return aim.value if aim is not None and aim.kind in ("floor", "ceiling", "path") else None


def _row(ctx: ScreenContext, indicator: Indicator, entry: _Entry, look: _Look) -> Component:
    value, scale, reference = entry.value, look.scale, look.reference
    target = goal(ctx, indicator, value, look.values)
    tick = _tick(target.aim if target is not None else None)
    mark = mark_of(ctx, indicator, value.area, value, look.values)
    firm = bool(entry.place)
    style: dict[str, Any] = {"--at": _share(scale, value.value or 0.0)} if firm else {}
    if reference is not None:
        style["--ref"] = _share(scale, reference)
    if tick is not None:
        style["--aim"] = _share(scale, tick)
    if entry.band is not None:
        style |= {"--low": _share(scale, entry.band.low), "--high": _share(scale, entry.band.high)}
    loud = mark not in ("none", "met")
    track = html.Span(
        [
            html.I(className="aim-tick") if tick is not None and firm else None,
            html.I(className="ref-tick") if reference is not None and firm else None,
            html.I(className="fill") if firm else None,
            html.I(className="whisker") if entry.band is not None else None,
        ],
        className=f"track {'track-bar' if look.bars else 'track-dot'}" + ("" if firm else " hatch"),
        style=style,
    )
    said = _said(ctx, indicator, value.value) if firm else why_unranked(ctx, indicator, value)
    return html.Li(
        link(
            [
                html.Span(entry.place, className="place"),
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
            f"rank rank-{mark}" + (" is-here" if value.area == look.here else ""),
            _told(ctx, indicator, entry),
        )
    )


def _said(ctx: ScreenContext, indicator: Indicator, amount: float | None) -> str:
    """An amount in its row; a unit of several words, such as "per 10,000 people", stands above all rows."""
    unit = ctx.unit(indicator)
    return (
        fmt.bare(amount, unit, ctx.lang).text
        if _wordy(ctx, indicator)
        else str(written(ctx, indicator, amount))
    )


def _wordy(ctx: ScreenContext, indicator: Indicator) -> bool:
    unit = ctx.unit(indicator)
    return unit.vnd is None and len(unit.symbol.get(ctx.lang).split()) > 2


def _share(scale: Axis, value: float) -> str:
    return f"{scale.share(value) * 100:.1f}%"


def _told(ctx: ScreenContext, indicator: Indicator, entry: _Entry) -> str:
    """How many rows a value rests on and, where known, how sure it is: for those who point at it."""
    n, band = fmt.number(entry.value.n, ctx.lang), entry.band
    if band is None:
        return f"n = {n}"
    low, high = (written(ctx, indicator, x) for x in (band.low, band.high))
    pool = fmt.number(band.pool, ctx.lang)
    return ctx.words("ranking.told", n=n, low=low, high=high, place=entry.place, pool=pool)
