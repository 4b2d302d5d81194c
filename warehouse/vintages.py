"""What stood before: values as they were known, and the definitions that they were computed from."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from warehouse.ledger import LedgerReader
from warehouse.store import Cursor

STANDING: Final = "indicator_value"
THINNED: Final = "thinned"
"""Key in ``meta`` of the first day that was not thinned yet."""


@dataclass(frozen=True, slots=True)
class Vintage:
    """What a value was from ``stored_at`` on, until another took its place at ``known_until`` (None: it
    stands). ``known_from`` is when this result was first computed; times are UTC without offset.
    """

    value: float | None
    numerator: float | None
    denominator: float | None
    n: int
    present: int
    expected: int
    data_through: dt.datetime
    known_from: dt.datetime
    version: int
    run: int
    stored_at: dt.datetime
    known_until: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Version:
    """One version of what an indicator computes: since when (UTC), and the definition as it was written."""

    indicator: str
    version: int
    since: dt.datetime
    body: Mapping[str, Any]


_FIELDS: Final = ", ".join(Vintage.__slots__[:-1])


class VintageReader(LedgerReader):
    """Reads of what stood at a moment, and of how it came to change."""

    def source(self, fields: str) -> str:
        """What to read values from: the table that stands, or what stood at ``as_of``."""
        if self.as_of is None:
            return STANDING
        at = f"TIMESTAMP '{self.as_of}'"
        return (
            f"(SELECT {fields} FROM {STANDING} WHERE stored_at <= {at} UNION ALL"
            f" SELECT {fields} FROM value_past WHERE known_until > {at} AND stored_at <= {at})"
        )

    def vintages(
        self, indicator: str, area: str, period: str, start: dt.date, limit: int = 50
    ) -> list[Vintage]:
        """The results that a value had, newest first; one that changed in coverage alone counts once.

        Whatever ``as_of`` is: one may go on from there in both directions.
        """
        cell = "indicator = $indicator AND area = $area AND period = $period AND start = $start"
        rows = self.cursor.execute(
            f"SELECT {_FIELDS}, known_until FROM ("
            f"SELECT {_FIELDS}, NULL::TIMESTAMP AS known_until FROM {STANDING} WHERE {cell} UNION ALL"
            f" SELECT {_FIELDS}, known_until FROM value_past WHERE {cell})"
            " QUALIFY row_number() OVER (PARTITION BY known_from ORDER BY stored_at DESC) = 1"
            " ORDER BY stored_at DESC LIMIT $limit",
            {"indicator": indicator, "area": area, "period": period, "start": start, "limit": limit},
        ).fetchall()
        return [Vintage(*row) for row in rows]

    @property
    def thinned(self) -> dt.date | None:
        """The first day of the city of which every state of running periods is kept; None: all are."""
        row = self.cursor.execute("SELECT value FROM meta WHERE key = $key", {"key": THINNED}).fetchone()
        return dt.date.fromisoformat(row[0]) if row else None

    def versions(self, indicator: str) -> list[Version]:
        """The versions that an indicator's computation had, oldest first, up to ``as_of``."""
        return [
            Version(indicator, row[0], row[1], json.loads(row[2])) for row in self._written.get(indicator, [])
        ]

    @cached_property
    def _written(self) -> Mapping[str, list[tuple[int, dt.datetime, str]]]:
        """Every version: a chart asks for those of all parts of what it draws."""
        rows = self.cursor.execute(
            "SELECT indicator, version, since, body FROM definition"
            " WHERE $at IS NULL OR since <= $at ORDER BY version",
            {"at": self.as_of},
        ).fetchall()
        found: dict[str, list[tuple[int, dt.datetime, str]]] = defaultdict(list)
        for indicator, *rest in rows:
            found[indicator].append(tuple(rest))
        return found

    def definitions(self) -> dict[str, dict[str, Any]]:
        """Every indicator's definition as it was written at ``as_of``, names and targets included."""
        rows = self.cursor.execute(
            "SELECT indicator, arg_max_null(body, since) FROM definition_text"
            " WHERE $at IS NULL OR since <= $at GROUP BY indicator ORDER BY indicator",
            {"at": self.as_of},
        ).fetchall()
        return {indicator: json.loads(body) for indicator, body in rows if body is not None}


def every_vintage(
    cursor: Cursor,
    indicator: str,
    period: str,
    levels: Sequence[str],
    spans: Sequence[tuple[dt.date, dt.date]],
) -> dict[str, NDArray[Any]]:
    """Every state that values were in, by column.

    ``g`` is the place of the level among ``levels``; ``start`` the period's by the city's clock; ``through``
    microseconds of UTC; ``stored_at``, ``known_from`` and ``known_until`` UTC (NaT: it stands).
    """
    within = " OR ".join(["(start >= ?::TIMESTAMP AND start < ?::TIMESTAMP)"] * len(spans))
    columns = "level, area, start, value, n, data_through, known_from, stored_at"
    where = f"indicator = ? AND period = ? AND level IN (SELECT unnest(?)) AND ({within})"
    parameters = [indicator, period, list(levels), *(day for span in spans for day in span)]
    found = cursor.execute(
        f"SELECT list_position(?, level) - 1 AS g, area, start, coalesce(value, 'nan'::DOUBLE) AS value,"
        " coalesce(n::DOUBLE, 'nan'::DOUBLE) AS n, epoch_us(data_through) AS through,"
        " known_from, stored_at, known_until FROM ("
        f"SELECT {columns}, NULL::TIMESTAMP AS known_until FROM {STANDING} WHERE {where} UNION ALL"
        f" SELECT {columns}, known_until FROM value_past WHERE {where})",
        [list(levels), *parameters, *parameters],
    ).fetchnumpy()
    return {name: _filled(column) for name, column in found.items()}


def _filled(column: Any) -> NDArray[Any]:
    """A column without a mask: what is missing of a time is NaT."""
    if np.ma.isMaskedArray(column) and column.dtype.kind == "M":
        return np.ma.filled(column, np.datetime64("NaT"))
    return np.asarray(column)
