"""Fact tables: one for each dataset, made from the columns of a feed's contract."""

from __future__ import annotations

from typing import Final

from config.models import Feed
from warehouse.store import Cursor

SQL_TYPES: Final = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}
"""SQL type of each contract type; a timestamp is stored in UTC."""

PROVENANCE: Final = {
    "_area": "VARCHAR",
    "_run": "BIGINT",
    "_file": "VARCHAR",
    "_line": "BIGINT",
    "_hash": "UBIGINT",
}
"""What every fact carries: its unit, the run and file and line it came from, the hash of its content."""


class FactTableError(Exception):
    """The contract of a dataset changed in a way that stored facts cannot follow."""


def q(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def fact_table(dataset: str) -> str:
    """Name of the table that holds a dataset's rows."""
    return f"fact_{dataset}"


def day_of(column: str) -> str:
    """Name of the column that holds the local day of time column ``column``."""
    return f"{column}__day"


def fact_columns(feed: Feed) -> dict[str, str]:
    """Columns of the feed's fact table with their SQL types, in order."""
    columns: dict[str, str] = {}
    for column in feed.columns:
        columns[column.name] = SQL_TYPES[column.type]
    for name in feed.time_columns:
        columns[day_of(name)] = "DATE"
    return columns | PROVENANCE


def has_facts(cursor: Cursor, dataset: str) -> bool:
    """Whether anything of the dataset was ever loaded."""
    asked = "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'main' AND table_name = ?"
    [(tables,)] = cursor.execute(asked, [fact_table(dataset)]).fetchall()
    return bool(tables)


def ensure_fact_table(cursor: Cursor, feed: Feed) -> None:
    """Create the feed's fact table, or add the columns that its contract has gained.

    A column that the contract has lost stays, and is empty in new rows.
    Raises FactTableError when a column's type has changed.
    """
    table, wanted = fact_table(feed.table), fact_columns(feed)
    listed = ", ".join(f"{q(name)} {type}" for name, type in wanted.items())
    cursor.execute(f"CREATE TABLE IF NOT EXISTS {q(table)} ({listed})")
    there = dict(
        cursor.execute(
            "SELECT column_name, data_type FROM duckdb_columns() "
            "WHERE table_name = ? AND schema_name = 'main' AND NOT internal",
            [table],
        ).fetchall()
    )
    for name, type in wanted.items():
        if name not in there:
            cursor.execute(f"ALTER TABLE {q(table)} ADD COLUMN {q(name)} {type}")
        elif there[name] != type:
            raise FactTableError(
                f"column {name!r} of dataset {feed.table!r} is stored as {there[name]}, "
                f"the contract now says {type}; "
                "give the column another name, or remove the warehouse file and load the inbox anew"
            )
