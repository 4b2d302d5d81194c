"""Small cities full of random facts, and stores to compute them in."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from config import REFERENCE_CITY, City, load_city
from config.areas import AreaTree
from config.models import Area, Column, Feed
from indicators.engine import Engine, RefreshReport
from warehouse.areas import sync_areas
from warehouse.facts import ensure_fact_table, fact_table
from warehouse.store import Store

LAB = Path(__file__).parent / "lab"
Facts = dict[str, pd.DataFrame]


@dataclass
class World:
    """A city, its facts as plain data frames, and a store that holds the same facts."""

    city: City
    store: Store
    facts: Facts = field(default_factory=dict)
    through: dict[str, dt.datetime] = field(default_factory=dict)
    run: int = 0
    _days: dict[dt.datetime, dt.date] = field(default_factory=dict)

    def put(self, dataset: str, frame: pd.DataFrame, loaded_at: dt.datetime) -> None:
        """Make ``frame`` (contract columns and _area) all of a dataset, and mark what that touches."""
        self.run += 1
        feed = self.city.datasets[dataset]
        before, after = self._dated(feed, self.facts.get(dataset)), self._dated(feed, frame)
        self.facts[dataset] = frame.reset_index(drop=True)
        with self.store.write() as cursor:
            ensure_fact_table(cursor, feed)
            cursor.execute(f"DELETE FROM {fact_table(dataset)}")
            if after is not None and len(after):
                filled = after.assign(_run=self.run, _file="f", _line=range(len(after)), _hash=0)
                cursor.register("incoming", filled)
                cursor.execute(f"INSERT INTO {fact_table(dataset)} BY NAME SELECT * FROM incoming")
                cursor.unregister("incoming")
            for column in feed.time_columns:
                touched = pd.DataFrame(sorted(self._touched(before, after, column)), columns=["day", "area"])
                cursor.register("stirred", touched)
                cursor.execute(
                    "INSERT INTO touched SELECT ?, ?, ?, day, area FROM stirred", [self.run, dataset, column]
                )
                cursor.unregister("stirred")
            events = pd.to_datetime(self.facts[dataset][feed.event_time]).dropna()
            if len(events):
                last = events.max().to_pydatetime()
                self.through[dataset] = last
                cursor.execute(
                    "INSERT OR REPLACE INTO feed_status VALUES (?, ?, ?, ?, ?)",
                    [feed.id, last, self.run, loaded_at.replace(tzinfo=None), len(frame)],
                )

    def refresh(self, now: dt.datetime) -> RefreshReport:
        """Compute, as one process after another would."""
        return Engine(self.city, self.store).refresh(now)

    def values(self) -> pd.DataFrame:
        """Every stored value."""
        with self.store.read() as cursor:
            return cursor.execute(
                "SELECT * FROM indicator_value ORDER BY indicator, level, area, period, start"
            ).df()

    def local_day(self, moment: Any) -> dt.date | None:
        """The city's day of a UTC moment; a date is its own."""
        if moment is None or pd.isna(moment):
            return None
        if isinstance(moment, dt.datetime):
            if moment not in self._days:
                self._days[moment] = _day(self.city, moment)
            return self._days[moment]
        day: dt.date = moment
        return day

    def _dated(self, feed: Feed, frame: pd.DataFrame | None) -> pd.DataFrame | None:
        if frame is None:
            return None
        dated = frame.copy()
        for column in feed.time_columns:
            dated[f"{column}__day"] = pd.Series(
                [self.local_day(at) for at in frame[column]], frame.index, object
            )
        return dated

    @staticmethod
    def _touched(
        before: pd.DataFrame | None, after: pd.DataFrame | None, column: str
    ) -> set[tuple[dt.date, str]]:
        """Days × areas of every row that is only on one side, as a loader would mark them."""
        if before is None or after is None:
            only = after if before is None else before
            told = () if only is None else zip(only[f"{column}__day"], only["_area"], strict=True)
            return {(day, area) for day, area in told if day is not None}
        sides = [set(map(tuple, side.astype(str).to_numpy())) for side in (before, after)]
        found: set[tuple[dt.date, str]] = set()
        for side, other in ((before, sides[1]), (after, sides[0])):
            for row, key in zip(
                side.to_dict("records"), map(tuple, side.astype(str).to_numpy()), strict=True
            ):
                if key not in other and row[f"{column}__day"] is not None:
                    found.add((row[f"{column}__day"], row["_area"]))
        return found


def random_rows(
    city: City, feed: Feed, count: int, span: tuple[dt.date, dt.date], rng: np.random.Generator
) -> pd.DataFrame:
    """Rows that a feed might deliver: all values that definitions ask for occur, and what may be empty
    sometimes is.
    """
    days = (span[1] - span[0]).days
    base = [
        dt.datetime.combine(span[0], dt.time()) + dt.timedelta(seconds=int(s))
        for s in rng.integers(0, days * 86400, count)
    ]
    frame: dict[str, list[Any]] = {}
    for column in feed.columns:
        cells = _cells(city, feed, column.name, base, rng)
        if not column.required:
            cells = [
                None if gone else cell for cell, gone in zip(cells, rng.random(count) < 0.2, strict=True)
            ]
        frame[column.name] = cells
    dated = frame[feed.event_time]
    frame["_area"] = [_area(city, feed, at, rng) for at in dated]
    return pd.DataFrame(frame, dtype=object)


def _bounds(column: Column, low: float, high: float) -> tuple[float, float]:
    """The least and the greatest number of a column, else these."""
    return (
        column.min if isinstance(column.min, float) and column.min else low,
        column.max if isinstance(column.max, float) and column.max else high,
    )


def _cells(
    city: City, feed: Feed, name: str, base: Sequence[dt.datetime], rng: np.random.Generator
) -> list[Any]:
    (column,) = [c for c in feed.columns if c.name == name]
    count = len(base)
    match column.type:
        case "boolean":
            return [bool(x) for x in rng.random(count) < 0.5]
        case "integer":
            low, high = _bounds(column, 0, 9)
            return [int(x) for x in rng.integers(int(low), int(high) + 1, count)]
        case "number":
            return [float(x) for x in np.round(rng.uniform(*_bounds(column, 0, 100), count), 2)]
        case "text":
            pool = sorted(map(str, column.values or ())) or [*_asked_for(city, feed, name), "a", "b", "c"]
            return [pool[int(x)] for x in rng.integers(0, len(pool), count)]
    later = 0 if name == feed.event_time else 12
    moved = [
        at + dt.timedelta(hours=float(h))
        for at, h in zip(base, rng.uniform(-3, 24 * later, count), strict=True)
    ]
    if column.type == "timestamp":
        return moved
    if any(getattr(i, "time", None) == name and i.kind == "reported" for i in city.indicators.values()):
        starts = [dt.date(at.year, 3 * ((at.month - 1) // 3) + 1, 1) for at in moved]
        return [
            start.replace(month=1) if x < 0.5 else start
            for start, x in zip(starts, rng.random(count), strict=True)
        ]
    return [at.date() for at in moved]


def _asked_for(city: City, feed: Feed, column: str) -> list[str]:
    """Text that definitions compare a column with."""
    found: set[str] = set()
    for item in city.indicators.values():
        if getattr(item, "dataset", None) == feed.table:
            text = f"{getattr(item, 'where', '')} {getattr(item, 'measure', '')}"
            found |= set(re.findall(rf"\b{column}\s*(?:=|<>)\s*'([^']*)'", text))
    return sorted(found)


def _day(city: City, moment: dt.datetime) -> dt.date:
    return moment.replace(tzinfo=dt.UTC).astimezone(city.zone).date()


def _area(city: City, feed: Feed, at: Any, rng: np.random.Generator) -> str:
    day = _day(city, at) if isinstance(at, dt.datetime) else at
    if feed.area.constant:
        return feed.area.constant
    if feed.area.missing == "root" and rng.random() < 0.1:
        return city.areas.root.code
    level = city.levels[1] if feed.coverage or rng.random() < 0.1 else city.levels[-1]
    pool = _units(city.areas, level, day)
    return pool[int(rng.integers(0, len(pool)))].code


@cache
def _units(tree: AreaTree, level: str, day: dt.date) -> list[Area]:
    return tree.at(level, day)


WorldMaker = Callable[[City], World]


@pytest.fixture(scope="module")
def make_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorldMaker]:
    """Open an empty store for a city; closed after the module."""
    opened: list[Store] = []

    def make(city: City) -> World:
        path = tmp_path_factory.mktemp("store") / "w.duckdb"
        store = Store.open(path, city.head.timezone, memory_limit="512MiB", threads=1)
        sync_areas(store, city.areas)
        opened.append(store)
        return World(city, store)

    yield make
    for store in opened:
        store.close()


@pytest.fixture(scope="session")
def lab() -> City:
    """The small city that has one of each."""
    return load_city(LAB)


@pytest.fixture(scope="session")
def hcmc() -> City:
    """The reference city."""
    return load_city(REFERENCE_CITY)


def fill(world: World, span: tuple[dt.date, dt.date], sizes: dict[str, int], seed: int) -> None:
    """Random facts for every dataset, with some days on which nothing was delivered."""
    rng = np.random.default_rng(seed)
    loaded_at = dt.datetime.combine(span[1], dt.time(4))
    for name, feed in world.city.datasets.items():
        frame = random_rows(world.city, feed, sizes.get(name, 400), span, rng)
        silent = {span[0] + dt.timedelta(days=int(d)) for d in rng.integers(0, (span[1] - span[0]).days, 6)}
        heard = [world.local_day(at) not in silent for at in frame[feed.event_time]]
        world.put(name, frame[heard], loaded_at)


@pytest.fixture(scope="session")
def fill_world() -> Callable[..., None]:
    """``fill``, for tests that cannot import it."""
    return fill
