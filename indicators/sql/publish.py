"""Values into the table that everyone reads: what did not change keeps when and whence it was known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

from indicators.sql.prelude import Moment

COLUMNS: Final = (
    "indicator, level, area, period, start, value, numerator, denominator, n, present, expected, data_through"
)
_KEYS: Final = "indicator, area, period, start"
_RESULT: Final = ("value", "numerator", "denominator", "n")
_PRECISION: Final = 1e-12


def insert(target: str, values: str, moment: Moment, version: int) -> str:
    """Put the rows of a step into ``target``, which has the columns of ``indicator_value``."""
    return (
        f"INSERT INTO {target}\n"
        f"SELECT {COLUMNS}, {moment.timestamp} AS known_from, {version} AS version, run FROM (\n{values}\n)"
    )


def merge(bounds: Mapping[str, dt.date]) -> list[str]:
    """Bring ``indicator_value`` in line with ``fresh``, for the indicators and periods listed in ``scope``.

    ``scope`` has columns indicator, period, start, where a NULL period stands for all of the indicator;
    ``bounds`` says for each period in it what the first start is, so that older values are passed over
    quickly. The last statement returns how many values are new, changed or gone.
    """
    differs = " OR ".join(_differs(column) for column in _RESULT)
    coverage = " OR ".join(
        f"h.{column} IS DISTINCT FROM f.{column}"
        for column in ("present", "expected", "data_through", "version")
    )
    near = "FALSE"
    if bounds:
        periods = " OR ".join(f"(period = '{p}' AND start >= DATE '{first}')" for p, first in bounds.items())
        near = f"start >= DATE '{min(bounds.values())}' AND ({periods})"
    return [
        # Old values in reach of this refresh, and beside each what it is now.
        "CREATE OR REPLACE TEMP TABLE held AS\n"
        "SELECT rowid AS place, v.* FROM indicator_value v\n"
        "SEMI JOIN (SELECT indicator, period, start FROM scope WHERE period IS NOT NULL)"
        " USING (indicator, period, start)\n"
        f"WHERE {near}\n"
        "UNION ALL\n"
        "SELECT rowid AS place, v.* FROM indicator_value v"
        " WHERE indicator IN (SELECT indicator FROM scope WHERE period IS NULL)",
        f"CREATE OR REPLACE TEMP TABLE compared AS\n"
        f"SELECT h.place, f.*, ({differs}) AS moved, ({differs} OR {coverage}) AS stirred\n"
        f"FROM held h JOIN fresh f USING ({_KEYS})",
        f"DELETE FROM indicator_value WHERE rowid IN (SELECT place FROM held ANTI JOIN fresh "
        f"USING ({_KEYS}))",
        "UPDATE indicator_value SET value = c.value, numerator = c.numerator, denominator = "
        "c.denominator, n = c.n,\n"
        "    present = c.present, expected = c.expected, data_through = c.data_through, version "
        "= c.version,\n"
        "    known_from = c.known_from, run = c.run\n"
        "FROM compared c WHERE indicator_value.rowid = c.place AND c.moved",
        "UPDATE indicator_value SET present = c.present, expected = c.expected, data_through = "
        "c.data_through,\n"
        "    version = c.version\n"
        "FROM compared c WHERE indicator_value.rowid = c.place AND c.stirred AND NOT c.moved",
        f"INSERT INTO indicator_value SELECT * FROM fresh ANTI JOIN held USING ({_KEYS})",
        f"SELECT (SELECT count(*) FROM compared WHERE moved)"
        f" + (SELECT count(*) FROM fresh ANTI JOIN held USING ({_KEYS}))"
        f" + (SELECT count(*) FROM held ANTI JOIN fresh USING ({_KEYS}))",
    ]


def _differs(column: str) -> str:
    """Sums of fractions depend on the order of adding: a difference in the last digits is none."""
    old, new = f"h.{column}", f"f.{column}"
    if column == "n":
        return f"{old} IS DISTINCT FROM {new}"
    near = f"abs({old} - {new}) <= {_PRECISION} * greatest(abs({old}), abs({new}))"
    return f"({old} IS DISTINCT FROM {new} AND NOT coalesce({near}, FALSE))"
