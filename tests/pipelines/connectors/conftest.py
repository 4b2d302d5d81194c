"""A house whose feed is fetched from a site."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pipelines.connectors.base import Window
from pipelines.fetch import Fetcher, FetchResult
from tests.pipelines.connectors.site import Site, serving

NOW = dt.datetime(2026, 11, 1, 3, 0, tzinfo=dt.UTC)
COLUMNS: list[dict[str, Any]] = [
    {"name": "id", "type": "integer", "required": True},
    {"name": "at", "type": "timestamp", "required": True},
    {"name": "amount", "type": "number"},
]
FEED: dict[str, Any] = {
    "key": ["id"],
    "event_time": "at",
    "area": {"constant": "C"},
    "columns": COLUMNS,
    "checks": [],
}


@dataclass
class Fetched:
    """A house with the means to fetch; each fetch is a minute after the one before."""

    house: Any
    environ: dict[str, str]
    fetcher: Fetcher = field(init=False)
    minutes: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.fetcher = Fetcher(self.house.city, self.house.store, self.house.spool, self.environ)

    def fetch(self, window: Window | None = None, now: dt.datetime | None = None) -> FetchResult:
        """Ask the source once."""
        moment = now or NOW + dt.timedelta(minutes=next(self.minutes))
        return self.fetcher.fetch(self.house.feed, moment, window=window)

    def load(self) -> int:
        """Load what was fetched; the number of runs. All must have gone well, and nothing waits any more."""
        runs = self.house.load()
        assert [run.message for run in runs if run.status != "done"] == []
        assert self.spooled() == []
        return len(runs)

    def spooled(self) -> list[Path]:
        """Files that wait in the spool, unfinished ones included."""
        return sorted(path for path in self.house.spool.rglob("*") if path.is_file())

    def facts(self, columns: str = "id, amount") -> list[tuple[Any, ...]]:
        """What lies in the fact table, in order."""
        found: list[tuple[Any, ...]] = self.house.rows(f"SELECT {columns} FROM fact_tickets ORDER BY ALL")
        return found

    def said(self) -> str:
        """Everything that the ledger says of fetches."""
        return str(self.house.rows("SELECT status, message, hint FROM feed_fetch"))

    def state(self) -> str:
        """What is remembered of the source."""
        return "".join(row[0] for row in self.house.rows("SELECT state FROM fetch_state"))


Fetching = Callable[..., Fetched]


@pytest.fixture
def fetching(build: Callable[..., Any]) -> Fetching:
    """Make one: ``fetching({connector}, environ={…}, format={…}, …)``."""

    def make(connector: dict[str, Any], environ: dict[str, str] | None = None, **changes: Any) -> Fetched:
        return Fetched(build(**{**FEED, "connector": connector, **changes}), environ or {})

    return make


@pytest.fixture
def site() -> Iterator[Site]:
    """A web server."""
    with serving() as started:
        yield started
