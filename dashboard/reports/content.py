"""What a report says, apart from how it looks: blocks of rows, with numbers as numbers.

Each panel of the report's definition becomes a block. It tells of the newest whole period that had ended by
the report's day; where that has no value, of the newest before it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from config.models import (
    Indicator,
    Matrix,
    Panel,
    Period,
    Ranking,
    Report,
    TileMap,
    Tiles,
    Trend,
    WarningList,
)
from dashboard.components.value import many_times, target_text
from dashboard.components.warnings import gravest_first
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from dashboard.reports.meeting import meeting
from dashboard.reports.parts import Block, Cell, Column, Held, Number
from dashboard.standing import Mark, goal, is_simulated, mark_of
from dashboard.warnings.alerts import Alert
from warehouse.reader import Value

_BACK = 13
"""Periods that a small course of a figure shows."""


@dataclass(frozen=True)
class Paper:
    """A report for one area in one language. ``until`` is the last day that counts; ``notes`` say of each
    indicator, in the order in which they occur, what it is and where it comes from.
    """

    id: str
    title: str
    note: str
    area: str
    until: dt.date
    made_at: dt.datetime
    lang: Literal["vi", "en"]
    simulated: bool
    data_through: dt.datetime | None
    blocks: Sequence[Block]
    notes: Sequence[tuple[str, str]]


def paper(ctx: ScreenContext, report: Report, area: str, until: dt.date) -> Paper:
    """The content of a report as of the end of a day."""
    blocks = [block for panel in report.panels for block in _blocks(ctx, area, panel, until)]
    if report.review:
        blocks += meeting(ctx, area, until)
    used = dict.fromkeys(id_ for block in blocks for id_ in block.indicators)
    indicators = [ctx.city.indicators[id_] for id_ in used]
    through = [block.data_through for block in blocks if block.data_through is not None]
    return Paper(
        report.id,
        report.title.get(ctx.lang),
        report.note.get(ctx.lang) if report.note else "",
        ctx.city.areas[area].name(ctx.lang),
        until,
        ctx.now,
        ctx.lang,
        any(is_simulated(ctx.city, one) for one in indicators),
        max(through, default=None),
        blocks,
        [(ctx.name(one, short=False), _source(ctx, one)) for one in indicators],
    )


def _blocks(ctx: ScreenContext, area: str, panel: Panel, until: dt.date) -> Iterator[Block]:
    given = panel.title.get(ctx.lang) if panel.title else ""
    match panel:
        case Tiles():
            yield _figures(ctx, area, panel, until, given)
        case Trend():
            yield _course(ctx, area, panel, until, given)
        case Ranking() | TileMap():
            indicators = [panel.indicator]
            name = given or ctx.name(ctx.city.indicators[panel.indicator], short=False)
            block = _areas(ctx, area, indicators, panel.level, panel.period, until, name)
            if isinstance(panel, Ranking):
                block = _ordered(ctx, block, panel)
            yield block
        case Matrix():
            yield _areas(ctx, area, panel.indicators, panel.level, panel.period, until, given)
        case WarningList():
            yield _warnings(ctx, area, panel.limit, given or ctx.words("nav.warnings"))


def whole_start(ctx: ScreenContext, period: Period, until: dt.date) -> dt.date:
    """The start of the newest period that is over at the end of a day."""
    periods = ctx.city.periods
    start = periods.start_of(period, until + dt.timedelta(days=1))
    return periods.shift(period, start, -1)


def _figures(ctx: ScreenContext, area: str, panel: Tiles, until: dt.date, title: str) -> Block:
    words, start = ctx.words, whole_start(ctx, panel.period, until)
    found = ctx.reader.series(panel.indicators, area, panel.period, _BACK, start)
    rows: list[tuple[Cell, ...]] = []
    sparks: list[tuple[float | None, ...]] = []
    for id_ in panel.indicators:
        item, values = ctx.city.indicators[id_], found[id_]
        newest = values[-1] if values else None
        before = _before(ctx, values)
        rows.append(
            (
                ctx.name(item, short=False),
                ctx.unit(item).symbol.get(ctx.lang),
                ctx.period_text(panel.period, newest.start if newest else start, short=True),
                _number(ctx, item, newest),
                _number(ctx, item, before),
                _change(ctx, item, newest, before),
                _target(ctx, item, newest),
                _held(ctx, item, area, newest),
                Number(float(newest.n), 0, fmt.number(newest.n, ctx.lang)) if newest else None,
                _coverage(ctx, newest),
                fmt.through(newest.data_through, ctx.city.zone, ctx.lang) if newest else None,
            )
        )
        sparks.append(tuple(value.value for value in values))
    columns = (
        Column(words("report.indicator")),
        Column(words("report.unit")),
        Column(words("report.period")),
        Column(words("report.value"), number=True),
        Column(words("report.before"), number=True, printed=False),
        Column(words("report.change")),
        Column(words("report.target")),
        Column(words("report.state")),
        Column(words("report.rows"), number=True, printed=False),
        Column(words("report.coverage"), number=True, printed=False),
        Column(words("report.data_through"), printed=False),
    )
    return Block(title, columns, rows, sparks, panel.indicators, _newest(found.values()))


def _course(ctx: ScreenContext, area: str, panel: Trend, until: dt.date, title: str) -> Block:
    start = whole_start(ctx, panel.period, until)
    found = ctx.reader.series(panel.indicators, area, panel.period, min(panel.history, _BACK), start)
    items = [ctx.city.indicators[id_] for id_ in panel.indicators]
    starts = sorted({value.start for values in found.values() for value in values})
    at = {(value.indicator, value.start): value for values in found.values() for value in values}
    rows = [
        (
            ctx.period_text(panel.period, day, short=True),
            *(_number(ctx, one, at.get((one.id, day))) for one in items),
        )
        for day in starts
    ]
    columns = [Column(ctx.words("report.period")), *(_headed(ctx, one) for one in items)]
    name = title or ctx.name(items[0], short=False)
    return Block(name, columns, rows, (), panel.indicators, _newest(found.values()))


def _areas(
    ctx: ScreenContext,
    area: str,
    indicators: Sequence[str],
    level: str,
    period: Period,
    until: dt.date,
    title: str,
) -> Block:
    start = whole_start(ctx, period, until)
    table = ctx.reader.matrix(indicators, level, period, start, area)
    if not table:  # nothing was told for that period yet: the newest that was
        table = ctx.reader.matrix(indicators, level, period, None, area)
    items = [ctx.city.indicators[id_] for id_ in indicators]
    values = [value for row in table.values() for value in row.values()]
    told = max((value.start for value in values), default=start)
    rows = [
        (
            ctx.area_name(ctx.city.areas[code]),
            *(_number(ctx, one, table[code].get(one.id)) for one in items),
            *([_held(ctx, items[0], code, table[code].get(items[0].id))] if len(items) == 1 else []),
        )
        for code in sorted(table, key=lambda code: ctx.city.areas[code].name(ctx.lang))
    ]
    columns = [Column(ctx.level_name(level).capitalize()), *(_headed(ctx, one) for one in items)]
    if len(items) == 1:
        columns.append(Column(ctx.words("report.state")))
    name = f"{title} · {ctx.period_text(period, told)}" if title else ctx.period_text(period, told)
    return Block(name, columns, rows, (), indicators, _newest([values]))


def _ordered(ctx: ScreenContext, block: Block, panel: Ranking) -> Block:
    down = ctx.city.indicators[panel.indicator].direction == "down"
    largest = (panel.order == "best") != down

    def key(row: Sequence[Cell]) -> float:
        cell = row[1]
        assert isinstance(cell, Number)
        assert cell.value is not None
        return -cell.value if largest else cell.value

    known = [row for row in block.rows if isinstance(row[1], Number) and row[1].value is not None]
    return block.with_rows(sorted(known, key=key)[: panel.top])


def _warnings(ctx: ScreenContext, area: str, limit: int, title: str) -> Block:
    words = ctx.words
    inside = {one.code for one in ctx.city.areas.all() if area in ctx.city.areas.path(one.code).values()}
    standing = gravest_first([one for one in ctx.alerts if one.open and one.area in inside])
    rows = [_warning(ctx, one) for one in standing[:limit]]
    columns = (
        Column(words("report.severity")),
        Column(words("report.area")),
        Column(words("report.warning")),
        Column(words("report.since")),
        Column(words("report.taken")),
    )
    return Block(f"{title} ({len(standing)})", columns, rows, (), (), None)


def _warning(ctx: ScreenContext, one: Alert) -> tuple[Cell, ...]:
    text = one.message.get(ctx.lang) or next(iter(one.message.values()), "")
    return (
        Held(ctx.words.of("mark", one.severity), one.severity),
        ctx.city.areas[one.area].name(ctx.lang),
        text,
        fmt.moment(one.since, ctx.city.zone, ctx.lang),
        ctx.words("report.yes") if one.taken else ctx.words("report.no"),
    )


def _number(ctx: ScreenContext, item: Indicator, value: Value | None) -> Number | None:
    """The value as a number; too few rows to say anything count as none."""
    if value is None or value.value is None or value.n < item.min_n:
        return None
    unit = ctx.unit(item)
    return Number(value.value, unit.decimals, fmt.number(value.value, ctx.lang, unit.decimals))


def _before(ctx: ScreenContext, values: Sequence[Value]) -> Value | None:
    if not values:
        return None
    start = ctx.city.periods.shift(values[-1].period, values[-1].start, -1)
    return next((value for value in values if value.start == start), None)


def _change(ctx: ScreenContext, item: Indicator, now: Value | None, before: Value | None) -> Cell:
    if now is None or before is None or now.value is None or before.value is None:
        return None
    delta = fmt.delta(now.value, before.value, ctx.unit(item), item.direction, ctx.lang)
    tones: dict[str, Mark] = {"good": "met", "bad": "missed"}
    text = delta.text
    if many_times(now.value, before.value):
        text = f"×{fmt.number(now.value / before.value, ctx.lang, 1)}"
    return Held(text, tones.get(delta.tone, "none"))


def _target(ctx: ScreenContext, item: Indicator, value: Value | None) -> Cell:
    held = goal(ctx, item, value) if value is not None else None
    return None if held is None else target_text(ctx, item, held.aim)


def _held(ctx: ScreenContext, item: Indicator, area: str, value: Value | None) -> Cell:
    mark = mark_of(ctx, item, area, value)
    return None if mark == "none" else Held(ctx.words.of("mark", mark), mark)


def _coverage(ctx: ScreenContext, value: Value | None) -> Cell:
    if value is None or not value.expected:
        return None
    share = 100 * value.present / value.expected
    return Number(share, 1, fmt.number(share, ctx.lang, 1))


def _headed(ctx: ScreenContext, item: Indicator) -> Column:
    symbol = ctx.unit(item).symbol.get(ctx.lang)
    return Column(f"{ctx.name(item)} ({symbol})", number=True)


def _newest(found: Iterable[Iterable[Value]]) -> dt.datetime | None:
    return max((value.data_through for part in found for value in part), default=None)


def _source(ctx: ScreenContext, item: Indicator) -> str:
    note = item.note.get(ctx.lang) + " " if item.note else ""
    return note + ctx.words("report.source", source=item.source.get(ctx.lang))
