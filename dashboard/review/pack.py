"""What leaders go through at their meeting, and the questions that follow from it; a screen draws it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from config import City
from config.models import GRAVITY, Stock
from dashboard.review.changes import Move, Span, moves
from warehouse.state import Directive, Event, Kind, Outcome, Warning

if TYPE_CHECKING:
    from warehouse.reader import Reader

MOVERS: Final = 12
"""Movements that are listed."""
_EACH: Final = 3
"""Questions of one kind: a meeting has an hour."""
_NOTABLE: Final = 3.0
"""Score from which a movement for the worse is asked about."""

Ask = Literal["target", "warning", "directive", "task", "mover", "unreported", "false"]


@dataclass(frozen=True, slots=True)
class Turn:
    """An indicator that became bad or good: by its target (``move``), by warnings, or by both."""

    indicator: str
    move: Move | None
    warnings: Sequence[Warning]


@dataclass(frozen=True, slots=True)
class Question:
    """One point of the agenda: its kind, and what it is about."""

    ask: Ask
    move: Move | None = None
    warning: Warning | None = None
    directive: Directive | None = None
    count: int = 0


@dataclass(frozen=True, slots=True)
class Pack:
    """All that a meeting looks at, of ``area`` with everything in it.

    ``opened``, ``ended`` and ``false`` are warnings of the span, ``standing`` those left at its end. Of
    directives, ``issued`` and ``closed`` are those of the span, ``overdue`` and ``silent`` (without any
    report for too long) those that were at its end. ``tasks`` are stocks of programmes that should be small.
    """

    area: str
    span: Span
    measured: int
    worse: Sequence[Turn]
    better: Sequence[Turn]
    movers: Sequence[Move]
    opened: Sequence[Warning]
    ended: Sequence[Warning]
    false: Sequence[Warning]
    standing: Sequence[Warning]
    issued: Sequence[Directive]
    closed: Sequence[Directive]
    overdue: Sequence[Directive]
    silent: Sequence[Directive]
    tasks: Sequence[Move]
    questions: Sequence[Question]


def pack_of(
    city: City,
    reader: Reader,
    area: str,
    span: Span,
    warnings: Sequence[Warning],
    directives: Sequence[Directive],
    done: Sequence[tuple[Directive, Event]],
) -> Pack:
    """The pack of an area. ``warnings`` stood at any time of the span, ``directives`` are all that the viewer
    may see, ``done`` what was done with them in the span; those of other areas are left out here.
    """
    here = {one.code for one in city.areas.all() if area in city.areas.path(one.code).values()}
    since, until = moments(city, span)
    mine = [w for w in warnings if w.area in here]
    opened = [w for w in mine if w.opened_at >= since]
    ended = [w for w in mine if w.resolved_at is not None and since <= w.resolved_at < until]
    standing = [w for w in mine if w.resolved_at is None or w.resolved_at >= until]
    false = [w for w in ended if w.outcome is Outcome.FALSE]
    found = moves(city, reader, area, span)
    ours = [one for one in directives if one.order.area in here and one.issued_at < until]
    by = {action: _of(done, action, here) for action in ("issue", "close")}
    overdue = [one for one in ours if _owed(one, one.order.due_at, one.closed_at, until)]
    patience = city.head.directives.report
    silent = [
        one for one in ours if _owed(one, one.issued_at + patience, one.reported_at or one.closed_at, until)
    ]
    ledgers = {programme.ledger for programme in city.programmes.values()}
    tasks = [m for m in found if _counts_tasks(city, m, ledgers)]
    movers = sorted((m for m in found if m.score > 0), key=lambda m: -m.score)[:MOVERS]
    worse, better = _turns(city, area, found, opened, ended, standing)
    return Pack(
        area,
        span,
        len(found),
        worse,
        better,
        movers,
        opened,
        ended,
        false,
        standing,
        by["issue"],
        by["close"],
        overdue,
        silent,
        tasks,
        list(_questions(worse, movers, standing, overdue, silent, tasks, false)),
    )


def moments(city: City, span: Span) -> tuple[dt.datetime, dt.datetime]:
    """The span as moments (UTC)."""
    begin, end = (dt.datetime.combine(day, dt.time(), city.zone) for day in (span.since, span.until))
    return begin.astimezone(dt.UTC), end.astimezone(dt.UTC)


def _of(done: Iterable[tuple[Directive, Event]], action: str, here: set[str]) -> list[Directive]:
    """Those with which something was done, each one once."""
    return list(
        {one.id: one for one, deed in done if deed.action == action and one.order.area in here}.values()
    )


def _owed(one: Directive, due: dt.datetime, kept: dt.datetime | None, at: dt.datetime) -> bool:
    """Whether something that fell due was still owed at a moment."""
    return due < at and (kept is None or kept >= at) and (one.closed_at is None or one.closed_at >= at)


def _counts_tasks(city: City, move: Move, ledgers: set[str]) -> bool:
    one = city.indicators[move.indicator]
    return isinstance(one, Stock) and one.dataset in ledgers and one.direction == "down"


def _turns(
    city: City,
    area: str,
    found: Sequence[Move],
    opened: Sequence[Warning],
    ended: Sequence[Warning],
    standing: Sequence[Warning],
) -> tuple[list[Turn], list[Turn]]:
    """What became bad and what became good, by targets and by warnings of the area itself."""
    by_id = {move.indicator: move for move in found}
    worse: dict[str, list[Warning]] = {move.indicator: [] for move in found if move.missed}
    better: dict[str, list[Warning]] = {move.indicator: [] for move in found if move.regained}
    still = {(w.rule, w.area) for w in standing}
    for told, turns, wanted in ((opened, worse, True), (ended, better, False)):
        for warning in told:
            rule = city.rules.get(warning.rule)
            own = warning.area == area and warning.kind is Kind.LIMIT
            stands = (warning.rule, warning.area) in still
            if rule is not None and rule.indicator is not None and own and stands is wanted:
                turns.setdefault(rule.indicator, []).append(warning)

    def turn(id_: str, warnings: list[Warning]) -> Turn:
        return Turn(id_, by_id.get(id_), warnings)

    def gravest(one: Turn) -> tuple[int, str]:
        return -max((GRAVITY[w.severity] for w in one.warnings), default=-1), one.indicator

    bad = sorted((turn(*item) for item in worse.items()), key=gravest)
    good = sorted((turn(*item) for item in better.items() if item[0] not in worse), key=gravest)
    return bad, good


def _questions(
    worse: Sequence[Turn],
    movers: Sequence[Move],
    standing: Sequence[Warning],
    overdue: Sequence[Directive],
    silent: Sequence[Directive],
    tasks: Sequence[Move],
    false: Sequence[Warning],
) -> Iterable[Question]:
    lost = [one.move for one in worse if one.move is not None and one.move.missed]
    yield from (Question("target", move=move) for move in lost[:_EACH])
    grave = [w for w in standing if GRAVITY[w.severity] >= GRAVITY["serious"]]
    waiting = sorted(
        grave, key=lambda w: (w.acknowledged_at is not None, -GRAVITY[w.severity], w.firing_since)
    )
    yield from (Question("warning", warning=w) for w in waiting[:_EACH])
    late = sorted(overdue, key=lambda one: one.order.due_at)
    yield from (Question("directive", directive=one) for one in late[:_EACH])
    quiet = [one for one in silent if one not in overdue]
    yield from (Question("unreported", directive=one) for one in quiet[:_EACH])
    yield from (Question("task", move=move) for move in tasks if move.now > 0 and move.tone != "good")
    seen = {move.indicator for move in lost}
    bad = [m for m in movers if m.tone == "bad" and m.score >= _NOTABLE and m.indicator not in seen]
    yield from (Question("mover", move=move) for move in bad[:_EACH])
    if false:
        yield Question("false", warning=false[0], count=len(false))
