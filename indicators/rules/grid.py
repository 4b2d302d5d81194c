"""Values of many areas and periods as arrays, read for all rules in one query."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from config.models import Period
from config.periods import Periods
from indicators.rules.conditions.verdict import Flags, Floats
from warehouse.store import Cursor


class Group(NamedTuple):
    """Series that share a definition, one for each area."""

    indicator: str
    level: str
    period: Period


Span = tuple[dt.date, dt.date]
"""Starts of periods, first included, last excluded."""


@dataclass(frozen=True)
class Grid:
    """Values of one group, areas × starts of periods.

    ``value`` and ``n`` are NaN where there is none, ``present`` says where there is a row at all,
    ``through`` is the time up to which the row's data go (microseconds of UTC).
    """

    areas: tuple[str, ...]
    starts: tuple[dt.date, ...]
    value: Floats
    n: Floats
    present: Flags
    through: NDArray[np.int64]

    def columns(self, starts: Sequence[dt.date]) -> Floats:
        """Values at ``starts``, in that order; NaN for a start that the grid lacks."""
        place = {start: index for index, start in enumerate(self.starts)}
        where = np.array([place.get(start, -1) for start in starts], dtype=np.intp)
        padded = np.concatenate([self.value, np.full((len(self.areas), 1), np.nan)], axis=1)
        return padded[:, where]

    def select(self, keep: Flags) -> Grid:
        """Only the periods that ``keep`` marks."""
        starts = tuple(start for start, kept in zip(self.starts, keep, strict=True) if kept)
        return Grid(
            self.areas,
            starts,
            self.value[:, keep],
            self.n[:, keep],
            self.present[:, keep],
            self.through[:, keep],
        )


def read_grids(
    cursor: Cursor,
    periods: Periods,
    wanted: Mapping[Group, Sequence[Span]],
) -> dict[Group, Grid]:
    """The values of every group in its spans. A group without any value is absent."""
    groups = list(wanted)
    rows = [(g, group, span) for g, group in enumerate(groups) for span in wanted[group]]
    if not rows:
        return {}
    table = ", ".join(["(?, ?, ?, ?, ?::TIMESTAMP, ?::TIMESTAMP)"] * len(rows))
    narrow = [_narrowed(wanted, period) for period in sorted({group.period for group in groups})]
    cursor.complete()  # of what was asked before, one line may have been fetched and the rest not
    found = cursor.sql(
        f"""
        WITH wanted(g, indicator, level, period, low, high) AS (VALUES {table}),
             v AS ({" UNION ALL ".join(sql for sql, _ in narrow)})
        SELECT w.g, v.area, v.start,
               coalesce(v.value, 'nan'::DOUBLE) AS value, coalesce(v.n::DOUBLE, 'nan'::DOUBLE) AS n,
               epoch_us(v.data_through) AS through
        FROM v JOIN wanted AS w USING (indicator, level, period)
        WHERE v.start >= w.low AND v.start < w.high
        """,
        params=[
            *(part for g, group, span in rows for part in (g, *group, *span)),
            *(part for _, parameters in narrow for part in parameters),
        ],
    ).to_arrow_table()
    columns = {name: found.column(name).combine_chunks() for name in found.column_names}
    return grids_of(columns, groups, periods)


def grids_of(found: Mapping[str, Any], groups: Sequence[Group], periods: Periods) -> dict[Group, Grid]:
    """Grids from columns: ``g`` (place in ``groups``), area (text, or an Arrow array of it), start, value, n,
    through. A group without any line is absent.
    """
    # few names stand for millions of lines: numbers are sorted and compared in their place
    area = found["area"]
    coded = (area if isinstance(area, pa.Array) else pa.array(area, pa.string())).dictionary_encode()
    names = np.array(coded.dictionary.to_pylist(), dtype=object)
    ordered = np.argsort(names)
    rank = np.empty(len(names), dtype=np.int64)
    rank[ordered] = np.arange(len(names))
    columns = {name: np.asarray(found[name]) for name in ("g", "start", "value", "n", "through")}
    columns["area"] = rank[np.asarray(coded.indices)]
    number = columns["g"].astype(np.int16)  # numpy sorts these by counting them
    order = np.argsort(number, kind="stable")
    edges = np.searchsorted(number[order], np.arange(len(groups) + 1))
    return {
        group: _grid(columns, order[edges[g] : edges[g + 1]], names[ordered], periods.timed(group.period))
        for g, group in enumerate(groups)
        if edges[g] < edges[g + 1]
    }


def _narrowed(wanted: Mapping[Group, Sequence[Span]], period: Period) -> tuple[str, list[Any]]:
    """What all groups of one period may need, by comparison with constants alone: the scan then reads
    little.

    Most of the table are days; without this, the few years that yearly rules look back over would be days,
    too.
    """
    groups = [group for group in wanted if group.period == period]
    spans = sorted({span for group in groups for span in wanted[group]})
    indicators, levels = sorted({g.indicator for g in groups}), sorted({g.level for g in groups})
    within = " OR ".join(["(start >= ?::TIMESTAMP AND start < ?::TIMESTAMP)"] * len(spans))
    sql = (
        "SELECT indicator, level, period, area, start, value, n, data_through FROM indicator_value"
        f" WHERE period = ? AND indicator IN ({_marks(indicators)}) AND level IN ({_marks(levels)})"
        f" AND ({within})"
    )
    return sql, [period, *indicators, *levels, *(day for span in spans for day in span)]


def _marks(values: Sequence[str]) -> str:
    return ", ".join("?" * len(values))


def _grid(
    columns: Mapping[str, NDArray[Any]], rows: NDArray[np.intp], names: NDArray[Any], timed: bool
) -> Grid:
    areas, a = _distinct(columns["area"][rows])
    unit = "h" if timed else "D"
    moments, d = _distinct(columns["start"][rows].astype(f"datetime64[{unit}]").astype(np.int64))
    shape, at = (len(areas), len(moments)), a * len(moments) + d

    def laid(column: NDArray[Any], empty: Any) -> NDArray[Any]:
        cells = np.full(len(areas) * len(moments), empty)
        cells[at] = column
        return cells.reshape(shape)

    value, n = (laid(columns[name][rows], np.nan) for name in ("value", "n"))
    present, through = (
        laid(np.ones(len(rows), dtype=bool), False),
        laid(columns["through"][rows], np.int64(0)),
    )
    starts = tuple(moments.astype(f"datetime64[{unit}]").tolist())
    return Grid(tuple(names[areas].tolist()), starts, value, n, present, through)


def _distinct(numbers: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The numbers that occur, in their order, and the place of each among them; they lie close together."""
    first = numbers.min()
    there = np.bincount(numbers - first) > 0
    return np.flatnonzero(there) + first, (np.cumsum(there) - 1)[numbers - first]
