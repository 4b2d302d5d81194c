"""A feed's contract as one SQL statement: types, required cells, patterns, values, ranges, area, checks.

The statement reads the staged relation once and gives each row its typed columns, the local day of each time,
its area, the hash of its content, and, for a row that is refused, every reason and the row as it came.
Reasons are worked out for refused rows alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from zoneinfo import ZoneInfo

from config.models import Feed
from config.models.contract import Bound, moment
from config.models.feed import Column
from config.modes import unplaced_mode
from pipelines import reasons
from pipelines.cells import Cell, typed_cell
from pipelines.clock import Clock
from pipelines.modes import Block, Marks, emptied_columns, mode_of
from pipelines.read.shape import Staged, bind, cell_of
from pipelines.spelling import Spellings
from pipelines.stamp import naive
from warehouse.expression import parse_condition
from warehouse.facts import day_of, q
from warehouse.syntax import literal

EARLIEST: Final = "1800-01-01"
"""Times before this day are slips of the pen."""


@dataclass(frozen=True)
class Demand:
    """What a row must not be: ``broken`` is SQL that is true (never NULL) for a row to refuse."""

    broken: str
    column: str
    reason: str
    value: str
    expected: str
    detail: str


@dataclass(frozen=True)
class Contract:
    """A compiled contract.

    ``sql`` gives the columns of the fact table without its run, file and line, and beside them ``_n``,
    ``_record``, ``_file_no`` of the staged row, ``_key`` (hash of the identity), ``_bad``, ``_raw`` and
    ``_problems`` (list of column, reason, value, expected, detail; NULL for a row that is accepted).
    ``notes``: there is ``_notes`` as well, the same list with ``mode``, of rules that a row broke and that do
    not refuse it. ``halts``: there is ``_halt`` as well, true for a row that refuses its whole file; its
    ``_notes`` say why.
    """

    sql: str
    notes: bool = False
    halts: bool = False


def compile_contract(
    feed: Feed,
    staged: Staged,
    clock: Clock,
    areas: Spellings,
    root: str,
    language: str,
    *,
    now: dt.datetime,
    stops: bool = True,
) -> Contract:
    """Compile for files that look like ``staged``. ``root`` is the whole city's code, ``now`` (with its zone)
    what bounds such as ``now + 1d`` go by. Without ``stops``, what would stop a file refuses the row.

    The relation ``area_spelling`` must hold ``areas.table``.
    Raises SourceError when a needed column is absent, ExpressionError for a check that cannot be read.
    """
    bound = bind(feed, staged.names)
    cells = {
        column.name: typed_cell(column, *cell_of(bound, staged, column), feed.format, clock)
        for column in feed.columns
    }
    demands = demands_of(feed, cells, clock, language, now)
    identity = f"hash({', '.join(map(q, feed.identity))})" if feed.identity else "_hash"
    modes = [mode_of(feed, demand.column, demand.reason) for demand in demands]
    modes = ["reject" if mode == "stop" and not stops else mode for mode in modes]
    marks = Marks(feed, root)
    emptied = emptied_columns(feed, [(d.column, d.reason) for d in demands])
    refusing: list[Demand] = []
    for demand, mode in zip(demands, modes, strict=True):
        if mode == "reject" and demand.column not in emptied:
            refusing.append(demand)
            continue
        name = marks.add(
            mode, demand.column, demand.reason, demand.broken, _struct(demand), _struct(demand, mode)
        )
        if mode == "reject":
            refusing.append(replace(demand, broken=name))
    broken = "".join(f"\n    OR {demand.broken}" for demand in refusing)
    blocks = [
        ("rows as delivered", f"staged AS NOT MATERIALIZED (\n{staged.sql}\n)"),
        (
            "what the file says of the area",
            block("told", "*", f"{area_text(feed, cells)} AS _area_text", "FROM staged"),
        ),
        (
            # Joined while rows are narrow: later it would cost four times as much.
            "the units that this may mean; cells as text: trimmed, without units, NULL where empty",
            block(
                "cells",
                "*",
                *(f"{cell.clean} AS _t_{name}" for name, cell in cells.items()),
                "FROM told"
                if feed.area.column is None
                else "FROM told LEFT JOIN area_spelling ON told._area_text = area_spelling._spelling",
            ),
        ),
        *typing(cells),
        *marks.of_cells("typed"),
        (
            "the unit on the day of the event",
            block("placed", "*", f"{unit_of(feed, areas, root)} AS _area", f"FROM {marks.cells}"),
        ),
        *marks.of_rows("placed"),
        (
            "what is refused",
            block(
                "judged",
                "*",
                f"_defect IS NOT NULL{broken} AS _bad",
                f"{content_hash(feed)} AS _hash",
                *marks.any(),
                f"FROM {marks.rows}",
            ),
        ),
    ]
    with_ = "WITH\n" + ",\n".join(f"-- {comment}\n{sql}" for comment, sql in blocks)
    columns = [q(column.name) for column in feed.columns]
    columns += [q(day_of(name)) for name in feed.time_columns]
    listed = ",\n    ".join([*(_problem(demand) for demand in refusing), *marks.problems()])
    select = (
        "SELECT _n, _record, _file_no, "
        + ", ".join(columns)
        + f", _area, _hash, {identity} AS _key, _bad,\n"
        + f"  CASE WHEN _bad THEN {staged.raw} END AS _raw,\n"
        + f"  CASE WHEN _defect IS NOT NULL THEN [{_malformed(language)}]\n"
        + f"    WHEN _bad THEN list_filter([\n    {listed}\n  ], lambda p: p IS NOT NULL) END AS _problems"
        + f"{marks.notes()}\nFROM judged"
    )
    account = "the account of each row; reasons and raw text only for those that are refused"
    return Contract(f"{with_}\n-- {account}\n{select}", notes=marks.some, halts=marks.halting)


def typing(cells: Mapping[str, Cell]) -> list[Block]:
    """From ``cells`` (texts as ``_t_…``) by ``casts`` to ``typed``: each column as its type."""
    return [
        (
            "cells read as what they must be: NULL where they are not",
            block("casts", "*", *(f"{c.cast} AS _v_{n}" for n, c in cells.items() if c.cast), "FROM cells"),
        ),
        (
            "typed columns: times in UTC, with their day in the city beside them",
            block(
                "typed",
                "*",
                *(f"{cell.value} AS {q(name)}" for name, cell in cells.items()),
                *(f"{cell.day} AS {q(day_of(name))}" for name, cell in cells.items() if cell.day),
                "FROM casts",
            ),
        ),
    ]


def content_hash(feed: Feed) -> str:
    """SQL of the hash of all that a row says, by which a row that changed is told from one that did not."""
    return f"hash({', '.join([*(q(column.name) for column in feed.columns), '_area'])})"


def demands_of(
    feed: Feed, cells: Mapping[str, Cell], clock: Clock, language: str, now: dt.datetime
) -> list[Demand]:
    """All that is asked of a row: of its columns, of its area, across columns."""
    return [
        *_column_demands(feed, cells, clock, language, now),
        *_area_demands(feed, language),
        *_check_demands(feed, language),
    ]


def _column_demands(
    feed: Feed, cells: Mapping[str, Cell], clock: Clock, language: str, now: dt.datetime
) -> list[Demand]:
    demands: list[Demand] = []
    for column in feed.columns:
        name, text, value = column.name, f"_t_{column.name}", q(column.name)
        shown = _shown(text)
        if column.required or name in feed.indispensable:
            demands.append(_demand(f"{text} IS NULL", name, reasons.MISSING, "NULL", "NULL", language))
        if cells[name].can_fail:
            kind = reasons.kind(column.type, language) + (f" ({column.format})" if column.format else "")
            broken = f"({text} IS NOT NULL AND {value} IS NULL)"
            demands.append(_demand(broken, name, reasons.TYPE, shown, literal(kind), language))
        if column.pattern is not None:
            broken = f"coalesce(NOT regexp_full_match({text}::VARCHAR, {literal(column.pattern)}), false)"
            demands.append(_demand(broken, name, reasons.PATTERN, shown, literal(column.pattern), language))
        if column.values is not None:
            listed = ", ".join(literal(v) if isinstance(v, str) else str(v) for v in column.values)
            expected = ", ".join(map(str, column.values[:12])) + (", …" if len(column.values) > 12 else "")
            broken = f"coalesce({value} NOT IN ({listed}), false)"
            demands.append(_demand(broken, name, reasons.VALUE, shown, literal(expected), language))
        if column.min is not None or column.max is not None:
            low, high = (_bound(column, bound, clock, now) for bound in (column.min, column.max))
            bounds = [f"{low.of} < {low.sql}"] if low is not None else []
            bounds += [f"{high.of} > {high.sql}"] if high is not None else []
            span = f"{low.told if low else ''}…{high.told if high else ''}"
            broken = f"coalesce({' OR '.join(bounds)}, false)"
            demands.append(_demand(broken, name, reasons.RANGE, shown, literal(span), language))
        if column.type in ("date", "timestamp"):
            # A year of two digits reads as one of Roman times, and its series would begin there.
            broken = f"coalesce({value} < DATE {literal(EARLIEST)}, false)"
            demands.append(_demand(broken, name, reasons.RANGE, shown, literal(f"{EARLIEST}…"), language))
    return demands


@dataclass(frozen=True)
class _Limit:
    """``of`` is the SQL that is held against ``sql``; ``told`` is the limit as people read it."""

    of: str
    sql: str
    told: str


def _bound(column: Column, bound: Bound | None, clock: Clock, now: dt.datetime) -> _Limit | None:
    match bound:
        case None:
            return None
        case float():
            return _Limit(q(column.name), repr(bound), f"{bound:g}")
        case dt.date():
            return _Limit(q(day_of(column.name)), f"DATE '{bound}'", bound.isoformat())
    at = moment(bound, now)
    local = at.astimezone(ZoneInfo(clock.zone))
    if column.type == "date":
        return _Limit(q(column.name), f"DATE '{local.date()}'", local.date().isoformat())
    return _Limit(q(column.name), f"TIMESTAMP '{naive(at)}'", local.strftime("%Y-%m-%d %H:%M"))


def area_text(feed: Feed, cells: Mapping[str, Cell]) -> str:
    """SQL of the delivered code or name of the area, read off the staged cells."""
    rule = feed.area
    if rule.column is None:
        return "NULL::VARCHAR"
    texts = [f"({cells[name].clean})::VARCHAR" for name in (rule.column, *rule.otherwise)]
    text = texts[0] if len(texts) == 1 else f"coalesce({', '.join(texts)})"
    if rule.match == "name":
        return f"trim(regexp_replace(lower(nfc_normalize({text})), '\\s+', ' ', 'g'))"
    return text


def unit_of(feed: Feed, areas: Spellings, root: str) -> str:
    """SQL of the unit that the spelling means on the day of the event."""
    rule = feed.area
    if rule.constant is not None:
        return literal(areas.code_of(rule.constant))
    day = q(day_of(feed.event_time))
    cases = " ".join(
        f"WHEN {day} >= _from{i} AND {day} < _to{i} THEN _code{i}" for i in range(1, areas.alternatives + 1)
    )
    nowhere = f"WHEN _area_text IS NULL THEN {literal(root)} " if unplaced_mode(feed) == "root" else ""
    return f"CASE {nowhere}{cases} END"


def _area_demands(feed: Feed, language: str) -> list[Demand]:
    rule = feed.area
    if rule.column is None:
        return []
    day = q(day_of(feed.event_time))
    shown = _shown("_area_text")
    unknown = "(_area_text IS NOT NULL AND _spelling IS NULL)"
    invalid = f"(_spelling IS NOT NULL AND _area IS NULL AND {day} IS NOT NULL)"
    demands = [
        _demand(unknown, rule.column, reasons.AREA_UNKNOWN, shown, "NULL", language),
        _demand(invalid, rule.column, reasons.AREA_NOT_VALID, shown, f"{day}::VARCHAR", language),
    ]
    needed = next(c for c in feed.columns if c.name == rule.column).required or rule.column in feed.key
    if rule.missing != "root" and not needed:
        nothing = _demand("_area_text IS NULL", rule.column, reasons.MISSING, "NULL", "NULL", language)
        demands.insert(0, nothing)
    return demands


def _check_demands(feed: Feed, language: str) -> list[Demand]:
    types = {column.name: column.type for column in feed.columns}
    return [
        Demand(
            f"coalesce(NOT ({parse_condition(check.expr, types).sql}), false)",
            "",
            reasons.CHECK + check.id,
            "NULL",
            literal(check.expr),
            literal(check.message.get(language)),
        )
        for check in feed.checks
    ]


def _demand(broken: str, column: str, reason: str, value: str, expected: str, language: str) -> Demand:
    parts: list[str] = []
    rest = reasons.sentence(reason, language)
    while rest:
        before, brace, after = rest.partition("{")
        parts += [literal(before)] if before else []
        name, _, rest = after.partition("}") if brace else ("", "", "")
        parts += [{"value": value, "expected": expected}[name]] if name else []
    return Demand(broken, column, reason, value, expected, " || ".join(parts))


def _problem(demand: Demand) -> str:
    return f"CASE WHEN {demand.broken} THEN {_struct(demand)} END"


def _malformed(language: str) -> str:
    return _struct(_demand("", "", reasons.MALFORMED, "_defect", "NULL", language))


def _struct(demand: Demand, mode: str = "") -> str:
    column = literal(demand.column) if demand.column else "NULL::VARCHAR"
    value = demand.value if demand.value != "NULL" else "NULL::VARCHAR"
    expected = demand.expected if demand.expected != "NULL" else "NULL::VARCHAR"
    told = f", 'mode': {literal(mode)}" if mode else ""
    return (
        f"{{'column': {column}, 'reason': {literal(demand.reason)}, 'value': {value}, "
        f"'expected': {expected}, 'detail': {demand.detail}{told}}}"
    )


def _shown(text: str) -> str:
    return f"left({text}::VARCHAR, 80)"


def block(name: str, *parts: str) -> str:
    """One step of a statement: its name, its columns, and where they come from."""
    *columns, source = parts
    return f"{name} AS NOT MATERIALIZED (\n  SELECT " + ",\n    ".join(columns) + f"\n  {source}\n)"
