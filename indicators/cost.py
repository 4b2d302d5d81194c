"""What an indicator costs in one warehouse: rows scanned, storage, and the time that its steps took."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from indicators.plan import Balance, Cube, FormulaStep, Plan, ReportedRead
from warehouse.store import Cursor

_MIB: Final = 2**20


@dataclass(frozen=True, slots=True)
class Stored:
    """A table: how many rows it has and about how many bytes of the warehouse file."""

    table: str
    rows: int
    size: int


@dataclass(frozen=True, slots=True)
class Took:
    """What a step gave and took in the last refresh of one kind that carried it out."""

    refresh: int
    at: dt.datetime
    rows: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Cost:
    """What one indicator costs.

    ``facts`` are the tables that a first computation scans, ``parts`` those that are kept for later ones;
    both serve other indicators, too. ``values`` of ``all_values`` are the indicator's. ``steps`` names every
    step on the way to it with what that took in a full refresh and in one of changes only (None: never).
    """

    facts: tuple[Stored, ...]
    parts: tuple[Stored, ...]
    values: int
    all_values: int
    values_size: int
    last: Took | None
    last_kind: str
    steps: tuple[tuple[str, Took | None, Took | None], ...]

    @property
    def scanned(self) -> int:
        """Rows of facts that a first computation reads."""
        return sum(stored.rows for stored in self.facts)


def cost_of(cursor: Cursor, plan: Plan, indicator: str) -> Cost:
    """Cost of an indicator in a warehouse. Raises KeyError for one that the plan does not have."""
    tables = {str(row[0]) for row in cursor.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    facts, parts, steps = (tuple(dict.fromkeys(found)) for found in _found_for(plan, indicator))
    own, every = cursor.execute(
        "SELECT count(*) FILTER (WHERE indicator = ?), count(*) FROM indicator_value", [indicator]
    ).fetchall()[0]
    size = _size(cursor, "indicator_value")
    took = _took(cursor, steps)
    last = max(
        ((kind, at) for (step, kind), at in took.items() if step == f"values of {indicator}"),
        key=lambda entry: entry[1].refresh,
        default=("", None),
    )
    return Cost(
        facts=tuple(_stored(cursor, table) for table in facts if table in tables),
        parts=tuple(_stored(cursor, table) for table in parts if table in tables),
        values=own,
        all_values=every,
        values_size=size * own // every if every else 0,
        last=last[1],
        last_kind=last[0],
        steps=tuple((step, took.get((step, "full")), took.get((step, "incremental"))) for step in steps),
    )


def _found_for(plan: Plan, indicator: str) -> tuple[list[str], list[str], list[str]]:
    """Fact tables, part tables and names of steps on the way to an indicator, each after what it needs."""
    found: tuple[list[str], list[str], list[str]] = ([], [], [])
    for kind, name in _needs(plan, indicator):
        found[kind].append(name)
    return found


def cost_lines(cost: Cost) -> list[str]:
    """The cost as lines to be read."""
    share = f"{cost.values / cost.all_values:.1%} of all" if cost.all_values else "none yet"
    lines = [f"rows scanned by a first computation: {cost.scanned:,}"]
    lines += _tables("facts", cost.facts)
    lines += _tables("kept parts", cost.parts)
    lines.append(f"values: {cost.values:,} ({share}), about {_mib(cost.values_size)}")
    if cost.last is None:
        return [*lines, "last refresh: never"]
    at = f"{cost.last.at:%Y-%m-%d %H:%M} UTC"
    lines.append(f"last refresh: {at} ({cost.last_kind}, number {cost.last.refresh})")
    rows = [("step", "full refresh", "changes only")]
    rows += [(step, _told(full), _told(some)) for step, full, some in cost.steps if full or some]
    widths = [max(len(row[n]) for row in rows) for n in range(2)]
    return [*lines, *(f"  {a:<{widths[0]}}  {b:<{widths[1]}}  {c}".rstrip() for a, b, c in rows)]


def _needs(plan: Plan, indicator: str) -> Iterator[tuple[int, str]]:
    """(0, fact table), (1, part table), (2, step) of an indicator and of all that it is made of."""
    step = plan.step_of(indicator)
    match step:
        case FormulaStep():
            for input_ in step.inputs:
                yield from _needs(plan, input_)
        case ReportedRead():
            yield 0, step.dataset.table
        case Cube() | Balance():
            scans = (step.scan,) if isinstance(step, Cube) else (step.opens, step.closes)
            yield 1, step.coverage.dataset.presence
            yield 2, f"presence {step.coverage.dataset.name}"
            for scan in scans:
                yield 0, scan.dataset.table
                yield 1, scan.table
                yield 2, f"scan {scan.table}"
            yield 2, f"frame {step.coverage.name}"
            yield 2, f"roll up {step.name}"
    yield 2, f"values of {indicator}"


def _took(cursor: Cursor, steps: Sequence[str]) -> dict[tuple[str, str], Took]:
    rows = cursor.execute(
        "SELECT step, kind, refresh, started_at, s.rows, s.seconds"
        " FROM refresh_step s JOIN refresh r ON r.id = refresh"
        " WHERE step IN (SELECT unnest($steps)) ORDER BY refresh",
        {"steps": list(steps)},
    ).fetchall()
    return {(row[0], row[1]): Took(*row[2:]) for row in rows}


def _stored(cursor: Cursor, table: str) -> Stored:
    row = cursor.execute(f"SELECT count(*) FROM {table}").fetchone()
    return Stored(table, int(row[0]) if row else 0, _size(cursor, table))


def _size(cursor: Cursor, table: str) -> int:
    """Bytes of the blocks of the file in which a table's columns lie."""
    row = cursor.execute(
        f"SELECT count(DISTINCT block_id) * (SELECT any_value(block_size) FROM pragma_database_size())"
        f" FROM pragma_storage_info('{table}') WHERE persistent AND block_id >= 0"
    ).fetchone()
    return int(row[0]) if row and row[0] is not None else 0


def _tables(title: str, tables: Sequence[Stored]) -> list[str]:
    if not tables:
        return []
    width = max(len(stored.table) for stored in tables)
    digits = max(len(f"{stored.rows:,}") for stored in tables)
    return [
        f"{title}:",
        *(f"  {t.table:<{width}}  {t.rows:>{digits},} rows  {_mib(t.size)}" for t in tables),
    ]


def _told(took: Took | None) -> str:
    if took is None:
        return "-"
    rows = f", {took.rows:,} rows" if took.rows else ""
    return f"{took.seconds:.3f} s{rows}"


def _mib(size: int) -> str:
    return f"{size / _MIB:.1f} MiB"
