"""Values out of the table of a cube or balance: those that take the same rows of it in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from config.models.composite import Missing
from indicators.plan import Balance, Cube, MeasureValue, Shape, StockValue
from indicators.sql.prelude import comment, listing
from warehouse.syntax import literal


@dataclass(frozen=True, slots=True)
class Told:
    """SQL of an indicator's value and its parts over the rows of a table that meet ``where`` (empty: all)."""

    indicator: str
    note: str
    value: str
    numerator: str
    denominator: str
    n: str
    where: str


def measured(value: MeasureValue, step: Cube) -> Told:
    """The values of one measure out of its cube."""
    made = value.assembly
    figure = _whole(_scaled(made.value, value.factor), value.missing)
    where = _where(value.shape, step.shape, heard=step.coverage.quiet and value.missing != "zero")
    return Told(value.indicator, str(value), figure, made.numerator, made.denominator, made.n, where)


def standing(value: StockValue, step: Balance) -> Told:
    """The values of one stock out of its balance."""
    column = f"s{step.values.index(value) + 1}"
    figure = _whole(_scaled(column, value.factor), value.missing)
    where = _where(value.shape, step.shape, heard=step.coverage.quiet)
    return Told(value.indicator, str(value), figure, column, "NULL", column, where)


def alike(told: Sequence[Told]) -> list[list[Told]]:
    """Put together what takes the same rows."""
    ordered = sorted(told, key=lambda one: one.where)
    return [list(group) for _, group in groupby(ordered, key=lambda one: one.where)]


def values(told: Sequence[Told], source: str) -> str:
    """The values of indicators that are `alike`, read from ``source``: a row of each after the other."""
    where = f"\nWHERE {told[0].where}" if told[0].where else ""
    notes = "".join(comment(one.note) for one in told)
    if len(told) == 1:
        (one,) = told
        return (
            f"{notes}SELECT {literal(one.indicator)} AS indicator, level, area, period, start,\n"
            f"    {one.value} AS value, {one.numerator} AS numerator, {one.denominator} AS denominator,"
            f" {one.n} AS n,\n    present, expected, data_through, run\nFROM {source}{where}"
        )
    # a list for each column, and not one of rows: there is less to plan for every indicator
    columns = ",\n    ".join(
        f"unnest([{', '.join(sqls)}]::{type_}[]) AS {name}"
        for name, type_, sqls in (
            ("indicator", "VARCHAR", [literal(one.indicator) for one in told]),
            ("value", "DOUBLE", [one.value for one in told]),
            ("numerator", "DOUBLE", [one.numerator for one in told]),
            ("denominator", "DOUBLE", [one.denominator for one in told]),
            ("n", "BIGINT", [one.n for one in told]),
        )
    )
    return (
        f"{notes}SELECT level, area, period, start, present, expected, data_through, run,\n    {columns}\n"
        f"FROM {source}{where}"
    )


def _scaled(figure: str, factor: float) -> str:
    return figure if factor == 1 else f"{factor!r} * {figure}"


def _whole(figure: str, missing: Missing) -> str:
    """A figure as SQL; under ``missing: any`` only where all was delivered."""
    return f"CASE WHEN present = expected THEN {figure} END" if missing == "any" else figure


def _where(own: Shape, table: Shape, *, heard: bool) -> str:
    """SQL that keeps to the levels and periods of ``own`` in a table that holds those of ``table``, and with
    ``heard`` to periods of which anything was delivered.
    """
    tests = ["present > 0"] * heard
    tests += [f"level IN {listing(own.levels)}"] * (own.levels != table.levels)
    tests += [f"period IN {listing(own.periods)}"] * (own.periods != table.periods)
    return " AND ".join(tests)
