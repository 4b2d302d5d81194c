"""Derived columns of fact tables: expressions over one row that many indicators ask for, computed once.

Whoever asks declares them by dataset; whoever inserts or changes facts computes them along
(``derived_columns``); ``settle`` computes what was left out. The column ``_derived`` is true where all
are there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from warehouse.facts import SQL_TYPES, fact_table, q
from warehouse.row_expression import RowExpression
from warehouse.store import Cursor

MARK: Final = "_derived"
_PREFIX: Final = "_x_"


@dataclass(frozen=True, slots=True)
class DerivedColumn:
    """One derived column; ``sql`` is over the bare columns of a fact row."""

    name: str
    type: str
    sql: str


_DONE: Final = DerivedColumn(MARK, "BOOLEAN", "TRUE")


def derived(expression: RowExpression) -> DerivedColumn:
    """The column that holds an expression; the same expression always gets the same name."""
    name = _PREFIX + sha256(expression.sql.encode()).hexdigest()[:10]
    return DerivedColumn(name, SQL_TYPES.get(expression.type, "DOUBLE"), expression.sql)


def derived_columns(cursor: Cursor, dataset: str) -> list[DerivedColumn]:
    """The columns that are kept of a dataset, the mark among them; empty when none was declared."""
    rows = cursor.execute(
        "SELECT name, type, sql FROM derived_column WHERE dataset = ? ORDER BY name", [dataset]
    )
    return [DerivedColumn(*row) for row in rows.fetchall()]


def declare(cursor: Cursor, wanted: Mapping[str, Iterable[DerivedColumn]]) -> None:
    """Keep these columns of each dataset and no others; of facts that are there they are computed at once."""
    held: dict[str, dict[str, DerivedColumn]] = {}
    rows = cursor.execute("SELECT dataset, name, type, sql FROM derived_column").fetchall()
    for dataset, name, type_, sql in rows:
        held.setdefault(dataset, {})[name] = DerivedColumn(name, type_, sql)
    for dataset in sorted({*held, *wanted}):
        columns = {column.name: column for column in wanted.get(dataset, ())}
        columns |= {MARK: _DONE} if columns else {}
        if columns == held.get(dataset, {}):
            continue
        cursor.execute("DELETE FROM derived_column WHERE dataset = ?", [dataset])
        for column in columns.values():
            cursor.execute(
                "INSERT INTO derived_column VALUES (?, ?, ?, ?)",
                [dataset, column.name, column.type, column.sql],
            )
        _shape(cursor, dataset, columns)


def add_columns(cursor: Cursor, dataset: str) -> None:
    """Give a fact table the derived columns that were declared before it was made."""
    _shape(cursor, dataset, {column.name: column for column in derived_columns(cursor, dataset)})


def settle(cursor: Cursor, dataset: str) -> None:
    """Compute the derived columns of facts that were put in place without them."""
    columns = derived_columns(cursor, dataset)
    if not columns:
        return
    table = q(fact_table(dataset))
    left_out = cursor.execute(f"SELECT 1 FROM {table} WHERE {MARK} IS NULL LIMIT 1").fetchone()
    if left_out is not None:  # to ask is cheaper than to have so wide an update planned
        sets = ", ".join(f"{column.name} = {column.sql}" for column in columns)
        cursor.execute(f"UPDATE {table} SET {sets} WHERE {MARK} IS NULL")


def _shape(cursor: Cursor, dataset: str, columns: Mapping[str, DerivedColumn]) -> None:
    """Give the fact table exactly these derived columns. What is new is computed of every row at once."""
    table = fact_table(dataset)
    there = {
        str(row[0])
        for row in cursor.execute(
            "SELECT column_name FROM duckdb_columns() WHERE table_name = ? AND schema_name = 'main'", [table]
        ).fetchall()
    }
    if not there:
        return
    for name in sorted(there):
        if (name.startswith(_PREFIX) or name == MARK) and name not in columns:
            cursor.execute(f"ALTER TABLE {q(table)} DROP COLUMN {q(name)}")
    missing = [column for name, column in columns.items() if name not in there]
    for column in missing:
        cursor.execute(f"ALTER TABLE {q(table)} ADD COLUMN {q(column.name)} {column.type}")
    if missing:
        sets = ", ".join(f"{column.name} = {column.sql}" for column in missing)
        cursor.execute(f"UPDATE {q(table)} SET {sets}")
