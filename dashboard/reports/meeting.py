"""The leaders' two-weekly pack as blocks of a report: what its screen shows, on paper."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from dashboard.components.value import target_text
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from dashboard.reports.parts import Block, Cell, Column, Held, Number
from dashboard.review.changes import Move, span_of
from dashboard.review.pack import Turn
from dashboard.screens.review import build, reasons
from dashboard.standing import Mark


def meeting(ctx: ScreenContext, area: str, until: dt.date) -> list[Block]:
    """What became worse, what became better, what moved most, what of tasks is late."""
    words, span = ctx.words, span_of(ctx.city.head.review, until + dt.timedelta(days=1))
    pack = build(ctx, area, span)
    counts: list[tuple[Cell, ...]] = [
        (told, Number(float(n), 0, fmt.number(n, ctx.lang)))
        for told, n in (
            (words("review.n_opened"), len(pack.opened)),
            (words("review.n_ended"), len(pack.ended)),
            (words("review.n_issued"), len(pack.issued)),
            (words("report.overdue"), len(pack.overdue)),
        )
    ]
    first, last = (fmt.date(day, ctx.lang) for day in (span.since, span.last))
    head = (Column(words("report.what")), Column(words("report.value"), number=True))
    blocks = [Block(words("review.span", first=first, last=last), head, counts, (), (), None)]
    for title, turns in ((words("review.worse"), pack.worse), (words("review.better"), pack.better)):
        if told := [(turn, turn.move) for turn in turns if turn.move is not None]:
            blocks.append(_turns(ctx, title, told))
    for title, moves in ((words("review.movers"), pack.movers), (words("review.tasks"), pack.tasks)):
        if moves:
            blocks.append(_moves(ctx, title, moves))
    return blocks


def _turns(ctx: ScreenContext, title: str, told: Sequence[tuple[Turn, Move]]) -> Block:
    """The moves, and beside each why it is here: a figure may well fall while a warning about it stands."""
    block = _moves(ctx, title, [move for _, move in told])
    why = ["; ".join(reasons(ctx, turn)) for turn, _ in told]
    return replace(
        block,
        columns=[*block.columns, Column(ctx.words("report.why"))],
        rows=[(*row, said) for row, said in zip(block.rows, why, strict=True)],
    )


def _moves(ctx: ScreenContext, title: str, moves: Sequence[Move]) -> Block:
    words = ctx.words
    columns = (
        Column(words("report.indicator")),
        Column(words("report.unit")),
        Column(words("review.now"), number=True),
        Column(words("review.before"), number=True),
        Column(words("review.change")),
        Column(words("review.last_year"), number=True),
        Column(words("report.target")),
    )
    return Block(title, columns, [_row(ctx, move) for move in moves], (), [m.indicator for m in moves], None)


def _row(ctx: ScreenContext, move: Move) -> tuple[Cell, ...]:
    item = ctx.city.indicators[move.indicator]
    unit = ctx.unit(item)

    def number(amount: float | None) -> Number | None:
        return (
            None
            if amount is None
            else Number(amount, unit.decimals, fmt.number(amount, ctx.lang, unit.decimals))
        )

    change: Cell = None
    if move.before is not None:
        delta = fmt.delta(move.now, move.before, unit, item.direction, ctx.lang)
        tones: dict[str, Mark] = {"good": "met", "bad": "missed"}
        change = Held(delta.text, tones.get(delta.tone, "none"))
    return (
        ctx.name(item, short=False),
        unit.symbol.get(ctx.lang),
        number(move.now),
        number(move.before),
        change,
        number(move.year_ago),
        target_text(ctx, item, move.aim) if move.aim is not None else None,
    )
