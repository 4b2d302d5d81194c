"""What does not add up, level by level: each by the way that costs least."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from config.models import Area
from config.models.indicator import Period
from indicators.dirty import Spans
from indicators.measures import Own, Part
from indicators.plan import Cube, OwnLevel
from indicators.portions import periods_of, portions
from indicators.sql.cube import own_block
from indicators.sql.nearby import Nearby
from indicators.sql.prelude import Moment
from warehouse.store import Cursor

_MANY: Final = 1_000_000
"""Facts below which looking at all of them is as good as any other way."""
_HIGH: Final = 0.75
"""From which percentile on most rows are below."""
_MOST: Final = (0.4, 0.15)
"""Of the rows, the parts from the lower bound on and between the bounds up to which it is worth it."""


def fill_own(cursor: Cursor, step: Cube, moment: Moment, root: Area, table: str, *, ahead: bool) -> None:
    """Put what does not add up into a new ``table``, one level and period after the other, from the finest
    level up. ``ahead`` says that some facts may lie in the future.

    Percentiles hold every row that they are of: one statement for all would hold them once for each level at
    the same time, and lose more time than it wins by doing them side by side.
    """
    own = step.own
    assert own is not None
    columns = "".join(f", {own.column(known)} {known.type}" for known, _ in own.aggregates)
    cursor.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} (area VARCHAR, period VARCHAR, start TIMESTAMP{columns})"
    )
    found = portions(cursor, own.scan)
    for period in step.shape.periods:
        below = ""
        spans = list(periods_of(found, moment.calendar.periods, period, moment.wall))
        for level in reversed(step.shape.levels):
            wanted = own.at(level, period)
            if not wanted:
                continue
            nearby = _nearby(own, wanted, level, below, period, root, table)
            if nearby is None or not _is_worth(cursor, nearby):
                for span in spans:
                    block = own_block(own, wanted, level, period, moment, root, span, ahead=ahead)
                    cursor.execute(f"INSERT INTO {table} BY NAME\n{block}")
            else:
                cursor.execute(nearby.values(moment, ahead=ahead))
                missing = [start for (start,) in cursor.execute(nearby.missing(moment)).fetchall()]
                if missing:
                    left = Spans.at(moment.calendar.periods, period, missing)
                    rest = own_block(own, wanted, level, period, moment, root, left, ahead=ahead)
                    cursor.execute(
                        f"INSERT INTO {table} BY NAME\n"
                        f"SELECT * FROM (\n{rest}\n) ANTI JOIN {table} USING (area, period, start)"
                    )
            below = level


def _nearby(
    own: OwnLevel,
    wanted: Sequence[Part | Own],
    level: str,
    below: str,
    period: Period,
    root: Area,
    table: str,
) -> Nearby | None:
    """The short way to one level's values, if there is one: for a single high percentile that the pass has
    kept of the finest units.
    """
    (first, *others), scan = wanted, own.scan
    if not below or others or not scan.keeps(scan.leaf, period) or first not in scan.kept:
        return None
    if not isinstance(first, Own) or first.function != "percentile" or first.quantile < _HIGH:
        return None
    only = root.code if level == root.level else None
    return Nearby(scan, first, table, own.column(first), level, below, only)


def _is_worth(cursor: Cursor, nearby: Nearby) -> bool:
    facts = cursor.execute(f"SELECT count(*) FROM {nearby.scan.dataset.table}").fetchone()
    if not facts or facts[0] < _MANY:
        return False
    cursor.execute(nearby.bounds())
    shares = cursor.execute(nearby.share()).fetchone()
    return bool(shares) and all(
        share is not None and share <= most for share, most in zip(shares or (), _MOST, strict=True)
    )
