"""A small city with one feed, an inbox, and the means to deliver, load and look."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from config import City, load_city
from config.models import Feed
from pipelines.load import Loader, RunResult
from warehouse.store import Store

NOW = dt.datetime(2026, 11, 1, 3, 0, tzinfo=dt.UTC)
UNITS = """code,official,name_vi,name_en,level,parent,valid_from,valid_to
C,,Thành phố,City,city,,,
A,,Quận A,District A,district,C,,
B,,Quận B,District B,district,C,,
B1,11,Phường Một,Ward One,ward,B,,2025-07-01
B2,11,Phường Mới,New Ward,ward,B,2025-07-01,
A1,21,Phường Hai,Ward Two,ward,A,,
A2,22,Phường Hai,Ward Two,ward,A,,
"""
HEAD = """
id: small
name: {{en: Small}}
timezone: {zone}
languages: [en]
levels:
  - {{id: city, name: {{en: City}}, plural: {{en: Cities}}}}
  - {{id: district, name: {{en: District}}, plural: {{en: Districts}}}}
  - {{id: ward, name: {{en: Ward}}, plural: {{en: Wards}}}}
domains: [{{id: feedback, name: {{en: Feedback}}}}]
units: [{{id: count, symbol: {{en: rows}}}}]
"""
FEED: dict[str, Any] = {
    "id": "tickets",
    "name": {"en": "Tickets"},
    "owner": {"en": "Hotline"},
    "connector": {"path": "tickets/*"},
    "schedule": "*/15 * * * *",
    "key": ["id"],
    "event_time": "opened",
    "area": {"column": "ward"},
    "columns": [
        {"name": "id", "type": "text", "required": True},
        {"name": "opened", "type": "timestamp", "required": True},
        {"name": "closed", "type": "timestamp"},
        {"name": "ward", "type": "text", "required": True},
        {"name": "rating", "type": "integer", "min": 1, "max": 5},
        {"name": "channel", "type": "text", "values": ["app", "web"]},
    ],
    "checks": [
        {
            "id": "order",
            "expr": "closed is null or closed >= opened",
            "message": {"en": "Closed before opened"},
        }
    ],
    "delivery": {"every": "1d", "grace": "12h"},
}


@dataclass
class House:
    """A city with one feed, loaded from its own inbox into its own warehouse."""

    city: City
    feed: Feed
    store: Store
    inbox: Path
    landing: Path
    spool: Path
    loader: Loader = field(init=False)
    _moments: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.loader = Loader(self.city, self.store, self.inbox, self.landing, self.spool)

    def deliver(self, name: str, content: str | bytes) -> Path:
        """Put a file into the feed's folder."""
        path = self.inbox / "tickets" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def load(self) -> list[RunResult]:
        """Load what waits; every account must add up."""
        results = self.loader.run(self.feed, NOW + dt.timedelta(seconds=next(self._moments)))
        for run in results:
            assert run.received == run.inserted + run.updated + run.unchanged + run.rejected + run.mended
        return results

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Rows of a query."""
        with self.store.read() as cursor:
            return cursor.execute(sql, list(parameters)).fetchall()

    def reasons(self) -> list[tuple[Any, ...]]:
        """Line, column and reason of what lies in quarantine."""
        return self.rows("SELECT line, column_name, reason FROM quarantine ORDER BY run, line, reason")


Build = Callable[..., House]


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Build]:
    """Make a house; changes to the feed are given by key (``columns=[…]``), ``zone`` is the city's."""
    stores: list[Store] = []

    def make(*, zone: str = "Asia/Ho_Chi_Minh", units: str = UNITS, **changes: Any) -> House:
        root = tmp_path / f"house{len(stores)}"
        city = root / "city"
        for folder in ("areas", "feeds"):
            (city / folder).mkdir(parents=True)
        (city / "city.yaml").write_text(HEAD.format(zone=zone), encoding="utf-8")
        (city / "areas" / "units.csv").write_text(units, encoding="utf-8")
        text = yaml.safe_dump({**FEED, **changes}, allow_unicode=True, sort_keys=False)
        (city / "feeds" / "tickets.yaml").write_text(text, encoding="utf-8")
        loaded = load_city(city)
        landing, inbox = root / "landing", root / "inbox"
        inbox.mkdir()
        store = Store.open(root / "warehouse.duckdb", zone, folders=[landing])
        stores.append(store)
        return House(loaded, loaded.feeds["tickets"], store, inbox, landing, root / "spool")

    yield make
    for store in stores:
        store.close()


@pytest.fixture
def house(build: Build) -> House:
    """The usual house."""
    return build()
