"""Indices: blocks that set every period against one base, and what a change in the base stirs up."""

from __future__ import annotations

import datetime as dt

from config.models.indicator import Period
from config.periods import Periods
from indicators.formula import Index, anchored, reach
from indicators.plan import FormulaStep
from indicators.sql.prelude import listing
from warehouse.syntax import literal

_COUNT = "period_index(period, last) - period_index(period, first) + 1"


def index(series: Index, below: str, wanted: tuple[Period, ...], periods: Periods) -> str:
    """The block of an index over the block ``below``, for the ``wanted`` periods."""
    held, whole = "count(value)", f"any_value({_COUNT})"
    match series.series.trait.accumulation:
        case "ratio":
            held = "count(*)"
            base = f"{series.series.trait.scale!r} * sum(numerator) / nullif(sum(denominator), 0)"
        case _ if series.missing == "zero":
            base = f"sum(value) / {whole}"
        case _:
            base = "avg(value)"
    complete = f"\n        HAVING {held} = {whole}" if series.missing == "any" else ""
    return (
        "    SELECT level, area, period, start, 100.0 * value / nullif(base, 0) AS value,\n"
        "        value AS numerator, base AS denominator, n, present, expected, data_through, run\n"
        f"    FROM {below} JOIN (\n"
        f"        SELECT area, period, {base} AS base\n"
        f"        FROM {below} JOIN {_rows(series, wanted, periods)} USING (period)\n"
        f"        WHERE start BETWEEN first AND last GROUP BY area, period{complete}\n"
        "    ) USING (area, period)"
    )


def needed(step: FormulaStep, input_: str, periods: Periods) -> list[str]:
    """SQL queries (period, start): the periods of an input that the bases in a formula are made of."""
    return [
        "    SELECT DISTINCT period, period_shift(period, first, ahead - distance) AS start\n"
        f"    FROM (SELECT *, unnest(range({_COUNT})) AS ahead FROM {rows})"
        for rows in _bases(step, input_, periods)
    ]


def stirred(step: FormulaStep, input_: str, dirty: str, distances: str, periods: Periods) -> list[str]:
    """SQL queries (period, start): all periods of a formula, if its input changed in a base.

    ``dirty`` is the table of what changed, ``distances`` SQL rows (period, distance).
    """
    return [
        "    SELECT DISTINCT period, start FROM (\n"
        f"        SELECT period, start FROM indicator_value WHERE indicator = {literal(step.indicator)}\n"
        "        UNION SELECT period, period_shift(period, start, distance) FROM indicator_value\n"
        f"        JOIN {distances} USING (period) WHERE indicator = {literal(input_)}\n"
        "    ) WHERE period IN (\n"
        f"        SELECT period FROM {dirty} JOIN {rows} USING (period)\n"
        "        WHERE period_shift(period, start, distance) BETWEEN first AND last\n"
        f"    ) AND period IN {listing(step.shape.periods)}"
        for rows in _bases(step, input_, periods)
    ]


def oldest(step: FormulaStep, input_: str, periods: Periods) -> list[dt.date]:
    """The first period of an input that each base is made of."""
    return [
        periods.shift(period, node.base.within(period, periods)[0], -distance)
        for node in anchored(step.series)
        for period in step.shape.periods
        for distance in reach(node.series, input_, period, periods)
    ]


def _bases(step: FormulaStep, input_: str, periods: Periods) -> list[str]:
    """For each index over an input SQL rows (period, first, last, distance)."""
    found = []
    for node in anchored(step.series):
        rows = [
            (period, distance)
            for period in step.shape.periods
            for distance in sorted(reach(node.series, input_, period, periods))
        ]
        if rows:
            spans = ", ".join(f"({_span(node, p, periods)}, {distance})" for p, distance in rows)
            found.append(f"(VALUES {spans}) AS bases(period, first, last, distance)")
    return found


def _rows(series: Index, wanted: tuple[Period, ...], periods: Periods) -> str:
    spans = ", ".join(f"({_span(series, period, periods)})" for period in wanted)
    return f"(VALUES {spans}) AS bases(period, first, last)"


def _span(series: Index, period: Period, periods: Periods) -> str:
    first, last = series.base.within(period, periods)
    return f"{literal(period)}, TIMESTAMP '{_stamp(first)}', TIMESTAMP '{_stamp(last)}'"


def _stamp(at: dt.date) -> str:
    return at.isoformat(" ") if isinstance(at, dt.datetime) else f"{at} 00:00:00"
