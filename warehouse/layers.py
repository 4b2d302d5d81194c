"""The places of map layers: rows of fact tables with where they lie, told to a viewer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from config import City
from config.models import Feed, LayerRows
from config.models.feed import ColumnType
from warehouse.expression import RowExpression, parse_condition
from warehouse.facts import day_of, fact_table, has_facts, q
from warehouse.scope import Scope
from warehouse.store import Cursor

_DAY = dt.timedelta(days=1)
_LATELY = 7 * _DAY
"""How far before the newest row of another dataset is looked for what it last said of a place."""


@dataclass(frozen=True)
class Places:
    """The places of a layer, in arrays of one length.

    ``lat`` and ``lon`` are degrees, NaN where nothing is known; ``area`` is the code of the unit in which a
    place lies today, ``name`` may be None, ``trouble`` says whether something is wrong there. ``newest`` is
    the UTC time, without offset, of the newest of the rows; None: there are none.
    """

    lat: NDArray[np.float64]
    lon: NDArray[np.float64]
    area: NDArray[np.object_]
    name: NDArray[np.object_]
    trouble: NDArray[np.bool_]
    newest: dt.datetime | None

    def __len__(self) -> int:
        return len(self.area)

    def only(self, kept: NDArray[np.bool_]) -> Places:
        """Those that ``kept`` is true of."""
        return Places(
            self.lat[kept],
            self.lon[kept],
            self.area[kept],
            self.name[kept],
            self.trouble[kept],
            self.newest,
        )


def columns_of(feed: Feed) -> Mapping[str, ColumnType]:
    """The names that a condition over the feed's rows may use, with their types."""
    return {column.name: column.type for column in feed.columns}


def read_places(cursor: Cursor, city: City, scope: Scope, rows: LayerRows, day: dt.date) -> Places:
    """The places of a layer of rows that the viewer may see, on the boundaries of ``day``."""
    feed = city.datasets[rows.dataset]
    if not has_facts(cursor, feed.table):
        nothing = np.array([], dtype=np.object_)
        return Places(np.array([]), np.array([]), nothing, nothing, np.array([], dtype=np.bool_), None)
    seen = (
        "" if scope.areas is None else "WHERE place IN (SELECT code FROM area_path WHERE ancestor IN $seen)"
    )
    given: dict[str, Any] = {"on": day}
    if scope.areas is not None:
        given["seen"] = sorted(scope.areas)
    asked = (
        f"WITH found AS ({_found(cursor, city, feed, rows)}),"
        " placed AS (SELECT f.*, coalesce(h.heir, f._area) AS place FROM found f"
        " LEFT JOIN area_heir h ON h.unit = f._area AND h.since <= $on AND $on < h.until)"
        f" SELECT lat, lon, place, name, trouble, moment FROM placed {seen}"
        " ORDER BY place, name, lat, lon"
    )
    told: Any = cursor.sql(asked, params=given).to_arrow_table()
    return Places(
        told["lat"].to_numpy().astype(float),
        told["lon"].to_numpy().astype(float),
        np.array(told["place"].to_pylist(), dtype=np.object_),
        np.array(told["name"].to_pylist(), dtype=np.object_),
        told["trouble"].to_numpy(zero_copy_only=False).astype(bool),
        _moment(pc.max(told["moment"]).as_py()),
    )


def _found(cursor: Cursor, city: City, feed: Feed, rows: LayerRows) -> str:
    """SQL of the rows: lat, lon, name, _area, trouble and moment, one for each place."""
    table, time = q(fact_table(feed.table)), q(feed.event_time)
    when = _filter(cursor, feed, rows)
    lat, lon = (f"{q(c)}::DOUBLE" if c else "NULL::DOUBLE" for c in (rows.lat, rows.lon))
    name = f"{q(rows.name)}::VARCHAR" if rows.name else "NULL"
    own, joined, at = "FALSE", "", time
    if (bad := rows.trouble) is not None and bad.dataset is None:
        own = parse_condition(bad.when, columns_of(feed)).operand
    cells = {"lat": lat, "lon": lon, "name": name, "_area": "_area", "trouble": f"coalesce({own}, FALSE)"}
    if rows.key is None:
        listed = ", ".join(f"{sql} AS {name}" for name, sql in cells.items())
        return f"SELECT {listed}, {at} AS moment FROM {table} {when}"
    listed = ", ".join(f"arg_max({sql}, {time}) AS {name}" for name, sql in cells.items())
    newest = f"SELECT {q(rows.key)} AS key, {listed}, max({at}) AS moment FROM {table} {when} GROUP BY ALL"
    if bad is None or bad.dataset is None or bad.by is None:
        return newest
    other = city.datasets[bad.dataset]
    if not has_facts(cursor, other.table):
        return newest
    joined = _last_said(cursor, other, bad.by, parse_condition(bad.when, columns_of(other)))
    return (
        "SELECT n.lat, n.lon, n.name, n._area, coalesce(s.bad, FALSE) AS trouble, s.moment AS moment"
        f" FROM ({newest}) n LEFT JOIN ({joined}) s ON s.key = n.key"
    )


def _filter(cursor: Cursor, feed: Feed, rows: LayerRows) -> str:
    parts = []
    if rows.where is not None:
        parts.append(parse_condition(rows.where, columns_of(feed)).operand)
    if rows.within is not None:
        parts.append(_recent(cursor, feed, rows.within))
    return f"WHERE {' AND '.join(parts)}" if parts else ""


def _recent(cursor: Cursor, feed: Feed, within: dt.timedelta) -> str:
    """SQL: a row's day is one of the last before the newest. A plain date reads a part of the table alone."""
    day = q(day_of(feed.event_time))
    [(newest,)] = cursor.execute(f"SELECT max({day}) FROM {q(fact_table(feed.table))}").fetchall()
    return "FALSE" if newest is None else f"{day} > DATE '{newest - max(within, _DAY)}'"


def _last_said(cursor: Cursor, other: Feed, by: str, bad: RowExpression) -> str:
    time = q(other.event_time)
    return (
        f"SELECT {q(by)} AS key, arg_max(coalesce({bad.operand}, FALSE), {time}) AS bad,"
        f" max({time}) AS moment"
        f" FROM {q(fact_table(other.table))} WHERE {_recent(cursor, other, _LATELY)} GROUP BY ALL"
    )


def _moment(at: dt.date | None) -> dt.datetime | None:
    if at is None or isinstance(at, dt.datetime):
        return at
    return dt.datetime.combine(at, dt.time())
