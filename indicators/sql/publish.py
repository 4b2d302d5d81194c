"""Values into the table that everyone reads: what did not change stays, what changed is kept as past."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Final

from indicators.dirty import Spans
from indicators.sql.prelude import Moment, listing
from warehouse.syntax import literal

COLUMNS: Final = (
    "indicator, level, area, period, start, value, numerator, denominator, n, present, expected, data_through"
)
FRESH: Final = """\
CREATE OR REPLACE TEMP TABLE fresh (
    indicator VARCHAR, level VARCHAR, area VARCHAR, period VARCHAR, start TIMESTAMP,
    value DOUBLE, numerator DOUBLE, denominator DOUBLE, n BIGINT, present INTEGER, expected INTEGER,
    data_through TIMESTAMP, known_from TIMESTAMP, version INTEGER, run BIGINT, stored_at TIMESTAMP
)"""
"""Where values are set aside until they are compared; its columns are those of ``indicator_value``.

They are written out because DuckDB 2.0.0 reads nothing from a table that was made by an empty CREATE TABLE AS
and then filled by a large parallel INSERT in the same transaction.
"""
_KEYS: Final = ("indicator", "area", "period", "start")
_RESULT: Final = ("value", "numerator", "denominator", "n")
_COVERAGE: Final = ("level", "present", "expected", "data_through", "version")
_PRECISION: Final = 1e-12


@dataclass(frozen=True, slots=True)
class Difference:
    """How the values made anew differ from those that stand: how many there were not before, are gone, have
    another result, and in all another result or coverage.
    """

    new: int
    gone: int
    moved: int
    altered: int


def insert(target: str, values: str, moment: Moment, versions: Mapping[str, int]) -> str:
    """Put the rows of a step into ``target``, which has the columns of ``indicator_value``.

    ``versions`` are those of the definitions of the indicators in ``values``.
    """
    at, version = moment.timestamp, str(next(iter(versions.values())))
    if len(set(versions.values())) > 1:
        cases = " ".join(f"WHEN {literal(id_)} THEN {number}" for id_, number in versions.items())
        version = f"CASE indicator {cases} END"
    return (
        f"INSERT INTO {target}\n"
        f"SELECT {COLUMNS}, {at} AS known_from, {version} AS version, run, {at} AS stored_at"
        f" FROM (\n{values}\n)"
    )


def cover(indicators: Mapping[tuple[str, Spans], Sequence[str]], moment: Moment) -> list[str]:
    """Give values that stand other coverage, where it is another: by frame and periods, of some indicators.

    So do periods of which nothing else can have changed keep their values without being counted again.
    """
    cells = "present", "expected", "data_through"
    differs = " OR ".join(f"v.{cell} IS DISTINCT FROM f.{cell}" for cell in cells)
    branches = "\nUNION ALL\n".join(
        f"SELECT v.rowid AS place, {', '.join(f'f.{cell}' for cell in cells)}\n"
        f"FROM indicator_value v JOIN {frame} f USING (area, period, start)\n"
        f"WHERE indicator IN {listing(those)} AND {spans.sql()} AND ({differs})"
        for (frame, spans), those in indicators.items()
    )
    every = reduce(or_, (spans for _, spans in indicators))
    names, given = ", ".join(_ALL), ", ".join(f"{cell} = c.{cell}" for cell in cells)
    return [
        f"CREATE OR REPLACE TEMP TABLE covered AS\n{branches}",
        f"INSERT INTO value_past ({names}, known_until)\nSELECT {names}, {moment.timestamp}\n"
        f"FROM indicator_value SEMI JOIN covered ON indicator_value.rowid = place\n"
        f"WHERE {every.sql()} AND stored_at < {moment.timestamp}",
        f"UPDATE indicator_value SET {given}, stored_at = {moment.timestamp}\n"
        "FROM covered c WHERE indicator_value.rowid = c.place",
    ]


def compare(scope: Mapping[str, Spans | None]) -> str:
    """Table ``compared``: the values within ``scope`` in which ``indicator_value`` and ``fresh`` differ.

    ``scope`` are the indicators that were made anew, with the periods that were; None stands for all.
    A row of ``compared`` has the row's ``place`` (NULL: there was none), the value as it shall be (NULL
    indicator: none), and as it ``was_``.
    """
    parts: dict[Spans, list[str]] = {}
    for indicator, spans in scope.items():
        if spans is not None:
            parts.setdefault(spans, []).append(indicator)
    whole = [indicator for indicator, spans in scope.items() if spans is None]
    held = [f"indicator IN {listing(sorted(whole))}"] if whole else []
    if parts:
        # what all are within stands apart, so that older values are passed over quickly
        every = reduce(or_, parts)
        near = " OR ".join(
            f"indicator IN {listing(sorted(those))}" + ("" if spans == every else f" AND {spans.sql()}")
            for spans, those in parts.items()
        )
        held.append(f"{every.sql()}\n        AND ({near})")
    union = "\n    UNION ALL\n    ".join(
        f"SELECT rowid AS place, v.* FROM indicator_value v WHERE {test}" for test in held
    )
    moved = " OR ".join(map(_differs, _RESULT))
    altered = " OR ".join(f"h.{column} IS DISTINCT FROM f.{column}" for column in _COVERAGE)
    shall = [
        *(f"f.{key}" for key in _KEYS),
        *(f"f.{column}" for column in _COVERAGE),
        *(
            f"CASE WHEN moved THEN f.{column} ELSE h.{column} END AS {column}"
            for column in (*_RESULT, "known_from", "run")
        ),
        "f.stored_at",
    ]
    was = [f"h.{column} AS was_{column}" for column in _ALL]
    return (
        "CREATE OR REPLACE TEMP TABLE compared AS\n"
        f"WITH held AS (\n    {union}\n)\n"
        f"SELECT h.place, h.place IS NULL OR {moved} AS moved,\n"
        f"    {', '.join(shall)},\n    {', '.join(was)}\n"
        f"FROM held h FULL JOIN fresh f USING ({', '.join(_KEYS)})\n"
        f"WHERE h.place IS NULL OR f.indicator IS NULL OR moved OR {altered}"
    )


DIFFERENCE: Final = (
    "SELECT count(*) FILTER (place IS NULL), count(*) FILTER (indicator IS NULL),"
    " count(*) FILTER (moved AND place IS NOT NULL AND indicator IS NOT NULL),"
    " count(*) FILTER (place IS NOT NULL AND indicator IS NOT NULL) FROM compared"
)
"""What makes a `Difference`."""


def bring_in_line(found: Difference, moment: Moment) -> list[str]:
    """Keep what stood as past, then make ``indicator_value`` what ``compared`` says it shall be.

    Rows stay in their places, which keeps the table in the order in which it is read fastest.
    """
    statements = []
    if found.gone or found.altered:
        was = ", ".join(f"was_{column}" for column in _ALL)
        statements.append(
            f"INSERT INTO value_past ({', '.join(_ALL)}, known_until)\nSELECT {was}, {moment.timestamp}"
            f" FROM compared WHERE place IS NOT NULL AND was_stored_at < {moment.timestamp}"
        )
    if found.gone:
        statements.append(
            "DELETE FROM indicator_value WHERE rowid IN (SELECT place FROM compared WHERE indicator IS NULL)"
        )
    if found.altered:
        given = ", ".join(f"{column} = c.{column}" for column in _ALL if column not in _KEYS)
        statements.append(
            f"UPDATE indicator_value SET {given}\n"
            "FROM compared c WHERE indicator_value.rowid = c.place AND c.indicator IS NOT NULL"
        )
    if found.new:
        names = ", ".join(_ALL)
        statements.append(
            f"INSERT INTO indicator_value ({names}) SELECT {names} FROM compared WHERE place IS NULL"
        )
    return statements


_ALL: Final = (*COLUMNS.split(", "), "known_from", "version", "run", "stored_at")


def _differs(column: str) -> str:
    """Sums of fractions depend on the order of adding: a difference in the last digits is none."""
    old, new = f"h.{column}", f"f.{column}"
    if column == "n":
        return f"{old} IS DISTINCT FROM {new}"
    near = f"abs({old} - {new}) <= {_PRECISION} * greatest(abs({old}), abs({new}))"
    return f"({old} IS DISTINCT FROM {new} AND NOT coalesce({near}, FALSE))"
