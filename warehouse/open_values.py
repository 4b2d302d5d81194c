"""Values as anybody may take them: pages of a flat table, without anything of the rows behind them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import pyarrow as pa

from config.models import Period
from warehouse.store import Cursor

COLUMNS: Final = (
    "indicator", "level", "area", "area_code", "area_name_vi", "area_name_en", "period", "start", "value",
    "unit", "n", "coverage", "data_through", "known_from", "simulated", "withheld",
)  # fmt: skip
"""Of each row of a page. ``start`` is the first day of the period, or its moment by the city's clock;
``area_code`` what officials call the unit; ``coverage`` the share, 0 to 1, of the cells that were delivered;
times are UTC. Where ``withheld``, value and n are empty because too few rows stand behind them.
"""


@dataclass(frozen=True)
class Published:
    """One indicator as it is published: its unit's symbol, and whether its data are simulated."""

    id: str
    unit: str
    simulated: bool


@dataclass(frozen=True)
class Cut:
    """What somebody wants of a dataset; None and empty are no condition. ``last`` is a day as well."""

    indicators: Sequence[Published]
    least: int = 0
    levels: Sequence[str] = ()
    areas: Sequence[str] = ()
    periods: Sequence[Period] = ()
    first: dt.date | None = None
    last: dt.date | None = None


class Reach(NamedTuple):
    """How far an indicator's values reach: first and last start, newest data, newest value (UTC, bare)."""

    first: dt.datetime
    last: dt.datetime
    data_through: dt.datetime
    known_from: dt.datetime


def open_page(
    cursor: Cursor, cut: Cut, timed: Sequence[Period], limit: int, offset: int
) -> tuple[pa.Table, int]:
    """Rows ``offset`` … of what ``cut`` asks for, at most ``limit``, with COLUMNS, in a fixed order; and how
    many there are in all. ``timed`` are the periods that begin at an hour.
    """
    conditions, given = _conditions(cut)
    # A dataset may hold millions of values: only those of the starts that lie on the page are put in order.
    key = "row(indicator, period, start)"
    reached = f"before < {int(offset) + int(limit)} AND before + n > {int(offset)}"
    [(total, passed, first, last)] = cursor.execute(
        f"SELECT coalesce(sum(n), 0), coalesce(min(before) FILTER ({reached}), 0),"
        f" min({key}) FILTER ({reached}), max({key}) FILTER ({reached})"
        " FROM (SELECT *, sum(n) OVER (ORDER BY indicator, period, start) - n AS before"
        " FROM (SELECT v.indicator, v.period, v.start, count(*) AS n"
        f" FROM indicator_value v WHERE {conditions} GROUP BY ALL))",
        given,
    ).fetchall()
    within = " AND FALSE"
    if first is not None and last is not None:
        within = (
            " AND v.indicator BETWEEN $i_first AND $i_last"
            " AND (v.indicator > $i_first OR v.period > $p_first"
            " OR v.period = $p_first AND v.start >= $s_first)"
            " AND (v.indicator < $i_last OR v.period < $p_last"
            " OR v.period = $p_last AND v.start <= $s_last)"
        )
        given |= {f"{name}_first": part for name, part in zip("ips", first, strict=True)}
        given |= {f"{name}_last": part for name, part in zip("ips", last, strict=True)}
    given |= {
        "ids": [one.id for one in cut.indicators],
        "units": [one.unit for one in cut.indicators],
        "simulated": [one.simulated for one in cut.indicators],
        "timed": list(timed),
    }
    withheld = "few.area IS NOT NULL"
    utc = "'%Y-%m-%dT%H:%M:%SZ'"
    found = cursor.sql(
        "SELECT v.indicator, v.level, v.area, coalesce(a.official, v.area) AS area_code,"
        " a.name_vi AS area_name_vi, a.name_en AS area_name_en, v.period,"
        " CASE WHEN list_contains($timed, v.period) THEN strftime(v.start, '%Y-%m-%dT%H:%M')"
        " ELSE strftime(v.start, '%Y-%m-%d') END AS start,"
        f" CASE WHEN {withheld} THEN NULL ELSE v.value END AS value, told.unit,"
        f" CASE WHEN {withheld} THEN NULL ELSE v.n END AS n,"
        " CASE WHEN v.expected > 0 THEN round(v.present / v.expected, 4) END AS coverage,"
        f" strftime(v.data_through, {utc}) AS data_through, strftime(v.known_from, {utc}) AS known_from,"
        f" told.simulated, {withheld} AS withheld"
        " FROM indicator_value v"
        " JOIN (SELECT unnest($ids) AS id, unnest($units) AS unit, unnest($simulated) AS simulated) told"
        " ON told.id = v.indicator LEFT JOIN area a ON a.code = v.area"
        f" LEFT JOIN ({_withheld(int(cut.least), within)}) few ON few.indicator = v.indicator"
        " AND few.area = v.area AND few.period = v.period AND few.start = v.start"
        f" WHERE {conditions}{within} ORDER BY v.indicator, v.period, v.start, v.level, v.area"
        f" LIMIT {int(limit)} OFFSET {max(0, int(offset) - int(passed))}",
        params=given,
    ).to_arrow_table()
    return found, int(total)


def _withheld(least: int, within: str) -> str:
    """SQL: what is left empty of the values ``within``, by indicator, period, start and area.

    That is what rests on fewer than ``least`` rows; and where it is the only such value of a unit, whose own
    less the others would give it away, the next smallest as well. All of the unit is looked at, whatever is
    asked for of it.
    """
    return (
        "SELECT indicator, period, start, area FROM (SELECT v.indicator, v.period, v.start, v.area,"
        f" v.n < {least} AS few, count(*) FILTER (v.n < {least}) OVER siblings AS found,"
        " row_number() OVER (siblings ORDER BY v.n, v.area) AS place"
        " FROM indicator_value v LEFT JOIN area a ON a.code = v.area"
        f" WHERE list_contains($ids, v.indicator) AND v.n > 0 AND {least} > 0{within}"
        " WINDOW siblings AS (PARTITION BY v.indicator, v.period, v.start, v.level, a.parent))"
        " WHERE few OR (found = 1 AND place = 2)"
    )


def open_reach(cursor: Cursor, indicators: Sequence[str]) -> dict[str, Reach]:
    """How far the values of indicators reach; one without values is absent."""
    rows = cursor.execute(
        "SELECT indicator, min(start), max(start), max(data_through), max(known_from) FROM indicator_value"
        " WHERE list_contains($ids, indicator) GROUP BY indicator",
        {"ids": list(indicators)},
    ).fetchall()
    return {id_: Reach(*rest) for id_, *rest in rows}


def _conditions(cut: Cut) -> tuple[str, dict[str, Any]]:
    given: dict[str, Any] = {f"i{k}": one.id for k, one in enumerate(cut.indicators)}
    parts = [f"v.indicator IN ({', '.join('$' + name for name in given) or 'NULL'})"]
    for name, wanted in (("level", cut.levels), ("area", cut.areas), ("period", cut.periods)):
        if wanted:
            parts.append(f"list_contains(${name}s, v.{name})")
            given[f"{name}s"] = list(wanted)
    if cut.first is not None:
        parts.append("v.start >= $first")
        given["first"] = cut.first
    if cut.last is not None:
        parts.append("v.start < $last::DATE + 1")
        given["last"] = cut.last
    return " AND ".join(parts), given
