"""Breakdowns: parts by month × area × member as they are kept, and the values of members made from them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from indicators.dirty import Days
from indicators.measures import Assembly, Own, Part
from indicators.split import Split
from indicators.sql.prelude import Moment, comment, heirs
from warehouse.syntax import literal, quote


@dataclass(frozen=True, slots=True)
class Span:
    """A period of which members' values are asked: from the day ``since`` to before ``until``."""

    start: dt.date
    since: dt.date
    until: dt.date


@dataclass(frozen=True, slots=True)
class Question:
    """Whose values are asked: ``area`` and what lies in it, for some periods.

    With ``top``, every member that is not among these is put with the others; the empty one stays apart.
    """

    area: str
    spans: tuple[Span, ...]
    top: tuple[str, ...] | None = None

    @property
    def since(self) -> dt.date:
        """The first day that is asked for."""
        return min(span.since for span in self.spans)

    @property
    def until(self) -> dt.date:
        """The first day that no longer is."""
        return max(span.until for span in self.spans)


def split_rows(split: Split, moment: Moment, months: Days | None = None) -> str:
    """The parts of every month, or only of ``months``; what lies in the future does not count yet."""
    parts = "".join(f",\n    {part.sql} AS {split.column(part)}" for part in split.parts)
    day = f"{split.time}__day"
    changed = "" if months is None else f"\n  AND {months.sql(day)}"
    return (
        f"{comment(split)}"
        f"SELECT {_month(day)} AS day, _area AS area, {member(split.dimension)} AS member{parts}\n"
        f"FROM {split.dataset.table}\n"
        f"WHERE {moment.past(split.dataset, split.time)}{changed}\n"
        f"GROUP BY ALL"
    )


def rebuild_split(split: Split, moment: Moment) -> list[str]:
    """Make the kept parts anew."""
    rows = split_rows(split, moment)
    return [f"CREATE OR REPLACE TABLE {quote(split.table)} AS\nSELECT * FROM (\n{rows}\n) ORDER BY day, area"]


def update_split(split: Split, moment: Moment, changed: Days) -> list[str]:
    """Bring the kept parts up to date for the months that hold ``changed`` days."""
    table, months = quote(split.table), changed.months()
    return [
        f"DELETE FROM {table} WHERE {months.sql('day')}",
        f"INSERT INTO {table}\n{split_rows(split, moment, months)}",
    ]


def from_parts(split: Split, parts: Sequence[Part], question: Question) -> str:
    """Start, member, rest and the columns of some kept parts, for each period and member."""
    columns = "".join(f", {_joined(part, split.column(part))}" for part in parts)
    join, area = _placed("area", "span.since", split.dataset.outlives(split.time))
    return (
        f"SELECT span.start, {_grouped('member', question)}{columns}\n"
        f"FROM {quote(split.table)} JOIN {_spans(question)} ON day >= span.since AND day < span.until{join}\n"
        f"WHERE {area} IN {_below(question)}"
        f" AND day >= DATE '{question.since}' AND day < DATE '{question.until}'\n"
        f"GROUP BY ALL"
    )


def from_flows(entered: tuple[Split, Part], left: tuple[Split, Part], question: Question) -> str:
    """Start, member, rest and ``stock``: what came in less what went out up to the end of each period."""
    reformed = entered[0].dataset.reformed
    unit, inside, only = "", _below(question), ""
    if reformed:
        # whose flows they are is told by each period's end: what a unit held passes to its heir
        join, area = _placed("area", "CAST(span.until - 1 AS DATE)", late=True)
        unit, only = "area, ", f"{join}\nWHERE {area} IN {inside}"
        inside = f"({inside[1:-1]} UNION SELECT unit FROM area_heir WHERE heir IN {inside})"
    flows = "\n        UNION ALL ".join(
        f"SELECT day, {unit}{_grouped('member', question)}, {sign}{split.column(part)} AS flow"
        f" FROM {quote(split.table)}"
        f" WHERE area IN {inside} AND day < DATE '{question.until}'"
        for sign, (split, part) in (("", entered), ("-", left))
    )
    # by month first: every flow is then counted once for each period that comes after it
    months = f"SELECT day, {unit}member, rest, sum(flow) AS flow FROM (\n        {flows}\n    ) GROUP BY ALL"
    return (
        f"SELECT span.start, member, rest, CAST(sum(flow) AS BIGINT) AS stock\n"
        f"FROM (\n    {months}\n) JOIN {_spans(question)} ON day < span.until{only}\n"
        f"GROUP BY ALL"
    )


def from_rows(
    split: Split, columns: Sequence[tuple[Part | Own, str]], moment: Moment, question: Question
) -> str:
    """Start, member, rest and some aggregates by name, from the rows themselves."""
    aggregates = "".join(
        f",\n    coalesce({column.sql}, {column.empty}) AS {name}" for column, name in columns
    )
    day = f"{split.time}__day"
    join, area = _placed("_area", "span.since", split.dataset.outlives(split.time))
    return (
        f"SELECT span.start, {_grouped(member(split.dimension), question)}{aggregates}\n"
        f"FROM {split.dataset.table} JOIN {_spans(question)} ON {day} >= span.since AND {day} < span.until"
        f"{join}\nWHERE {moment.past(split.dataset, split.time)} AND {area} IN {_below(question)}\n"
        f"  AND {day} >= DATE '{question.since}' AND {day} < DATE '{question.until}'\n"
        f"GROUP BY ALL"
    )


def member_values(made: str, assembly: Assembly, factor: float) -> str:
    """Start, member, rest, value, numerator, denominator, n of every member that has anything."""
    scale = "" if factor == 1 else f"{factor!r} * "
    return (
        f"SELECT start, member, rest, CAST({scale}{assembly.value} AS DOUBLE) AS value,\n"
        f"    CAST({assembly.numerator} AS DOUBLE) AS numerator,"
        f" CAST({assembly.denominator} AS DOUBLE) AS denominator, CAST({assembly.n} AS BIGINT) AS n\n"
        f"FROM (\n{made}\n) WHERE {assembly.n} > 0"
    )


def member(column: str) -> str:
    """SQL: the member that a row belongs to; NULL where it names none."""
    return f"CAST({quote(column)} AS VARCHAR)"


def _month(day: str) -> str:
    return f"CAST(date_trunc('month', {day}) AS DATE)"


def _grouped(sql: str, question: Question) -> str:
    if question.top is None:
        return f"{sql} AS member, FALSE AS rest"
    listed = ", ".join(map(literal, question.top)) or "NULL"
    rest = f"({sql} IS NOT NULL AND {sql} NOT IN ({listed}))"
    return f"CASE WHEN NOT {rest} THEN {sql} END AS member, {rest} AS rest"


def _spans(question: Question) -> str:
    rows = ", ".join(f"(DATE '{s.start}', DATE '{s.since}', DATE '{s.until}')" for s in question.spans)
    return f"(VALUES {rows}) AS span(start, since, until)"


def _placed(area: str, day: str, late: bool) -> tuple[str, str]:
    """SQL join and the unit that a row counts for on ``day``; ``late`` rows may be of units then gone."""
    return (f"\n{heirs(area, day)}", f"coalesce(_heir, {area})") if late else ("", area)


def _below(question: Question) -> str:
    return f"(SELECT code FROM area_path WHERE ancestor = {literal(question.area)})"


def _joined(part: Part, column: str) -> str:
    sql = f"coalesce({part.fold}({column}), {part.empty})"
    return f"CAST({sql} AS BIGINT) AS {column}" if part.whole else f"{sql} AS {column}"
