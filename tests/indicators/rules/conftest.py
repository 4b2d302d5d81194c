"""A warehouse with hand-made values, a state beside it, and evaluations at chosen moments."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from sqlalchemy import create_engine

from config import City, load_city
from config.loader import REFERENCE_CITY
from config.models import Period, Rule
from config.periods import moment_of, shift
from indicators.rules.evaluate import EvaluationReport, evaluate
from warehouse.state import State, Transition, Warning
from warehouse.state.tables import metadata
from warehouse.store import Store

HOUR = dt.timedelta(hours=1)
BEGUN = dt.datetime(2020, 1, 1, tzinfo=dt.UTC).replace(tzinfo=None)


@dataclass
class World:
    """One city's values and state. ``put`` writes values, ``judge`` evaluates."""

    city: City
    store: Store
    url: str
    state: State
    puts: int = 0

    def with_rules(self, *rules: Mapping[str, Any]) -> World:
        """The same world under other rules (the given keys over a plain threshold rule)."""
        plain = {
            "id": "r",
            "name": {"vi": "Thử", "en": "Test"},
            "indicator": "hotline_on_time",
            "level": "district",
            "period": "day",
            "severity": "serious",
            "message": {
                "vi": "{area}: {value} / {limit} từ {since}",
                "en": "{area}: {value} / {limit} since {since}",
            },
        }
        made = [Rule.model_validate({**plain, **rule}) for rule in rules]
        self.city = replace(self.city, rules=MappingProxyType({rule.id: rule for rule in made}))
        return self

    def at(self, day: dt.date, hours: float = 0) -> dt.datetime:
        """UTC time of an hour of a local day."""
        midnight = dt.datetime.combine(day, dt.time(), self.city.zone)
        return (midnight + hours * HOUR).astimezone(dt.UTC)

    def put(
        self,
        indicator: str,
        level: str,
        period: Period,
        values: Mapping[tuple[str, dt.date], float | None],
        *,
        n: int | None = 1000,
        through: dt.datetime | None = None,
    ) -> None:
        """Values by area and start of period; their data go to the period's end, or to ``through``."""
        rows = []
        self.puts += 1
        stored = BEGUN + self.puts * dt.timedelta(seconds=1)
        for (area, start), value in values.items():
            end = moment_of(self.city.periods.next_start(period, start), self.city.zone).astimezone(dt.UTC)
            until = (min(end, through) if through else end).replace(tzinfo=None)
            rows.append([indicator, level, area, period, start, value, n, until, stored, stored])
        if not rows:
            return
        with self.store.write() as cursor:
            keys = [row[:5] for row in rows]
            cursor.executemany(
                "DELETE FROM indicator_value"
                " WHERE indicator = ? AND level = ? AND area = ? AND period = ? AND start = ?",
                keys,
            )
            cursor.executemany(
                "INSERT INTO indicator_value (indicator, level, area, period, start, value, n, data_through,"
                " stored_at, known_from) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )

    def days(
        self, area: str, first: dt.date, *values: float | None, indicator: str = "hotline_on_time"
    ) -> None:
        """Daily values of one district from ``first`` on; None leaves a gap."""
        told = {(area, first + dt.timedelta(days=i)): v for i, v in enumerate(values) if v is not None}
        self.put(indicator, "district", "day", told)

    def feed(self, feed: str, data_through: dt.datetime) -> None:
        """The newest event of a feed."""
        with self.store.write() as cursor:
            cursor.execute(
                "INSERT OR REPLACE INTO feed_status (feed, data_through, rows) VALUES (?, ?, 1)",
                [feed, data_through.astimezone(dt.UTC).replace(tzinfo=None)],
            )

    def judge(self, now: dt.datetime) -> EvaluationReport:
        """Evaluate at ``now``."""
        return evaluate(self.city, self.store, self.state, now)

    def clear(self) -> None:
        """Forget every value and everything that was told."""
        with self.store.write() as cursor:
            cursor.execute("DELETE FROM indicator_value")
            cursor.execute("DELETE FROM rule_progress")
        engine = create_engine(self.url)
        with engine.begin() as connection:
            for table in reversed(metadata.sorted_tables):
                if table.name != "meta":
                    connection.execute(table.delete())
        engine.dispose()

    def restart(self) -> None:
        """Close the state and open it again."""
        self.state.close()
        self.state = State.open(self.url)

    def warnings(self, *, open_only: bool = False) -> list[Warning]:
        """Every warning, oldest first."""
        found = self.state.warnings(areas=None, open_only=open_only)
        return sorted(found, key=lambda w: (w.opened_at, w.rule, w.area))

    def told(self, rule: str = "r", area: str = "760") -> list[tuple[str, str]]:
        """The stored changes of one series: status and reason."""
        return [(str(t.after), t.reason) for t in self.state.transitions(rule, area)]

    @staticmethod
    def brief(transitions: tuple[Transition, ...]) -> list[tuple[str, str, str]]:
        """Area, status and reason of each change."""
        return [(t.area, str(t.after), t.reason) for t in transitions]

    @staticmethod
    def periods(period: Period, first: dt.date, count: int) -> list[dt.date]:
        """``count`` starts of periods from ``first`` on."""
        return [shift(period, first, k) for k in range(count)]


@pytest.fixture(scope="session")
def reference_city() -> City:
    """The reference city's folder."""
    return load_city(REFERENCE_CITY)


@pytest.fixture(scope="session")
def blank_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """People's state with nothing in it, laid out once for all worlds."""
    file = tmp_path_factory.mktemp("blank") / "state.sqlite"
    State.open(f"sqlite:///{file}").close()
    return file


@pytest.fixture
def make_world(reference_city: City, blank_state: Path, tmp_path: Path) -> Iterator[Callable[[], World]]:
    """Makes worlds with nothing in them yet, and closes them."""
    made: list[World] = []

    def make() -> World:
        folder = tmp_path / f"world{len(made)}"
        store = Store.open(folder / "warehouse.duckdb", reference_city.head.timezone, memory_limit="256MiB")
        shutil.copy(blank_state, folder)
        url = f"sqlite:///{folder}/state.sqlite"
        made.append(World(reference_city, store, url, State.open(url)))
        return made[-1]

    yield make
    for world in made:
        world.store.close()
        world.state.close()


@pytest.fixture
def pair(make_world: Callable[[], World]) -> tuple[World, World]:
    """Two worlds to compare."""
    return make_world(), make_world()


@pytest.fixture
def world(make_world: Callable[[], World]) -> World:
    """A world with nothing in it yet."""
    return make_world()
