"""What drives a warning: the parts of its area when it was told, beside what they usually are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from dash import html
from dash.development.base_component import Component

from config.models import Statistical
from dashboard.components.base import link, table, td, th
from dashboard.components.states import notice
from dashboard.components.value import plain
from dashboard.components.warning_chart import Sight
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from indicators.breakdown import adds_up

if TYPE_CHECKING:
    from warehouse.reader import Value

USUAL: Final = 8
"""Periods whose median is what is usual, where no test says what was expected."""
MOST: Final = 12
"""Parts that are listed."""


@dataclass(frozen=True, slots=True)
class Part:
    """One area within that of a warning: its value, what was to be expected, and its share of the whole."""

    area: str
    value: float
    expected: float | None
    share: float | None

    @property
    def more(self) -> float:
        """How far the value lies above what was expected."""
        return 0.0 if self.expected is None else self.value - self.expected


def parts_of(ctx: ScreenContext, sight: Sight, area: str) -> list[Part]:
    """The parts, those first that drive the warning the most; empty where the area has none that are told."""
    indicator, level = sight.indicator, _below(ctx, sight, area)
    if level is None:
        return []
    rows = ctx.reader.matrix([indicator.id], level, sight.period, sight.start, area)
    values = {code: row[indicator.id] for code, row in rows.items() if indicator.id in row}
    firm = {
        code: value.value
        for code, value in values.items()
        if value.value is not None and value.n >= indicator.min_n
    }
    whole = sum(firm.values()) if adds_up(ctx.city, indicator) else 0.0
    expected = _expected(ctx, sight, list(firm))
    parts = [
        Part(code, value, expected.get(code), 100 * value / whole if whole > 0 else None)
        for code, value in firm.items()
    ]
    # What drives a fall lies below; what drives anything else lies above.
    sign = _sign(ctx, sight, area)
    return sorted(parts, key=lambda part: (-sign * part.more, -sign * part.value, part.area))


def drivers(ctx: ScreenContext, sight: Sight, area: str) -> Component | None:
    """The parts as a table; None where the area has none."""
    parts = parts_of(ctx, sight, area)
    level = _below(ctx, sight, area)
    if level is None:
        return None
    if not parts:
        return notice("empty", "buildings", ctx.words("state.empty"), ctx.words("warning.no_parts"))
    words, indicator = ctx.words, sight.indicator
    shared = any(part.share is not None for part in parts)
    known = isinstance(sight.rule.when, Statistical)
    head = [
        th(ctx.level_name(level).capitalize()),
        th(words("indicator.value"), number=True),
        th(words("warning.expected") if known else words("warning.usual"), number=True),
        th(words("warning.more"), number=True),
        th(words("warning.share"), number=True) if shared else None,
    ]
    most = max((abs(part.more) for part in parts), default=0.0)
    rows = [_row(ctx, sight, part, most, shared) for part in parts[:MOST]]
    unit = ctx.unit(indicator)
    notes: list[Any] = [html.Span(ctx.period_text(sight.period, sight.start))]
    if unit.vnd is None:
        notes.insert(0, html.Span(unit.symbol.get(ctx.lang), className="chart-unit"))
    if not known:
        notes.append(html.Span(words("warning.usual_note", n=str(USUAL))))
    rest = len(parts) - MOST
    name = ctx.name(indicator, short=False)
    return html.Div(
        [
            html.Div(notes, className="legend"),
            table([cell for cell in head if cell is not None], rows, "grid drivers", name),
            link(
                words("warning.all_parts", n=fmt.number(len(parts), ctx.lang)),
                ctx.value_href(indicator.id, area, sight.period),
                "link more",
            )
            if rest > 0
            else None,
        ]
    )


def _row(ctx: ScreenContext, sight: Sight, part: Part, most: float, shared: bool) -> Component:
    indicator, area = sight.indicator, ctx.city.areas[part.area]
    more = "–" if part.expected is None else plain(ctx, indicator, part.more, finer=True, signed=True)
    width = f"{abs(part.more) / most * 100:.0f}%" if most > 0 and part.expected is not None else "0%"
    share = "–" if part.share is None else _percent(ctx, part.share)
    cells = [
        td(link(area.name(ctx.lang), ctx.value_href(indicator.id, part.area, sight.period))),
        td(plain(ctx, indicator, part.value), number=True),
        td(plain(ctx, indicator, part.expected, finer=True), number=True, class_name="quiet"),
        td(
            [html.Span(more), html.I(className="more-bar" + (" is-less" if part.more < 0 else ""))],
            number=True,
            class_name="more-cell",
        ),
        td(share, number=True) if shared else None,
    ]
    return html.Tr([cell for cell in cells if cell is not None], style={"--at": width})


def _percent(ctx: ScreenContext, share: float) -> str:
    text = fmt.number(share, ctx.lang, 1)
    return f"{text}\u00a0%" if ctx.lang == "vi" else f"{text}%"


def _below(ctx: ScreenContext, sight: Sight, area: str) -> str | None:
    """The next level below the area that the indicator is told for."""
    levels = list(ctx.city.levels)
    lower = levels[levels.index(ctx.city.areas[area].level) + 1 :]
    return next((level for level in lower if level in sight.indicator.levels), None)


def _expected(ctx: ScreenContext, sight: Sight, areas: Sequence[str]) -> Mapping[str, float]:
    """By area: what its test expected, else the median of comparable periods before."""
    if isinstance(sight.rule.when, Statistical):
        made = ctx.reader.rule_tests.at(sight.rule.id, areas, sight.start)
        if made:
            return {area: test.expected for area, test in made.items()}
    return _usual(ctx, sight, areas)


def _usual(ctx: ScreenContext, sight: Sight, areas: Sequence[str]) -> dict[str, float]:
    """The median of the periods before, of days the same weekdays, of hours the same hours of the day."""
    periods, id_ = ctx.city.periods, sight.indicator.id
    step = {"hour": 24, "day": 7}.get(periods.like(sight.period), 1)
    before = [periods.shift(sight.period, sight.start, -step * k) for k in range(1, USUAL + 1)]
    found = ctx.reader.at(sight.period, {(id_, area, start) for area in areas for start in before})
    usual: dict[str, float] = {}
    for area in areas:
        known = _firm(sight, [found.get((id_, area, start)) for start in before])
        if 2 * len(known) >= USUAL:
            usual[area] = median(known)
    return usual


def _firm(sight: Sight, values: Sequence[Value | None]) -> list[float]:
    least = sight.indicator.min_n
    return [v.value for v in values if v is not None and v.value is not None and v.n >= least]


def _sign(ctx: ScreenContext, sight: Sight, area: str) -> int:
    """1 where the warning is of a rise, −1 of a fall."""
    when = sight.rule.when
    side = getattr(when, "side", None)
    if side in ("above", "below"):
        return 1 if side == "above" else -1
    if getattr(when, "type", "") in ("target_gap", "worsening", "projection"):
        return -1 if sight.indicator.direction == "up" else 1
    if getattr(when, "below", None) is not None:
        return -1
    found = ctx.reader.at(sight.period, {(sight.indicator.id, area, sight.start)})
    value = next(iter(found.values()), None)
    usual = _usual(ctx, sight, [area]).get(area) if side == "both" else None
    fell = value is not None and value.value is not None and usual is not None and value.value < usual
    return -1 if fell else 1
