"""Where rows came from: the files and runs behind them, as far as the ledger knows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from warehouse.places import inside
from warehouse.store import Cursor


@dataclass(frozen=True, slots=True)
class LandedRun:
    """A run and the file that it loaded: the bytes' hash and where they were landed. Times are UTC."""

    run: int
    feed: str
    hash: str | None
    path: str | None
    loaded_at: dt.datetime | None


def files_of(
    cursor: Cursor, dataset: str, where: str, area: str, day: dt.date | None = None
) -> list[tuple[int, str, int]]:
    """Run, file and number of the rows of a dataset that lie in ``area`` on ``day`` and meet ``where``."""
    return cursor.execute(
        f"SELECT _run, _file, count(*) FROM fact_{dataset} WHERE ({where}) AND {inside(day)}"
        " GROUP BY ALL ORDER BY ALL",
        [area],
    ).fetchall()


def landed_by(cursor: Cursor, runs: Collection[int]) -> dict[int, LandedRun]:
    """What some runs loaded; a run that the ledger does not know is absent."""
    rows = cursor.execute(
        "SELECT r.id, r.feed, r.file_hash, any_value(l.path), r.finished_at FROM run r"
        " LEFT JOIN landed l ON l.hash = r.file_hash WHERE r.id IN (SELECT unnest($runs)) GROUP BY ALL",
        {"runs": sorted(runs)},
    ).fetchall()
    return {row[0]: LandedRun(*row) for row in rows}
