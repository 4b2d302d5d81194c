"""Long histories, taken in by portions of whole years, so that what a pass holds fits into the memory that is
set: every value that a percentile is told of, or that is counted once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Final

from config.models.indicator import Period
from config.periods import Periods
from indicators.dirty import Days, Spans
from indicators.plan import Scan
from warehouse.store import Cursor

AT_ONCE: Final = 12_000_000
"""Facts in a portion, or those of one year."""


def portions(cursor: Cursor, scan: Scan) -> list[Days | None]:
    """The days of the facts of a scan, portion by portion; None: all at once."""
    table, day = scan.dataset.table, f"{scan.time}__day"
    (rows,) = cursor.execute(f"SELECT count(*) FROM {table}").fetchone() or (0,)
    if rows <= AT_ONCE:
        return [None]
    found = cursor.execute(
        f"SELECT year({day}), count(*) FROM {table} WHERE {day} IS NOT NULL GROUP BY ALL ORDER BY ALL"
    )
    years: list[tuple[int, int]] = []
    held = 0
    for year, count in found.fetchall():
        if years and held + count <= AT_ONCE:
            years[-1] = (years[-1][0], year)
            held += count
        else:
            years.append((year, year))
            held = count
    return [Days.between(dt.date(first, 1, 1), dt.date(last, 12, 31)) for first, last in years]


def periods_of(
    portions: Sequence[Days | None], periods: Periods, kind: Period, now: dt.datetime
) -> Iterator[Spans | None]:
    """The periods of one kind that have begun by ``now`` (local), portion by portion: one that lies in two
    is of the first.
    """
    before = Spans(periods, {})
    for days in portions:
        if days is None:
            yield None
            continue
        touched = Spans.touched(periods, [kind], days, now)
        if fresh := touched - before:
            yield fresh
        before |= touched
