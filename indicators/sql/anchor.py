"""Indices: blocks that set every period against one base, and what a change in the base stirs up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import partial

from config.models.indicator import Period
from config.periods import Periods
from indicators.dirty import Spans
from indicators.formula import Index, anchored, reach
from indicators.plan import FormulaStep
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
        "    SELECT made, level, area, period, start, 100.0 * value / nullif(base, 0) AS value,\n"
        "        value AS numerator, base AS denominator, n, present, expected, data_through, run\n"
        f"    FROM {below} JOIN (\n"
        f"        SELECT made, area, period, {base} AS base\n"
        f"        FROM {below} JOIN {_rows(series, wanted, periods)} USING (period)\n"
        f"        WHERE start BETWEEN first AND last GROUP BY made, area, period{complete}\n"
        "    ) USING (made, area, period)"
    )


def needed(step: FormulaStep, input_: str, spans: Spans) -> Spans:
    """``spans`` and the periods of an input that the bases in a formula are made of."""
    for kind, first, last, distance in _bases(step, input_, spans.periods):
        spans |= Spans.run(spans.periods, kind, first, last).shifted(partial(_one, -distance))
    return spans


def stirred(step: FormulaStep, input_: str, dirty: Spans, now: dt.datetime) -> Spans:
    """All periods of a formula of the kinds of which its input changed in a base."""
    kinds = {
        kind
        for kind, first, last, distance in _bases(step, input_, dirty.periods)
        if dirty.of([kind]).shifted(partial(_one, distance)).meets(kind, first, last)
    }
    return Spans.all(dirty.periods, sorted(kinds), now)


def _one(distance: int, _: Period) -> tuple[int]:
    return (distance,)


def _bases(
    step: FormulaStep, input_: str, periods: Periods
) -> Iterator[tuple[Period, dt.date, dt.date, int]]:
    """For each index over an input: period, first and last of its base, and how far that looks back."""
    for node in anchored(step.series):
        for period in step.shape.periods:
            for distance in sorted(reach(node.series, input_, period, periods)):
                yield (period, *node.base.within(period, periods), distance)


def _rows(series: Index, wanted: tuple[Period, ...], periods: Periods) -> str:
    spans = ", ".join(f"({_span(series, period, periods)})" for period in wanted)
    return f"(VALUES {spans}) AS bases(period, first, last)"


def _span(series: Index, period: Period, periods: Periods) -> str:
    first, last = series.base.within(period, periods)
    return f"{literal(period)}, TIMESTAMP '{_stamp(first)}', TIMESTAMP '{_stamp(last)}'"


def _stamp(at: dt.date) -> str:
    return at.isoformat(" ") if isinstance(at, dt.datetime) else f"{at} 00:00:00"
