"""How good the rules are: how often they were right, and how soon somebody took notice."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Float, Integer, Row, case, func, null, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from warehouse.state import tables as t
from warehouse.state.records import Outcome
from warehouse.state.rows import Areas, within

_WEEK: Final = dt.timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class RuleFigures:
    """What became of the warnings that one rule (None: all rules) told people of within a span.

    ``precision`` is true / (true + false), None while no person has judged any; duplicates say nothing of it.
    ``acknowledge_median`` is over those that somebody took notice of. ``weekly``: warnings a week.
    """

    rule: str | None
    warnings: int
    open: int
    true: int
    false: int
    duplicate: int
    acknowledged: int
    escalated: int
    precision: float | None
    acknowledge_median: dt.timedelta | None
    weekly: float


@dataclass(frozen=True, slots=True)
class RuleCounts:
    """How much there is of a rule: series that it has judged, warnings that stand, and those that ``opened``
    within a span, told at the time or only found when history was loaded.
    """

    series: int = 0
    standing: int = 0
    opened: int = 0


class _Seconds(FunctionElement[float]):
    """Seconds from the second argument to the first."""

    type = Float()
    inherit_cache = True


@compiles(_Seconds, "sqlite")
def _in_sqlite(element: _Seconds, compiler: SQLCompiler, **options: Any) -> str:
    later, earlier = (compiler.process(clause, **options) for clause in element.clauses)
    return f"round((julianday({later}) - julianday({earlier})) * 86400, 3)"


@compiles(_Seconds, "postgresql")
def _in_postgresql(element: _Seconds, compiler: SQLCompiler, **options: Any) -> str:
    later, earlier = (compiler.process(clause, **options) for clause in element.clauses)
    return f"CAST(extract(epoch FROM {later} - {earlier}) AS double precision)"


def rule_figures(connection: Connection, start: dt.datetime, end: dt.datetime) -> list[RuleFigures]:
    """The figures of all warnings that people were told of from ``start`` to before ``end``, then by rule."""
    weeks = (end - start) / _WEEK
    if weeks <= 0:
        raise ValueError("the span must end after it begins")
    found: list[RuleFigures] = []
    for by_rule in (False, True):
        medians = {row.rule: row.median for row in connection.execute(_medians(start, end, by_rule))}
        counts = connection.execute(_counts(start, end, by_rule))
        found += [_figures(row, medians.get(row.rule), weeks) for row in counts]
    return found


def rule_counts(
    connection: Connection, start: dt.datetime, end: dt.datetime, areas: Areas
) -> dict[str, RuleCounts]:
    """By rule, of ``areas``: counts of what is there, and of what opened from ``start`` to before ``end``."""
    w, s = t.warning.c, t.series_state.c
    judged = select(s.rule, func.count().label("many")).group_by(s.rule)
    if areas is not None:
        judged = judged.where(s.area.in_(areas))
    series = {row.rule: row.many for row in connection.execute(judged)}
    warned = (
        select(
            w.rule,
            _count(w.resolved_at.is_(None)).label("standing"),
            _count((w.opened_at >= start) & (w.opened_at < end)).label("opened"),
        )
        .where(within(areas))
        .group_by(w.rule)
    )
    warnings = {row.rule: (row.standing, row.opened) for row in connection.execute(warned)}
    return {
        rule: RuleCounts(series.get(rule, 0), *warnings.get(rule, (0, 0))) for rule in {*series, *warnings}
    }


def _counts(start: dt.datetime, end: dt.datetime, by_rule: bool) -> Any:
    w = t.warning.c
    query = select(
        _rule(by_rule),
        func.count().label("warnings"),
        _count(w.resolved_at.is_(None)).label("open"),
        *(_count(w.outcome == outcome.value).label(outcome.value) for outcome in Outcome),
        _count(w.acknowledged_at.is_not(None)).label("acknowledged"),
        _count(w.escalated > 0).label("escalated"),
    ).where(w.recorded_at >= start, w.recorded_at < end)
    return query.group_by(w.rule).order_by(w.rule) if by_rule else query


def _medians(start: dt.datetime, end: dt.datetime, by_rule: bool) -> Any:
    """The middle one, or the mean of the two in the middle: not every database has a median."""
    w = t.warning.c
    seconds = _Seconds(w.acknowledged_at, w.recorded_at)
    groups = [w.rule] if by_rule else []
    ranked = (
        select(
            _rule(by_rule),
            seconds.label("seconds"),
            func.row_number().over(partition_by=groups, order_by=seconds).label("place"),
            func.count().over(partition_by=groups).label("many"),
        )
        .where(w.recorded_at >= start, w.recorded_at < end, w.acknowledged_at.is_not(None))
        .subquery()
    )
    r = ranked.c
    middle = (2 * r.place >= r.many) & (2 * r.place <= r.many + 2)
    return select(r.rule, func.avg(r.seconds).label("median")).where(middle).group_by(r.rule)


def _rule(by_rule: bool) -> ColumnElement[Any]:
    return t.warning.c.rule if by_rule else null().label("rule")


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0, type_=Integer())


def _figures(row: Row[Any], median: float | None, weeks: float) -> RuleFigures:
    judged = row.true + row.false
    return RuleFigures(
        rule=row.rule,
        warnings=row.warnings,
        open=row.open,
        true=row.true,
        false=row.false,
        duplicate=row.duplicate,
        acknowledged=row.acknowledged,
        escalated=row.escalated,
        precision=row.true / judged if judged else None,
        acknowledge_median=None if median is None else dt.timedelta(seconds=round(median, 3)),
        weekly=row.warnings / weeks,
    )
