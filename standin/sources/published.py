"""Published figures: rows of a table, sent on the day of their publication."""

from __future__ import annotations

import csv
import datetime as dt

import pyarrow as pa

from config.models import Feed
from standin.models import Published
from standin.sources.base import World
from standin.timeline import DAY, day_number


class PublishedSource:
    """Generator of kind ``published``."""

    def __init__(self, feed: Feed, spec: Published, world: World) -> None:
        with (world.folder / spec.table).open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        self._days = [day_number(dt.date.fromisoformat(row[spec.published])) for row in rows]
        self._rows = [{c.name: _typed(row[c.name], c.type) for c in feed.columns} for row in rows]

    def first(self, history: int) -> int:
        """Figures may be older than the history of the other feeds."""
        return min(history, min(self._days, default=history // DAY) * DAY)

    def cut(self, start: int, end: int, *, since: int, live: bool) -> pa.Table:  # noqa: ARG002 told on its day
        """See Generator."""
        rows = [row for row, day in zip(self._rows, self._days, strict=True) if start <= day * DAY < end]
        return pa.Table.from_pylist(rows)


def _typed(text: str, kind: str) -> str | float | dt.date | None:
    if not text:
        return None
    if kind in ("number", "integer"):
        return float(text)
    return dt.date.fromisoformat(text) if kind == "date" else text
